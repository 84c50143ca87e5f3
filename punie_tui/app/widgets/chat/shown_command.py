"""A command of the person's shell in the chat: a row, below it what it printed, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text

if TYPE_CHECKING:
    from punie_tui.app.printed_text import News, PrintedText
    from punie_tui.app.widgets.transcript.block import Said, Speaker
    from punie_tui.app.widgets.transcript.transcript import Transcript


def command_parts(command: str, output: str, ending: str) -> Iterator[tuple[Speaker, str]]:
    """What of a command stands in the chat."""
    yield "call", safe_text(f"! {command}")
    if output:
        yield "output", safe_text(output)
    if ending:
        yield "note", safe_text(ending, single_line=True)


class ShownCommand:
    """One that runs, and goes on at its place whatever is said below it meanwhile."""

    def __init__(self, command: str, printed: PrintedText, transcript: Callable[[], Transcript | None]) -> None:
        """`transcript` gives None until there is one."""
        self._command = command
        self._printed = printed
        self._transcript = transcript
        self._call: Said | None = None
        self._output: Said | None = None
        self._line_count = self._end_count = 0
        self._ended: tuple[str, str] | None = None

    def end(self, output: str, ending: str) -> None:
        """Show all that the session keeps of it, and how it ended where that was not well."""
        self._ended = output, ending
        self.show()

    def show(self) -> None:
        """Show what it printed since this was done last; all of it where another session has taken its place."""
        if (transcript := self._transcript()) is None:
            return
        is_new = self._call is None or not transcript.holds(self._call)
        if self._call is None or is_new:
            self._call = transcript.begin_aside("call", safe_text(f"! {self._command}"))
            self._output, self._line_count, self._end_count = None, 0, 0
        self._show_news(transcript, self._call, self._printed.news(is_first=is_new))
        if self._ended:
            self._show_end(transcript, self._call, *self._ended)

    def _show_news(self, transcript: Transcript, call: Said, news: News) -> None:
        lines, end = _safe(news.lines), _safe(news.end)
        if self._output is None and (lines or end):
            self._output = transcript.put_below(call, "output", "\n".join([*lines, *end]))
        elif self._output and (lines or end or self._end_count):
            transcript.grow(self._output, [*lines, *end], self._end_count)
        self._line_count += len(lines)
        self._end_count = len(end)

    def _show_end(self, transcript: Transcript, call: Said, output: str, ending: str) -> None:
        if output and self._line_count + self._end_count != output.count("\n") + 1:
            # More than is kept came, of which only the beginning was shown as it came.
            below, old = self._output or call, self._output
            self._output = transcript.put_below(below, "output", safe_text(output), in_place_of=old)
        if ending:
            transcript.put_below(self._output or call, "note", safe_text(ending, single_line=True))


def _safe(lines: Sequence[str]) -> list[str]:
    return safe_text("\n".join(lines)).split("\n") if lines else []
