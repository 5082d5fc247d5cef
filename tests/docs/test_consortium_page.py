"""The consortium page can be followed: its commands parse, and its words on trust are the program's."""

import re
import shlex
from pathlib import Path

import typer

from fairshare.cli.app import app
from fairshare.release.consortium import TRUST

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "consortium.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    joined = PAGE.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines() if line.startswith("    fairshare ")]
    return [shlex.split(re.split(r"\s{3,}#", line)[0])[1:] for line in lines]


def test_every_command_of_the_page_parses() -> None:
    assert len(commands()) >= 10
    for line in commands():
        command, words = typer.main.get_command(app), list(line)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        command.make_context("fairshare", words)


def test_the_page_says_whom_one_trusts_as_the_program_does() -> None:
    said = " ".join(line.removeprefix("> ") for line in PAGE.splitlines() if line.startswith("> "))
    assert said == TRUST


def test_the_server_files_start_a_server() -> None:
    unit = (DOCS / "deploy" / "fairshare-server@.service").read_text(encoding="utf-8")
    (start,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(start.removeprefix("ExecStart=").replace("%i", "s1"))[1:]
    server = typer.main.get_command(app).commands["consortium"].commands["server"]  # type: ignore[attr-defined]
    server.make_context("server", words[2:])
    assert "consortium" in (DOCS / "deploy" / "compose.yaml").read_text(encoding="utf-8")
