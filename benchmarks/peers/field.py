"""The field: which libraries are run, in which environment, with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ENTRIES", "LIBRARIES", "OURS", "Entry", "Library"]

ROOT = Path(__file__).resolve().parents[2]
OURS = "fairshare"


@dataclass(frozen=True, kw_only=True)
class Library:
    """A library and the environment in which it runs.

    Attributes:
        name: what the table calls it; ``drivers/run_NAME.py`` speaks to it.
        python: its interpreter, such as "3.11".
        requires: what is installed beside each other.
        versions: the distributions whose versions the table states.
        licence: of the library.
        checkout: whether it runs from a checkout that the user gives (``--dpsynth PATH``).
    """

    name: str
    python: str = "3.11"
    requires: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    licence: str
    checkout: bool = False


LIBRARIES = {
    library.name: library
    for library in (
        Library(name=OURS, versions=("fairshare",), licence="Apache-2.0"),
        Library(
            name="mbi", requires=("mbi==2.0.0", "pandas", f"-e {ROOT}"), versions=("mbi", "jax"), licence="Apache-2.0"
        ),
        Library(
            name="opendp", requires=("opendp[mbi,polars]==0.16.0", "pandas"), versions=("opendp", "mbi"), licence="MIT"
        ),
        Library(
            name="smartnoise",
            requires=("smartnoise-synth==1.0.8",),
            versions=("smartnoise-synth", "mbi"),
            licence="MIT",
        ),
        Library(name="dpmm", requires=("dpmm==0.1.9",), versions=("dpmm",), licence="Apache-2.0"),
        Library(
            name="dpsynth",
            python="3.12",
            # Its own list asks for mbi and dp-accounting from GitHub; these are their releases.
            requires=(
                *("absl-py", "attrs", "etils", "importlib_resources", "more-itertools", "networkx", "numpy", "pandas"),
                *("pydantic>=2", "pyyaml", "scipy", "tqdm", "dp-accounting", "jax[cpu]==0.11.0", "mbi==2.0.0"),
            ),
            versions=("mbi", "jax"),
            licence="Apache-2.0",
            checkout=True,
        ),
        Library(name="sdv", requires=("sdv==2.0.0",), versions=("sdv",), licence="BUSL-1.1"),
    )
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of the table.

    Attributes:
        library: a key of ``LIBRARIES``.
        label: the mechanism and its settings, for people.
        mechanism, options: the same, for the driver.
        runs: how often it is run at most; slow ones once (see ``--slow``).
        private: whether it is differentially private at all.
        remark: what a reader should know.
        fair: whether it is given the schema's roles and a strictly fair table is asked for.
    """

    library: str
    label: str
    mechanism: str
    options: Mapping[str, Any] = field(default_factory=dict)
    runs: int = 3
    private: bool = True
    remark: str = ""
    fair: bool = False

    @property
    def key(self) -> str:
        return f"{self.library}: {self.label}"


_PORT = "our port"
_MERGED = "rare values merged"
_SUMMED = "its size limit is a sum of marginals, not the model's"
_SMALL, _LARGE = "AIM 2-way, 1 MB", "AIM 3-way, 80 MB"

#: From the quickest to the slowest, so that a table fills early.
ENTRIES = (
    Entry(library=OURS, label="MST", mechanism="MST", runs=5),
    Entry(library=OURS, label="MWEM+PGM", mechanism="MWEM", runs=5),
    Entry(library=OURS, label="PrivBayes", mechanism="PrivBayes", runs=5),
    Entry(library=OURS, label=_SMALL, mechanism="AIM", options={"workload": 2, "max_model_mb": 1}, runs=5),
    Entry(library=OURS, label=_LARGE, mechanism="AIM", options={"workload": 3, "max_model_mb": 80}, runs=5),
    Entry(library=OURS, label="SWIFT", mechanism="SWIFT", runs=5),
    Entry(library="sdv", label="Gaussian copula", mechanism="GaussianCopula", private=False, remark="not private"),
    Entry(library="opendp", label="MST", mechanism="MST"),
    Entry(library="opendp", label=_SMALL, mechanism="AIM", options={"degree": 2, "max_size": 1.0}),
    Entry(library="dpmm", label="PrivBayes", mechanism="PrivBayes"),
    Entry(library="dpmm", label=_SMALL, mechanism="AIM", options={"degree": 2, "max_model_size": 1}),
    Entry(library="dpsynth", label="MST", mechanism="MST"),
    Entry(library="dpsynth", label=f"MST, {_MERGED}", mechanism="MST", options={"compress_columns": True}),
    Entry(
        library="dpsynth",
        label="SWIFT, 1 MB",
        mechanism="SWIFT",
        options={"degree": 3, "max_clique_size": 2**20 / 8},
    ),
    Entry(
        library="dpsynth",
        label=f"SWIFT, 1 MB, {_MERGED}",
        mechanism="SWIFT",
        options={"degree": 3, "max_clique_size": 2**20 / 8, "compress_columns": True},
    ),
    Entry(library="mbi", label="MST", mechanism="MST", remark=_PORT),
    Entry(library="smartnoise", label="MST", mechanism="MST", remark="tells the number of rows"),
    Entry(
        library="dpmm",
        label="MST, 500 iterations",
        mechanism="MST",
        options={"n_iters": 500},
        remark="its default is 10,000",
    ),
    Entry(
        library="dpsynth",
        label="SWIFT, 80 MB",
        mechanism="SWIFT",
        options={"degree": 3, "max_clique_size": 80 * 2**20 / 8},
    ),
    Entry(library="mbi", label=_SMALL, mechanism="AIM", options={"degree": 2, "max_model_mb": 1}, remark=_PORT),
    Entry(library="dpsynth", label=_SMALL, mechanism="AIM", options={"degree": 2, "max_model_size": 1}),
    Entry(
        library="smartnoise",
        label=_SMALL,
        mechanism="AIM",
        options={"degree": 2, "max_model_size": 1},
        remark=_SUMMED,
    ),
    Entry(library="opendp", label=_LARGE, mechanism="AIM", options={"degree": 3, "max_size": 80.0}),
    Entry(library="dpmm", label="MST", mechanism="MST"),
    Entry(library="dpmm", label=_LARGE, mechanism="AIM", options={"degree": 3, "max_model_size": 80}),
    Entry(library="mbi", label=_LARGE, mechanism="AIM", options={"degree": 3, "max_model_mb": 80}, remark=_PORT),
    Entry(library="dpsynth", label=_LARGE, mechanism="AIM", options={"degree": 3, "max_model_size": 80}),
    Entry(
        library="smartnoise",
        label=_LARGE,
        mechanism="AIM",
        options={"degree": 3, "max_model_size": 80},
        remark=_SUMMED,
    ),
)
