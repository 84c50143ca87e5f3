"""The chat pane: the transcript, told turn by turn from events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.containers import Vertical

from punie_tools.safe_text import safe_text
from punie_tui.app.key_map import key_shown
from punie_tui.app.ways import TO_FINDINGS, TO_TRACE
from punie_tui.app.widgets.chat.shown_command import ShownCommand, command_parts
from punie_tui.app.widgets.chat.told_calls import call_line, change_told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.events import Event, RequestRouted, ToolDenied, ToolFinished, ToolRequested, TurnFinished
    from punie_tui.app.printed_text import PrintedText
    from punie_tui.app.widgets.search_row import SearchRow
    from punie_tui.app.widgets.transcript.block import Speaker
    from punie_tui.app.widgets.transcript.transcript import Transcript

_WISHES_FIX = re.compile(r"\b(?:fix|mend|repair|correct|solve|resolve)\b", re.IGNORECASE)
_COUNTS_OF_FINDINGS = {"typecheck": ("error_count", "warning_count"), "ruff_check": ("violation_count",)}
_ENDINGS = {"stopped": "Stopped.", "limit": "Stopped at a limit.", "asked": "", "failed": "", "done": ""}


class Chat(Vertical):
    """Shows prompts, answers and, in a line each, the calls between them; below them what is searched for."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._teller: _Teller | None = None
        self._transcript: Transcript | None = None
        self._search_row: SearchRow | None = None
        self._early: list[Callable[[], object]] = []

    async def begin(self, folder: Path) -> None:
        """Show what was said; the screen calls it after its first frame, which would wait for all that this imports."""
        from punie_tui.app.widgets.search_row import SearchRow
        from punie_tui.app.widgets.transcript.file_links import FileLinks
        from punie_tui.app.widgets.transcript.transcript import Transcript

        search_row = SearchRow()
        transcript = Transcript(search_row, id="transcript")
        await self.mount(transcript, search_row)
        transcript.links = FileLinks(folder)
        self._transcript, self._search_row = transcript, search_row
        for show in self._early:
            show()

    @property
    def has_begun(self) -> bool:
        """Whether the transcript is there."""
        return self._transcript is not None

    @property
    def transcript(self) -> Transcript:
        """It is there once the chat has begun."""
        assert self._transcript is not None
        return self._transcript

    @property
    def takes_escape(self) -> bool:
        """Whether Escape ends something here."""
        is_typing = self._search_row is not None and self._search_row.is_typing
        return self.is_searched or is_typing or (self._transcript is not None and self._transcript.takes_escape)

    @property
    def is_searched(self) -> bool:
        """Whether a search is open, of which the row below says that Escape ends it."""
        return self._transcript is not None and self._transcript.is_searched

    def end_search(self) -> None:
        """Whether it is still typed or was kept."""
        if self._search_row and self._search_row.is_typing:
            self._search_row.action_leave()
        elif self._transcript:
            self._transcript.end_search()

    def add(self, speaker: Speaker, text: str) -> None:
        """Add what somebody says, at the latest when the chat begins; safe text."""
        self._once_begun(lambda: self.transcript.add(speaker, text))

    def begin_command(self, command: str, printed: PrintedText) -> ShownCommand:
        """Show a command of the person; it is told when there is more that it printed, and how it ends."""
        shown = ShownCommand(command, printed, lambda: self._transcript)
        self._once_begun(shown.show)
        return shown

    def _once_begun(self, show: Callable[[], object]) -> None:
        if self._transcript is None:
            self._early.append(show)
        else:
            show()

    def follow_end(self) -> None:
        """Go to the end, where what comes next will be seen."""
        if self._transcript:
            self._transcript.follow_end()

    def on_transcript_told(self, message: Transcript.Told) -> None:
        message.stop()
        if self._search_row:
            self._search_row.tell(message.sentence)

    def on_search_row_changed(self, message: SearchRow.Changed) -> None:
        message.stop()
        self.transcript.search(message.words)

    def on_search_row_left(self, message: SearchRow.Left) -> None:
        message.stop()
        if not message.is_kept:
            self.transcript.end_search()
        self.transcript.focus()

    def handle(self, event: Event) -> None:
        """Show what an event means for the conversation."""
        if self._teller is None:
            self._teller = _Teller(self.transcript, self._where_rest_is, self._where_fixes_are)
        self._teller.handle(event)

    def show_earlier(self, events: Sequence[Event]) -> None:
        """Show events that came before all that stands here."""
        earlier = _EarlierParts()
        teller = _Teller(earlier, self._where_rest_is, self._where_fixes_are)
        for event in events:
            teller.handle(event)
        self.transcript.add_before(earlier.parts)

    def _where_rest_is(self) -> str:
        return f"The trace ({key_shown(self, TO_TRACE)}) lists all."

    def _where_fixes_are(self) -> str:
        return f"The findings ({key_shown(self, TO_FINDINGS)}) offer the fixes of ruff and of the language server."


class _EarlierParts:
    """Collects what a transcript would show, to be put before what it shows."""

    def __init__(self) -> None:
        self.parts: list[tuple[Speaker, str]] = []

    def add(self, speaker: Speaker, text: str) -> None:
        self.parts.append((speaker, text))

    def stream(self, text: str) -> None:
        self.add("punie", text)


class _Teller:
    """Tells events as parts of a transcript."""

    def __init__(
        self,
        target: Transcript | _EarlierParts,
        where_rest_is: Callable[[], str],
        where_fixes_are: Callable[[], str],
    ) -> None:
        self._target = target
        self._where_rest_is = where_rest_is
        self._where_fixes_are = where_fixes_are
        self._wishes_fix = False
        self._only_found = False
        self._streamed = ""
        self._tools: dict[str, str] = {}
        self._shown_calls: set[str] = set()
        self._told_denials: set[str] = set()
        self._told_changes: set[str] = set()
        self._partial_summaries: set[str] = set()

    def handle(self, event: Event) -> None:
        match event.kind:
            case "turn_started":
                self._streamed = ""
                self._tools.clear()
                self._shown_calls.clear()
                self._told_denials.clear()
                self._told_changes.clear()
                self._partial_summaries.clear()
                self._wishes_fix = bool(_WISHES_FIX.search(event.prompt))
                self._only_found = False
                self._target.add("person", safe_text(event.prompt))
                for attachment in event.attachments:
                    self._target.add("attached", _attached(attachment))
            case "text_streamed":
                self._streamed += event.text
                self._target.stream(safe_text(event.text))
            case "tool_requested":
                self._tools[event.call_id] = event.tool
                if event.parent_call_id is None:
                    self._tell_call(event)
            case "tool_finished":
                self._tell_end(event)
                self._tell_comments(event)
            case "tool_denied":
                self._tell_denial(event)
            case "turn_steered":
                self._streamed = ""
                self._target.add("steering", safe_text(event.text))
                for attachment in event.attachments:
                    self._target.add("attached", _attached(attachment))
            case "request_routed" if not event.is_handed_over:
                self._target.add("note", safe_text(_routed(event), single_line=True))
            case "person_acted":
                self._target.add("note", safe_text(event.text, single_line=True))
            case "person_ran":
                for speaker, text in command_parts(event.command, event.output, event.ending):
                    self._target.add(speaker, text)
            case "notice_given":
                self._target.add("note", safe_text(event.text))
            case "context_trimmed":
                self._target.add("note", safe_text(event.summary))
            case "choices_offered":
                self._target.add("note", safe_text(f"{event.question} {' · '.join(event.choices)}"))
            case "turn_finished":
                self._finish(event)
            case _:
                pass

    def _tell_call(self, event: ToolRequested) -> None:
        self._streamed = ""
        self._shown_calls.add(event.call_id)
        self._target.add("call", call_line(event))

    def _tell_end(self, event: ToolFinished) -> None:
        """Of what a call changed; what else it found, the answer or the trace tells."""
        if self._wishes_fix and event.tool in _COUNTS_OF_FINDINGS:
            self._only_found = any(event.result.get(count) for count in _COUNTS_OF_FINDINGS[event.tool])
        if event.names_only_some:
            self._partial_summaries.add(event.summary)
        if event.call_id in self._shown_calls and (told := change_told(event)):
            self._streamed = ""
            self._target.add("change", told)
            self._told_changes.add(event.summary)

    def _tell_comments(self, event: ToolFinished) -> None:
        """What the person said of lines in its review."""
        from punie_tools.changes.review import ReviewComment

        said = [ReviewComment.model_validate(each).told for each in (event.review or {}).get("comments", ())]
        if said:
            self._target.add("note", safe_text(told_comments(said), single_line=True))

    def _tell_denial(self, event: ToolDenied) -> None:
        """Once: the answer may say it again, and where the turn is stopped its end says so."""
        from punie_tui.agent.approval import STOPPED, reason_for_person
        from punie_tui.agent.events import denial_sentence

        if event.reason == STOPPED:
            return
        self._target.add("note", safe_text(f"Not run: {reason_for_person(event.reason)}", single_line=True))
        if tool := self._tools.get(event.call_id):
            self._told_denials.add(denial_sentence(tool, event.reason))

    def _finish(self, event: TurnFinished) -> None:
        if event.reason == "failed":
            self._target.add("error", safe_text(event.answer))
        elif event.answer and self._streamed != event.answer:
            # Nothing was streamed, so the answer is made of results: their text is no Markdown.
            told = self._told_denials | self._told_changes
            lines = [line for line in event.answer.split("\n") if line not in told]
            if lines:
                self._target.add("result", safe_text("\n".join(lines)))
            if not self._partial_summaries.isdisjoint(lines):
                self._target.add("note", self._where_rest_is())
            if self._only_found and not self._told_changes:
                self._target.add("note", self._where_fixes_are())
        if ending := _ENDINGS[event.reason]:
            self._target.add("note", ending)


def _attached(attachment: Attachment) -> str:
    """A line on what was attached and its price, and below it the text; or why there is none."""
    name = safe_text(attachment.name, single_line=True)
    if attachment.problem:
        return f"not attached: {safe_text(attachment.problem, single_line=True)}"
    return f"{name}, about {attachment.tokens:,} tokens\n{safe_text(attachment.text)}"


def told_comments(comments: Sequence[str]) -> str:
    """What the person said of lines in a review, each with its place."""
    return f"Your {'comment' if len(comments) == 1 else 'comments'}: {'; '.join(comments)}."


def _routed(event: RequestRouted) -> str:
    return f"{event.model} alone, {event.likelihood:.0%} sure"
