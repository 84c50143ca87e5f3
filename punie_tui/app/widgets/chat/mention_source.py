"""What `@` offers: files, symbols, findings, failing tests and diffs; the tree is read when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import TextArea

from punie_tui.app.kept_reading import KeptReading
from punie_tui.app.widgets.chat.completion import Query
from punie_tui.app.widgets.chat.popup import Choice

if TYPE_CHECKING:
    from punie_tools.symbols.definition_lines import DefinitionLine
    from punie_tui.agent.known_results import KnownResults
    from punie_tui.app.widgets.chat.result_choices import Repository
    from punie_tui.app.workspace_names import WorkspaceNames

_MOST_CHOICES = 60
_MOST_FOLDERS = 5
# An `@` that begins a word, and what is typed of the name so far; in quotes with spaces.
_BEGUN = re.compile(r'(?<![^\s(\[])@(?:"(?P<quoted>[^"]*)|(?P<plain>[^\s"@]*))$')


class MentionSource:
    """A source. The tree is read when a mention begins; what was read last is offered meanwhile."""

    is_slow = True

    def __init__(
        self, folder: Path, names: KeptReading[WorkspaceNames], open_known: Callable[[], KnownResults | None]
    ) -> None:
        """`open_known` gives what was found so far; None before the session is open."""
        self._names = names
        self._repository = KeptReading(lambda: _read_repository(folder))
        self._open_known = open_known

    def query_in(self, area: TextArea) -> Query | None:
        row, column = area.cursor_location
        match = _BEGUN.search(area.document.get_line(row)[:column])
        if match is None or not area.selection.is_empty:
            return None
        return Query(match["quoted"] or match["plain"] or "", (row, match.start()), (row, column))

    def title(self, query: str) -> str:
        return self._names.problem or "files, symbols, types: lint: failed: diff: (Tab takes one, Esc leaves)"

    def why_none(self, query: str) -> str:
        """Of what only a run or a check brings."""
        kind, colon, wanted = query.lower().partition(":")
        known = self._open_known()
        if not colon or wanted or known is None:
            return ""
        if kind == "failed":
            return "No test has failed." if known.failures else "No test has run yet; /tests runs them."
        if kind in ("types", "lint"):
            return "Nothing is found." if known.findings(kind) else "Nothing was checked yet; /findings does."
        return ""

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        """Blocks until the tree has been read once."""
        from punie_tui.app.widgets.chat.result_choices import single_choices, whole_choices

        names = self._names.get(is_wanted_anew=not query)
        repository = self._repository.get(is_wanted_anew=not query)
        if names is None or repository is None:
            return ()
        results = self._open_known(), repository
        found = names.best(query, _MOST_CHOICES, is_cancelled)
        # A mention of a path with a quotation mark in it cannot be written.
        named = [
            _file(each) if isinstance(each, str) else _symbol(each)
            for each in found
            if not isinstance(each, str) or '"' not in each
        ]
        folders = [_folder(name) for name in names.folders(query, _MOST_FOLDERS) if '"' not in name]
        whole = whole_choices(query, *results)
        single = single_choices(query, *results) if query else []
        chosen: dict[str, Choice] = {}
        for choice in (*whole, *single, *named) if ":" in query else (*whole, *folders, *named, *single):
            chosen.setdefault(choice.value, choice)
        return list(chosen.values())[:_MOST_CHOICES]


def _read_repository(folder: Path) -> Repository:
    from punie_tools.tool import ToolContext
    from punie_tools.workspace import Workspace
    from punie_tui.app.widgets.chat.result_choices import read_repository

    return read_repository(ToolContext(Workspace.at(folder)))


def _file(name: str) -> Choice:
    from punie_tools.safe_text import safe_text
    from punie_tui.agent.mentions import mention_of

    return Choice(f"{mention_of(name)} ", safe_text(name, single_line=True))


def _folder(name: str) -> Choice:
    """Without a space behind it: a file in it may be wanted."""
    from punie_tools.safe_text import safe_text
    from punie_tui.agent.mentions import mention_of

    return Choice(mention_of(name), safe_text(name, single_line=True))


def _symbol(found: DefinitionLine) -> Choice:
    from punie_tools.safe_text import safe_text

    detail = f"{found.kind}  {found.file}:{found.line}"
    return Choice(f"@{found.qualified_name} ", found.qualified_name, safe_text(detail, single_line=True))
