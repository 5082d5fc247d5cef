"""Fair releases end to end: every mechanism and policy, the certificate, and what tampering does to it."""

import json

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.errors import IntegrityError, NotFairError, UsageError
from fairshare.fairness import separation
from fairshare.model import Model
from fairshare.release import verify_release
from fairshare.schema import Schema
from tests.unit.release.test_release import rehash

SIZES = {"p": 2, "q": 3, "a": 3, "b": 4, "n": 3, "m": 2, "y": 2}
MECHANISMS = {
    "mst": fairshare.MST(),
    "aim": fairshare.AIM(rounds=20),
    "swift": fairshare.SWIFT(),
    "mwem": fairshare.MWEM(),
    "privbayes": fairshare.PrivBayes(),
}


def fairness(policy="strict", **changes):
    return fairshare.Fairness(
        **{"protected": ("p", "q"), "admissible": ("a", "b"), "outcome": ("y",), "policy": policy, **changes}
    )


def table(order, rows=3000, seed=0):
    """Every column copies the outcome's cause, so that an unconstrained model ties P to O."""
    rng = np.random.default_rng(seed)
    cause = rng.integers(0, 12, rows)
    noisy = {c: np.where(rng.random(rows) < 0.8, cause, rng.integers(0, 12, rows)) % n for c, n in SIZES.items()}
    return pa.table({c: noisy[c] for c in order})


ORDERS = {
    "outcome last": list(SIZES),
    "outcome first": ["y", "p", "a", "n", "q", "b", "m"],
    "outcome amid": ["p", "n", "y", "a", "m", "q", "b"],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("policy", ["strict", "justifiable", "exact"])
@pytest.mark.parametrize("name", MECHANISMS)
def test_every_release_is_fair(name, policy, order, tmp_path):
    columns = ORDERS[order]
    schema = Schema.from_domain({c: SIZES[c] for c in columns})
    made = fairshare.synthesize(
        table(columns), schema, epsilon=5, delta=1e-6, mechanism=MECHANISMS[name], fairness=fairness(policy), seed=0
    )
    assert separation(made.model.cliques, fairness().roles).verdict
    assert made.certificate["fairness"]["fair"]
    assert made.certificate["fairness"]["interventions"]
    made.save(tmp_path / "r")
    assert verify_release(tmp_path / "r").fair
    assert fairshare.Release.load(tmp_path / "r").table.equals(made.table)


def test_without_a_wish_the_model_is_free():
    """The same table without fairness does tie P to O: the tests above would notice a filter that does nothing."""
    schema = Schema.from_domain(SIZES)
    for mechanism in MECHANISMS.values():
        made = fairshare.synthesize(table(SIZES), schema, epsilon=50, delta=1e-6, mechanism=mechanism)
        if not separation(made.model.cliques, fairness().roles).verdict:
            return
    pytest.fail("no mechanism ties protected to outcome on this table: make the table harder")


def mutual_information(rows, p, y, given):
    """I(P;O|A) in nats from counts, weighted over strata."""
    strata = np.zeros(rows.num_rows, dtype=np.int64)
    for column in given:
        strata = strata * 10 + rows[column].to_numpy()
    cells = np.zeros((strata.max() + 1, SIZES[p], SIZES[y]))
    np.add.at(cells, (strata, rows[p].to_numpy(), rows[y].to_numpy()), 1)
    total = cells.sum(axis=(1, 2), keepdims=True)
    expected = cells.sum(1, keepdims=True) * cells.sum(2, keepdims=True) / np.maximum(total, 1)
    seen = cells > 0
    return float((cells[seen] * np.log(cells[seen] / expected[seen])).sum() / rows.num_rows)


@pytest.mark.parametrize("name", MECHANISMS)
def test_sampled_rows_keep_the_independence(name):
    """I(P;O|A) of the rows against its permutation null (50 permutations within strata; alarm about 1e-6 at 6 sd).

    The fault that it would catch: the same mechanism without the filter, which must be far outside.
    """
    schema = Schema.from_domain(SIZES)
    rng = np.random.default_rng(0)

    def z_score(wish):
        made = fairshare.synthesize(
            table(SIZES), schema, epsilon=50, delta=1e-6, mechanism=MECHANISMS[name], fairness=wish
        )
        rows = made.sample(20_000, seed=1)
        observed = mutual_information(rows, "p", "y", ("a", "b"))
        strata = rows["a"].to_numpy() * 10 + rows["b"].to_numpy()
        null = []
        for _ in range(50):
            shuffled = np.lexsort((rng.random(len(strata)), strata))
            p = np.empty(len(strata), dtype=np.int64)
            p[np.argsort(strata, kind="stable")] = rows["p"].to_numpy()[shuffled]
            permuted = rows.set_column(rows.column_names.index("p"), "p", pa.array(p))
            null.append(mutual_information(permuted, "p", "y", ("a", "b")))
        return (observed - np.mean(null)) / np.std(null)

    assert z_score(fairness()) < 6
    if name in ("aim", "swift"):
        assert z_score(None) > 12


def test_strict_leaves_no_proxy_and_justifiable_warns():
    schema = Schema.from_domain(SIZES)
    rng = np.random.default_rng(1)
    n = rng.integers(0, 3, 3000)
    rows = table(SIZES).set_column(4, "n", pa.array(n)).set_column(6, "y", pa.array((n > 0).astype(int)))
    made = {
        policy: fairshare.synthesize(rows, schema, epsilon=50, delta=1e-6, fairness=fairness(policy))
        for policy in ("strict", "exact")
    }
    assert made["strict"].certificate["fairness"]["proxies"] == []
    assert made["exact"].certificate["fairness"]["proxies"][0]["attribute"] == "n"
    assert any("proxy" in w for w in made["exact"].certificate["warnings"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protected": ("nobody",)}, "'nobody'.*must be a column"),
        ({"protected": ("p", "y")}, "'y' is in both"),
        ({"admissible": ()}, "admissible"),
        ({"policy": "kind"}, "policy"),
    ],
)
def test_wrong_roles_are_named_before_anything_is_spent(changes, message):
    with pytest.raises(UsageError, match=message):
        fairshare.synthesize(
            "/no/such.csv", Schema.from_domain(SIZES), epsilon=1, delta=1e-6, fairness=fairness(**changes)
        )


def test_a_protected_column_with_one_value_is_refused():
    with pytest.raises(UsageError, match="at least 2 values"):
        fairshare.synthesize(
            "/no/such.csv", Schema.from_domain({**SIZES, "p": 1}), epsilon=1, delta=1e-6, fairness=fairness()
        )


@pytest.fixture(scope="module")
def release():
    return fairshare.synthesize(table(SIZES), Schema.from_domain(SIZES), epsilon=5, delta=1e-6, fairness=fairness())


def with_clique(release, folder, clique):
    """Plant a clique in the stored model, and mend every hash as a careful forger would."""
    model = release.model.fitted
    potentials = {**model.potentials, clique: np.zeros(model.domain.sizes(clique))}
    with np.load(folder / "model.npz") as stored:
        arrays = {k: stored[k] for k in stored.files if not k.startswith("model/")}
    changed = Model(domain=model.domain, total=model.total, potentials=potentials)
    arrays |= {f"model/{k}": v for k, v in changed.to_arrays().items()}
    np.savez(folder / "model.npz", **arrays)


def test_a_planted_unfair_clique_is_not_fair(release, tmp_path):
    folder = release.save(tmp_path / "r")
    with_clique(release, folder, ("p", "y"))
    with pytest.raises(IntegrityError):  # the hash
        verify_release(folder)
    rehash(folder)
    with pytest.raises(NotFairError):
        verify_release(folder)


def test_a_planted_harmless_clique_is_tampering(release, tmp_path):
    folder = release.save(tmp_path / "r")
    unmeasured = next(c for c in [("a", "b"), ("p", "a"), ("q", "a"), ("a", "m")] if c not in release.model.cliques)
    with_clique(release, folder, unmeasured)
    rehash(folder)
    with pytest.raises(IntegrityError):
        verify_release(folder)


def test_the_certificates_words_are_not_believed(release, tmp_path):
    folder = release.save(tmp_path / "r")
    text = json.loads((folder / "certificate.json").read_text())
    text["fairness"]["components"] = []
    (folder / "certificate.json").write_text(json.dumps(text))
    rehash(folder)
    with pytest.raises(IntegrityError, match="components"):
        verify_release(folder)


def test_an_unfair_release_claims_nothing(tmp_path):
    made = fairshare.synthesize(table(SIZES), Schema.from_domain(SIZES), epsilon=5, delta=1e-6)
    with pytest.raises(UsageError, match="claims nothing about fairness"):
        verify_release(made.save(tmp_path / "r"))
