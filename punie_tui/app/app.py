"""PunieApp: themes, the first screen, nothing else."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events, on, work
from textual.app import App
from textual.widgets import Input, TextArea

from punie_tui.app.frame_compositor import KnownCells, ShortUpdate
from punie_tui.app.job_control import follow_job_control
from punie_tui.app.key_map import KeyChoice, KeyMap, key_map_of, keys_of
from punie_tui.app.key_names import key_name
from punie_tui.app.notices import Notices
from punie_tui.app.screens.general_actions import SUSPEND
from punie_tui.app.screens.left_once import Dialog
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.terminal_title import TerminalTitle
from punie_tui.app.textual_adapter import (
    begin_with_theme,
    call_around_suspension,
    can_suspend,
    filter_lines,
    know_all_keys,
    read_pastes_in_runs,
    set_terminal_colours,
    write_to_terminal,
)
from punie_tui.app.themes import THEME_NAMES, Colours, own_variables, terminal_colours, theme_named
from punie_tui.app.typed_text import typeable
from punie_tui.app.widgets.chat.pasted_text import MOST_CHARACTERS
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.status import StatusLine
from punie_tui.app.without_colour import WithoutColour

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

    from punie_tui.agent.approval import AskPerson
    from punie_tui.agent.meant import AskWhich
    from punie_tui.agent.session import Session
    from punie_tui.app.workspace_watch import OpenWatch
    from punie_tui.settings import Settings

_LOG = logging.getLogger(__name__)
_QUITS = ("quit", "app.quit")
_MOST_IN_A_LINE = 10_000


class PunieApp(App[None]):
    """The terminal app on one folder."""

    TITLE = "punie"
    CSS_PATH = "punie.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        folder: Path,
        open_session: Callable[[AskPerson, AskWhich], Session],
        theme: str = "",
        clock: Callable[[], float] = time.monotonic,
        begin_with: str = "",
        keys: KeyChoice | None = None,
        *,
        colours: Colours = "many",
        is_still: bool = False,
        flags: Mapping[str, object] | None = None,
        open_watch: OpenWatch | None = None,
        server_ports: Mapping[int, str] | None = None,
    ) -> None:
        """`open_session` makes the session on the turn thread, after the first frame. `clock` guards approvals, and
        tells how long a thing has taken.

        `begin_with` is a command of the prompt, or a prompt, that is sent once the session is open. `colours` says what
        the terminal can show; with `is_still` nothing on the screen moves or blinks by itself. `flags` are the
        settings that the command line gave. `open_watch` makes what hears of changes of the folder. `server_ports` are
        where servers of models are looked for, with what each is called; without them on the usual ones.
        """
        self._colours: Colours = colours
        read_pastes_in_runs()
        super().__init__()
        for name in THEME_NAMES:
            self.register_theme(theme_named(name, colours))
        self.set_class(colours == "none", "-no-colour")
        if is_still:
            self.animation_level = "none"
        self._known_cells = KnownCells()
        self._wanted_theme = theme
        begin_with_theme(self, theme if theme in self.available_themes else THEME_NAMES[0])
        self._follow_theme(self.theme)
        self._key_choice = keys or KeyChoice()
        self._flags = flags or {}
        self._open_watch = open_watch
        self._server_ports = server_ports
        self._told_problems: tuple[str, ...] = ()
        self.has_keys = False
        """Whether the keys are those that the person chose."""
        self._folder = folder
        self._open_session = open_session
        self._clock = clock
        self._begin_with = begin_with
        self._reports_focus = False
        self._has_title_settings = False
        self._quit_question: Screen[bool] | None = None
        self.left_session: Session | None = None
        """The session that was open when the person quit; None where nothing was said in it."""
        self.terminal_title = TerminalTitle(
            folder.name, lambda text: write_to_terminal(self, text), os.environ.get("TERM", "")
        )
        self._notices = Notices(folder.name, lambda text: write_to_terminal(self, text), self._in_front, clock)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Textual's; a frame leaves out what the terminal shows already, unless something else was drawn since."""
        if isinstance(renderable, ShortUpdate):
            renderable.known = self._known_cells
        elif renderable is not None:
            self._known_cells.forget()
        super()._display(screen, renderable)  # pyright: ignore[reportUnknownMemberType]

    def get_default_screen(self) -> Screen[None]:
        return MainScreen(
            self._folder,
            self._open_session,
            self._notices,
            self._clock,
            self._begin_with,
            self._open_watch,
            self._server_ports,
        )

    def _in_front(self) -> bool | None:
        """Whether the terminal is; None where it never said."""
        return self.app_focus if self._reports_focus else None

    @on(StatusLine.StateChanged)
    def _show_in_title(self, message: StatusLine.StateChanged) -> None:
        if not self._has_title_settings and isinstance(main := self.screen_stack[0], MainScreen) and main.session:
            self._has_title_settings = True
            self.terminal_title.follow(main.session.settings)
        self.terminal_title.show(message.state)

    @on(events.AppFocus)
    @on(events.AppBlur)
    def _note_focus(self) -> None:
        self._reports_focus = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where text is selected that can be changed, the leader key cuts it, as in every editor."""
        if action == "suspend_process":
            return can_suspend(self)
        if action != "leader" or getattr(self.focused, "read_only", False):
            return True
        return not getattr(self.focused, "selected_text", "")

    def on_resize(self, _event: events.Resize) -> None:
        """A terminal that was small for a moment has lost what stood there, also where it is as large as before again.

        Textual lays out for the new size alone, and draws only what has moved since.
        """
        self.screen.refresh()

    async def on_event(self, event: events.Event) -> None:
        """What is pasted, wherever, is text that could have been typed; Alt with a letter types nothing.

        Who presses the key that suspends in a line to type in means to undo, as in a text, and nothing is to be undone.
        """
        if isinstance(event, events.Key) and isinstance(self.focused, Input) and event.key in keys_of(self, SUSPEND):
            return
        if isinstance(event, events.Key) and event.key.startswith("alt+"):
            # Textual tells the letter as well, and whatever takes letters would take it.
            event.character = None
        if isinstance(event, events.Key) and event.is_forwarded and self._is_held(event):
            return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            if (length := len(event.text)) > (most := self._most_pasted()):
                self.notify(f"The paste has {length:,} characters, and {most:,} fit here; nothing was pasted.")
                return
            text = typeable(event.text)
            # A text area draws a tab as blanks, a line to type in would write it.
            event.text = text.replace("\t", " ") if isinstance(self.focused, Input) else text
        await super().on_event(event)

    def _is_held(self, key: events.Key) -> bool:
        """What bubbled up from a screen that a key before it left may be for the dialog that came then."""
        return isinstance(self.screen, Dialog) and self.screen.hold(key)

    def _most_pasted(self) -> float:
        """What a line or a text draws without holding up the keys; the prompt folds what is long, and has its own."""
        match self.focused:
            case Input():
                return _MOST_IN_A_LINE
            case TextArea() if not isinstance(self.focused, Prompt):
                return MOST_CHARACTERS
            case _:
                return math.inf

    def copy_to_clipboard(self, text: str) -> None:
        """All that the person copies, wherever, comes through here."""
        from punie_tui.app.tmux_clipboard import copy_in_tmux

        super().copy_to_clipboard(text)
        copy_in_tmux(self, text, self._folder)

    def action_leader(self) -> None:
        """Show what a letter does now, and do what the person chooses."""
        from punie_tui.app.offers import Offer, offers_by_letter
        from punie_tui.app.screens.leader import LeaderScreen

        def do(chosen: Offer | None) -> None:
            if chosen is not None:
                # Before the keys that were pressed behind the letter.
                self.call_next(chosen.accept)

        self.push_screen(LeaderScreen(offers_by_letter(self.screen)), do)

    def action_help_quit(self) -> None:
        """Ctrl+C where nothing is marked: in the prompt it stops what runs; else whoever wants to quit is told how."""
        main = self.screen
        if isinstance(self.focused, Prompt) and isinstance(main, MainScreen) and main.what_runs:
            # Whatever Escape would end first.
            self.call_later(main.action_stop)
        else:
            self.action_tell_how_to_quit()

    def action_tell_how_to_quit(self) -> None:
        if key := self._quit_key:
            self.notify(f"{key} quits; Esc stops a turn.", markup=False)

    @property
    def _quit_key(self) -> str:
        quits = (key for key, active in self.active_bindings.items() if active.binding.action in _QUITS)
        return key_name(key) if (key := next(quits, "")) else ""

    async def action_quit(self) -> None:
        """At once, unless something is lost: then the person is asked, but not again where the key comes again."""
        from punie_tui.app.screens.confirm import ConfirmScreen

        def answer(is_wanted: bool | None) -> None:
            if is_wanted:
                self._leave(main)

        main = self.screen_stack[0]
        lost = _lost_by_quitting(main) if isinstance(main, MainScreen) else ""
        if not lost or self.screen is self._quit_question:
            self._leave(main)
            return
        again = f" {key} again quits." if (key := self._quit_key) else ""
        self._quit_question = ConfirmScreen(f"{lost} Quit?{again}", "quit")
        self.push_screen(self._quit_question, answer)

    def _leave(self, main: Screen[object]) -> None:
        if isinstance(main, MainScreen):
            main.keep_draft()
            self.left_session = main.session if main.session and main.session.session_id else None
        self.exit()

    def action_palette(self) -> None:
        """Search all that can be done."""
        from punie_tui.app.palette_rows import ActionRows, AppRows, MainRows
        from punie_tui.app.screens.palette import Palette

        self.push_screen(Palette((ActionRows, MainRows, AppRows), placeholder="Search what can be done"))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What the app's own widgets need of themes that are not its own."""
        return own_variables(is_dark=self.current_theme.dark, colours=self._colours)

    def watch_theme(self, name: str) -> None:
        self._follow_theme(name)

    def _follow_theme(self, name: str) -> None:
        """Highlighted code gets colours that go with the theme."""
        if name in THEME_NAMES:
            set_terminal_colours(self, terminal_colours(name, self._colours))
        if self._colours == "none":
            filter_lines(self, WithoutColour(is_dark=self.current_theme.dark))

    @on(events.DescendantFocus)
    def _keep_cursor_still(self, message: events.DescendantFocus) -> None:
        if self.animation_level == "none" and isinstance(message.widget, (Input, TextArea)):
            message.widget.cursor_blink = False

    def action_settings(self, begin_at: str = "") -> None:
        """All settings, and changing them; `begin_at` names the one where the cursor begins."""
        from punie_tui.app.screens.settings import SettingsScreen

        self.push_screen(SettingsScreen(self._folder, self._flags, self._follow, begin_at))

    def _follow(self, settings: Settings) -> None:
        """What of the settings can change while the app runs."""
        if settings.theme in self.available_themes:
            self.theme = settings.theme
        self._notices.follow(settings)
        self.terminal_title.follow(settings)
        choice = KeyChoice(settings.keys, settings.key_map)
        if choice != self._key_choice:
            self._key_choice = choice
            self._load_keys()

    def on_mount(self) -> None:
        """What has to be there before the first key."""
        know_all_keys()
        follow_job_control()
        call_around_suspension(self, self.terminal_title.put_back, self.terminal_title.show_again)
        # A preset's keys do not wait for the person's own, whose check takes all actions there are.
        if self._key_choice.preset != "default":
            from punie_tui.app.key_presets import PRESETS

            self.set_keymap(PRESETS.get(self._key_choice.preset, {}))

    def on_ready(self) -> None:
        """After the first frame."""
        if self._wanted_theme not in ("", *self.available_themes):
            own = [name for name in self.available_themes if name.startswith("punie-")]
            self._tell(f"There is no theme {self._wanted_theme!r}; {self.theme} is shown. Ours: {', '.join(own)}.")
        if self._key_choice.is_default:
            self.has_keys = True
        else:
            self._load_keys()

    @work(thread=True)
    def _load_keys(self) -> None:
        """Off the UI thread: to know all keys takes all screens, which are imported for it."""
        from punie_tui.app.action_registry import actions_of_screens

        self.call_later(self._take_keys, key_map_of(self._key_choice, actions_of_screens()))

    def _take_keys(self, key_map: KeyMap) -> None:
        self.set_keymap(key_map.keys)
        self.has_keys = True
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                screen.show_session()
        for problem in key_map.problems:
            if problem not in self._told_problems:
                self._tell(problem)
        self._told_problems = key_map.problems

    def _tell(self, sentence: str) -> None:
        from punie_tools.safe_text import safe_text

        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                screen.tell_problem(safe_text(sentence, single_line=True))

    def _handle_exception(self, error: Exception) -> None:
        """A bug: its traceback goes to the log, and the person gets one line instead of Textual's page."""
        _LOG.error("the app failed", exc_info=error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        goes_on = " `punie --resume` goes on." if self._has_saved_session() else ""
        self.panic(Text(f"punie: the app ended by a bug of its own; the log holds the details.{goes_on}"))

    def _has_saved_session(self) -> bool:
        """Whatever the bug was, it is told, and nothing is promised that was not looked at."""
        with suppress(Exception):
            sessions = [screen.session for screen in self.screen_stack if isinstance(screen, MainScreen)]
            return any(session is not None and session.has_saved_events for session in sessions)
        return False


def _lost_by_quitting(main: MainScreen) -> str:
    """What the person should know before the app ends; empty where nothing is lost."""
    told = [f"{main.what_runs} is running; quitting stops it."] if main.what_runs else []
    return " ".join([*told, main.look_what_is_unsaved()]).strip()
