"""What Textual leaves untyped, typed in one place."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, cast

from rich.cells import get_character_cell_size
from rich.terminal_theme import TerminalTheme
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App
from textual.binding import Keymap
from textual.command import Provider
from textual.dom import DOMNode
from textual.drivers import linux_driver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.keys import _character_to_key  # pyright: ignore[reportPrivateUsage]
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import get_current_worker  # pyright: ignore[reportUnknownVariableType]

from punie_tui.app.paste_parser import PasteParser


class _MoreKeys(Enum):
    """Keys that Textual knows by the kitty protocol alone."""

    ALT_ENTER = "alt+enter"


def know_all_keys() -> None:
    """Let what every terminal sends for Alt+Enter be that key: Textual would take it for Enter, which sends."""
    cast("dict[str, object]", ANSI_SEQUENCES_KEYS)["\x1b\r"] = (_MoreKeys.ALT_ENTER,)


def read_pastes_in_runs() -> None:
    """Before the terminal is read: Textual's driver makes its parser by this name."""
    linux_driver.XTermParser = PasteParser  # pyright: ignore[reportPrivateImportUsage]


def app_of(node: DOMNode) -> App[object]:
    """The running app; Textual types it as an app of an unknown result."""
    return node.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def keymap_of(node: DOMNode) -> Keymap:
    """The keys in force, of the actions whose keys are not the default ones; Textual can be told it, and not asked."""
    return app_of(node)._keymap  # pyright: ignore[reportPrivateUsage]


def can_do(node: DOMNode, call: str) -> bool:
    """Whether an action is there at this moment."""
    return bool(app_of(node)._check_action_state(call, node))  # pyright: ignore[reportPrivateUsage]


async def do_own_binding(widget: Widget, key: str) -> bool:
    """What the focused widget's own keys do, at once: a key that bubbles to the app is overtaken by those behind it."""
    app = app_of(widget)
    chain = widget.screen._binding_chain  # pyright: ignore[reportPrivateUsage]
    own = next((bindings.key_to_bindings.get(key, ()) for node, bindings in chain if node is widget), ())
    for binding in own:
        if not binding.priority and await app.run_action(binding.action, widget):
            return True
    return False


def screen_of(provider: Provider) -> Screen[object]:
    """The screen below the palette that asks the provider."""
    return provider.screen


def key_of_character(character: str) -> str:
    """Textual's name of the key that types a character."""
    return _character_to_key(character)


def keep_screen(app: App[object], screen: Screen[None], name: str) -> None:
    """Let a screen outlive its being left; it is pushed by its name."""
    app.install_screen(screen, name)  # pyright: ignore[reportUnknownMemberType]


def begin_with_theme(app: App[None], name: str) -> None:
    """Have a registered theme before anything is styled: set as usual, it lets Textual parse and style all twice."""
    app.set_reactive(App.theme, name)  # pyright: ignore[reportUnknownMemberType]
    app.stylesheet.set_variables(app.get_css_variables())
    is_dark = app.current_theme.dark
    app.update_classes({f"-theme-{name}": True, "-dark-mode": is_dark, "-light-mode": not is_dark}, update=False)


def set_terminal_colours(app: App[None], colours: TerminalTheme) -> None:
    """What the sixteen colours are that highlighted code names, without styling the app anew."""
    app.set_reactive(App.ansi_theme_dark, colours)  # pyright: ignore[reportUnknownMemberType]
    app.set_reactive(App.ansi_theme_light, colours)  # pyright: ignore[reportUnknownMemberType]
    app._refresh_truecolor_filter(colours)  # pyright: ignore[reportPrivateUsage]


def filter_lines(app: App[None], line_filter: LineFilter) -> None:
    """Let all that is drawn go through this filter last, in place of the one before and Textual's own for NO_COLOR."""
    filters = app._filters  # pyright: ignore[reportPrivateUsage]
    filters[:] = [
        *(each for each in filters if not isinstance(each, (Monochrome, NoColor, type(line_filter)))),
        line_filter,
    ]


def width_of(letter: str) -> int:
    """How many cells a terminal gives a character."""
    return get_character_cell_size(letter)


def hand_key(widget: Widget, key: events.Key) -> None:
    """Let a widget have a key as if it came from the terminal now."""
    widget._forward_event(events.Key(key.key, key.character))  # pyright: ignore[reportPrivateUsage]


def is_worker_cancelled() -> bool:
    """Whether the worker whose thread asks was cancelled by a newer one."""
    return get_current_worker().is_cancelled  # pyright: ignore[reportUnknownVariableType]


def call_when_theme_changes(node: Widget, callback: Callable[[], object]) -> None:
    """Call back when all is styled by another theme."""
    app_of(node).theme_changed_signal.subscribe(node, lambda _theme: callback())


def call_when_bindings_change(node: Widget, callback: Callable[[], object]) -> None:
    """Call back when the keys that work have changed, as the focus moves or a state changes."""
    node.screen.bindings_updated_signal.subscribe(node, lambda _screen: callback())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]


def write_to_terminal(app: App[Any], sequence: str) -> None:
    """Write a sequence that the screen knows nothing of; without a terminal nothing is written."""
    driver = app._driver  # pyright: ignore[reportPrivateUsage]
    if driver is not None:
        driver.write(sequence)


def can_suspend(app: App[Any]) -> bool:
    """Whether the program can be stopped, and its terminal given back to the shell."""
    driver = app._driver  # pyright: ignore[reportPrivateUsage]
    return driver is not None and driver.can_suspend


def call_around_suspension(app: App[Any], before: Callable[[], object], after: Callable[[], object]) -> None:
    """Call back when the terminal is given back to the shell, and when the app has it again."""
    app.app_suspend_signal.subscribe(app, lambda _app: before())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]
    app.app_resume_signal.subscribe(app, lambda _app: after())  # pyright: ignore[reportUnknownMemberType, reportUnknownLambdaType]


def call_on_screen(screen: Screen[None], step: Callable[[], object]) -> None:
    """From any thread: let the app do a step, unless it ended meanwhile."""
    if screen.is_running:
        app_of(screen).call_later(step)
