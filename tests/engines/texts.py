"""Text that any kind of column might have to read, and what it nearly can."""

from datetime import date, datetime

import pyarrow as pa
from hypothesis import strategies as st

from fairshare.schema import Boolean, Categorical, Date, DateTime, Integer, Real, Schema
from tests.engines import law

# Half a last place above the largest float, and half the smallest float: where rounding turns to infinity and to 0.
_LAST, _LEAST = 2**1024 - 2**970, 5**1075
_WORDS = """
5 +5 -3 007 1. .5 . - 1e1 5E-1 1.e0 12e+00000 0.1 0.30000000000000004 1e16 1_0 0x5 ١ 5- --5 1e 5e5e5 nan NaN inf -INF
Infinity +infinity infinit 1e308 1.7976931348623158e308 1.7976931348623159e308 -2e308 1e999 -1e999 1e-999 5e-324
2.4703282292062327e-324 2.4703282292062328e-324 1e9999 1e10000 1e00000000009999 1e99999 -1e99999 0e99999 1e-99999
0.000e9999999999999999999 0.5 1.5 2.5 3.5 999999999999999999 9999999999999999999 -9223372036854775809 1000000000000000.5
yes NO T f 1 0 2 true oui n/a a A é É ſ 1970-01-01 1969-12-31 2000-02-29 1900-02-29 1970-02-30 0000-01-01 0000-02-29
9999-12-31 1970-00-01 1970-13-01 1970-1-1 1970-01-00 1970-01-01T 1970-01-01T23:59 1970-01-01T24:00 1970-01-01T00:60
1969-12-31T23:59:59.9999999 1970-01-01T00:00:60 1970-01-01T00:00:00.1234567890 1970-01-01T00:00Z 1970-01-01T00:30+01:00
1970-01-01T23:30:01-0130 1970-01-01T23:30:01.5-01:30 9999-12-31T23:59-99:99 0000-01-01T00:00:00+99:99 1970-01-01T00:00+1
now epoch today infinity allballs 24:00
"""
#: Cells that a cast, a function of text or a rounding would stumble over.
EDGES = _WORDS.split()
EDGES += [
    "1970-01-01 12:00",
    "1970-01-01 00:00:00 +02:00",
    "1970-01-01  00:00",
    " no ",
    "\u2003t\n",
    "",
    " ",
    "e\u0301",
]
EDGES += [str(_LAST), str(_LAST - 1), f"-{_LAST}", f"{_LEAST}e-1075", f"-{_LEAST}1e-1076", f"{_LEAST + 1}e-1075"]
EDGES += ["0" * 999 + "5", "0" * 1000 + "5", "5" + " " * 999, "5" + " " * 1000, f".{'0' * 998}1", "9" * 990 + "e-0988"]
EDGES += ["1" * 1000, "1" * 2000, "é" * 100_000, "1" * 100_000]

_digits = st.text("0123456789", max_size=30)
_numerals = st.builds(
    "{}{}.{}e{}{}".format, st.sampled_from(["", "+", "-"]), _digits, _digits, st.sampled_from("+-"), _digits
)
_ends = st.sampled_from(
    ["", "", "", " ", "\n", "\t\v\f\r", "\x1c", "\x85", "\u2000", "\u3000", "\u200b", "x", "\u0301"]
)
_insides = [st.floats().map(repr), st.integers().map(str), st.datetimes().map(str), st.dates().map(str), _numerals]
CELLS = st.none() | st.builds("{}{}{}".format, _ends, st.one_of(*_insides, st.sampled_from(EDGES)), _ends)


def schema(nullable, outside, own):
    """Columns of each kind; ``own``: with spellings of missing of their own, some of which are values, too."""
    n = {"nullable": nullable}
    o = {**n, "outside": "missing" if outside and nullable else "clamp"}

    def missing(*spelled):
        return {"missing_values": spelled} if own else {}

    return Schema(
        columns=(
            Categorical(name="word", categories=("a", "é", "5", "nan"), other="A", **missing("?", "A", "no"), **n),
            Categorical(name="number", categories=(3, -7, 0, 5), **missing("0", "x"), **n),
            Categorical(name="other", categories=(3, 10, 999999999999999999), other=1, **missing("3", "yes", "a"), **n),
            Categorical(name="only", categories=(True,), **missing("no", "t"), **n),
            Categorical(name="truth", categories=(True,), other=False, **missing("no", "true", "n/a"), **n),
            Boolean(name="flag", **missing("no", "t", "1"), **n),
            Integer(name="age", bounds=(-3, 12), **missing("5", "-99", "1e1"), **o),
            Integer(name="big", bounds=(-(10**18) + 1, 10**18 - 1), bins=64, **o),
            Integer(name="rounded", bounds=(0, 9), bins=(0, 2, 3, 9, 9), **o),
            Real(name="edge", bins=tuple(law.EDGES), **missing("0.1", "?", "5"), **o),
            Real(name="range", bins=(-1e308, -1e-310, 0.0, 5e-324, 1e-310, 1e-300, 1.0, 5e307), **o),
            Date(name="day", bounds=(date(1969, 12, 30), date(2001, 1, 1)), bins=9, **missing("1970-01-01"), **o),
            Date(name="any", bounds=(date(1, 1, 1), date(9999, 12, 31)), bins=1000, **o),
            DateTime(name="moment", bounds=(datetime(1969, 12, 31), datetime(1970, 1, 2, 3)), bins=50, **o),
            DateTime(name="ever", bounds=(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)), bins=1000, **o),
        ),
        missing_values=("?", "-99", "no"),
    )


schemas = st.builds(schema, st.booleans(), st.booleans(), st.booleans())


@st.composite
def tables(draw, rows=20):
    """One column of text, ``cell``."""
    return pa.table({"cell": pa.array(draw(st.lists(CELLS, max_size=rows)), pa.string())})
