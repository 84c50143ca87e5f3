"""Which hunks of a proposal leave types and tests no worse."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import HunkPlace, Review
from punie_tools.effects.effects import EffectFinder

MOST_HUNKS = 60


def green_hunks(
    review: Review, finder: EffectFinder, cancelled: Event, told: Callable[[str], None]
) -> frozenset[HunkPlace]:
    """Of those that are not rejected. All at once if they are green together, else one after the other, in two rounds.

    A hunk counts as green if the tree is no worse with it than with the green ones before it; so one that needs a
    later one is tried again after that. Raises what `EffectFinder.effect_of` raises.
    """
    places = [place for place in review.places if review.hunk(place).verdict != "rejected"]
    if not places or _is_green(review, finder, frozenset(places), cancelled, told):
        return frozenset(places)
    green: frozenset[HunkPlace] = frozenset()
    for _ in range(2):
        before = green
        for number, place in enumerate(places[:MOST_HUNKS], start=1):
            if place not in green:
                step = f"hunk {number} of {len(places)}: "
                if _is_green(review, finder, green | {place}, cancelled, lambda text, step=step: told(step + text)):
                    green |= {place}
        if green == before or len(green) == len(places):
            break
    return green


def _is_green(
    review: Review, finder: EffectFinder, places: frozenset[HunkPlace], cancelled: Event, told: Callable[[str], None]
) -> bool:
    changes: list[FileChange] = review.changes_with(places)
    return finder.effect_of(changes, cancelled, told).is_no_worse
