"""The law of all counting engines: equal counts for equal rows, whatever the cells are."""

import itertools
import math
import unicodedata
from datetime import date, datetime

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from fairshare.counting import CodedTable
from fairshare.marginals import Domain
from fairshare.schema import Boolean, Categorical, Date, DateTime, Integer, Key, Real, Schema, Text

# Two spellings of one letter, a ligature that NFC keeps, an astral letter, a long s: what databases disagree about.
WORDS = ["a", "A", "b", "é", "e\u0301", "ﬁ", "𝒜", "ſ", "", " a", "a ", "?", "\u00a0", "ß", "x'y\"z\\", "%s {0} $1"]
EDGES = [-1.5, -0.1, 0.0, 0.1, 0.30000000000000004, 2.5, 1e16]


def schema(nullable, outside, person=None):
    """One column of each kind; ``nullable`` and ``outside`` hold for all."""
    n = {"nullable": nullable}
    o = {**n, "outside": "missing" if outside and nullable else "clamp"}
    return Schema(
        columns=(
            Categorical(
                name="word", categories=("a", "é", "x'y\"z\\", " a"), other="else", missing_values=("?", ""), **n
            ),
            Categorical(name="listed", categories=("b", "𝒜"), **n),
            Categorical(name="number", categories=(3, -7, 0), **n),
            Categorical(name="printed", categories=("3", "-7", "true", "0.1", "1e+16"), **n),
            Boolean(name="flag", **n),
            Boolean(name="yes", **n),
            Integer(name="age", bounds=(-3, 12), **o),
            Integer(name="big", bounds=(-(10**17), 10**17), bins=7, missing_values=("-99",), **o),
            Integer(name="rounded", bounds=(0, 9), bins=(0, 2, 3, 9, 9), **o),
            Real(name="edge", bins=tuple(EDGES), missing_values=("0.1", "?"), **o),
            Real(name="whole", bounds=(-2.0, 2.0), bins=3, **o),
            Date(name="day", bounds=(date(1969, 12, 30), date(2001, 1, 1)), bins=9, **o),
            Date(name="cut", bounds=(date(1969, 12, 30), date(1970, 1, 3)), **o),
            DateTime(name="moment", bounds=(datetime(1969, 12, 31), datetime(1970, 1, 2, 3)), bins=5, **o),
            Key(name="person"),
            Text(name="free"),
        ),
        person=person,
        max_rows_per_person=None if person is None else 2,
    )


_TYPES = {
    "word": pa.string(),
    "listed": pa.string(),
    "number": pa.int64(),
    "printed": pa.float64(),
    "flag": pa.bool_(),
    "yes": pa.string(),
    "age": pa.int32(),
    "big": pa.int64(),
    "rounded": pa.float64(),
    "edge": pa.float64(),
    "whole": pa.int16(),
    "day": pa.date32(),
    "cut": pa.timestamp("us"),
    "moment": pa.timestamp("us", "UTC"),
    "person": pa.int64(),
    "free": pa.string(),
}

_near = [x for e in EDGES for x in (e, math.nextafter(e, -math.inf), math.nextafter(e, math.inf))]
_floats = st.sampled_from([*_near, -0.0, 0.5, 1.5, math.nan, math.inf, -math.inf, 1e300, 5e-324, 3.0, -7.0])
_words = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)
_moments = st.datetimes(datetime(1969, 12, 29), datetime(1970, 1, 4)) | st.datetimes(datetime(1000, 1, 1))
_int64 = st.integers(-(2**63), 2**63 - 1)
CELLS = {
    "word": _words,
    "listed": _words,
    "number": st.sampled_from([3, -7, 0, 1]) | _int64,
    "printed": _floats,
    "flag": st.booleans(),
    "yes": st.sampled_from(["yes", "NO", " True", "f\t", "1", "0", "2", "ｙ", "\u2003t", "K"]) | _words,
    "age": st.integers(-9, 20),
    "big": st.integers(-(10**17), 10**17) | _int64 | st.just(-99),
    "rounded": _floats | st.integers(-4, 40).map(lambda i: i / 4),
    "edge": _floats,
    "whole": st.integers(-4, 4),
    "day": st.dates(date(1969, 12, 1), date(2001, 2, 1)) | st.dates(date(1000, 1, 1)),
    "cut": _moments,
    "moment": _moments,
    "person": st.integers(0, 3),
    "free": _words,
}


def normal(text):
    return unicodedata.normalize("NFC", text)


@st.composite
def tables(draw, max_rows=12):
    """Up to ``max_rows`` rows of the schema's columns, any cell null."""
    rows = draw(st.integers(0, max_rows))
    columns = {
        name: pa.array(draw(st.lists(st.none() | cells, min_size=rows, max_size=rows)), _TYPES[name], from_pandas=False)
        for name, cells in CELLS.items()
    }
    return pa.table(columns)


schemas = st.builds(schema, st.booleans(), st.booleans(), st.sampled_from([None, "person"]))


def cliques(domain, most=3):
    """No attribute, each one, and some of each larger size, in domain order."""
    chosen = [()]
    for k in range(1, most + 1):
        every = list(itertools.combinations(domain.attributes, k))
        chosen += every if k == 1 else every[:: max(1, len(every) // 25)]
    return [c for c in chosen if domain.cells(c) <= 10**5]


def reference(public, table):
    """Counts the plain way: encode all rows, add them cell by cell."""
    codes = public.encode(public.limit_rows(table))
    domain = Domain.from_sizes(public.sizes)
    rows = len(next(iter(codes.values())))

    def count(clique):
        counts = np.zeros(domain.sizes(clique), dtype=np.int64)
        np.add.at(counts, tuple(codes[a] for a in clique), 1 if clique else rows)
        return counts

    return domain, count


def holds(engine, public, table, most=3):
    """Assert the law for one engine that holds these rows."""
    domain, count = reference(public, table)
    engine.check()
    assert engine.domain == domain
    assert engine.max_rows_per_person == public.max_rows_per_person
    asked = cliques(domain, most)
    found = engine.counts(asked)
    assert len(found) == len(asked)
    for clique, counts in zip(asked, found, strict=True):
        assert counts.dtype == np.int64
        assert counts.shape == domain.sizes(clique)
        assert np.array_equal(counts, count(clique)), clique


def in_memory(public, table):
    codes = public.encode(public.limit_rows(table))
    return CodedTable(Domain.from_sizes(public.sizes), codes, max_rows_per_person=public.max_rows_per_person)
