"""Readers of files from strangers: whatever the bytes, a typed error or a value; never a crash, never much memory.

The suite runs a few examples; ``make fuzz`` sets FAIRSHARE_FUZZ to the number to run. Failing inputs are kept in
.hypothesis, the corpus.
"""

import json
import os
import resource
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairshare.errors import FairshareError
from fairshare.io import read_table
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit
from fairshare.release import Release
from fairshare.release.packing import unpack
from fairshare.schema import Schema

EXAMPLES = int(os.environ.get("FAIRSHARE_FUZZ", "20"))
MEMORY = 8 * 2**30
SCHEMA = Schema.from_dict({"columns": [{"name": "a", "kind": "categorical", "categories": ["x", "y"]}]})
TOML = 'format = 1\n[[columns]]\nname = "a"\nkind = "integer"\nbounds = [0, 9]\n'


@pytest.fixture(scope="module", autouse=True)
def _little_memory():
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def mutated(seed):
    """Bytes of a good file with some of them replaced, inserted or cut off; or any bytes at all."""
    edits = st.lists(st.tuples(st.integers(0, len(seed)), st.integers(0, 8), st.binary(max_size=8)), max_size=6)

    def apply(changes):
        content = seed
        for at, cut, new in changes:
            content = content[:at] + new + content[at + cut :]
        return content

    return st.one_of(edits.map(apply), st.binary(max_size=400))


def survives(read, *arguments):
    with suppress(FairshareError):
        read(*arguments)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "feather"])
@settings(max_examples=EXAMPLES)
@given(content=mutated(b'a\n"x"\ny\n\xef\xbb\xbf"",\n'))
def test_tables(suffix, content, place):
    path = place / f"t.{suffix}"
    path.write_bytes(content)
    survives(lambda: SCHEMA.encode(read_table(path, schema=SCHEMA)))


@settings(max_examples=EXAMPLES)
@given(content=mutated(TOML.encode()))
def test_schemas(content, place):
    (place / "s.toml").write_bytes(content)
    survives(Schema.load, place / "s.toml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def release(place):
    import pyarrow as pa

    import fairshare

    made = fairshare.synthesize(pa.table({"a": ["x", "y"] * 20}), SCHEMA, epsilon=5, delta=1e-6)
    return made.save(place / "made.release")


@settings(max_examples=EXAMPLES)
@given(data=st.data(), part=st.sampled_from(["release.json", "model.npz", "certificate.json", "ledger.json"]))
def test_releases(data, part, release):
    good = (release / part).read_bytes()
    try:
        (release / part).write_bytes(data.draw(mutated(good)))
        survives(Release.load, release)
        if part.endswith("json"):
            tree = json.loads(good)
            tree[data.draw(st.sampled_from(sorted(tree)))] = data.draw(JSON)
            (release / part).write_text(json.dumps(tree))
            survives(Release.load, release)
    finally:
        (release / part).write_bytes(good)


@settings(max_examples=EXAMPLES)
@given(content=st.binary(max_size=300))
def test_packed_releases(content):
    survives(unpack, content)
    survives(unpack, b"PK\x03\x04" + content)


@pytest.fixture(scope="module")
def ledger(place):
    DurableLedger.create(place / "l.ledger", Budget(epsilon=1, delta=1e-9), PrivacyUnit())
    return (place / "l.ledger").read_bytes()


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_ledgers(data, ledger, place):
    (place / "f.ledger").write_bytes(data.draw(mutated(ledger)))
    survives(lambda: DurableLedger(place / "f.ledger").verify())
    for rest in place.glob("f.ledger-*"):
        rest.unlink()
