"""A stranger's TOML: a typed refusal, in memory that the file's size bounds."""

import tracemalloc

import pytest

from fairshare.errors import SchemaError, UsageError
from fairshare.mpc.plan_file import load_plan
from fairshare.schema import Schema, toml

BOUNDS = '[[columns]]\nname = "a"\nkind = "integer"\nbounds = [0, {}]\n'
HOSTILE = {
    "digits": (BOUNDS.format("9" * 5000), "not TOML that can be read"),
    "hexadecimal": (BOUNDS.format("0x" + "f" * 5000), "beyond 64 bits"),
    "brackets": ("x = " + "[" * 100_000, "not TOML that can be read"),
    "dotted key": ("a" + ".a" * 20_000 + " = 1", "a name of more than 16 parts"),
    "quoted key": ("a" + '."b c"' * 20_000 + " = 1", "a name of more than 16 parts"),
    "escaped quotes": ('"\\""' + '.a."\\""' * 5_000 + " = 1", "a name of more than 16 parts"),
    "inline tables": ("x = " + "{a = " * 350 + "1" + "}" * 350, "TOML|unknown key|Known are|must be"),
    "dotted table": ("[" + "a . " * 20_000 + "a]", "a name of more than 16 parts"),
}


@pytest.mark.parametrize(("load", "error"), [(Schema.load, SchemaError), (load_plan, UsageError)])
@pytest.mark.parametrize("case", HOSTILE)
def test_what_no_person_writes_is_refused_in_little_memory(case, load, error, tmp_path):
    text, words = HOSTILE[case]
    (tmp_path / "t.toml").write_text(text)
    tracemalloc.start()
    with pytest.raises(error, match=words):
        load(tmp_path / "t.toml")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40 * 2**20


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "t.toml").write_text("#" * 200)
    with pytest.raises(UsageError, match=r"plan '.*' must be at most 100 bytes; it is not a plan"):
        toml.read(tmp_path / "t.toml", what="plan", most=100, error=UsageError)


def test_dots_in_numbers_text_and_comments_are_no_names(tmp_path):
    text = f"a = [{', '.join(['0.5'] * 200)}]\nb = '{'.' * 200}'  # {'... ' * 50}\n\"c.d\".e = 1\n"
    (tmp_path / "t.toml").write_text(text)
    _, fields = toml.read(tmp_path / "t.toml", what="plan", most=10_000, error=UsageError)
    assert fields == {"a": [0.5] * 200, "b": "." * 200, "c.d": {"e": 1}}


def test_the_search_for_names_takes_time_in_proportion(tmp_path):
    (tmp_path / "t.toml").write_text("b = '" + "a" * 1_000_000 + "'\n" + "#" + "-" * 1_000_000)
    assert toml.read(tmp_path / "t.toml", what="plan", most=2**24, error=UsageError)[1] == {"b": "a" * 1_000_000}
