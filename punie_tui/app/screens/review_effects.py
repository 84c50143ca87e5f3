"""What a proposal does, looked at on a thread of its own while the person reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from punie_tools.changes.review_lines import place_of
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tui.app.screens.review_tests import MOST_NOTES_AT_A_PLACE, notes_on_tests, test_fails
from punie_tui.app.widgets.review.rows import Note

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tools.changes.change_set import FileChange
    from punie_tools.changes.review import HunkPlace, Review
    from punie_tools.effects.effects import EffectFinder
    from punie_tools.effects.hunk_tests import FileTests
    from punie_tools.effects.placing import PlacedFinding

_SECONDS_BEFORE_A_LOOK = 0.3


class EffectWatch:
    """Tells a screen, by messages, what the hunks that are not rejected do. A new look ends the one before it."""

    @dataclass
    class Told(Message):
        """One line for the person: what is being done, or what was found."""

        text: str

    @dataclass
    class Found(Message):
        """What stands beside the hunks once the screen has taken it."""

        findings: Sequence[PlacedFinding]
        tests: Sequence[FileTests]

    @dataclass
    class Chosen(Message):
        """The green hunks."""

        places: frozenset[HunkPlace]

    def __init__(self, screen: Screen[bool], review: Review, finder: EffectFinder) -> None:
        self._screen = screen
        self._review = review
        self._finder = finder
        self._cancelled = threading.Event()
        self._looked_at: list[FileChange] | None = None
        self._found: EffectWatch.Found | None = None

    def take(self, found: Found) -> None:
        """Let this be what the notes tell."""
        self._found = found

    @property
    def notes(self) -> list[Note] | None:
        """What was found last, beside the hunks as they are cut now; None where nothing was looked at yet."""
        found = self._found
        return None if found is None else _notes(self._review, found.findings, found.tests)

    def look(self) -> None:
        """Look at what would stand if all that is undecided were accepted, unless that was seen last."""
        review = copy(self._review)
        kept = frozenset(place for place in review.places if review.hunk(place).verdict != "rejected")
        changes = review.changes_with(kept)
        if changes == self._looked_at:
            return
        self._looked_at = changes

        def find(cancelled: threading.Event) -> None:
            if cancelled.wait(_SECONDS_BEFORE_A_LOOK):
                return
            # Imported when it is needed: the language server's types take long.
            from punie_tools.effects.hunk_tests import reaching_tests
            from punie_tools.effects.placing import placed

            effect = self._finder.effect_of(changes, cancelled, lambda text: self._tell(f"{text} …", cancelled))
            self._post(self.Found(placed(review, effect, kept), reaching_tests(review, effect, kept)), cancelled)
            self._tell(effect.summary, cancelled)

        self._begin(find)

    def run_green_gate(self) -> None:
        """Find the hunks that leave types and tests no worse; any decision meanwhile ends it."""
        review = copy(self._review)

        def gate(cancelled: threading.Event) -> None:
            from punie_tools.effects.green_gate import green_hunks

            told: Callable[[str], None] = lambda text: self._tell(f"green gate: {text} …", cancelled)  # noqa: E731
            places = green_hunks(review, self._finder, cancelled, told)
            self._post(self.Chosen(places), cancelled)

        self._looked_at = None
        self._begin(gate)

    def close(self) -> None:
        """End the look; what it started is cleared away on a thread, which may take a moment."""
        self._cancelled.set()
        threading.Thread(target=self._finder.close, name="review-close").start()

    def _begin(self, work: Callable[[threading.Event], None]) -> None:
        self._cancelled.set()
        self._cancelled = cancelled = threading.Event()

        def guarded() -> None:
            try:
                work(cancelled)
            except ToolCancelledError:
                pass
            except (ToolError, OSError) as error:
                self._tell(f"Not tried: {error}", cancelled)

        self._screen.run_worker(guarded, thread=True, group="effects")

    def _tell(self, text: str, cancelled: threading.Event) -> None:
        self._post(self.Told(text), cancelled)

    def _post(self, message: Message, cancelled: threading.Event) -> None:
        if not cancelled.is_set() and self._screen.is_running:
            self._screen.post_message(message)


def _notes(review: Review, found: Sequence[PlacedFinding], tests: Sequence[FileTests]) -> list[Note]:
    """At each place the first ones, what is worse before what is better, and then what became of its tests."""
    at_places: dict[HunkPlace | None, list[PlacedFinding]] = {}
    told = {test.finding for of_file in tests for test in of_file.tests if test.finding}
    for each in found:
        if each.finding not in told:
            at_places.setdefault(place_of(review, each.line) if each.line else None, []).append(each)
    notes: list[Note] = []
    for place, here in at_places.items():
        notes += [_note(each, place) for each in here[:MOST_NOTES_AT_A_PLACE]]
        if (more := len(here) - MOST_NOTES_AT_A_PLACE) > 0:
            is_worse = any(not each.is_cured for each in here[MOST_NOTES_AT_A_PLACE:])
            notes.append(Note(place, f"and {more} more", is_worse=is_worse))
    return [*notes, *(note for of_file in tests for note in notes_on_tests(review, of_file))]


def _note(each: PlacedFinding, place: HunkPlace | None) -> Note:
    found = each.finding
    first_line = found.message.split("\n", 1)[0]
    if found.kind == "tests":
        text = f"{found.code} passes now" if each.is_cured else test_fails(found)
    else:
        where = "" if place else f"{found.file}:{found.line} "
        what = "gone" if each.is_cured else "new"
        text = f"{what}: {where}{first_line}{f' ({found.code})' if found.code else ''}"
    return Note(place, text, is_worse=not each.is_cured)
