"""What `/` at the beginning of the prompt offers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from textual.widgets import TextArea

from punie_tui.app.slash_commands import COMMANDS, SlashCommand
from punie_tui.app.widgets.chat.completion import Query
from punie_tui.app.widgets.chat.popup import Choice

_BEGUN = re.compile(r"/[\w-]*$")


class CommandSource:
    """A source: commands whose name, or a word of whose purpose, begins with what is typed; names come first."""

    is_slow = False

    def query_in(self, area: TextArea) -> Query | None:
        row, column = area.cursor_location
        line = area.document.get_line(0)
        if row or not _BEGUN.fullmatch(line[:column]) or area.document.line_count > 1 or line[column:].strip():
            return None
        return Query(line[1:column], (0, 0), (0, column))

    def title(self, query: str) -> str:
        return "commands: Enter runs one, Tab completes it, Esc leaves"

    def why_none(self, query: str) -> str:
        return ""

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        wanted = query.lower()
        by_name = [command for command in COMMANDS if command.name.startswith(wanted)]
        by_purpose = [
            command
            for command in COMMANDS
            if command not in by_name and any(word.startswith(wanted) for word in command.purpose.lower().split())
        ]
        return [_choice(command) for command in (*by_name, *by_purpose)]


def _choice(command: SlashCommand) -> Choice:
    label = f"/{command.name} {command.argument}".strip()
    ending = " " if command.argument else ""
    is_enough = not command.argument or command.argument.startswith("[")
    return Choice(f"/{command.name}{ending}", f"{label:<18}", command.purpose, runs_at_once=is_enough)
