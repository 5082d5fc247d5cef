"""The plan file: TOML that a person can write and read, with a comment on every section."""

from collections.abc import Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from fairshare.errors import UsageError
from fairshare.mpc.plan import Plan
from fairshare.schema import toml

__all__ = ["MAX_BYTES", "load_plan", "plan_text", "save_plan"]

#: Largest plan that is read, in bytes.
MAX_BYTES = 4 * 2**20

_TITLE = """\
# The plan of a consortium. Everything in it is public to its parties. All of them approve it by its hash
# ('fairshare consortium approve'); whatever is changed afterwards needs everybody's approval again.
"""
_COMMENTS = {
    "privacy": "The promise. noise = joint (drawn inside the computation) or distributed (cheaper, 22% wider).",
    "mechanism": "What the driver asks, in which order: swift, mst, aim, mwem or privbayes; knobs = {} are defaults.",
    "fairness": "No outcome depends on a protected column other than through admissible ones.",
    "data": "horizontal: holders have rows; vertical: columns; mixed: both. record_key matches rows across holders.",
    "limits": "Seconds to wait for a party to come, to answer, for the driver to think; MiB in a message.",
    "parties": "Three servers, run by organisations that do not collude; any number of holders; one driver.",
    "schema": "What is public about the table, as in a schema file.",
}


def load_plan(path: str | PathLike[str]) -> Plan:
    """Read and check a plan file.

    Raises:
        UsageError: the file can't be read, is not TOML, or is not a plan; the message names the field.
        SchemaError: the schema in it is malformed.
    """
    _, fields = toml.read(path, what="plan", most=MAX_BYTES, error=UsageError)
    return Plan(fields)


def save_plan(plan: Plan, path: str | PathLike[str]) -> None:
    """Write a plan file; ``load_plan`` reads back an equal plan.

    Raises:
        UsageError: the file can't be written.
    """
    try:
        Path(path).write_text(plan_text(plan), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"plan {fspath(path)!r} can't be written: {error.strerror}") from None


def plan_text(plan: Plan) -> str:
    """The commented TOML of a plan."""
    fields = plan.to_dict()
    scalars = {k: v for k, v in fields.items() if not isinstance(v, dict | list)}
    parts = [_TITLE + _lines(scalars)]
    sections = [name for name in ("privacy", "mechanism", "fairness", "data", "limits") if name in fields]
    parts += [f"# {_COMMENTS[name]}\n[{name}]\n{_lines(fields[name])}" for name in sections]
    parties = ["[[parties]]\n" + _lines({k: v for k, v in p.items() if v != []}) for p in fields["parties"]]
    parts.append(f"# {_COMMENTS['parties']}\n" + "\n\n".join(parties))
    schema = fields["schema"]
    rest = {k: v for k, v in schema.items() if k != "columns"}
    parts.append(f"# {_COMMENTS['schema']}\n[schema]\n{_lines(rest)}")
    parts += ["[[schema.columns]]\n" + _lines(column) for column in schema["columns"]]
    return "\n\n".join(parts) + "\n"


def _lines(fields: Mapping[str, Any]) -> str:
    """TOML lines; TOML has no null, so an absent value is left out."""
    shown = ((k, v) for k, v in fields.items() if v is not None)
    return "\n".join(f"{toml.key(k)} = {toml.array(v) if isinstance(v, list) else toml.inline(v)}" for k, v in shown)
