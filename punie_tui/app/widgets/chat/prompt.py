"""The prompt: where the person types, always. Enter sends, Ctrl+J or Alt+Enter starts a new line."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import SuspendNotSupported
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.widgets import TextArea

from punie_tools.safe_text import safe_text
from punie_tui.agent.mentions import mentions_in
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of
from punie_tui.app.key_map import keys_of
from punie_tui.app.textual_adapter import app_of, do_own_binding
from punie_tui.app.typed_text import typeable
from punie_tui.app.ways import TO_PROMPT
from punie_tui.app.widgets.chat.completion import Completion
from punie_tui.app.widgets.chat.history_search import HistorySearch
from punie_tui.app.widgets.chat.pasted_text import PastedTexts, PasteTooLongError, check_length
from punie_tui.app.widgets.chat.price import PriceTag
from punie_tui.app.widgets.chat.taken_text import TakenText

if TYPE_CHECKING:
    from textual.strip import Strip
    from textual.timer import Timer
    from textual.widgets.text_area import Edit, EditResult, TextAreaTheme

    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.known_results import KnownResults
    from punie_tui.agent.prompt_history import PromptHistory
    from punie_tui.agent.session import Session
    from punie_tui.app.kept_reading import KeptReading
    from punie_tui.app.workspace_names import WorkspaceNames

_HINT = "Ask about this project"
_MOST_BROUGHT = 5
# What comes from an editor is shown as it is, unless it would make the prompt slow.
_MOST_SHOWN = 20_000
_SECONDS_UNTIL_KEPT = 1.0
# Two in a second.
_MOST_BLINKS = 20
QUITS = frozenset(("exit", "quit", ":q", ":q!", ":wq", "exit()", "quit()"))
"""What quits other programs that are typed into; as a prompt it would be taken for a command to run."""
_LOG = logging.getLogger(__name__)


_LINES = "a line up, down; earlier and later prompts at the edges"
_CHARACTERS = "a character back, on"
_WORDS = "a word back, on"
STEER = Action("prompt.steer", "ctrl+s", "steer", "steer: let the running turn read it at its next step")
_SEND = Action("prompt.send", "enter", "send", "send; it waits while a turn runs", "Send")
_NEW_LINE = Action("prompt.new_line", "ctrl+j,alt+enter,shift+enter", "new_line", "new line")

PROMPT_ACTIONS = ActionGroup(
    "Prompt",
    (
        _SEND,
        STEER,
        _NEW_LINE,
        Action(
            "prompt.search_history", "ctrl+r", "search_history", "search earlier prompts: fewer as you type", letter="h"
        ),
        Action("prompt.up", "up", "cursor_up", "a line up; above the first one earlier prompts", line=_LINES),
        Action("prompt.down", "down", "cursor_down", "a line down; below the last one later prompts", line=_LINES),
        Action("prompt.left", "left,ctrl+b", "cursor_left", "a character back", line=_CHARACTERS),
        Action("prompt.right", "right,ctrl+f", "cursor_right", "a character on", line=_CHARACTERS),
        Action("prompt.word_left", "alt+b,ctrl+left", "cursor_word_left", "a word back", line=_WORDS),
        Action("prompt.word_right", "alt+f,ctrl+right", "cursor_word_right", "a word on", line=_WORDS),
        Action("prompt.take_word", "ctrl+w,alt+backspace", "take('delete_word_left')", "take the word before"),
        Action("prompt.take_next_word", "alt+d", "take('delete_word_right')", "take the word behind"),
        Action("prompt.take_start", "ctrl+u", "take('delete_to_start_of_line')", "take the line up to here"),
        Action("prompt.take_end", "ctrl+k", "take('delete_to_end_of_line')", "take the line from here"),
        Action("prompt.yank", "ctrl+y", "redo_or_yank", "redo what was undone, else put in what was taken"),
        Action("prompt.undo", "ctrl+z,ctrl+underscore", "undo", "undo what was typed"),
        Action("prompt.clear", "ctrl+c", "copy", "copy what is selected, else clear; in an empty prompt stop the turn"),
        Action("prompt.delete", "ctrl+d", "delete_or_tell", "delete a character; in an empty prompt how to quit"),
        Action("prompt.edit", "f12", "edit", "write in your own editor: $VISUAL or $EDITOR", letter="e"),
    ),
    hints=(
        ("PgUp  PgDn", "scroll the chat"),
        ("@", "a file or a symbol to send along; Tab completes"),
        ("@types: @lint:", "findings last known: all, a file, file:line"),
        ("@failed:", "failing tests last known: all, a file, a test"),
        ("@diff:", "tree, staged, a revision, A..B"),
        ("/", "commands; a space before it sends it as a prompt"),
        ("!", "a command in your own shell; Esc stops it"),
        ("Backspace", "in the empty prompt: drop the output it would bring"),
        ("Tab  Enter  Esc", "take what is offered, or not (Up, Down choose)"),
        ("?", "in the empty prompt: these keys"),
        ("Esc Esc", "in the empty prompt, while nothing runs: go back to a turn"),
        ("\\ Enter", "at the end of a line: new line"),
        ("[pasted 240 lines]", "is sent as its text; Backspace removes it"),
    ),
    about="Where you ask, in your own words; what you send while a turn runs waits for its end.",
)


def typed_plainly(text: str) -> str:
    """As it has to be typed to be sent as a prompt, where it would be taken for a command else."""
    return f" {text}" if text.startswith(("/", "!")) or text.lower() in QUITS else text


class Prompt(TextArea):
    """A text area that grows to eight lines, with the folder's earlier prompts above and below its edges."""

    DEFAULT_CSS = """
    Prompt {
        height: auto; min-height: 3; max-height: 10; padding: 0 1;
        border: round $border-blurred; background: $background;
    }
    Prompt:focus { border: round $border; }
    """
    ACTIONS: ClassVar[ActionGroups] = (PROMPT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    @dataclass
    class Sent(Message):
        """The person sent `text`; it is not blank. With a space before it `is_plain`: it is no command.

        `mentions` are those that they typed, and not what a pasted text holds.
        """

        text: str
        is_plain: bool = False
        mentions: tuple[str, ...] = ()

    @dataclass
    class SteeringSent(Message):
        """The running turn shall read it; None where nothing was typed."""

        sent: Prompt.Sent | None

    @dataclass
    class NothingSent(Message):
        """The empty prompt was sent."""

    @dataclass
    class PageWanted(Message):
        """What was said shall be scrolled by a page: there are no pages in a prompt."""

        step: int

    @dataclass
    class Refused(Message):
        """Something could not be done with the prompt; `reason` is a sentence, and safe text."""

        reason: str

    # The one whose styles were found since they last changed.
    _styled_theme: TextAreaTheme | None = None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            id=id,
            soft_wrap=True,
            highlight_cursor_line=False,
            tab_behavior="focus",
            show_line_numbers=False,
        )
        self.placeholder = self._hint = _HINT
        self._blinks = 0
        self._history: list[str] = []
        self._position = 0
        self._draft = ""
        # What Ctrl+C cleared last: it stands in the history until something else is cleared.
        self._cleared = ""
        self._kept: PromptHistory | None = None
        self._keeping = asyncio.Lock()
        self._draft_timer: Timer | None = None
        self._draft_lock = threading.Lock()
        self._has_left = False
        self._pasted = PastedTexts()
        self._taken = TakenText()
        self._search = HistorySearch(lambda: self._history, self._pasted.folded)
        self.completion = Completion(self, self._end_line)
        self.price = PriceTag(self)
        self._brought: tuple[Attachment, ...] = ()
        self._session: Session | None = None
        self._known: KnownResults | None = None

    def show_hint(self, hint: str) -> None:
        """What stands in the prompt while it is empty; nothing for the usual words."""
        self.placeholder = self._hint = hint or _HINT

    def asks_again(self, question: str) -> bool:
        """Whether a key comes a second time with no other between; the first time the question stands in the prompt."""
        is_second = self.placeholder == question
        self.placeholder = self._hint if is_second else question
        return is_second

    def begin(self, folder: Path, names: KeptReading[WorkspaceNames]) -> None:
        """Read the folder's earlier prompts; the screen calls it after its first frame. `names` are what `@` offers."""
        from punie_tui.app.widgets.chat.argument_source import Arguments, ArgumentSource
        from punie_tui.app.widgets.chat.command_source import CommandSource
        from punie_tui.app.widgets.chat.mention_source import MentionSource

        app = app_of(self)
        arguments = Arguments(lambda: tuple(app.available_themes), lambda: self._session, names)
        mentions = MentionSource(folder, names, lambda: self._known)
        self.completion.begin((CommandSource(), ArgumentSource(arguments), mentions))
        self._read_history(folder)

    def take_session(self, session: Session) -> None:
        """From now on offer what it finds, and tell what mentions cost."""
        self._session = session
        self._known = session.known
        self.price.begin(session.open_mention_reader)

    @property
    def has_history(self) -> bool:
        """Whether the earlier prompts have been read."""
        return self._kept is not None

    @property
    def takes_escape(self) -> bool:
        """Whether Escape closes something here."""
        return self.completion.is_open

    def remember(self, prompt: str) -> None:
        """Add a prompt to the history, here and in the folder's file."""
        self._history.append(prompt)
        self._position = len(self._history)
        if self._kept is not None:
            self._keep(self._kept, prompt)

    def bring(self, attachment: Attachment) -> None:
        """Let the next prompt bring it along, unless the person drops it."""
        self._brought = (*self._brought, attachment)[-_MOST_BROUGHT:]
        self.price.keep(self._brought)

    def take_brought(self) -> tuple[Attachment, ...]:
        """What the prompt that is sent now brings along; the next one brings nothing."""
        brought, self._brought = self._brought, ()
        self.price.keep(())
        return brought

    def put_back(self, text: str) -> None:
        """Let a prompt that could not be sent be changed, if nothing else was typed meanwhile."""
        if not self.text:
            self.insert(self._pasted.folded(text))
            self.completion.dismiss()

    def send(self, text: str) -> None:
        """As if the person had sent it, with a space before it: it is no command."""
        self.remember(text)
        self.post_message(self.Sent(text, is_plain=True, mentions=mentions_in(text)))

    def action_send(self) -> None:
        self.post_message(self._take_typed() or self.NothingSent())

    def action_steer(self) -> None:
        self.post_message(self.SteeringSent(self._take_typed()))

    def _take_typed(self) -> Sent | None:
        typed = self.text
        text = self._pasted.unfolded(typed).strip()
        if not text:
            return None
        is_plain = typed[0].isspace()
        self.remember(typed_plainly(text) if is_plain else text)
        self.clear()
        return self.Sent(text, is_plain, mentions_in(typed))

    def take_back(self, text: str) -> None:
        """Let a message that waited be changed, before what is being typed."""
        self.move_cursor((0, 0))
        self.insert(self._pasted.folded(text) + ("\n" if self.text else ""))
        self.move_cursor(self.document.end)
        self.completion.dismiss()

    def action_take(self, deletes: str) -> None:
        """Delete as an action of the text area does, and keep what went: it is put in again by `redo_or_yank`."""
        text, before = self.text, (self.text, self.cursor_location)
        getattr(self, f"action_{deletes}")()
        start = len(self.get_text_range((0, 0), self.cursor_location))
        taken = text[start : start + len(text) - len(self.text)]
        self._taken.take(
            taken, (self.text, self.cursor_location), before, is_before_cursor=self.cursor_location != before[1]
        )

    def action_redo_or_yank(self) -> None:
        """One key does both, and each as its users know it: whoever has just undone wants no text put in."""
        if self.history.redo_stack:
            self.action_redo()
        else:
            self.insert(self._taken.text)

    def _continues_line(self) -> bool:
        """Make of a backslash at the end of the line a new one, as a shell does; whether there is one."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        backslashes = len(line) - len(line.rstrip("\\"))
        if column != len(line) or backslashes % 2 == 0:
            return False
        # A shell reads it itself.
        start = (row, column if self.text.startswith("!") else column - 1)
        self.replace("\n", start, (row, column), maintain_selection_offset=False)
        return True

    def action_new_line(self) -> None:
        self.insert("\n")

    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_at_first_line and not select:
            self._show_history(-1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            self._show_history(+1)
        else:
            super().action_cursor_down(select)

    def action_cursor_page_up(self) -> None:
        self.post_message(self.PageWanted(-1))

    def action_cursor_page_down(self) -> None:
        self.post_message(self.PageWanted(1))

    def action_search_history(self) -> None:
        """Search the earlier prompts as the person types."""
        self.completion.ask_for(self._search)

    def action_edit(self) -> None:
        """Write the prompt in the person's own editor, which has the terminal meanwhile."""
        from punie_tui.app.own_editor import EditorError, edit_text

        try:
            with app_of(self).suspend():
                edited = edit_text(self._pasted.unfolded(self.text), os.environ)
        except SuspendNotSupported:
            self.post_message(self.Refused("An editor cannot be opened in this terminal."))
        except EditorError as error:
            self.post_message(self.Refused(safe_text(str(error), single_line=True)))
        else:
            text = edited if len(edited) <= _MOST_SHOWN else self._pasted.folded(edited)
            self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
            self.completion.dismiss()

    def edit(self, edit: Edit) -> EditResult:
        """Whatever is put here, by the history, an editor or the queue too, is text that could have been typed."""
        return super().edit(replace(edit, text=typeable(edit.text)))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual finds the styles of all parts anew for each frame, which takes longer than to draw the line."""
        if self._styled_theme is self._theme:
            return ScrollView.render_lines(self, crop)
        self._styled_theme = self._theme
        return super().render_lines(crop)

    def notify_style_update(self) -> None:
        self._styled_theme = None
        super().notify_style_update()

    def _recompute_cursor_offset(self) -> None:
        """Undo may take the cursor's line away, and changes the scroll bar, which asks for this, before the cursor."""
        if self.cursor_location[0] < self.document.line_count:
            super()._recompute_cursor_offset()

    def _restart_blink(self) -> None:
        self._blinks = 0
        super()._restart_blink()

    def _toggle_cursor_blink_visible(self) -> None:
        """Ten seconds after the last key the cursor stands still: an app that nobody uses then draws nothing."""
        self._blinks += 1
        if self._blinks >= _MOST_BLINKS:
            self._pause_blink()
        elif self.screen.is_active:
            # Set without Textual's watcher, which draws the whole line.
            self.set_reactive(TextArea._cursor_visible, not self._cursor_visible)
            self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        """Draw the cursor's cell alone; the whole line where a letter may be wider than a cell."""
        x, y = self._cursor_offset
        line = self.document.get_line(self.cursor_location[0]) + self.suggestion
        if line.isascii() and line.isprintable():
            self.refresh(Region(x, y, 1, 1).translate(-self.scroll_offset))
        else:
            self.refresh_lines(y)

    def update_suggestion(self) -> None:
        """Textual's hook that is called at once after each change of the text or the cursor."""
        if self.is_attached:
            self._follow()

    def on_text_area_changed(self) -> None:
        self._keep_soon()

    def _keep_soon(self) -> None:
        """Some moments after the last key what is typed is kept: a closed terminal asks nobody."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = self.set_timer(_SECONDS_UNTIL_KEPT, self._keep_typed)

    @work(group="history")
    async def _keep_typed(self) -> None:
        async with self._keeping:
            await asyncio.to_thread(self._keep_draft, self._typed_draft)

    def on_text_area_selection_changed(self) -> None:
        self._follow()

    def _follow(self) -> None:
        self.completion.follow()
        self.price.follow()

    def on_blur(self) -> None:
        self.placeholder = self._hint
        self.completion.close()

    def _end_line(self, key: str) -> bool:
        """Send, or begin a new line; False where the key does neither."""
        is_sending = key in keys_of(self, _SEND)
        if not is_sending and key not in keys_of(self, _NEW_LINE):
            return False
        if not is_sending:
            self.action_new_line()
        elif not self._continues_line():
            self.action_send()
        return True

    async def _on_key(self, event: events.Key) -> None:
        """Every key is taken in its place among the letters: a priority binding would overtake those still waiting."""
        if event.key not in keys_of(self, TO_PROMPT):
            self.placeholder = self._hint
        if self.completion.take_key("escape" if event.key in keys_of(self, TO_PROMPT) else event.key):
            event.stop()
            event.prevent_default()
        elif event.key == "backspace" and self._brought and not self.text:
            event.stop()
            event.prevent_default()
            self._brought = self._brought[:-1]
            self.price.keep(self._brought)
        elif self._end_line(event.key):
            event.stop()
            event.prevent_default()
        elif event.key == "question_mark" and not self.text:
            event.stop()
            event.prevent_default()
            await app_of(self).run_action("help", self.screen)
        elif not event.is_printable and await do_own_binding(self, event.key):
            event.stop()
            event.prevent_default()
        else:
            await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        """Pasted text is typed text; a large one is folded, and a huge one refused."""
        event.stop()
        # Textual calls the base's handler too, which would paste once more.
        event.prevent_default()
        try:
            check_length(event.text)
        except PasteTooLongError as error:
            self.post_message(self.Refused(str(error)))
        else:
            event.text = self._pasted.folded(event.text)
            await super()._on_paste(event)

    def action_copy(self) -> None:
        """As in a shell it clears where nothing is selected; Up and undo bring back what stood there."""
        if self.selected_text or not self.text:
            super().action_copy()
            return
        self.completion.close()
        if self._cleared and self._history[-1:] == [self._cleared]:
            self._history.pop()
        self._cleared = self._pasted.unfolded(self.text)
        self._history.append(self._cleared)
        self._position = len(self._history)
        self.clear()

    async def action_delete_or_tell(self) -> None:
        if self.text:
            self.action_delete_right()
        else:
            await app_of(self).run_action("app.tell_how_to_quit")

    def action_delete_left(self) -> None:
        if not self._delete_mark(is_before=True):
            super().action_delete_left()

    def action_delete_right(self) -> None:
        if not self._delete_mark(is_before=False):
            super().action_delete_right()

    def _delete_mark(self, *, is_before: bool) -> bool:
        row, column = self.cursor_location
        span = self._pasted.mark_at(self.document.get_line(row), column, is_before=is_before)
        if span is None or not self.selection.is_empty:
            return False
        self.delete((row, span[0]), (row, span[1]), maintain_selection_offset=False)
        return True

    def _show_history(self, step: int) -> None:
        position = self._position + step
        if not 0 <= position <= len(self._history):
            return
        if self._position == len(self._history):
            self._draft = self.text
        self._position = position
        text = self._draft if position == len(self._history) else self._pasted.folded(self._history[position])
        # Replaced and not set, so that undo brings back what stood there.
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.completion.dismiss()

    @work(thread=True, group="history")
    def _read_history(self, folder: Path) -> None:
        from punie_tui.agent.prompt_history import PromptHistory, prompt_history_file
        from punie_tui.own_files import home_directory

        kept = PromptHistory(prompt_history_file(home_directory("state"), folder))
        try:
            earlier, draft = kept.load(), kept.draft()
        except OSError as error:
            # Prompts that cannot be read cost the history, not the prompt.
            _LOG.warning("earlier prompts cannot be read: %s", error)
            earlier, draft = [], ""
        if self.is_running:
            app_of(self).call_later(self._take_history, kept, earlier, draft)

    def _take_history(self, kept: PromptHistory, earlier: Sequence[str], draft: str) -> None:
        """What was sent meanwhile is newer, and not in the file yet."""
        self._kept = kept
        sent = self._history
        self._history = [*earlier, *sent]
        self._position += len(earlier)
        for prompt in sent:
            self._keep(kept, prompt)
        if draft and not self.text:
            self.put_back(draft)
        elif self.text:
            self._keep_soon()

    def keep_draft(self) -> None:
        """Let the next start in this folder begin with what is typed here."""
        self._keep_draft(self._typed_draft, is_last=True)

    @property
    def _typed_draft(self) -> str:
        """What the person wrote; an earlier prompt that is only looked at is none."""
        typed = self._pasted.unfolded(self.text)
        is_earlier = self._position < len(self._history) and typed == self._history[self._position]
        return self._pasted.unfolded(self._draft) if is_earlier else typed

    def _keep_draft(self, draft: str, *, is_last: bool = False) -> None:
        """From any thread; what was begun earlier writes nothing over the last one."""
        with self._draft_lock:
            if self._kept is None or (self._has_left and not is_last):
                return
            self._has_left = is_last
            try:
                self._kept.keep_draft(draft)
            except OSError as error:
                _LOG.warning("what is typed is not kept: %s", error)

    @work(group="history")
    async def _keep(self, kept: PromptHistory, prompt: str) -> None:
        async with self._keeping:
            try:
                await asyncio.to_thread(kept.add, prompt)
            except OSError as error:
                _LOG.warning("a prompt is not kept: %s", error)
