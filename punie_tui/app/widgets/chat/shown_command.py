"""A command of the person's shell in the chat: a row, below it what it printed, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tui.app.widgets.transcript.block import Said, Speaker
    from punie_tui.app.widgets.transcript.transcript import Transcript


def command_parts(command: str, output: str, ending: str) -> Iterator[tuple[Speaker, str]]:
    """What of a command stands in the chat."""
    yield "call", safe_text(f"! {command}")
    if output:
        yield "result", safe_text(output)
    if ending:
        yield "note", safe_text(ending, single_line=True)


class ShownCommand:
    """One that runs, and goes on at its place whatever is said below it meanwhile."""

    def __init__(self, command: str, transcript: Callable[[], Transcript | None]) -> None:
        """`transcript` gives None until there is one."""
        self._command = command
        self._transcript = transcript
        self._output = self._ending = ""
        self._said: list[Said] = []

    def tell(self, output: str, ending: str = "") -> None:
        """What it printed so far, and how it ended, where that is known and was not well."""
        if (output, ending) != (self._output, self._ending):
            self._output, self._ending = output, ending
            self.show()

    def show(self) -> None:
        """Show all that is known of it; anew where another session has taken its place."""
        if (transcript := self._transcript()) is None:
            return
        call, *below = command_parts(self._command, self._output, self._ending)
        if not self._said or not transcript.holds(self._said[0]):
            self._said = [transcript.begin_aside(*call)]
        for place, part in enumerate(below, 1):
            old = self._said[place] if place < len(self._said) else None
            put = transcript.put_below(self._said[place - 1], *part, in_place_of=old)
            self._said[place : place + 1] = [put]
