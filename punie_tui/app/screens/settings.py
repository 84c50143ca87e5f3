"""The settings, made from their model: each with its value, where that comes from, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from punie_tools.safe_text import safe_text
from punie_tui.agent.change_settings import change_setting
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline, OutlineRow
from punie_tui.own_files import settings_file
from punie_tui.settings import (
    AT_ONCE_FIELDS,
    SettingOrigin,
    Settings,
    SettingsError,
    choices_of,
    is_table,
    settings_and_origins,
)

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.app.widgets.trace.rows import Role

_NAME_COLUMN = 22

SETTINGS_LIST_ACTIONS = ActionGroup(
    "The list",
    (
        Action("settings.change", "enter", "choose", "change it: the next choice, or write a value", "Change"),
        *movement(),
    ),
)
SETTINGS_VALUE_ACTIONS = ActionGroup(
    "A value that is written",
    (Action("settings.save", "enter", "submit", "write it to your file", "Save"),),
)
SETTINGS_ACTIONS = ActionGroup(
    "Settings",
    (
        Action("settings.previous", "backspace", "change(-1)", "the previous choice"),
        Action("settings.reset", "d", "reset", "take it out of your file, so that its default counts", "Default"),
        Action("settings.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("settings.leave", "escape,q", "leave", "out of the value, or back", "Back"),
    ),
    about="What you can choose; a change is written to your own file at once.",
)


class SettingsOutline(Outline):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (SETTINGS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class SettingsValue(Input):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (SETTINGS_VALUE_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class SettingsScreen(Page[None]):
    """What is changed is checked, and written to the person's own file at once."""

    DEFAULT_CSS = """
    SettingsScreen > #settings-told {
        height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
    }
    SettingsScreen > Outline { height: 1fr; }
    SettingsScreen > #settings-about { height: auto; max-height: 8; padding: 0 1; background: $surface; }
    SettingsScreen > Input, SettingsScreen > Input:focus { display: none; height: 1; border: none; padding: 0 1; }
    SettingsScreen.-writes > Input { display: block; }
    SettingsScreen.-low KeyRow, SettingsScreen.-low > #settings-about { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (SETTINGS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(
        self, folder: Path, flags: Mapping[str, Any], follow: Callable[[Settings], None], begin_at: str = ""
    ) -> None:
        """`follow` is called with what the running app can follow at once; the cursor begins at `begin_at`."""
        super().__init__()
        self._folder = folder
        self._flags = flags
        self._follow = follow
        self._begin_at = begin_at
        self._settings = Settings()
        self._origins: dict[str, SettingOrigin] = {}
        self._told = ""
        self._written_to = ""
        self.reads_ended = 0

    def compose(self) -> ComposeResult:
        yield Static(id="settings-told", markup=False)
        yield SettingsOutline(id="settings-outline")
        yield Static(id="settings-about", markup=False)
        yield SettingsValue(id="settings-value", placeholder="a value; Enter keeps it, Esc leaves it as it was")
        yield KeyRow()

    def on_mount(self) -> None:
        self._outline.focus()
        self.watch(app_of(self), "theme", self._show_rows, init=False)
        self._read("")

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)

    @property
    def told(self) -> str:
        """What stands in the heading."""
        return self._told

    @property
    def _outline(self) -> Outline:
        return self.query_one(Outline)

    @property
    def setting(self) -> str:
        """The one under the cursor."""
        row = self._outline.current
        return row.key if row else next(iter(Settings.model_fields))

    # Off the UI thread: files are read and written.

    @work(thread=True, group="settings")
    def _read(self, told: str) -> None:
        try:
            settings, origins = settings_and_origins(self._folder, self._flags)
        except SettingsError as error:
            app_of(self).call_later(self._show, None, {}, told or str(error))
        else:
            app_of(self).call_later(self._show, settings, origins, told)

    @work(thread=True, group="settings")
    def _write(self, name: str, text: str | None) -> None:
        try:
            change_setting(name, text)
        except SettingsError as error:
            app_of(self).call_later(self._refused, str(error))
        else:
            app_of(self).call_later(self._written, name)

    def _written(self, name: str) -> None:
        if not self.is_attached:
            return
        self._close_value()
        self._read(f"Written to {settings_file()}: {name}." if name in AT_ONCE_FIELDS else _later(name))

    def _refused(self, problem: str) -> None:
        if not self.is_attached:
            return
        self._tell(problem)
        self.reads_ended += 1

    # Showing.

    def _show(self, settings: Settings | None, origins: dict[str, SettingOrigin], told: str) -> None:
        if not self.is_attached:
            return
        self._settings, self._origins = settings or Settings(), origins
        if settings and told:
            self._follow(settings)
        self._show_rows()
        begin_at, self._begin_at = self._begin_at, ""
        if begin_at:
            self.go_to(begin_at)
        origin = self._origin(self.setting)
        is_hidden = told and origin not in (SettingOrigin.PERSON, SettingOrigin.DEFAULT)
        self._tell(f"{told} What the {origin} says still wins." if is_hidden else told)
        self._show_about()
        self.reads_ended += 1

    def _show_rows(self) -> None:
        self._outline.show([self._row(name) for name in Settings.model_fields])

    def go_to(self, name: str) -> None:
        """Put the cursor on a setting."""
        self._outline.go_to(name)

    def _origin(self, name: str) -> SettingOrigin:
        return self._origins.get(name, SettingOrigin.DEFAULT)

    def _row(self, name: str) -> OutlineRow:
        value = safe_text(_shown(getattr(self._settings, name)), single_line=True)
        origin = self._origin(name)
        role: Role = "muted" if origin is SettingOrigin.DEFAULT else "strong"
        parts: tuple[tuple[str, Role], ...] = ((name.ljust(_NAME_COLUMN), ""), (value, role))
        if name == "theme" and (now := app_of(self).theme) != self._settings.theme:
            parts = (*parts, (f"  {now} until punie ends", ""))
        return OutlineRow(name, 0, parts, origin.value)

    @on(Outline.Moved)
    def _moved(self) -> None:
        self._tell("")
        self._show_about()

    def _show_about(self) -> None:
        name = self.setting
        field = Settings.model_fields[name]
        choices = choices_of(name)
        parts = [
            " ".join((field.description or "").split()),
            f"One of: {', '.join(choices)}." if choices else "",
            "Counts at once." if name in AT_ONCE_FIELDS else "Counts from the next start.",
        ]
        about = Content.styled(name, "bold") + Content("  " + "  ".join(part for part in parts if part))
        self.query_one("#settings-about", Static).update(about)

    def _tell(self, told: str) -> None:
        self._told = told
        text = safe_text(told or f"in {settings_file()}", single_line=True)
        self.query_one("#settings-told", Static).update(Content.styled("Settings", "bold") + Content(f"  {text}"))

    # What the person does.

    @on(Outline.Chosen)
    def _chosen(self, _message: Outline.Chosen) -> None:
        self.action_change()

    def action_change(self, step: int = 1) -> None:
        """The next choice; a value that is written gets a line to write it in."""
        name = self.setting
        choices = self._choices(name)
        now = _shown(getattr(self._settings, name))
        if is_table(name):
            self._tell(f"{name} is a table: write it in {settings_file()}.")
        elif choices:
            place = choices.index(now) if now in choices else -step
            self._write(name, choices[(place + step) % len(choices)])
        elif step > 0:
            self._written_to = name
            self.add_class("-writes")
            box = self.query_one(Input)
            box.value = now
            box.focus()

    def _choices(self, name: str) -> tuple[str, ...]:
        return tuple(app_of(self).available_themes) if name == "theme" else choices_of(name)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._write(self._written_to, message.value.strip())

    def action_reset(self) -> None:
        self._write(self.setting, None)

    def action_help(self) -> None:
        show_keys(self)

    def action_leave(self) -> None:
        """Out of the value, or back."""
        if self.has_class("-writes"):
            self._close_value()
        else:
            self.dismiss()

    def _close_value(self) -> None:
        self.remove_class("-writes")
        self._outline.focus()


def _later(name: str) -> str:
    return f"Written to {settings_file()}: {name}; it counts from the next start."


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{len(cast('dict[str, object]', value))} keys" if value else "none"
    return str(value)
