"""The commands that a project's own files name: make, just, tox, package.json, and what its CI runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from punie_tui.agent.project_facts.layout import dependencies, test_files
from punie_tui.agent.project_facts.tree import ProjectTree, code, plain, table

_MOST_OF_A_FILE = 10
_TARGET = re.compile(
    r"^(?P<name>[A-Za-z][\w-]*)(?:[ \t]+(?!=)[\w='\"*+-]+)*[ \t]*:(?![:=])(?P<rest>[^\n]*)", re.MULTILINE
)
_CI_FILE = re.compile(r"^(\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml)$")
_CI_STEP = re.compile(r"^(?P<indent>\s*)(?:-\s+)?(?:run|script)\s*:\s*(?P<command>[^#\n]*)$")
_CI_ITEM = re.compile(r"^\s*-\s+(?P<command>\S[^\n]*)$")
# Of all that a CI does only what checks the project is worth a note.
_CHECK = re.compile(
    r"^(python3? -m )?(uv run|poetry run|pdm run|hatch run|make|just|tox|nox|pytest|unittest|ruff|mypy|pyright|"
    r"pre-commit|npm (run|test)|cargo|go test)\b"
)


def test_command(tree: ProjectTree) -> str:
    """What runs the tests; empty if there are none."""
    tools = table(tree.pyproject, "tool")
    is_pytest = "pytest" in tools or any(tree.has(name) for name in ("pytest.ini", "conftest.py", "tests/conftest.py"))
    is_pytest = is_pytest or "[tool:pytest]" in tree.text("setup.cfg") or "[pytest]" in tree.text("tox.ini")
    files = test_files(tree)
    if not files:
        return ""
    is_pytest = is_pytest or not any("unittest" in tree.text(path) for path in files[:20])
    runner = dependencies(tree)
    command = ("pytest" if runner else "python -m pytest") if is_pytest else "python -m unittest"
    return f"{runner} {command}".strip()


def commands(tree: ProjectTree) -> Iterator[str]:
    """A line for each, with where it stands."""
    if command := test_command(tree):
        count = len(test_files(tree))
        yield f"- Tests: {code(command)} ({count} test {'file' if count == 1 else 'files'})"
    seen: set[str] = set()
    for command, purpose in (*_make(tree), *_just(tree), *_npm(tree), *_tox(tree), *_ci(tree)):
        if command not in seen:
            seen.add(command)
            yield f"- {code(command)}{f': {purpose}' if purpose else ''}"


def _make(tree: ProjectTree) -> list[tuple[str, str]]:
    name = next((each for each in ("Makefile", "makefile", "GNUmakefile") if tree.has(each)), "")
    return _targets(tree.text(name), "make") if name else []


def _just(tree: ProjectTree) -> list[tuple[str, str]]:
    name = next((each for each in ("justfile", "Justfile", ".justfile") if tree.has(each)), "")
    return _targets(tree.text(name), "just") if name else []


def _targets(text: str, program: str) -> list[tuple[str, str]]:
    """With the comment that stands behind the target, else the first line of what it runs."""
    found: list[tuple[str, str]] = []
    for match in _TARGET.finditer(text):
        _, mark, comment = match["rest"].partition("#")
        following = text[match.end() :].lstrip("\n").split("\n", 1)[0]
        recipe = following.strip().lstrip("@-") if following[:1] in ("\t", " ") else ""
        purpose = plain(comment.lstrip("#")) if mark else code(recipe) if recipe else ""
        found.append((f"{program} {match['name']}", purpose))
    return found[:_MOST_OF_A_FILE]


def _npm(tree: ProjectTree) -> list[tuple[str, str]]:
    scripts = table(tree.json("package.json"), "scripts")
    return [(f"npm run {name}", code(str(what))) for name, what in scripts.items()][:_MOST_OF_A_FILE]


def _tox(tree: ProjectTree) -> list[tuple[str, str]]:
    environments = re.findall(r"^\[testenv:([\w.-]+)\]", tree.text("tox.ini"), re.MULTILINE)
    return [(f"tox -e {name}", "") for name in environments][:_MOST_OF_A_FILE]


def _ci(tree: ProjectTree) -> list[tuple[str, str]]:
    return [
        (command, f"as {code(path)} does")
        for path in tree.files
        if _CI_FILE.match(path)
        for command in list(dict.fromkeys(_steps(tree.text(path))))[:_MOST_OF_A_FILE]
    ]


def _steps(text: str) -> Iterator[str]:
    """The checks among the lines that a workflow runs; read line by line, as YAML is not parsed here."""
    block: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        if block is not None and line.strip() and depth <= block:
            block = None
        step = _CI_STEP.match(line)
        if step:
            block = len(step["indent"])
            written = step["command"].strip()
        elif block is not None:
            item = _CI_ITEM.match(line)
            written = (item["command"] if item else line).strip()
        else:
            continue
        written = written.strip("'\"")
        if _CHECK.match(written) and "${{" not in written:
            yield written
