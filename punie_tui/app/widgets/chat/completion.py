"""What the prompt offers while the person types: one source at a time fills the popup and is told what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual.widgets import TextArea
from textual.worker import Worker

from punie_tui.app.textual_adapter import app_of, is_worker_cancelled
from punie_tui.app.widgets.chat.popup import MOST_ROWS, Choice, ChoicePopup

Location = tuple[int, int]

_STEPS = {"up": -1, "ctrl+p": -1, "down": 1, "ctrl+n": 1, "pageup": -MOST_ROWS, "pagedown": MOST_ROWS}


@dataclass(frozen=True)
class Query:
    """What stands in the prompt to be completed, and where: the choice replaces all from `start` to `end`."""

    text: str
    start: Location
    end: Location


class Source(Protocol):
    """Something to choose from."""

    @property
    def is_slow(self) -> bool:
        """Whether `choices` must not be called on the UI thread."""
        ...

    def query_in(self, area: TextArea) -> Query | None:
        """What of the text is to be completed at the cursor; None if this source has nothing to do with it."""
        ...

    def title(self, query: str) -> str:
        """What stands above the choices."""
        ...

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        """Best first; empty shows nothing but why."""
        ...

    def why_none(self, query: str) -> str:
        """A sentence for where there are no choices, safe text; empty where nothing needs to be said."""
        ...


@runtime_checkable
class SendingSource(Protocol):
    """A source of what ends a command, which may be whole without a choice."""

    def enter_sends(self, query: str, *, is_waiting: bool) -> bool:
        """Whether Enter sends what is typed as it stands, where no row was gone to."""
        ...


class Completion:
    """Follows what is typed. All methods are called on the UI thread."""

    def __init__(self, area: TextArea, end_line: Callable[[str], object]) -> None:
        """`end_line` does what a key does that ends a line or sends, where there was nothing to choose."""
        self._area = area
        self._end_line = end_line
        self._popup = ChoicePopup()
        self._sources: Sequence[Source] = ()
        self._asked: Source | None = None
        self._source: Source | None = None
        self._query: Query | None = None
        self._dismissed: Query | None = None
        self._before_asking = ""
        self._worker: Worker[None] | None = None
        self._waiting_key = ""
        self._has_moved = False

    @property
    def popup(self) -> ChoicePopup:
        return self._popup

    @property
    def is_open(self) -> bool:
        return self._source is not None

    @property
    def is_waiting(self) -> bool:
        """Whether choices are still being looked for."""
        return self._worker is not None

    def begin(self, sources: Sequence[Source]) -> None:
        """Offer these, the first ones first; the popup is put above the prompt."""
        self._sources = sources
        if not self._popup.is_attached and self._area.parent is not None:
            app_of(self._area).screen.mount(self._popup, before=self._area)

    def ask_for(self, source: Source) -> None:
        """Offer a source by the person's own key, until something is chosen or the popup is closed.

        Escape brings back what stood there: what was typed since was a search, and no prompt.
        """
        if self._asked is None:
            self._before_asking = self._area.text
        self._asked = source
        self.follow()

    def follow(self) -> None:
        """Look at the text again; called at each change of it and of the cursor."""
        sources = (self._asked,) if self._asked else self._sources
        for source in sources:
            query = source.query_in(self._area)
            if query is not None and query != self._dismissed:
                self._look(source, query)
                return
        self.close()

    def close(self) -> None:
        self._asked = self._source = self._query = None
        self._waiting_key = ""
        self._stop_looking()
        if self._popup.is_open:
            self._popup.close()

    def dismiss(self) -> None:
        """Offer nothing for what stands at the cursor now."""
        found = (source.query_in(self._area) for source in self._sources)
        self._dismissed = next((query for query in found if query), None)
        self.close()

    def take_key(self, key: str) -> bool:
        """Whether the key was for the popup, and what it asked for is done."""
        if self._source is None:
            return False
        if key in _STEPS:
            self._has_moved = True
            self._popup.move(_STEPS[key])
            return True
        match key:
            case "escape":
                self._leave()
            case "enter" if self._is_sent_as_typed:
                self.close()
                return False
            case "tab" | "enter" if self.is_waiting:
                self._waiting_key = key
            case "tab":
                self._accept()
            case "enter":
                return self._accept_or_send()
            case _:
                return False
        return True

    @property
    def _is_sent_as_typed(self) -> bool:
        source, query = self._source, self._query
        if not isinstance(source, SendingSource) or query is None or self._has_moved:
            return False
        return source.enter_sends(query.text, is_waiting=self.is_waiting)

    def _leave(self) -> None:
        was_asked = self._asked is not None
        self.close()
        if was_asked and self._area.text != self._before_asking:
            end = self._area.document.end
            self._area.replace(self._before_asking, (0, 0), end, maintain_selection_offset=False)
        self.dismiss()

    def _accept_or_send(self) -> bool:
        """Enter on what already stands there whole is no choice: the prompt is sent."""
        chosen, query = self._popup.chosen, self._query
        if chosen is None or query is None:
            return self._asked is not None
        typed = self._area.get_text_range(query.start, query.end)
        if chosen.value.rstrip() == typed.rstrip() and self._asked is None:
            self.close()
            return False
        self._accept()
        return not chosen.runs_at_once

    def _accept(self) -> None:
        chosen, query = self._popup.chosen, self._query
        if chosen is None or query is None:
            return
        self.close()
        self._area.replace(chosen.value, query.start, query.end, maintain_selection_offset=False)
        self.dismiss()

    def _look(self, source: Source, query: Query) -> None:
        if source is self._source and query == self._query:
            return
        is_new = source is not self._source
        # Who typed on has seen that the key before did nothing.
        self._waiting_key = ""
        self._source, self._query = source, query
        if not source.is_slow:
            self._show(source.choices(query.text, lambda: False))
            return
        if is_new and self._popup.is_open:
            self._popup.close()
        self._stop_looking()

        def look() -> None:
            choices = source.choices(query.text, is_worker_cancelled)
            if not is_worker_cancelled() and self._area.is_running:
                app_of(self._area).call_later(self._found, query, choices)

        self._worker = self._area.run_worker(look, thread=True, exclusive=True, group="completion")

    def _stop_looking(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def _found(self, query: Query, choices: Sequence[Choice]) -> None:
        if query != self._query or self._source is None:
            return
        self._worker = None
        self._show(choices)
        key, self._waiting_key = self._waiting_key, ""
        if key == "tab":
            self._accept()
        elif key and not self._accept_or_send():
            self._end_line(key)

    def _show(self, choices: Sequence[Choice]) -> None:
        assert self._source is not None and self._query is not None  # set by `_look`
        self._has_moved = False
        if choices or self._asked:
            self._popup.open(self._source.title(self._query.text), choices)
        elif reason := self._source.why_none(self._query.text):
            self._popup.open(reason, ())
        else:
            self._popup.close()
            self._source = None
