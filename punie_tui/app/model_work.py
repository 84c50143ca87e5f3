"""Another model for this session: it is chosen on a screen, opened off the UI thread, and answers from then on."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from punie_tui.app.textual_adapter import app_of
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.session import Session
    from punie_tui.app.outbox import Outbox
    from punie_tui.app.screens.models import ModelChoice
    from punie_tui.app.turn_runner import TurnRunner

_LOG = logging.getLogger(__name__)
_VARIABLE = "PUNIE_MODEL"


class _Outcome(NamedTuple):
    """Whether another model answers now, and the sentence on it: safe text."""

    is_changed: bool
    told: str


class ModelWork:
    """Of one screen. No turn runs while a model is opened, and messages wait for it."""

    def __init__(
        self,
        screen: Screen[None],
        outbox: Outbox,
        runner: TurnRunner,
        note: Callable[[str], None],
        ended: Callable[[], None],
        ports: Mapping[int, str] | None,
    ) -> None:
        """`ended` is called when an attempt has ended, well or not. `ports` are where servers are looked for."""
        self._screen = screen
        self._outbox = outbox
        self._runner = runner
        self._note = note
        self._ended = ended
        self._ports = ports

    def show(self, session: Session) -> None:
        """What can answer, to choose from."""
        from punie_tui.app.screens.models import ModelsScreen
        from punie_tui.engine.model_servers import USUAL_PORTS

        def chosen(choice: ModelChoice | None) -> None:
            if choice is not None:
                self.change(choice)

        ports = USUAL_PORTS if self._ports is None else self._ports
        app_of(self._screen).push_screen(ModelsScreen(session.model, ports), chosen)

    def change(self, choice: ModelChoice) -> None:
        """Let it answer, after the turn that runs and the messages that wait."""
        from punie_tools.safe_text import safe_text

        if self._outbox.is_turn_running:
            self._note(f"A turn is running; {safe_text(choice.model, single_line=True)} is opened when it has ended.")
        self._outbox.do_after_messages(f"/model {choice.model}", lambda: self._open(choice))

    def _open(self, choice: ModelChoice) -> None:
        go_on = self._outbox.pause()
        self._screen.query_one(StatusLine).show_activity(f"opening {choice.model}", "opening a model", is_busy=True)

        def ended(outcome: _Outcome) -> None:
            if outcome.is_changed:
                self._screen.query_one(StatusLine).forget_usage()
            self._ended()
            self._note(outcome.told)
            go_on()

        self._runner.do(lambda session: _outcome(session, choice), ended)


def _outcome(session: Session, choice: ModelChoice) -> _Outcome:
    """On the turn thread."""
    from punie_tools.safe_text import safe_text
    from punie_tui.agent.change_model import change_model
    from punie_tui.engine.protocol import EngineError

    before = session.engine.model_name
    # What is on a disk stays as it is; at an address another model may be by now.
    is_there = choice.model == session.model and "://" not in choice.model
    try:
        if not is_there:
            change_model(session, choice.model)
    except EngineError as error:
        problem = str(error)
    except (OSError, ValueError, RuntimeError) as error:
        # As a path that no system takes, or an address that is none, raises.
        problem = f"{choice.model} cannot be opened: {error}."
    except Exception:
        _LOG.exception("%s cannot be opened", choice.model)
        problem = f"{choice.model} cannot be opened, by a bug of punie's own; the log holds the details."
    else:
        when = "already" if is_there else "from the next message on"
        told = safe_text(f"{session.engine.model_name} answers {when}{_kept(choice)}", single_line=True)
        session.keep_act(told)
        return _Outcome(not is_there, told)
    return _Outcome(False, safe_text(f"{before} answers as before: {problem}", single_line=True))


def _kept(choice: ModelChoice) -> str:
    """The end of a sentence: for how long it answers."""
    from punie_tui.agent.change_settings import change_setting
    from punie_tui.settings import SettingsError

    if not choice.is_kept:
        return ", until punie ends; s in /model keeps it for every start."
    try:
        change_setting("model", choice.model)
    except SettingsError as error:
        return f", but it could not be kept: {error}"
    hidden = f", though {_VARIABLE} still wins" if os.environ.get(_VARIABLE) else ""
    return f", and at every start{hidden}."
