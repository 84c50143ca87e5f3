"""Earlier prompts as choices: those that hold every word of what is typed, newest first.

One letter, as a `/` or the number of a choice, is no prompt that is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widgets import TextArea

from punie_tui.app.widgets.chat.completion import Query
from punie_tui.app.widgets.chat.popup import Choice

_LONGEST_LABEL = 300


class HistorySearch:
    """A source; all of the prompt's text is the query, and a choice takes its place."""

    is_slow = False

    def __init__(self, prompts: Callable[[], Sequence[str]], fold: Callable[[str], str]) -> None:
        """`prompts` gives them oldest first; `fold` makes a long one short enough for the prompt."""
        self._prompts = prompts
        self._fold = fold

    def query_in(self, area: TextArea) -> Query | None:
        return Query(area.text, (0, 0), area.document.end)

    def title(self, query: str) -> str:
        return "earlier prompts: type to search, Enter takes one, Esc leaves"

    def why_none(self, query: str) -> str:
        return ""

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        from punie_tools.safe_text import safe_text

        words = query.lower().split()
        newest_first = dict.fromkeys(reversed(self._prompts()))
        return [
            Choice(self._fold(prompt), safe_text(prompt[:_LONGEST_LABEL], single_line=True))
            for prompt in newest_first
            if len(prompt.strip()) > 1 and prompt != query and all(word in prompt.lower() for word in words)
        ]
