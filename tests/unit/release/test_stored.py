"""Releases of strangers, every hash made right: every reader can read what is loaded, and the rest is refused."""

import json
from copy import deepcopy
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.errors import IntegrityError, NotFairError
from fairshare.fairness import certify
from fairshare.marginals import Domain
from fairshare.model import MOST_CELLS, FitOptions, Model
from fairshare.privacy import replay_head
from fairshare.release import fair, other_roles, verify_release
from fairshare.release.packing import pack, unpack
from fairshare.release.storage import contents
from fairshare.report import public_report
from fairshare.schema import Schema
from tests.unit.release.test_release import rehash

SIZES = {"p": 2, "a": 3, "y": 2, "n": 4, "single": 1}
WISH = fairshare.Fairness(protected=("p",), admissible=("a",), outcome=("y",), policy="justifiable")


def table(sizes=SIZES, rows=500):
    rng = np.random.default_rng(0)
    cause = rng.integers(0, 12, rows)
    return pa.table({name: cause % size for name, size in sizes.items()})


@pytest.fixture(scope="module")
def release():
    schema = Schema.from_domain(SIZES)
    return fairshare.synthesize(
        table(), schema, epsilon=5, delta=1e-6, fairness=WISH, mechanism=fairshare.SWIFT(), seed=1
    )


@pytest.fixture(scope="module")
def unfair():
    return fairshare.synthesize(table(), Schema.from_domain(SIZES), epsilon=5, delta=1e-6, seed=1)


def forged(release, folder, certificate=None, ledger=None, model=None):
    """The release with other documents or another model; chain and hashes are made again."""
    release.save(folder)
    certificate, ledger = deepcopy(certificate or release.certificate), deepcopy(ledger or release.ledger)
    if ledger != release.ledger:
        ledger["head"] = certificate["privacy"]["ledger_head"] = replay_head(ledger)
    (folder / "certificate.json").write_text(json.dumps(certificate))
    (folder / "ledger.json").write_text(json.dumps(ledger))
    if model is not None:
        np.savez_compressed(folder / "model.npz", **{f"model/{k}": v for k, v in model.to_arrays().items()})
    rehash(folder)
    return folder


def changed(document, place, value):
    """A copy with another value at a place, or without it."""
    document = json.loads(json.dumps(document))
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return document


GONE = object()


# -- a verdict about roles that are not in the table


TIED = Model(domain=Domain.from_sizes(SIZES), total=500.0, potentials={("p", "y"): np.zeros((2, 2))})


def claiming(release, **roles):
    """Its certificate, with what is true of the tied model under these roles."""
    return {**release.certificate, "fairness": certify(TIED.cliques, replace(WISH, **roles)).to_dict()}


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"outcome": ("\u0443",)}, "must be a column of the schema"),  # looks like y
        ({"protected": ("nobody",)}, "must be a column of the schema"),
        ({"outcome": ("single",)}, "at least 2 values"),
    ],
)
def test_roles_that_say_nothing_are_never_fair(unfair, roles, message, tmp_path):
    with pytest.raises(NotFairError):
        verify_release(forged(unfair, tmp_path / "honest", claiming(unfair), model=TIED))
    certificate = claiming(unfair, **roles)
    assert certificate["fairness"]["fair"]
    folder = forged(unfair, tmp_path / "forged", certificate, model=TIED)
    for read in (
        lambda: verify_release(folder),
        lambda: fairshare.Release.load(folder),
        lambda: public_report(replace(unfair, certificate=certificate)),  # not through a file
    ):
        with pytest.raises(IntegrityError, match=message):
            read()


def test_other_roles_than_the_schemas_are_told(release):
    assert other_roles(release) == ()  # the schema declares none
    declared = {**Schema.from_domain(SIZES).to_dict(), "roles": {"protected": ["n", "p"], "outcome": ["y"]}}
    made = fairshare.synthesize(table(), Schema.from_dict(declared), epsilon=5, delta=1e-6, fairness=WISH)
    (told,) = other_roles(made)
    assert told.startswith("protected is p in the certificate, but n, p in the schema")
    report = public_report(made)
    assert told in report.to_html()
    assert "Mind the roles: protected is p" in report.to_markdown()
    claimless = fairshare.synthesize(table(), Schema.from_dict(declared), epsilon=5, delta=1e-6)
    assert other_roles(claimless) == ()


# -- documents of another form


CERTIFICATE = [
    (("fairness",), GONE),
    (("fairness",), "fair"),
    (("fairness", "protected"), "p"),
    (("fairness", "policy"), ["strict"]),
    (("fairness", "saturate"), 1),
    (("fairness", "proxies"), [{}]),
    (("fairness", "interventions"), "yes"),
    (("privacy",), []),
    (("privacy", "epsilon"), "1"),
    (("privacy", "epsilon"), 1e300),
    (("privacy", "delta"), 0),
    (("privacy", "rho"), None),
    (("privacy", "relation"), "swap"),
    (("privacy", "secure_noise"), GONE),
    (("privacy", "max_rows"), True),
    (("privacy", "nano_rho_spent"), -1),
    (("mechanism",), 3),
    (("mechanism", "name"), ["mst"]),
    (("made_by",), 7),
    (("made_on",), GONE),
    (("promise",), None),
    (("model", "fit"), GONE),
    (("model", "cliques"), [[1]]),
    (("schema", "unreviewed"), "all"),
    (("uncertainty", "bounds"), [{"columns": [], "l1": 1.0, "basis": "measured"}]),
    (("uncertainty", "bounds"), [{"columns": ["p"], "l1": "1", "basis": "measured"}]),
    (("uncertainty", "codes_merged_in"), 1.0),
    (("warnings",), True),
    (("consortium",), {"holders": 2}),
]
LEDGER = [
    (("promise",), []),
    (("nano_rho_total",), {}),
    (("nano_rho_unspent",), "0"),
    (("epsilon_spent_at_delta",), GONE),
    (("accountant",), None),
    (("entries",), {}),
    (("entries",), [None]),
    (("entries", 0), {}),
    (("entries", 0, "call"), "peek"),
    (("entries", 0, "cliques"), 5),
    (("entries", 0, "cliques"), []),
    (("entries", 0, "sigmas"), [{}]),
    (("entries", 0, "sigmas"), [1.0] * 99),
    (("entries", 0, "nano_rho"), 2**70),
    (("unit",), []),
]


@pytest.mark.parametrize(("place", "value"), CERTIFICATE)
def test_a_certificate_of_another_form_is_damaged(release, place, value, tmp_path):
    folder = forged(release, tmp_path / "r", changed(release.certificate, place, value))
    with pytest.raises(IntegrityError, match=r"certificate\.json was changed, at " + place[0]):
        fairshare.Release.load(folder)


@pytest.mark.parametrize(("place", "value"), LEDGER)
def test_a_ledger_of_another_form_is_damaged(release, place, value, tmp_path):
    try:
        folder = forged(release, tmp_path / "r", ledger=changed(release.ledger, place, value))
    except (TypeError, KeyError, AttributeError):  # no chain leads through it; it is not even looked at
        folder = tmp_path / "r"
        (folder / "ledger.json").write_text(json.dumps(changed(release.ledger, place, value)))
        rehash(folder)
    with pytest.raises(IntegrityError, match=r"ledger\.json was changed, at " + place[0]):
        fairshare.Release.load(folder)


@pytest.mark.parametrize("whole", [[], None, "x", 3])
def test_documents_that_are_no_mappings(release, whole, tmp_path):
    for name in ("certificate.json", "ledger.json"):
        folder = release.save(tmp_path / name)
        (folder / name).write_text(json.dumps(whole))
        rehash(folder)
        with pytest.raises(IntegrityError, match="at the whole"):
            fairshare.Release.load(folder)


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", "1e999", r'"\ud800"'])
def test_what_json_can_not_say_is_not_read(release, odd, tmp_path):
    """Where nothing looks at a field's type it still reaches the page's data and the terminal."""
    folder = release.save(tmp_path / "r")
    text = (folder / "certificate.json").read_text()
    (folder / "certificate.json").write_text(text.replace('"mechanism": {', '"mechanism": {"knob": ' + odd + ",", 1))
    rehash(folder)
    with pytest.raises(IntegrityError, match="can't be read as JSON"):
        fairshare.Release.load(folder)


def test_a_certificate_promises_what_its_ledger_does(release, tmp_path):
    better = changed(release.certificate, ("privacy", "epsilon"), 0.1)
    with pytest.raises(IntegrityError, match="promises something else"):
        fairshare.Release.load(forged(release, tmp_path / "a", better))
    cheaper = changed(release.ledger, ("entries", 0, "nano_rho"), 1)
    with pytest.raises(IntegrityError, match="do not add up"):
        fairshare.Release.load(forged(release, tmp_path / "b", ledger=cheaper))


def test_fields_that_nobody_reads_are_let_through(release, tmp_path):
    more = {**release.certificate, "of a later version": [1, {"x": None}]}
    assert fairshare.Release.load(forged(release, tmp_path / "r", more)).certificate == json.loads(json.dumps(more))


MECHANISMS = [fairshare.MST(), fairshare.AIM(rounds=3), fairshare.SWIFT(), fairshare.MWEM(), fairshare.PrivBayes()]


@pytest.mark.parametrize("wish", [None, WISH])
@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
def test_whatever_we_write_every_reader_reads(mechanism, wish, tmp_path):
    """Also of three servers (simulated), and from the ledger of a data set."""
    schema = Schema.from_domain(SIZES)
    options = {"epsilon": 5, "delta": 1e-6, "mechanism": mechanism, "fairness": wish}
    releases = [fairshare.synthesize(table(), schema, **options)]
    if mechanism.name in ("mst", "swift"):
        halves = {"left": table(rows=100), "right": table(rows=100)}
        releases.append(fairshare.simulate(halves, schema, row_cap=200, **options))
    for made in releases:
        loaded = fairshare.Release.load(made.save(tmp_path / "r"))
        assert contents(loaded) == contents(made) == contents(unpack(pack(made)))
        assert public_report(loaded).to_dict() == public_report(made).to_dict()
        if wish is not None:
            assert verify_release(tmp_path / "r").fair


# -- models that would need any amount of memory


#: Noise alone, as ten rows are, may take minutes to be fitted, and nobody looks at the result.
HASTY = fairshare.MST(fitting=FitOptions(max_iterations=5))


def wide(codes, columns):
    """A release of independent columns, and a model that ties all pairs of them: few bytes, one enormous table."""
    sizes = {f"c{i:02}": codes for i in range(columns)}
    rows = pa.table(dict.fromkeys(sizes, [0] * 10))
    made = fairshare.synthesize(rows, Schema.from_domain(sizes), epsilon=5, delta=1e-6, rows=10, mechanism=HASTY)
    pairs = {pair: np.zeros((codes, codes)) for pair in combinations(sizes, 2)}
    return made, Model(domain=Domain.from_sizes(sizes), total=10.0, potentials=pairs)


@pytest.mark.parametrize(("codes", "columns"), [(10, 9), (50, 20)])
def test_a_model_of_few_bytes_and_many_cells_is_refused(codes, columns, tmp_path):
    """10^9 cells (8 GB), and more than there are addresses, of which numpy says another thing."""
    made, model = wide(codes, columns)
    assert model.junction_tree.cells > MOST_CELLS
    folder = forged(made, tmp_path / "r", model=model)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 200_000
    with pytest.raises(IntegrityError, match=rf"cells of the junction tree \({codes**columns}\) must be at most"):
        fairshare.Release.load(folder)


def test_an_order_that_needs_many_cells_is_refused(tmp_path):
    """A star drawn from its leaves: its own tree has small tables."""
    sizes = {"hub": 2, **{f"c{i}": 16 for i in range(8)}}
    rows = pa.table(dict.fromkeys(sizes, [0] * 10))
    made = fairshare.synthesize(rows, Schema.from_domain(sizes), epsilon=5, delta=1e-6, rows=10, mechanism=HASTY)
    star = {("hub", name): np.zeros((2, 16)) for name in sizes if name != "hub"}
    model = Model(domain=Domain.from_sizes(sizes), total=10.0, potentials=star)
    folder = forged(made, tmp_path / "r", model=model)
    assert fairshare.Release.load(folder).sample(5).num_rows == 5
    manifest = json.loads((folder / "release.json").read_text())
    (folder / "release.json").write_text(json.dumps({**manifest, "order": [*list(sizes)[1:], "hub"]}))
    with pytest.raises(IntegrityError, match="cells of the junction tree"):
        fairshare.Release.load(folder)


def test_no_order_is_written_that_could_not_be_loaded(release, monkeypatch):
    """The claim on interventions is dropped before the release could become unreadable."""
    model = release.model.fitted
    assert fair.judge(model, WISH)[1] is not None
    monkeypatch.setattr(fair, "MOST_CELLS", 1)
    judged, order = fair.judge(model, WISH)
    assert (judged["fair"], judged["interventions"], order) == (True, None, None)
