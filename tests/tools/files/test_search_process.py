"""The search in Python: on any tree and for any pattern the same result as ripgrep's, field by field."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.files import grep, list_files
from punie_tools.files.ripgrep import PYTHON_SEARCH, search_command
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files

NAMES = ["a", "b.py", "build", "x.log", "é.txt", "-d", "new\nline", ".hidden", "sp ace", "[b]", "{c}", "!n", "#h"]
RULES = [
    *("*.log", "build/", "/a", "!b.py", "a/*", "**/b.py", "a/**", "a/**/build", "!a/b.py", "\\!n", "\\#h", "# note"),
    *(
        "?",
        "[a-b]*",
        "[!a]*",
        "{a,b.py}",
        "sp\\ ace",
        "x.log  ",
        "\\[b\\]",
        "!/build",
        "*",
        "!*.py",
        "[",
        "é.txt",
        "**",
    ),
    *(".*", "!.gitignore", "build", "a/b.py", "!build/", "/**/x.log", "new*", "", "!", "/", "***", "a**", "-d/"),
]
LINES = ["match", "a MATCH é", "\tmatch\r", "", "xx", "größe 12", "foo(bar)", "aab", "ß ss K", "re\u0301sume\u0301 _x"]
CONTENTS = [
    *(b"match\nb\0match\n", b"\xef\xbb\xbfmatch\r\n", b"\xff\xfematch", "\ufeffmatch é\r\nx\n".encode("utf-16-le")),
    *("\ufeffmatch\n".encode("utf-16-be"), b"\xff match \xe9\nmatch", b"match\n" * 20_000 + b"\0match\n", b"", b"\n\n"),
]
PATTERNS = [
    *(
        "match",
        "^match",
        "match$",
        r"\bmatch\b",
        "a.*é",
        r"\s",
        r"^\s*$",
        "[^a-z]",
        r"\w+",
        r"\d{2}",
        "(?i)MATCH",
        "a{2}b",
    ),
    *(
        r"[[:upper:]]",
        r"\p{Lu}",
        r"[\w--a]",
        r"(?P<n>a)b",
        "x|é",
        r"\S\s\S",
        ".",
        "",
        r"\W$",
        r"[]x]",
        r"\x{e9}",
        "K",
        "SS",
    ),
]


def both(root: Path, tool: str, **arguments: str | bool) -> tuple[object, object]:
    """The answer, or the complaint, of rg and of Python."""

    def answer(command: list[str]) -> object:
        context = ToolContext(Workspace.at(root))
        try:
            if tool == "list_files":
                return list_files.search(context, str(arguments.get("pattern", "*")), ".", command)
            return grep.search(context, grep.Query(**arguments), command)  # type: ignore[arg-type]
        except ToolError as error:
            return str(error)

    return answer(search_command(root)), answer(PYTHON_SEARCH)


def grow(chance: random.Random, folder: Path, depth: int = 0) -> None:
    for name in chance.sample(NAMES, chance.randint(2, 6)):
        path = folder / name
        if depth < 3 and chance.random() < 0.4:
            path.mkdir()
            grow(chance, path, depth + 1)
        elif chance.random() < 0.1:
            path.symlink_to(chance.choice(["a", "..", "missing", name]))
        else:
            lines = "\n".join(chance.choices(LINES, k=4)).encode()
            path.write_bytes(chance.choice(CONTENTS) if chance.random() < 0.3 else lines)
    for name in (".gitignore", ".ignore", ".rgignore", ".git/info/exclude"):
        if chance.random() < 0.35:
            write_files(folder, {name: "\n".join(chance.choices(RULES, k=3)) + "\n"})


@pytest.mark.parametrize("seed", range(25))
def test_random_trees(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    grow(chance, root)
    expected, found = both(root, "list_files", pattern=chance.choice(["*", "*", "*.py", "a/**"]))
    assert found == expected
    for pattern in chance.sample(PATTERNS, 2):
        expected, found = both(root, "grep", pattern=pattern, ignore_case=chance.random() < 0.3)
        assert found == expected


@pytest.mark.parametrize("ignore_case", [False, True])
def test_every_pattern(root: Path, ignore_case: bool) -> None:
    (root / "lines.txt").write_text("\n".join(LINES))
    for number, content in enumerate(CONTENTS):
        (root / f"{number}.txt").write_bytes(content)
    for pattern in PATTERNS:
        expected, found = both(root, "grep", pattern=pattern, ignore_case=ignore_case)
        assert found == expected, pattern


@pytest.mark.parametrize(
    "pattern",
    ["(", "a)", "[", "*", "a{x", "(?=a)", "(?<!a)", r"(a)\1", r"\n", r"\Z", r"\y", "-e", "--files", "a\\", "[b-a]"],
)
def test_broken_and_odd_patterns_end_in_one_line(root: Path, pattern: str) -> None:
    write_files(root, {"a.txt": "a -e --files\n"})
    expected, found = both(root, "grep", pattern=pattern)
    assert isinstance(found, str) == isinstance(expected, str), (expected, found)
    if isinstance(found, str):
        assert found.startswith("The search failed: regex parse error: ")
        assert "\n" not in found
    else:
        assert found == expected


def test_a_pattern_that_backtracks_for_ever_meets_its_deadline(root: Path) -> None:
    write_files(root, {"a.txt": "a" * 60 + "b\n"})
    started = time.monotonic()
    context = ToolContext(Workspace.at(root))
    with pytest.raises(ToolError, match="more than 1 second"):
        grep.search(context, grep.Query(r"^(a|a)*(a|a)*c|^(\w|a)+(\w|\w)+!$"), PYTHON_SEARCH, seconds=1.0)
    assert time.monotonic() - started < 60
    assert grep.search(context, grep.Query("a"), PYTHON_SEARCH).match_count == 1


@pytest.mark.parametrize("where", ["text.bin", "."])
def test_a_binary_file(root: Path, where: str) -> None:
    (root / "text.bin").write_bytes(b"match\n\0match\n")
    expected, found = both(root, "grep", pattern="match", path=where)
    assert found == expected
    if where != ".":
        assert found == "text.bin is a binary file, not text."


def test_a_name_that_is_no_text(root: Path) -> None:
    try:
        (root / os.fsdecode(b"caf\xe9.py")).write_text("match\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    expected, found = both(root, "grep", pattern="match")
    assert found == expected
