"""The tables that CaPS's authors publish with their code, among holders and in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from downloads import Download, obtain
from prefair.data import Table as Coded
from pyarrow import csv

import fairshare
from fairshare.evaluation.tables import Codes, row_count, rows_of
from fairshare.evaluation.target import Target, roles_of, target_of
from fairshare.marginals import Domain

__all__ = ["KEY", "TABLES", "Table"]

_HERE = Path(__file__).parent
_AUTHORS = (
    "https://raw.githubusercontent.com/sikhapentyala/MPC_SDG/0664fe4be2513916b647fed092592d856be94aab/"
    "private-pgm-master/data"
)
#: Rows to learn from, and rows to judge on where the authors split them.
_FILES = {
    "compas": (
        Download(
            "caps-compas-train.csv",
            f"{_AUTHORS}/compas_train.csv",
            "d9cab073348a902bc09e4e0792f2b73aab1c6e419db1da655bbad978f33b80cf",
        ),
        Download(
            "caps-compas-test.csv",
            f"{_AUTHORS}/compas_test.csv",
            "6849f34e0edad380bfa3b62c5a947bd0a9122cc639496e3048f04c6c674127eb",
        ),
    ),
    "diabetes": (
        Download(
            "caps-diabetes.csv",
            f"{_AUTHORS}/diabetes.csv",
            "698c203a14aa31941d2251175330c9199f3ccdb31597abbba2a3e35416257a72",
        ),
    ),
    "npha": (
        Download(
            "caps-npha.csv",
            f"{_AUTHORS}/NPHA-doctor-visits.csv",
            "27d78a0ff8481d6c35dfe8d28b69f4dc04e420777f9ff61954831b068185feb2",
        ),
    ),
}
#: Share of the rows to judge on, where the authors split nothing.
_HELD_OUT = 0.3
#: Name -> what people call it.
TABLES = {"adult": "Adult", "compas": "COMPAS", "diabetes": "Pima diabetes", "npha": "NPHA doctor visits"}
#: The column that matches rows where columns are split.
KEY = "record"


@dataclass(frozen=True, eq=False)
class Table:
    """A private table, as codes: the rows that are synthesised and those kept for judging."""

    schema: fairshare.Schema
    target: Target
    train: Codes
    held_out: Codes

    @classmethod
    @cache
    def load(cls, folder: Path, name: str) -> "Table":
        if name == "adult":
            coded = Coded.load(folder, "adult")
            schema, parts, roles = coded.schema, [coded.codes], coded.roles
        else:
            schema = fairshare.Schema.load(_HERE / f"{name}.toml")
            parts = [schema.encode(csv.read_csv(obtain(file, folder))) for file in _FILES[name]]
            roles = roles_of(schema, None, None)
        target = target_of(schema, roles, None)
        assert target is not None
        train, held_out = parts if len(parts) == 2 else _split(parts[0])
        return cls(schema, target, train, held_out)

    @property
    def domain(self) -> Domain:
        return Domain.from_sizes(self.schema.sizes)

    @property
    def coded_schema(self) -> fairshare.Schema:
        """The private table of these experiments is the coded one."""
        return fairshare.Schema.from_domain({a: self.domain.size_of(a) for a in self.domain})

    def whole(self) -> pa.Table:
        return pa.table({a: column.astype(np.int64) for a, column in self.train.items()})

    def among_two(self, split: str) -> Mapping[str, pa.Table]:
        """The rows at two holders, ``horizontal``: half of the rows each; ``vertical``: half of the columns each."""
        table = self.whole()
        half = table.num_rows // 2
        if split == "horizontal":
            return {"alice": table.slice(0, half), "bob": table.slice(half)}
        names = table.column_names
        keyed = table.append_column(KEY, pa.array(np.random.default_rng(1).permutation(table.num_rows)))
        middle = len(names) // 2
        return {"alice": keyed.select([*names[:middle], KEY]), "bob": keyed.select([*names[middle:], KEY])}


def _split(codes: Codes) -> tuple[Codes, Codes]:
    order = np.random.default_rng(0).permutation(row_count(codes))
    held = round(_HELD_OUT * len(order))
    return rows_of(codes, np.sort(order[held:])), rows_of(codes, np.sort(order[:held]))
