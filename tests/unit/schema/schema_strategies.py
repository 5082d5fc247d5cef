"""Hypothesis strategies for schemas: every kind of column, with every kind of bins."""

from datetime import date, datetime

from hypothesis import strategies as st

from fairshare.schema import Boolean, Categorical, Date, DateTime, Integer, Key, PrivateQuantiles, Real, Schema, Text

labels = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
_LIMIT = 10**18 - 1
CHOICES = ["text-category", "int-category", "bool-category", "boolean", "integer", "real", "date", "datetime"]


def _bins(edges, whole):
    """A number of bins, edges, private quantiles, or nothing, for bounds that are drawn with them."""
    repeated = edges.map(lambda e: (*e, e[-1])) if whole else edges
    return st.one_of(
        st.tuples(edges, st.none()),
        st.tuples(edges, st.integers(1, 2000)),
        edges.map(lambda e: (e, tuple(e))),
        repeated.map(lambda e: (e, tuple(e))),
        st.tuples(edges, st.builds(PrivateQuantiles, private_quantiles=st.integers(2, 16), grid=st.integers(16, 64))),
    )


def _edges(values, least=2):
    return st.lists(values, min_size=least, max_size=12, unique=True).map(sorted)


@st.composite
def ordered(draw, kind, values, common, *, whole):
    edges, bins = draw(_bins(_edges(values), whole))
    column = {**common, "bounds": (edges[0], edges[-1]), "bins": bins}
    if common["nullable"]:
        column["outside"] = draw(st.sampled_from(["clamp", "missing"]))
    if isinstance(bins, PrivateQuantiles):
        plain = kind(**{**column, "bins": bins.grid})
        if plain.grid.size < bins.private_quantiles:
            column["bins"] = None
    return kind(**column)


@st.composite
def columns(draw, name):
    common = {"name": name, "nullable": draw(st.booleans())}
    choice = draw(st.sampled_from(CHOICES))
    if choice == "boolean":
        return Boolean(**common)
    if choice.endswith("category"):
        values = {"text": labels.map(_nfc), "int": st.integers(-_LIMIT, _LIMIT), "bool": st.booleans()}
        value = values[choice.split("-")[0]]
        listed = draw(st.lists(value, min_size=1, max_size=9, unique=True))
        return Categorical(**common, categories=tuple(listed), other=draw(st.none() | value))
    if choice == "integer":
        near = st.integers(-300, 300) | st.integers(-_LIMIT, _LIMIT)
        return draw(ordered(Integer, near, common, whole=True))
    if choice == "real":
        # Apart by a millionth at least, so that a thousand bins fit between any two.
        values = st.integers(-(10**9), 10**9).map(lambda i: i / 1000)
        common["decimals"] = draw(st.none() | st.integers(0, 12))
        return draw(ordered(Real, values, common, whole=False))
    if choice == "date":
        return draw(ordered(Date, st.dates(date(1, 1, 1), date(9999, 12, 31)), common, whole=True))
    common["timezone"] = draw(st.sampled_from([None, "UTC", "Europe/Madrid"]))
    # Local mean times before 1902 have offsets with seconds, which the text of a zoned moment leaves out.
    first = datetime(1902, 1, 1) if common["timezone"] == "Europe/Madrid" else datetime(1, 1, 1)
    moments = st.datetimes(first, datetime(9999, 12, 31))
    return draw(ordered(DateTime, moments, common, whole=True))


@st.composite
def schemas(draw):
    chosen = draw(st.lists(names.map(_nfc), min_size=1, max_size=6, unique=True))
    first, *rest = (draw(columns(name)) for name in chosen)
    rest = [draw(st.sampled_from([column, Text(name=column.name), Key(name=column.name)])) for column in rest]
    rest = [column.model_copy(update={"unreviewed": ("kind",)}) if draw(st.booleans()) else column for column in rest]
    expected = draw(st.none() | st.integers(1, 10**9))
    return Schema(
        columns=(first, *rest), expected_rows=expected, missing_values=draw(st.sampled_from([("",), (), ("?", "N")]))
    )


def _nfc(text):
    import unicodedata

    return unicodedata.normalize("NFC", text)
