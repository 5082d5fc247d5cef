"""The schema: everything public about a table, and the way from cells to codes and back."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from os import PathLike
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from fairshare.errors import DataError, SchemaError
from fairshare.schema import file
from fairshare.schema.categories import Boolean, Categorical
from fairshare.schema.column import Coded, Column
from fairshare.schema.moments import Date, DateTime
from fairshare.schema.numeric import Integer, Real
from fairshare.schema.persons import check_person_type, first_rows
from fairshare.schema.skipped import Key, Text
from fairshare.schema.spec import Count, Label, Spec, nearest, normalise
from fairshare.schema.structure import Dependency, Zeros, impossible

__all__ = ["Roles", "Schema"]

AnyColumn = Annotated[
    Categorical | Boolean | Integer | Real | Date | DateTime | Key | Text, Field(discriminator="kind")
]
_KINDS: dict[str, type[Column]] = {
    kind.model_fields["kind"].default: kind for kind in (Categorical, Boolean, Integer, Real, Date, DateTime, Key, Text)
}


class Roles(Spec):
    """What columns mean for fairness; they describe, and switch nothing on.

    Attributes:
        protected: no outcome may depend on these (other than through admissible ones).
        admissible: these may carry dependence.
        outcome: decisions.
    """

    protected: tuple[Label, ...] = ()
    admissible: tuple[Label, ...] = ()
    outcome: tuple[Label, ...] = ()


class Schema(Spec):
    """Public facts about a private table.

    A cell's code is a function of the cell and this record alone. No value can make the domain wider or raise;
    see `Categorical` and `Ordered` for what becomes of a value that the schema doesn't know.

    Attributes:
        format: version of the file format.
        expected_rows: a public number of rows, if there is one (delta is checked against it).
        person: the key column that names the person a row is about, where a person may have several rows.
        max_rows_per_person: the most rows that `limit_rows` leaves of one person.
        missing_values: spellings of missing in text, for columns that give none of their own.
        roles: see `Roles`.
        zeros: combinations of values that no row may hold; see `Zeros`.
        dependencies: columns whose value follows from another's; see `Dependency`.
        columns: every column of the table, in order.

    Raises:
        SchemaError: a field is missing, unknown or outside its range; names repeat; roles overlap or name no
            synthesised column; a protected column has fewer than two values in the schema.
    """

    format: Literal[1] = 1
    expected_rows: Count | None = None
    person: Label | None = None
    max_rows_per_person: Count | None = None
    missing_values: tuple[Label, ...] = ("",)
    roles: Roles = Roles()
    zeros: tuple[Zeros, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    columns: tuple[AnyColumn, ...]

    @field_validator("columns")
    @classmethod
    def _names_differ(cls, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        names = [column.name for column in columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"columns must have different names, but {_listed(twice)} repeats: rename or remove one")
        if not any(column.synthesised for column in columns):
            raise ValueError("columns must hold at least one that is not a key or text: nothing is left to synthesise")
        return columns

    @model_validator(mode="after")
    def _person_is_a_key(self) -> Self:
        if (self.person is None) != (self.max_rows_per_person is None):
            raise ValueError("person and max_rows_per_person must be given together: add the other or remove both")
        if self.person is not None and (self.person not in self._by_name or self.person in self.sizes):
            raise ValueError(f'person ({self.person!r}) must name a column of kind = "key"')
        return self

    @model_validator(mode="after")
    def _roles_fit(self) -> Self:
        seen: dict[str, str] = {}
        for role in ("protected", "admissible", "outcome"):
            for name in getattr(self.roles, role):
                if name not in self.sizes:
                    raise ValueError(
                        f"roles.{role} names {name!r}, which is not a synthesised column: "
                        f"{nearest(name, tuple(self.sizes))}"
                    )
                if name in seen:
                    raise ValueError(
                        f"roles must not overlap, but {name!r} is in {seen[name]} and {role}: keep it in one"
                    )
                seen[name] = role
        for name in self.roles.protected:
            if self._coded(name).value_count < 2:
                raise ValueError(
                    f"roles.protected names {name!r}, which has one value in the schema: "
                    "list at least two or remove it from the roles"
                )
        return self

    @model_validator(mode="after")
    def _structure_fits(self) -> Self:
        declared = [name for z in self.zeros for name in z.columns]
        declared += [name for d in self.dependencies for name in (d.by, d.column)]
        for name in declared:
            if name in self.private_bins:
                raise ValueError(
                    f"zeros or dependency names {name!r}, whose bins are still to be bought: give its bins"
                )
        _ = self.impossible  # raises where a declaration does not fit
        return self

    # -- where schemas come from and go to

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a schema file (TOML).

        Raises:
            SchemaError: the file can't be read, is not TOML, or is not a schema; the message names the place.
        """
        return cls.from_dict(file.read(path))

    def save(self, path: str | PathLike[str]) -> None:
        """Write a schema file (TOML); `load` reads back an equal schema.

        Values that are still unreviewed carry the key ``unreviewed.`` and the comment ``# REVIEW``.
        """
        file.write(path, file.to_toml(self._tree(), drafted=bool(self.unreviewed)))

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The schema in this tree, which has the form of the file (dates may be ISO text).

        Raises:
            SchemaError: as the class does; the message names the column.
        """
        columns = fields.get("columns")
        if not isinstance(columns, list | tuple):
            raise SchemaError("columns are missing: add a [[columns]] table for each column")
        rest = {name: value for name, value in fields.items() if name != "columns"}
        if isinstance(roles := rest.get("roles"), Mapping):
            try:
                rest["roles"] = Roles(**roles)
            except SchemaError as error:
                raise SchemaError(f"roles: {error}") from None
        # The pydantic field is a union of the concrete kinds, which a list of `Column` can't promise to mypy.
        parsed: tuple[Any, ...] = tuple(_column(column, i) for i, column in enumerate(columns))
        return cls(**rest, columns=parsed)

    def to_dict(self) -> dict[str, Any]:
        """The schema as a tree that JSON can hold; fields at their defaults are left out."""
        return {name: file.plain(value) for name, value in self._tree().items()}

    @classmethod
    def from_domain(cls, domain: Mapping[str, int]) -> Self:
        """The schema of a coded table: integer columns with the values ``0 .. size - 1``.

        Raises:
            SchemaError: a size is below 1 or too large.
        """
        columns = []
        for name, size in domain.items():
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
                raise SchemaError(f"size of {name!r} ({size!r}) must be a whole number of at least 1")
            columns.append(Integer(name=name, bounds=(0, int(size) - 1), bins=int(size)))
        return cls(columns=tuple(columns))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex: equal for equal schemas."""
        return file.digest(self.to_dict())

    # -- what the schema says

    @cached_property
    def unreviewed(self) -> tuple[str, ...]:
        """What was taken from the data and not reviewed since, like ``age.bounds``."""
        return tuple(f"{column.name}.{field}" for column in self.columns for field in column.unreviewed)

    def reviewed(self) -> Self:
        """The same schema without review marks: for a person who has looked at every value."""
        return self._with([column.model_copy(update={"unreviewed": ()}) for column in self.columns])

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of codes of each synthesised column, in order."""
        return {column.name: column.size for column in self.columns if isinstance(column, Coded)}

    @cached_property
    def private_bins(self) -> dict[str, int]:
        """How many bins to buy through the curator, for the columns that ask for it."""
        coded = [column for column in self.columns if isinstance(column, Coded)]
        return {column.name: column.private_bins for column in coded if column.private_bins is not None}

    @cached_property
    def impossible(self) -> dict[tuple[str, ...], npt.NDArray[np.bool_]]:
        """For each declared clique (columns in schema order) a mask of its impossible cells, shape (sizes...)."""
        return impossible(self.zeros, self.dependencies, self.labels, tuple(self.sizes))

    @cached_property
    def missing_spellings(self) -> dict[str, str]:
        """How each nullable column spells missing in text: the first of its spellings (for writing CSV)."""
        spelled = {
            column.name: self.missing_values if column.missing_values is None else column.missing_values
            for column in self.columns
            if isinstance(column, Coded) and column.nullable
        }
        return {name: values[0] for name, values in spelled.items() if values}

    def column(self, name: str) -> Column:
        """The column of this name.

        Raises:
            SchemaError: there is none.
        """
        try:
            return self._by_name[normalise(name)]
        except KeyError:
            raise SchemaError(f"no column {name!r} in the schema: {nearest(name, tuple(self._by_name))}") from None

    def labels(self, name: str) -> list[str]:
        """What each code of a synthesised column stands for; `sizes[name]` strings.

        Raises:
            SchemaError: there is no such column, or it has no codes.
        """
        return self._coded(name).labels()

    # -- tables

    def check(self, table: pa.Schema | Iterable[str]) -> None:
        """Refuse a table whose structure does not fit: names, and types where they are known.

        Raises:
            DataError: columns are missing, extra or repeated, or of a type that their kind can't read.
        """
        names = [normalise(name) for name in (table.names if isinstance(table, pa.Schema) else table)]
        if twice := [i + 1 for i, name in enumerate(names) if name in names[:i]]:
            raise DataError(f"column {twice[0]} of the table repeats an earlier name: rename or remove one of them")
        # Names that the schema doesn't know are not shown here: without a header line they are the first record.
        if missing := [name for name in self._by_name if name not in set(names)]:
            raise DataError(
                f"the table has no column {_listed(missing)}: add it, or remove it from the schema; "
                f"a CSV file must start with a line of column names"
            )
        if extra := [name for name in names if name not in self._by_name]:
            raise DataError(
                f"the schema has no column {_listed(extra)}: remove it from the table, or declare it "
                '(kind = "text" leaves a column out of the synthetic table)'
            )
        if isinstance(table, pa.Schema):
            for name, kind in zip(names, table.types, strict=True):
                if isinstance(column := self._by_name[name], Coded):
                    column.check_type(kind)
                elif name == self.person:
                    check_person_type(name, kind)

    def encode(
        self, table: pa.Table | pa.RecordBatch, columns: Iterable[str] | None = None
    ) -> dict[str, npt.NDArray[np.unsignedinteger[Any]]]:
        """Codes of every synthesised column: shape (rows,), the smallest unsigned type that holds its size.

        Key and text columns are dropped. Rows of one person are not limited here: see `limit_rows`.

        Args:
            table: rows; as codes depend on no other row, the batches of a table give the table's codes.
            columns: only these synthesised columns; the table may then lack the others.

        Raises:
            DataError: the table's structure does not fit (never about a value).
        """
        if columns is None:
            self.check(table.schema)
        position = {normalise(name): i for i, name in enumerate(table.schema.names)}
        return {
            name: self._coded(name).encode(table.column(position[name]), self.missing_values)
            for name in (self.sizes if columns is None else columns)
        }

    def decode(self, codes: Mapping[str, npt.NDArray[np.integer[Any]]], rng: np.random.Generator) -> pa.Table:
        """A table of the synthesised columns, in order and of their declared types.

        Args:
            codes: codes of every synthesised column, shape (rows,) each.
            rng: draws numbers and moments uniformly inside their bin.

        Raises:
            SchemaError: a column is missing, or a code is outside its domain.
        """
        if absent := [name for name in self.sizes if name not in codes]:
            raise SchemaError(f"codes are missing for column {_listed(absent)}")
        return pa.table({name: self._coded(name).decode(codes[name], rng) for name in self.sizes})

    def limit_rows(self, table: pa.Table) -> pa.Table:
        """The table with at most `max_rows_per_person` rows of each person, the first ones; rows keep their order.

        Keys are compared byte for byte; rows without a person (null, NaN) count as one person's. Which rows stay
        depends on that person's rows alone.

        Privacy:
            This is what makes the unit of privacy a person with `max_rows_per_person` rows: without it the
            number would be a promise that the data may break.

        Raises:
            DataError: the table's structure does not fit.
        """
        self.check(table.schema)
        if self.person is None or self.max_rows_per_person is None:
            return table
        position = [normalise(name) for name in table.column_names].index(self.person)
        return table.filter(pa.array(self.kept_rows(table.column(position))))

    def kept_rows(self, person: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which rows `limit_rows` keeps, given the column of persons; shape (rows,)."""
        if self.max_rows_per_person is None:
            return np.ones(len(person), dtype=bool)
        return first_rows(person, self.max_rows_per_person)

    # -- inside

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def _coded(self, name: str) -> Coded:
        column = self.column(name)
        if not isinstance(column, Coded):
            raise SchemaError(f"column {name!r} has no codes: its kind is {column.kind!r}")
        return column

    def _with(self, columns: list[Column]) -> Self:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**fields, "columns": tuple(columns)})

    def _tree(self) -> dict[str, Any]:
        return file.tree(self)


def _column(fields: Any, position: int) -> Column:
    """One column of a tree; errors name it."""
    name = fields.get("name") if isinstance(fields, Mapping) else None
    place = f"column {name!r}" if isinstance(name, str) else f"column number {position + 1}"
    if not isinstance(fields, Mapping):
        raise SchemaError(f"{place} must be a table with a name and a kind")
    try:
        given = file.merge_unreviewed(fields)
        return _kind(given.get("kind"))(**given)
    except SchemaError as error:
        raise SchemaError(f"{place}: {error}") from None


def _kind(name: object) -> type[Column]:
    if name is None:
        raise SchemaError(f"kind is missing: add one of {', '.join(map(repr, _KINDS))}")
    if not isinstance(name, str) or name not in _KINDS:
        raise SchemaError(f"kind ({name!r}) is unknown: {nearest(str(name), tuple(_KINDS))}")
    return _KINDS[name]


def _listed(names: list[str], most: int = 10) -> str:
    """Names for a message, the first few."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
