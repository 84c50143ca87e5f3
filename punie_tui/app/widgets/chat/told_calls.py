"""A call in one row of the chat, and what became of one that changed files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tui.agent.events import ToolFinished, ToolRequested

_MOST_DIFF_LINES = 500
_MOST_READ = 100_000
_FILE_IN_PATCH = re.compile(r"(?m)^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ (?:b/)?)([^\t\n]+)")


def call_line(event: ToolRequested) -> str:
    """The tool and its arguments; of an edit the files alone, as the question and the outcome tell the rest."""
    from punie_tui.agent.session_markdown import call_text

    arguments = event.arguments
    match event.tool:
        case "edit_file" | "write_file" if isinstance(arguments.get("path"), str):
            told = f"{event.tool} {arguments['path']}"
        case "apply_patch" if files := _files_of_patch(arguments):
            told = f"{event.tool} {files}"
        case _:
            return call_text(event.tool, arguments)
    return safe_text(told, single_line=True)


def change_told(event: ToolFinished) -> str:
    """What a call changed: its summary, and below it the diff; empty for one that changed nothing."""
    diff = event.result.get("diff")
    if not isinstance(diff, str) or not diff:
        return ""
    return safe_text(event.summary, single_line=True) + "\n" + safe_text("\n".join(_shown_lines(diff)))


def _shown_lines(diff: str) -> Iterator[str]:
    lines = diff.removesuffix("\n").split("\n", _MOST_DIFF_LINES)
    yield from lines[:_MOST_DIFF_LINES]
    if len(lines) > _MOST_DIFF_LINES:
        yield f"… {lines[-1].count(chr(10)) + 1:,} more lines; the trace has all of them"


def _files_of_patch(arguments: Mapping[str, object]) -> str:
    patch = arguments.get("patch")
    if not isinstance(patch, str):
        return ""
    files = list(dict.fromkeys(_FILE_IN_PATCH.findall(patch[:_MOST_READ])))
    more = f" and {len(files) - 2} more" if len(files) > 2 else ""
    return f"{', '.join(files[:2])}{more}"
