"""The real table: its codes, which rows the synthesis sees, and the scores of synthetic rows."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fairshare import datasets
from fairshare.evaluation import CLASSIFIERS, quality
from fairshare.evaluation.classifiers import fit
from fairshare.evaluation.features import Features
from fairshare.evaluation.gaps import gap
from fairshare.evaluation.tables import Codes, row_count, rows_of
from fairshare.evaluation.target import roles_of, target_of
from fairshare.evaluation.usefulness import Predicted
from fairshare.io import read_table
from fairshare.marginals import Domain
from fairshare.schema import Integer, Schema

__all__ = ["Real"]

HELD_OUT = 0.2
JUDGES = ("logistic_regression", "random_forest")


@dataclass(frozen=True, kw_only=True, eq=False)
class Real:
    """A table, split once and for all.

    Attributes:
        name: what files are called.
        title: for people.
        schema: public knowledge; its codes are what every library gets.
        seen: the rows that are synthesised.
        unseen: the rows on which classifiers are scored.
        protected, outcome: columns.
    """

    name: str
    title: str
    schema: Schema
    seen: Codes
    unseen: Codes
    protected: str
    outcome: str

    @classmethod
    def adult(cls, held_out: float = HELD_OUT) -> "Real":
        """The built-in Adult under its own schema; ``held_out`` is the share of rows that no synthesis sees."""
        adult = datasets.load_adult()
        codes = adult.schema.encode(adult.table)
        return cls._split(
            name="adult",
            title="the built-in Adult",
            schema=adult.schema,
            codes=codes,
            protected="sex",
            outcome="income",
            held_out=held_out,
        )

    @classmethod
    def coded(cls, folder: Path) -> "Real":
        """Adult in 14 coded columns, as private-pgm distributes it."""
        schema = Schema.from_domain(json.loads((folder / "adult-domain.json").read_text()))
        codes = schema.encode(read_table(folder / "adult.csv", schema=schema))
        return cls._split(
            name="adult-coded", title="coded Adult", schema=schema, codes=codes, protected="sex", outcome="income>50K"
        )

    @classmethod
    def _split(cls, *, codes: Codes, held_out: float = HELD_OUT, **described: Any) -> "Real":
        order = np.random.default_rng(0).permutation(row_count(codes))
        cut = round(held_out * len(order))
        unseen, seen = np.sort(order[:cut]), np.sort(order[cut:])
        return cls(seen=rows_of(codes, seen), unseen=rows_of(codes, unseen), **described)

    @property
    def rows(self) -> int:
        return row_count(self.seen)

    @property
    def ordered(self) -> tuple[str, ...]:
        """The attributes whose codes are in an order."""
        return tuple(a for a in self.schema.sizes if isinstance(self.schema.column(a), Integer))

    def write(self, out: Path, rows: Codes | None = None) -> None:
        """The rows that are synthesised, or others of the same columns, as the drivers read them."""
        rows = self.seen if rows is None else rows
        with out.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.schema.sizes)
            writer.writerows(zip(*(rows[a].tolist() for a in self.schema.sizes), strict=True))

    def read(self, out: Path) -> Codes:
        """The rows that a driver wrote.

        Raises:
            ValueError: a code is outside the schema.
        """
        with out.open(newline="") as file:
            names = next(csv.reader(file))
        columns = np.loadtxt(out, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)
        codes = {a: columns[:, names.index(a)] for a in self.schema.sizes}
        for a, size in self.schema.sizes.items():
            if codes[a].min() < 0 or codes[a].max() >= size:
                raise ValueError(f"codes of {a} ({codes[a].min()} to {codes[a].max()}) must be below {size}")
        return codes

    def apart(self) -> Codes:
        """Independent columns, without privacy: each column shuffled by itself."""
        rng = np.random.default_rng(0)
        return {a: rng.permutation(codes) for a, codes in self.seen.items()}

    def score(self, made: Codes) -> dict[str, float]:
        """Distances to the rows that were synthesised; and classifiers trained on ``made``, scored on held-out rows."""
        domain = Domain.from_sizes(self.schema.sizes)
        near = quality(self.seen, made, domain, three_way=True)
        found = {"tvd_1": near.tvd_1, "tvd_2": near.tvd_2, "tvd_3": float(near.tvd_3 or 0.0), "rows": row_count(made)}
        for name in JUDGES:
            predicted = self._predicted(name, made)
            found[f"{name}.accuracy"] = predicted.accuracy()
            found[f"{name}.auc"] = predicted.auc()
            found[f"{name}.dp"] = gap(predicted.selected, self.unseen[self.protected]).value
        return found

    def _predicted(self, classifier: str, made: Codes) -> Predicted:
        """What a classifier trained on ``made`` says of the held-out rows."""
        roles = roles_of(self.schema, {"outcome": (self.outcome,), "protected": (), "admissible": ()}, None)
        target = target_of(self.schema, roles, None)
        assert target is not None
        features = Features(self.schema, tuple(a for a in self.schema.sizes if a != self.outcome))
        fitted = fit(CLASSIFIERS[classifier], features, made, target.positive(made), 0)
        return Predicted(fitted.probability(self.unseen), target.positive(self.unseen))
