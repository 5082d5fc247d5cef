"""Every line of the source that charges a ledger, found by its form; deleting any one must turn a test red.

A line charges if it calls ``charge``, ``reserve`` or ``reveal`` of something, adds to an account's sums, writes a
charge to a server's file, or appends a reservation or a revelation to the ledger of a data set.
"""

import ast
from pathlib import Path

from tests.audit.mutants import ROOT, Mutant

__all__ = ["CHARGES", "charging_lines"]

SOURCE = ROOT / "src/fairshare"
_CALLS = {"charge", "_charge", "reserve", "reveal"}
_SUMS = {"_spent", "_distance"}

#: For each file with such lines: the tests that notice when one is gone.
_NOTICES = {
    "curator/trusted.py": "tests/unit/curator/test_trusted.py",
    "curator/secure.py": "tests/unit/curator/test_secure.py",
    "mpc/server.py": "tests/unit/mpc/test_server_refuses.py::test_nobody_can_overspend",
    "mpc/wire/durable.py": "tests/unit/mpc/test_server_ledger.py",
    "privacy/ledger.py": "tests/unit/privacy/test_ledger.py tests/unit/privacy/test_slack.py",
    "privacy/durable.py": "tests/unit/privacy/test_durable.py",
    "release/spending.py": "tests/unit/release/test_ledger_runs.py",
}


def _charges(statement: ast.stmt, function: str) -> bool:
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.target, ast.Attribute) and statement.target.attr in _SUMS
    if not isinstance(statement, ast.Expr | ast.Assign) or not isinstance(call := statement.value, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    constants = {a.value for a in call.args if isinstance(a, ast.Constant)}
    return (
        name in _CALLS
        or (name == "append" and bool(constants & {"reserve", "reveal"}))
        or (name == "_write" and function == "charge")
    )


def charging_lines(path: Path) -> list[tuple[str, str]]:
    """Function and source of each such statement, with its indentation."""
    text = path.read_text()
    lines, found = text.splitlines(keepends=True), []
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.stmt) and _charges(node, function.name):
                    # With its neighbours, for the same line may stand in several places.
                    start = function.lineno - 1
                    before = "".join(lines[start : node.lineno - 1])
                    found.append((function.name, before, "".join(lines[node.lineno - 1 : node.end_lineno])))
    return found


def _mutants() -> list[Mutant]:
    made = []
    for path in sorted(SOURCE.rglob("*.py")):
        file = str(path.relative_to(SOURCE))
        for function, before, line in charging_lines(path):
            indent = line[: len(line) - len(line.lstrip())]
            made.append(
                Mutant(
                    "order" if "durable" in file or "spending" in file else "budget",
                    f"{file}, {function}: without {line.strip().splitlines()[0]}",
                    file,
                    before + line,
                    f"{before}{indent}pass\n",
                    _NOTICES[file],
                )
            )
    return made


CHARGES = _mutants()
