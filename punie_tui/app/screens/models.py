"""The models that can answer now: the embedded one, those on this disk, those of servers on this machine, any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on, work
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static

from punie_tools.errors import reason_of
from punie_tools.safe_text import safe_text
from punie_tui.app.actions import Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.keys import show_keys
from punie_tui.app.screens.left_once import Page
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline, OutlineRow
from punie_tui.engine.machine import readable_size
from punie_tui.engine.model_servers import ModelServer, local_servers
from punie_tui.engine.models import NANO, LocalModel, local_models
from punie_tui.engine.openai_engine import KEY_VARIABLE

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from punie_tui.app.widgets.trace.rows import Role

_OTHER = ""
_LOOKING = "Looking for servers on this machine …"
_NOTHING = "No server answered here on the ports {ports}, and no model was pulled (`punie models pull HUB_ID`)."
_ABOUT_NANO = "Embedded in punie: it calls tools for what you ask in plain words, and writes neither text nor code."
_ABOUT_OTHER = (
    "A directory that mlx-lm can load, a hub id ORG/NAME (`punie models pull ORG/NAME` fetches it), or the address of "
    "an OpenAI-compatible server, http://HOST:PORT/v1, with #NAME for one of its models."
)
_ABOUT_SERVER = f"A server on this machine. A key that it wants is read from {KEY_VARIABLE}, and kept nowhere."

MODELS_LIST_ACTIONS = ActionGroup(
    "The list",
    (
        Action("models.use", "enter", "choose", "let it answer from the next message on, until punie ends", "Use"),
        *movement(),
    ),
)
MODELS_OTHER_ACTIONS = ActionGroup(
    "Another model",
    (Action("models.use_other", "enter", "submit", "let it answer from the next message on", "Use"),),
)
MODELS_ACTIONS = ActionGroup(
    "Models",
    (
        Action("models.keep", "s", "keep", "use it, and write it to your settings for every start", "Use and keep"),
        Action("models.look", "r", "look", "look again for models and servers", "Look again"),
        Action("models.keys", "question_mark,f1", "help", "these keys", "Keys"),
        Action("models.leave", "escape,q", "leave", "out of the line, or back", "Back"),
    ),
    about="What can answer you: nano routes to tools, a bigger model also writes.",
)


FindServers = Callable[[Mapping[int, str]], Sequence[ModelServer]]


@dataclass(frozen=True)
class ModelChoice:
    """A model as `--model` takes it, and whether it is to be kept in the settings."""

    model: str
    is_kept: bool = False


class ModelsOutline(Outline):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (MODELS_LIST_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


class OtherModel(Input):
    """Names in the footer what Enter does here."""

    ACTIONS: ClassVar[ActionGroups] = (MODELS_OTHER_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)


@dataclass(frozen=True)
class _Listed:
    """A row: `model` as `--model` takes it, what a person calls it, what kind it is, and all about it."""

    model: str
    name: str
    kind: str
    about: str


class ModelsScreen(Page[ModelChoice]):
    """Nothing is looked for before it is shown, and no other machine is asked."""

    DEFAULT_CSS = """
    ModelsScreen > #models-told {
        height: auto; max-height: 2; padding: 0 1; background: $surface;
    }
    ModelsScreen > Outline { height: 1fr; }
    ModelsScreen > #models-about { height: auto; max-height: 6; padding: 0 1; background: $surface; }
    ModelsScreen > Input, ModelsScreen > Input:focus { display: none; height: 1; border: none; padding: 0 1; }
    ModelsScreen.-writes > Input { display: block; }
    ModelsScreen.-low KeyRow, ModelsScreen.-low > #models-about { display: none; }
    """
    ACTIONS: ClassVar[ActionGroups] = (MODELS_ACTIONS, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, current: str, ports: Mapping[int, str], find_servers: FindServers = local_servers) -> None:
        """`current` answers now. The servers are looked for on these ports."""
        super().__init__()
        self._current = current
        self._ports = ports
        self._find_servers = find_servers
        self._models: Sequence[LocalModel] = ()
        self._servers: Sequence[ModelServer] = ()
        self._listed: Mapping[str, _Listed] = {}
        self._told = ""
        self.looks_ended = 0

    def compose(self) -> ComposeResult:
        yield Static(id="models-told", markup=False)
        yield ModelsOutline(id="models-outline")
        yield Static(id="models-about", markup=False)
        yield OtherModel(placeholder="a path, a hub id, or http://HOST:PORT/v1; Enter uses it, Esc leaves it")
        yield KeyRow()

    def on_mount(self) -> None:
        self._outline.focus()
        self.action_look()

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        self._show_rows()

    @property
    def told(self) -> str:
        """What stands in the heading."""
        return self._told

    @property
    def names(self) -> list[str]:
        """What the rows call the models."""
        return [listed.name for listed in self._listed.values()]

    @property
    def _outline(self) -> Outline:
        return self.query_one(Outline)

    # Looking, off the UI thread.

    def action_look(self) -> None:
        self._tell(_LOOKING)
        self._look()

    @work(thread=True, exclusive=True, group="models")
    def _look(self) -> None:
        """The disk's models are shown at once, the servers' when all have answered or none will."""
        problem = ""
        models: Sequence[LocalModel] = ()
        try:
            models = local_models()
        except OSError as error:
            problem = f"The models on this disk cannot be listed: {reason_of(error)}."
        app_of(self).call_later(self._take_models, models)
        servers = self._find_servers(self._ports)
        app_of(self).call_later(self._take_servers, servers, problem)

    def _take_models(self, models: Sequence[LocalModel]) -> None:
        if self.is_attached:
            self._models = models
            self._show_rows()

    def _take_servers(self, servers: Sequence[ModelServer], problem: str) -> None:
        if not self.is_attached:
            return
        self._servers = servers
        self._show_rows()
        ports = ", ".join(str(port) for port in self._ports)
        has_nothing = not servers and not any(model.name != NANO for model in self._models)
        self._tell(problem or (_NOTHING.format(ports=ports) if has_nothing else ""))
        self.looks_ended += 1

    # Showing.

    def _show_rows(self) -> None:
        listed = [*(_on_disk(model) for model in self._models), *_of_servers(self._servers)]
        if self._current not in (each.model for each in listed):
            listed.insert(0, _Listed(self._current, self._current, "", "It answers now."))
        listed.append(_Listed(_OTHER, "another one …", "a path, a hub id, or a server's address", _ABOUT_OTHER))
        self._listed = {each.model: each for each in listed}
        self._outline.show([self._row(each) for each in self._listed.values()])
        self._show_about()

    def _row(self, listed: _Listed) -> OutlineRow:
        is_current = listed.model == self._current
        name = _fitted(safe_text(listed.name, single_line=True), max(self.size.width * 2 // 5, 10))
        kind = safe_text(listed.kind, single_line=True)
        role: Role = "strong" if is_current else ""
        parts: tuple[tuple[str, Role], ...] = ((name, role), (f"  {kind}", "muted"))
        return OutlineRow(listed.model, 0, parts, "answers now" if is_current else "")

    @on(Outline.Moved)
    def _show_about(self) -> None:
        row = self._outline.current
        listed = self._listed.get(row.key) if row else None
        about = Content("")
        if listed:
            name = listed.name if listed.model == _OTHER else listed.model
            about = Content.styled(safe_text(name, single_line=True), "bold")
            about += Content(f"  {safe_text(listed.about, single_line=True)}")
        self.query_one("#models-about", Static).update(about)

    def _tell(self, told: str) -> None:
        self._told = told
        text = safe_text(told or "Enter lets one answer from the next message on; s also keeps it.", single_line=True)
        self.query_one("#models-told", Static).update(Content.styled("Models", "bold") + Content(f"  {text}"))

    # What the person does.

    @on(Outline.Chosen)
    def _chosen(self, message: Outline.Chosen) -> None:
        if message.key == _OTHER:
            self.add_class("-writes")
            self.query_one(Input).focus()
        else:
            self.dismiss(ModelChoice(message.key))

    def action_keep(self) -> None:
        """Use what the cursor stands on, now and at every start."""
        row = self._outline.current
        if row and row.key != _OTHER:
            self.dismiss(ModelChoice(row.key, is_kept=True))

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if model := message.value.strip():
            self.dismiss(ModelChoice(model))

    def action_help(self) -> None:
        show_keys(self)

    def action_leave(self) -> None:
        """Out of the line, or back."""
        if self.has_class("-writes"):
            self.remove_class("-writes")
            self._outline.focus()
        else:
            self.dismiss()


def _on_disk(model: LocalModel) -> _Listed:
    if model.name == NANO:
        return _Listed(NANO, NANO, "embedded: calls tools, writes no text", _ABOUT_NANO)
    kind = f"on this disk, {readable_size(model.size)}" if model.size else "on this disk"
    return _Listed(model.name, model.name, f"{kind}: cannot be used" if model.problem else kind, model.problem or kind)


def _of_servers(servers: Sequence[ModelServer]) -> list[_Listed]:
    listed: list[_Listed] = []
    for server in servers:
        kind = f"server on port {server.port} ({server.usual})"
        names = server.models or ("a server that wants a key" if server.wants_key else "a server without a list",)
        listed += [_Listed(model, name, kind, _ABOUT_SERVER) for model, name in zip(server.choices, names, strict=True)]
    return listed


def _fitted(text: str, width: int) -> str:
    return set_cell_size(text, width) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"
