"""What a person may have said to get the calls of an earlier turn: follow-ups are written without it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from punie_tui.lab.phrasings import SLOT, LabelledCall, Phrasing

_TRIES = 8
_Shape = tuple[tuple[str, str, tuple[str, ...]], ...]


class EarlierWords:
    """Finds phrasings that want the same calls, and says them with the values of a turn."""

    def __init__(self, phrasings: Iterable[Phrasing]) -> None:
        self._known: dict[_Shape, list[Phrasing]] = defaultdict(list)
        for phrasing in phrasings:
            if phrasing.calls and not phrasing.history:
                self._known[_shape(phrasing.calls)].append(phrasing)

    def of(self, turn: Sequence[LabelledCall], values: Mapping[str, str], rng: random.Random) -> Iterator[str]:
        """Some requests for these calls, in random order; `values` are those of the slots in them."""
        known = self._known.get(_shape(turn), [])
        for phrasing in rng.sample(known, min(_TRIES, len(known))):
            bound = _bound(phrasing.calls, turn)
            if bound is not None and phrasing.slots <= set(bound):
                yield SLOT.sub(lambda match, to=bound: _filled(to[match.group()], values), phrasing.prompt)


def _shape(calls: Sequence[LabelledCall]) -> _Shape:
    return tuple((tool, arguments.get("program", ""), tuple(sorted(arguments))) for tool, arguments in calls)


def _bound(calls: Sequence[LabelledCall], wanted: Sequence[LabelledCall]) -> dict[str, str] | None:
    """What each slot of the calls has to be to make them the wanted ones; None where nothing does."""
    bound: dict[str, str] = {}
    for (_, arguments), (_, others) in zip(calls, wanted, strict=True):
        for name, value in arguments.items():
            if SLOT.fullmatch(value) and bound.setdefault(value, others[name]) == others[name]:
                continue
            if value != others[name] or SLOT.search(value):
                return None
    return bound


def _filled(text: str, values: Mapping[str, str]) -> str:
    return SLOT.sub(lambda match: values[match.group()], text)
