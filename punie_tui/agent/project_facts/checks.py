"""How a project wants its code to be: the settings of its tests, linter, formatter and type checker."""

from __future__ import annotations

from collections.abc import Iterator

from punie_tui.agent.project_facts.layout import settings_of
from punie_tui.agent.project_facts.tree import ProjectTree, table


def checks(tree: ProjectTree) -> Iterator[str]:
    """A line for each tool that the project configures."""
    tools = table(tree.pyproject, "tool")
    pytest = table(tools, "pytest", "ini_options")
    yield from _line("pytest", settings_of(pytest, "testpaths", "addopts", "asyncio_mode"))
    ruff = table(tools, "ruff") or tree.toml("ruff.toml") or tree.toml(".ruff.toml")
    told = settings_of(ruff, "line-length", "target-version")
    lint = table(ruff, "lint") or ruff
    yield from _line("ruff", told + settings_of(lint, "select", "extend-select", "ignore"), is_there=bool(ruff))
    if "black" in tools:
        yield from _line("black", settings_of(table(tools, "black"), "line-length"), is_there=True)
    pyright = table(tools, "pyright") or tree.json("pyrightconfig.json")
    told = settings_of(pyright, "typeCheckingMode", "include", "pythonVersion")
    yield from _line("pyright", told, is_there=bool(pyright))
    mypy = table(tools, "mypy")
    has_mypy = bool(mypy) or tree.has("mypy.ini") or "[mypy]" in tree.text("setup.cfg")
    yield from _line("mypy", settings_of(mypy, "strict", "files", "packages"), is_there=has_mypy)
    if tree.has(".pre-commit-config.yaml"):
        yield "- pre-commit runs hooks at each commit"


def _line(tool: str, settings: list[str], *, is_there: bool = False) -> Iterator[str]:
    if settings or is_there:
        yield f"- {tool}: {'; '.join(settings)}" if settings else f"- {tool}, with its own defaults"
