"""What stands in the chat before anything was said: what to ask in this folder, from what is in it."""

from __future__ import annotations

import os
from pathlib import Path

from punie_tools.safe_text import safe_text

_NO_PACKAGES = {"tests", "test", "docs", "doc", "build", "dist", "node_modules", "venv", "site-packages"}


BEGINNINGS = "Type / for commands, @ for files and symbols, ! for your shell."
"""What else can stand at the beginning of a prompt."""
_MOST_EXAMPLES = 6
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~&")


def first_words(folder: Path, rows: int) -> str:
    """A Markdown welcome with examples that work here, as many as fit; reads the folder's own entries only."""
    try:
        with os.scandir(folder) as found:
            names = {entry.name: entry.is_dir(follow_symlinks=False) for entry in found}
    except OSError as error:
        return f"This folder cannot be read ({error.strerror})."
    # Beside the first line and the blank one below it.
    fitting = _examples(names)[: max(rows - 2, 1)]
    examples = "\n".join(f"- {safe_text(example, single_line=True)}" for example in fitting)
    name = safe_text(folder.name or str(folder), single_line=True)
    return f"Ask about **{name}** in your own words, for example:\n\n{examples}"


def interrupted_words(title: str, key: str) -> str:
    """The Markdown line that offers to go on, by a key, with a session which a crash cut off."""
    shown = title if len(title) <= 60 else f"{title[:59]}…"
    return f"The last session was cut off: “{as_words(shown)}”. **{key}** goes on with it."


def notes_words(summary: str) -> str:
    """The Markdown line on the project's notes, from their summary."""
    return f"{as_words(summary)} **/notes** shows them."


def as_words(text: str) -> str:
    """As Markdown that shows the text on one line as it is."""
    shown = safe_text(text, single_line=True)
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in shown)


def _examples(names: dict[str, bool]) -> list[str]:
    source = _source_folder(names)
    has_python = source or any(name.endswith(".py") for name in names)
    examples: list[str] = []
    if has_python:
        examples.append(f"any type errors{f' in {source}' if source else ''}?")
        examples.append("lint it and fix what can be fixed")
    if tests := next((name for name in ("tests", "test") if names.get(name)), ""):
        examples.append(f"run {tests}, only what failed last time")
    if ".git" in names:
        examples += ["what did I change since the last commit?", "the last five commits"]
    if not names:
        return ["this folder is empty: `git clone` or create a project here, then ask again"]
    readable = next((name for name in ("README.md", "README.rst", "pyproject.toml") if name in names), "")
    return [*examples, 'search for "TODO"', *([f"show {readable}"] if readable else [])][:_MOST_EXAMPLES]


def _source_folder(names: dict[str, bool]) -> str:
    """The folder most likely to hold the project's code; empty if there is no telling."""
    if names.get("src"):
        return "src"
    folders = [name for name, is_folder in names.items() if is_folder and name.isidentifier()]
    return next((name for name in sorted(folders) if name.lower() not in _NO_PACKAGES), "")
