"""A call of the trace run again as the person's own, beside whatever turn runs, off the UI thread, and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from punie_tui.app.textual_adapter import app_of, call_on_screen

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.events import Event, ToolRequested
    from punie_tui.agent.session import Session


class Reruns:
    """One at a time. `show` gets the call's events, `changed` is called when a call begins and ends.

    `note` shows a sentence.
    """

    def __init__(
        self,
        screen: Screen[None],
        session: Session,
        show: Callable[[Event], None],
        changed: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._screen = screen
        self._session = session
        self._show = show
        self._changed = changed
        self._note = note
        self._cancelled: threading.Event | None = None

    @property
    def is_running(self) -> bool:
        return self._cancelled is not None

    def ask(self, tool: str, arguments: Mapping[str, Any]) -> None:
        """Let the person change the arguments, then run it."""
        from punie_tools.errors import ToolError
        from punie_tools.registry import find_tool
        from punie_tools.safe_text import safe_text
        from punie_tui.app.screens.arguments import ArgumentsScreen

        def run(changed: dict[str, Any] | None) -> None:
            if changed is not None:
                self._run(tool, changed)

        if self.is_running:
            self._note("A call of yours runs; Esc stops it.")
            return
        try:
            found = find_tool(tool)
        except ToolError as error:
            self._note(safe_text(str(error), single_line=True))
        else:
            app_of(self._screen).push_screen(ArgumentsScreen(found, arguments), run)

    def _run(self, tool: str, arguments: Mapping[str, Any]) -> None:
        from punie_tui.agent.person_calls import CallWatch

        self._cancelled = cancelled = threading.Event()
        screen, session_id = self._screen, self._session.session_id
        requested: list[ToolRequested] = []

        def take(event: Event) -> None:
            call_on_screen(screen, lambda: self._show(event))
            if event.kind == "tool_requested" and event.parent_call_id is None:
                requested.append(event)
            elif event.kind == "tool_finished" or event.kind == "tool_failed" or event.kind == "tool_denied":
                # The person may have gone on with another session meanwhile; one without an id begins with its turn.
                is_same = session_id in ("", self._session.session_id)
                for call in requested:
                    if is_same and call.call_id == event.call_id:
                        self._session.keep_person_call(call, event)

        def work() -> None:
            self._session.person_calls.run(tool, arguments, CallWatch(cancelled, on_event=take))
            call_on_screen(screen, self._end)

        screen.run_worker(work, thread=True, group="rerun")
        self._changed()

    def stop(self) -> None:
        """End it with all that it started."""
        if self._cancelled is not None:
            self._cancelled.set()

    def _end(self) -> None:
        self._cancelled = None
        self._changed()
