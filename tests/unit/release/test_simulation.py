"""A consortium in one process, end to end: mechanisms run unchanged, fair or not, however the data are split."""

import numpy as np
import pyarrow as pa
import pytest

from fairshare.errors import DataError, UsageError
from fairshare.fairness import Fairness
from fairshare.mechanisms import AIM, MST, SWIFT
from fairshare.model import FitOptions
from fairshare.release import Release, verify_release
from fairshare.release.simulation import simulate
from fairshare.schema import Schema

SIZES = {"sex": 2, "age": 4, "job": 3, "paid": 2}
WISH = Fairness(protected=("sex",), admissible=("job",), outcome=("paid",))
SOON = FitOptions(max_iterations=200)
MECHANISMS = {
    "swift": SWIFT(workload=2, fitting=SOON),
    "mst": MST(fitting=SOON),
    "aim": AIM(workload=2, rounds=3, fitting=SOON),
}


def joint_table(rows: int = 300) -> pa.Table:
    """Job depends on sex, and pay on job."""
    rng = np.random.default_rng(3)
    sex = rng.integers(0, 2, rows)
    job = np.clip(sex + rng.integers(0, 2, rows), 0, 2)
    columns = {"sex": sex, "age": rng.integers(0, 4, rows), "job": job, "paid": (job + rng.integers(0, 2, rows)) // 2}
    labels = {name: pa.array([str(v) for v in values]) for name, values in columns.items()}
    return pa.table({**labels, "id": [f"r{i}" for i in rng.permutation(rows)]})


SCHEMA = Schema.from_domain(SIZES)


def split(how: str, table: pa.Table) -> dict[str, pa.Table]:
    half = table.num_rows // 2
    left, right = table.select(["sex", "age", "id"]), table.select(["job", "paid", "id"])
    shuffled = right.take(np.random.default_rng(5).permutation(table.num_rows))
    return {
        "horizontal": {"north": table.slice(0, half), "south": table.slice(half)},
        "vertical": {"left": left, "right": shuffled},
        "mixed": {"whole": table.slice(0, half), "left": left.slice(half), "right": right.slice(half)},
    }[how]


def run(how: str, mechanism, **more) -> Release:
    return simulate(
        split(how, joint_table()),
        SCHEMA,
        epsilon=5.0,
        delta=1e-6,
        mechanism=mechanism,
        record_key=None if how == "horizontal" else "id",
        seed=1,
        **more,
    )


@pytest.mark.parametrize("how", ["horizontal", "vertical", "mixed"])
@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("fairness", [None, WISH], ids=["plain", "fair"])
def test_every_mechanism_runs_unchanged(how, name, fairness, tmp_path):
    release = run(how, MECHANISMS[name], fairness=fairness)
    certificate = release.certificate
    assert certificate["mechanism"]["name"] == name
    assert certificate["privacy"]["relation"] == ("add-remove" if how == "horizontal" else "replace-one")
    assert certificate["consortium"]["partition"] == how
    assert abs(release.rows - 300) < 60
    assert {e["noise"] for e in release.ledger["entries"]} == {"joint"}
    release.save(tmp_path / "release")
    loaded = Release.load(tmp_path / "release")
    assert loaded.table.column_names == list(SIZES)
    if fairness is not None:
        assert verify_release(tmp_path / "release").fair
        joined = [c for c in release.model.cliques if "sex" in c]
        assert not any("paid" in c for c in joined)


def test_the_certificate_says_whom_it_trusted_and_what_it_cost():
    account = run("vertical", MECHANISMS["mst"]).certificate
    consortium = account["consortium"]
    assert "none collude" in consortium["trust"]
    assert "which records of different holders are the same one" in consortium["leaks"]
    assert "simulated" in account["warnings"][0]
    assert consortium["simulated"] is True
    assert consortium["rounds"] > 20
    assert all(0 < mb < 10 for mb in consortium["sent_mb"])
    assert consortium["received_from_holders_mb"] > 0
    assert consortium["holders"] == ["left", "right"]


def test_the_model_learns_what_holders_have_in_common_only_together():
    """Sex lies with one holder and job with the other, and they depend on each other.

    Were they independent, the mean of four runs of 300 rows would have a standard deviation of .05: alarm below 1e-6.
    """
    gaps = []
    for _ in range(4):
        table = run("vertical", MECHANISMS["mst"]).table
        sex, job = (table.column(c).to_numpy(zero_copy_only=False).astype(int) for c in ("sex", "job"))
        gaps.append(job[sex == 1].mean() - job[sex == 0].mean())
    assert np.mean(gaps) > 0.3


def test_distributed_noise_is_named():
    account = run("horizontal", MECHANISMS["mst"], noise="distributed").certificate
    assert account["consortium"]["noise"] == "distributed"
    assert account["privacy"]["noise"] == "three servers, distributed noise"


def test_what_does_not_fit_together_is_refused():
    table = joint_table()
    more = {"epsilon": 1.0, "delta": 1e-6, "mechanism": MECHANISMS["mst"]}
    with pytest.raises(UsageError, match="at least one holder"):
        simulate({}, SCHEMA, **more)
    with pytest.raises(UsageError, match="record_key"):
        simulate(split("vertical", table), SCHEMA, **more)
    with pytest.raises(UsageError, match="must be replace-one"):
        simulate(split("vertical", table), SCHEMA, record_key="id", relation="add-remove", **more)
    with pytest.raises(UsageError, match="has column 'paid'"):
        simulate({"one": table.drop_columns(["paid"])}, SCHEMA, record_key="id", **more)
    parts = split("vertical", table)
    with pytest.raises(DataError, match="records do not fit together") as found:
        simulate({**parts, "right": parts["right"].slice(10)}, SCHEMA, record_key="id", **more)
    assert found.value.__notes__ == ["10 of 300 records have no 'job'; right did not send them"]


def test_the_plan_tells_nothing_of_the_tables():
    """Its hash is in the certificate, and under add-remove the number of rows is private."""
    more = {"epsilon": 1.0, "delta": 1e-6, "mechanism": MECHANISMS["mst"], "seed": 1}
    few, many = joint_table(300).drop_columns(["id"]), joint_table(70_000).drop_columns(["id"])
    plans = {simulate({"one": table}, SCHEMA, **more).certificate["consortium"]["plan"] for table in (few, many)}
    assert len(plans) == 1
    with pytest.raises(DataError, match="may have 299 at most"):
        simulate({"one": few}, SCHEMA, row_cap=299, **more)
