"""What may run without asking: a table of command lines, and proof that what is parsed is what a shell runs."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from punie_tools.commands.backends import confinement_here
from punie_tools.commands.free_programs import is_free
from punie_tools.commands.plain import Argv, parse
from punie_tools.commands.shell import shell_environment
from punie_tools.registry import find_tool
from punie_tools.tool import Risk

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "fixtures" / "commands" / "plain_commands.jsonl").read_text().splitlines()
]
SHELLS = [shell for shell in ("/bin/bash", "/bin/dash", "/bin/sh") if os.access(shell, os.X_OK)]
LINES_PER_SHELL = 400
PROGRAMS = ("pa", "pb", "pc")
ORDINARY = ["a", "-o", "x.py", "--n=1", "b", " ", " ", " ", "'a b'", '"c d"', "''", '""', "'$x'", "'*'", '"#"', "'!a'"]
OPERATORS = [" && ", " | ", ";", " ; ", "|", "&&"]
TRICKY = [
    *[
        "$x",
        "$(pa)",
        "`pa`",
        "*",
        "?",
        "[a]",
        "~",
        "{a,b}",
        "#",
        "\\",
        "!",
        "\n",
        "\r",
        "\t",
        "a=b",
        "&",
        "||",
        ">f",
        "<a",
    ],
    *[
        "(",
        ")",
        "'",
        '"',
        "é",
        "\u00a0",
        "%1",
        "^",
        ":",
        "@",
        "+",
        ",",
        "\x1b",
        "$",
        "==",
        "\\\n",
        "|&",
        ";;",
        "=~",
        "-",
        ".",
    ],
    *[
        "<(pa)",
        "$'a'",
        '"$x"',
        '"\\""',
        "'\"'",
        '"\'"',
        "time ",
        "! ",
        "{ ",
        "~a",
        "a~",
        "x=~",
        ":~",
        "2>&1",
        "1",
        "@(a|b)",
    ],
]


def test_the_table_is_large_and_has_both_answers() -> None:
    assert len(ROWS) >= 400
    assert {row["expected"] for row in ROWS} == {"free", "asks"}


@pytest.mark.parametrize("why", sorted({row["why"] for row in ROWS}))
def test_what_is_free_and_what_asks(why: str) -> None:
    wrong = [
        row["command"] for row in ROWS if row["why"] == why and is_free(row["command"]) != (row["expected"] == "free")
    ]
    assert wrong == []


def test_a_long_line_asks_and_is_judged_at_once() -> None:
    assert not is_free("cat " + "x" * 100_000)
    assert not is_free("'" * 9_999)
    assert parse("a" * 9_999 + "\n") is None


def random_line(source: random.Random) -> str:
    pieces: list[str] = []
    for _ in range(source.randint(1, 3)):
        pieces += [source.choice(PROGRAMS), " "]
        pieces += [source.choice(ORDINARY) for _ in range(source.randint(0, 5))]
        if source.random() < 0.5:
            pieces.insert(source.randint(0, len(pieces)), source.choice(TRICKY))
        pieces.append(source.choice(OPERATORS))
    return "".join(pieces[:-1]) if source.random() < 0.9 else "".join(pieces)


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """Programs that note their arguments, in a folder where every expansion would find something."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        stub = programs / name
        stub.write_text('#!/bin/sh\nprintf \'%s\\0\' "$#" "${0##*/}" "$@" >> "$LOG"\n')
        stub.chmod(0o755)
    for name in ("a", "b", "-o", "x.py", "f"):
        (tmp_path / name).touch()
    return programs


def what_ran(line: str, shell: str, stubs: Path) -> list[Argv]:
    log = stubs / "log"
    log.write_bytes(b"")
    environment = {"PATH": str(stubs), "LOG": str(log), "HOME": "/nowhere", "x": "expanded"}
    finished = subprocess.run(
        [shell, "-c", line],
        cwd=stubs.parent,
        env=environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
    )
    assert finished.stderr == b"", (line, finished.stderr)
    words = log.read_bytes().decode().split("\0")[:-1]
    ran: list[Argv] = []
    while words:
        count = int(words[0])
        ran.append(tuple(words[1 : count + 2]))
        words = words[count + 2 :]
    return ran


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_parsed_is_what_runs(shell: str, stubs: Path) -> None:
    source = random.Random(20261123)
    compared = 0
    while compared < LINES_PER_SHELL:
        line = random_line(source)
        programs = parse(line)
        if programs is None or not all(argv[0] in PROGRAMS for argv in programs):
            continue
        ran = what_ran(line, shell, stubs)
        if "||" in line:
            assert set(ran) <= set(programs), line
        else:
            assert sorted(ran) == sorted(programs), line
        compared += 1


def test_what_is_free_changes_nothing_and_starts_nothing_of_the_tree(root: Path) -> None:
    """The tree lays traps: programs of the same names, and a `./x` for options that start one."""
    scripts = root / ".venv" / "bin"
    scripts.mkdir(parents=True)
    for name in ("ls", "cat", "grep", "rg", "find", "sort", "../../x", "../../1"):
        (scripts / name).write_text(f"#!/bin/sh\ntouch {root}/trapped\n")
        (scripts / name).chmod(0o755)
    for name in ("a", "b", "a b.txt", "-odd"):
        (root / name).write_text("b\na,1\n")
    before = snapshot(root)
    free = [row["command"] for row in ROWS if row["expected"] == "free" and "tail -f" not in row["command"]]
    script = "\n".join(f"( {line} ) </dev/null >/dev/null 2>&1" for line in free)
    environment = shell_environment(root, without_programs_of_the_tree=True)
    subprocess.run(["/bin/sh", "-c", script], cwd=root, env=environment, timeout=100)
    assert snapshot(root) == before


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(root.rglob("*"))}


def test_a_free_command_asks_nobody_only_where_it_is_confined(root: Path) -> None:
    tool = find_tool("run_command")
    free, other = tool.validate({"command": "ls"}), tool.validate({"command": "ls > a"})
    assert tool.risk_for(other) is Risk.RUNS
    assert (tool.risk_for(free) is Risk.READS) == (confinement_here().backend is not None)


def test_programs_of_the_tree_are_not_found_by_free_commands(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = root / ".venv" / "bin"
    scripts.mkdir(parents=True)
    (root / "more").mkdir()
    monkeypatch.setenv("PATH", f"{root / 'more'}:/usr/bin:/bin")
    assert shell_environment(root)["PATH"] == f"{scripts}:{root / 'more'}:/usr/bin:/bin"
    assert shell_environment(root, without_programs_of_the_tree=True)["PATH"] == "/usr/bin:/bin"
