"""The documents against the code: examples run, links lead somewhere, named commands and paths exist."""

import re
from pathlib import Path

import pytest

from fairshare.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    (example,) = blocks("python")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102 - our own document
    assert "(1, 1e-09)-differential privacy" in capsys.readouterr().out
    adult, release, more = names["adult"], names["release"], names["more"]
    assert more.num_rows == 100_000
    assert release.table.schema.equals(adult.table.schema, check_metadata=False)
    assert len(release.model.cliques) >= 14
    assert (tmp_path / "adult.release" / "ledger.json").is_file()


def test_the_python_example_is_short():
    (example,) = blocks("python")
    assert len([line for line in example.splitlines() if line.strip()]) <= 15


def test_the_command_line_tour_names_real_options(capsys):
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("fairshare ")]
    assert len(commands) >= 4
    for line in commands:
        words = line.split("#")[0].split()[1:]
        command = words[: 2 if words[0] == "schema" else 1]
        assert main([*command, "--help"]) == 0, line
        shown = capsys.readouterr().out
        for option in (word for word in words if word.startswith("-")):
            assert re.search(rf"{option}\b", shown), f"{line}: no {option}"


def test_make_commands_exist():
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = document.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        linked = document.parent / name if name else document
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


def test_the_claims_name_files_that_exist():
    claims = (ROOT / "PRIVACY.md").read_text().split("## Claims")[1].split("## Noise")[0]
    rows = [line.strip("|").split("|") for line in claims.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 9
    for *_, code, guards in rows:
        for room, cell in (("src/fairshare", code), ("tests", guards)):
            for path in re.findall(r"`([\w/]+(?:\.py|/))`|`(unit/\w+)`", cell):
                assert (ROOT / room / "".join(path)).exists(), path
