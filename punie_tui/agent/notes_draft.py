"""A draft of AGENTS.md from what the project's own files say; the same files always give the same draft."""

from __future__ import annotations

import re
from collections.abc import Sequence

from punie_tools.changes.change_set import NEW_FILE_MODE, FileChange
from punie_tools.changes.file_edit import current_image, path_in_tree
from punie_tools.changes.text_edit import DecodedText, with_line_ends
from punie_tools.changes.tree_access import FileImage
from punie_tools.tool import ToolContext
from punie_tui.agent.project_facts.checks import checks
from punie_tui.agent.project_facts.commands import commands
from punie_tui.agent.project_facts.layout import entry_points, folders, overview
from punie_tui.agent.project_facts.tree import ProjectTree, plain, table

DRAFTED_FILE = "AGENTS.md"
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_WHAT_ONLY_PEOPLE_KNOW = (
    "- What must never be done here, what reviewers ask for again and again, which words mean what: only you know that."
)


def draft_notes(context: ToolContext) -> FileChange:
    """AGENTS.md as it would be: new, or with the sections added that it lacks. What stands there is never changed.

    Both sides are equal where nothing is missing. Raises ToolError.
    """
    path = path_in_tree(context, DRAFTED_FILE)
    before = current_image(context, path)
    title, sections = _sections(ProjectTree(context))
    if before is None:
        text = "\n\n".join([f"# {title}", *(_written(*each) for each in sections)])
        return FileChange(path, None, FileImage(f"{text}\n".encode("utf-8", "replace"), NEW_FILE_MODE))
    there = DecodedText.of(path, before.data)
    known = {_key(heading) for heading in _HEADING.findall(there.text)}
    missing = [_written(heading, lines) for heading, lines in sections if heading and _key(heading) not in known]
    if not missing:
        return FileChange(path, before, before)
    text = there.text.rstrip("\r\n")
    text = "\n\n".join([*([text] if text else [f"# {title}"]), *missing]) + "\n"
    end = there.line_end if there.text else "\n"
    return FileChange(path, before, FileImage(there.encoded(with_line_ends(text, end)), before.mode))


def _sections(tree: ProjectTree) -> tuple[str, list[tuple[str, Sequence[str]]]]:
    """The title, and each section with its lines; the first has no heading. Sections without lines are left out."""
    named = table(tree.pyproject, "project").get("name")
    title = plain(named if isinstance(named, str) and named else tree.name)
    sections: list[tuple[str, Sequence[str]]] = [
        ("", tuple(overview(tree))),
        ("Layout", tuple(folders(tree))),
        ("Entry points", tuple(entry_points(tree))),
        ("Commands", tuple(commands(tree))),
        ("Checks", tuple(checks(tree))),
        ("Conventions", (_WHAT_ONLY_PEOPLE_KNOW,)),
    ]
    return title, [each for each in sections if each[1]]


def _written(heading: str, lines: Sequence[str]) -> str:
    return "\n".join(lines) if not heading else "\n".join([f"## {heading}", "", *lines])


def _key(heading: str) -> str:
    return heading.strip().casefold()
