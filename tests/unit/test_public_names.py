"""The public surface is a list, and importing it has no effect."""

import subprocess
import sys

import fairshare


def test_every_public_name_loads():
    for name in fairshare.__all__:
        assert getattr(fairshare, name) is not None
    assert set(fairshare.__all__) <= set(dir(fairshare))


def test_the_list_is_pinned():
    assert sorted(fairshare.__all__) == [
        "AIM",
        "Fairness",
        "FairshareError",
        "MST",
        "MWEM",
        "Measurement",
        "OpenDPNoise",
        "PrivBayes",
        "Release",
        "SWIFT",
        "Schema",
        "Synthesizer",
        "__version__",
        "datasets",
        "errors",
        "estimate",
        "evaluate",
        "evaluation",
        "simulate",
        "synthesize",
    ]


def test_importing_loads_nothing_heavy():
    code = "import sys, fairshare; print([m for m in ('numpy', 'pyarrow', 'pandas', 'typer') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_base_install_needs_no_extras(tmp_path):
    """A whole run, with every optional and development package made unimportable."""
    code = f"""
import sys
class Absent:
    names = {{"pandas", "polars", "sklearn", "fairlearn", "opendp", "scipy", "mbi", "dp_accounting", "mpmath"}}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
import pyarrow as pa
import fairshare
schema = fairshare.Schema.from_domain({{"a": 2, "b": 3}})
table = pa.table({{"a": [0, 1, 1] * 20, "b": [0, 1, 2] * 20}})
release = fairshare.synthesize(table, schema, epsilon=1, delta=1e-9)
release.save({str(tmp_path / "out")!r})
print(fairshare.Release.load({str(tmp_path / "out")!r}).sample(5).num_rows)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "5"


def test_a_missing_extra_gives_its_install_line():
    code = """
import sys
sys.modules["opendp"] = None
import fairshare
try:
    fairshare.OpenDPNoise()
except fairshare.errors.MissingExtraError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'fairshare[opendp]'" in found.stdout
