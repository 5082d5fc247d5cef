"""Small releases: one fair, one not asked to be, one whose names and labels are hostile; and an evaluation of one."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.schema import Schema

HOSTILE = "<script>alert(1)</script>"
QUOTED = "a\"onmouseover='alert(2)' `|*[x](javascript:alert(3)) </script>"
LABEL = "<img src=x onerror=alert(4)>"
ROLES = {"protected": ["sex"], "admissible": ["grade"], "outcome": ["paid"]}


def schema_of(names: dict[str, str], label: str = "Bonn") -> Schema:
    columns = [
        {"name": names["sex"], "kind": "categorical", "categories": ["Female", "Male"]},
        {"name": names["grade"], "kind": "integer", "bounds": [1, 5]},
        {"name": names["paid"], "kind": "boolean"},
        {"name": "age", "kind": "integer", "bounds": [17, 90]},
        {"name": "city", "kind": "categorical", "categories": ["Ulm", label], "nullable": True},
    ]
    roles = {role: [names[name] for name in named] for role, named in ROLES.items()}
    return Schema.from_dict({"columns": columns, "roles": roles})


def rows(names: dict[str, str], label: str = "Bonn", n: int = 600) -> pa.Table:
    rng = np.random.default_rng(3)
    man = rng.random(n) < 0.6
    grade = np.clip(rng.integers(1, 4, n) + 2 * man, 1, 5)
    return pa.table(
        {
            names["sex"]: np.where(man, "Male", "Female"),
            names["grade"]: grade,
            names["paid"]: rng.random(n) < 0.15 * grade,
            "age": rng.integers(17, 91, n),
            "city": pa.array(np.where(man, "Ulm", label), mask=rng.random(n) < 0.1),
        }
    )


PLAIN = {name: name for name in ("sex", "grade", "paid")}
NASTY = {"sex": HOSTILE, "grade": QUOTED, "paid": "paid"}


def made(names: dict[str, str], *, fair: bool, label: str = "Bonn") -> fairshare.Release:
    wish = {role: tuple(names[name] for name in named) for role, named in ROLES.items()}
    return fairshare.synthesize(
        rows(names, label),
        schema_of(names, label),
        epsilon=8,
        delta=1e-6,
        seed=1,
        fairness=fairshare.Fairness(**wish) if fair else None,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="session")
def fair_release() -> fairshare.Release:
    return made(PLAIN, fair=True)


@pytest.fixture(scope="session")
def plain_release() -> fairshare.Release:
    return made(PLAIN, fair=False)


@pytest.fixture(scope="session")
def hostile_release() -> fairshare.Release:
    return made(NASTY, fair=True, label=LABEL)


@pytest.fixture(scope="session")
def findings(fair_release: fairshare.Release) -> dict[str, Any]:
    from fairshare.evaluation import evaluate

    return evaluate(rows(PLAIN), fair_release, fair_release.schema, classifiers=[]).to_dict()
