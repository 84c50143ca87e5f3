"""What a project is made of: its languages, its folders, and where its programs begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import cast

from punie_tui.agent.project_facts.tree import ProjectTree, code, plain, table

_LANGUAGES = {
    ".py": "Python",
    ".pyi": "Python",
    ".pyx": "Cython",
    ".c": "C",
    ".h": "C",
    ".cpp": "C++",
    ".rs": "Rust",
    ".go": "Go",
    ".js": "JavaScript",
    ".jsx": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".html": "HTML",
    ".css": "CSS",
    ".sql": "SQL",
    ".sh": "shell",
}
_MOST_FOLDERS = 12
_MOST_LANGUAGES = 4
_MOST_ENTRY_POINTS = 8


def overview(tree: ProjectTree) -> Iterator[str]:
    """What it is, in which languages, for which Python."""
    project = table(tree.pyproject, "project") or table(tree.pyproject, "tool", "poetry")
    if isinstance(said := project.get("description"), str) and said.strip():
        yield plain(said)
    counted = Counter(_LANGUAGES.get(PurePosixPath(name).suffix, "") for name in tree.files)
    counted.pop("", None)
    languages = sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:_MOST_LANGUAGES]
    if languages:
        yield "Written in " + ", ".join(f"{name} ({count} {_files(count)})" for name, count in languages) + "."
    if isinstance(python := project.get("requires-python"), str):
        yield f"It needs Python {code(python)}."


def folders(tree: ProjectTree) -> Iterator[str]:
    """The top folders, and in them the packages with what they say of themselves."""
    held = Counter(name.split("/", 1)[0] for name in tree.files if "/" in name)
    shown = [folder for folder in sorted(held) if not folder.startswith(".")]
    for folder in shown[:_MOST_FOLDERS]:
        yield f"- {code(f'{folder}/')}: {held[folder]} {_files(held[folder])}{_told(tree, folder)}"
        for package in _packages_in(tree, folder):
            yield f"  - {code(f'{package}/')}{_told(tree, package)}"
    if len(shown) > _MOST_FOLDERS:
        yield f"- and {len(shown) - _MOST_FOLDERS} more folders"


def entry_points(tree: ProjectTree) -> Iterator[str]:
    """The commands that the project installs, and packages that run by `python -m`."""
    scripts = table(tree.pyproject, "project", "scripts") or table(tree.pyproject, "tool", "poetry", "scripts")
    found = [
        f"- {code(name)} runs {code(target)}" for name, target in sorted(scripts.items()) if isinstance(target, str)
    ]
    for path in tree.files:
        if path.endswith("/__main__.py") and not _is_of_tests(path):
            package = path.removesuffix("/__main__.py").removeprefix("src/").replace("/", ".")
            found.append(f"- {code(f'python -m {package}')} runs {code(path)}")
    yield from found[:_MOST_ENTRY_POINTS]


def dependencies(tree: ProjectTree) -> str:
    """By what the project keeps its dependencies; the command that runs a program with them stands first."""
    for file, runner in (("uv.lock", "uv run"), ("poetry.lock", "poetry run"), ("pdm.lock", "pdm run")):
        if tree.has(file):
            return runner
    return "hatch run" if "hatch" in table(tree.pyproject, "tool") and _has_hatch_environments(tree) else ""


def test_files(tree: ProjectTree) -> list[str]:
    """By pytest's naming."""
    names = ((path, PurePosixPath(path).name) for path in tree.files)
    return [path for path, name in names if name.endswith(".py") and (name[:5] == "test_" or name[-8:] == "_test.py")]


def _has_hatch_environments(tree: ProjectTree) -> bool:
    return bool(table(tree.pyproject, "tool", "hatch", "envs"))


def _packages_in(tree: ProjectTree, folder: str) -> list[str]:
    """One step below a folder that is no package itself."""
    if tree.has(f"{folder}/__init__.py") or _is_of_tests(f"{folder}/"):
        return []
    parts = (name.split("/") for name in tree.files if name.startswith(f"{folder}/") and name.endswith("/__init__.py"))
    return sorted({"/".join(each[:2]) for each in parts if len(each) == 3})[:_MOST_FOLDERS]


def _told(tree: ProjectTree, folder: str) -> str:
    if _is_of_tests(f"{folder}/"):
        return ", the tests"
    told = tree.docstring(f"{folder}/__init__.py").rstrip(".")
    return f", {told}" if told else ", a Python package" if tree.has(f"{folder}/__init__.py") else ""


def _is_of_tests(path: str) -> bool:
    return path.split("/", 1)[0] in ("test", "tests")


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def settings_of(values: Mapping[str, object], *names: str) -> list[str]:
    """`name value` of those settings that are there, lists joined."""
    told: list[str] = []
    for name in names:
        value = values.get(name)
        if isinstance(value, list):
            value = ", ".join(str(each) for each in cast("list[object]", value))
        if value not in (None, ""):
            told.append(f"{name} {code(str(value))}")
    return told
