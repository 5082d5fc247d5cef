"""Readers of files from strangers: whatever the bytes, a typed error or a value; never a crash, never much memory.

The suite changes good inputs a few times with hypothesis and replays the corpora that Atheris left (``corpus/``); a
failing input that hypothesis finds is kept in .hypothesis. ``make fuzz`` fuzzes by coverage for an hour.
"""

import os
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairshare.io import read_table
from tests.fuzz.readers import CORPUS, GOOD, READERS, SCHEMA, TABLE, refused_or_read

EXAMPLES = int(os.environ.get("FAIRSHARE_FUZZ", "20"))
MEMORY = 8 * 2**30


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


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_changed_inputs(reader, data):
    refused_or_read(READERS[reader], data.draw(st.sampled_from(GOOD[reader]()).flatmap(mutated)))


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "feather"])
@settings(max_examples=EXAMPLES)
@given(content=mutated(TABLE))
def test_tables(suffix, content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / f"t.{suffix}"
    path.write_bytes(content)
    refused_or_read(lambda _: SCHEMA.encode(read_table(path, schema=SCHEMA)), content)


@pytest.mark.parametrize("reader", READERS)
def test_good_inputs_and_kept_corpora(reader):
    """What coverage-guided fuzzing reached once stays reached and stays refused or read."""
    kept = sorted((CORPUS / reader).iterdir())
    assert kept, f"no corpus for {reader}: run python -m tests.fuzz.campaign --keep"
    for content in [*GOOD[reader](), *(path.read_bytes() for path in kept)]:
        refused_or_read(READERS[reader], content)
