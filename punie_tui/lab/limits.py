"""Which values the settings of a training run may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`words` finish the sentence "It must be …"."""

    words: str
    allow: Callable[[float], bool]


COUNT = Limits("at least 1", lambda value: value >= 1)
POSITIVE = Limits("above 0", lambda value: value > 0)
NOT_NEGATIVE = Limits("at least 0", lambda value: value >= 0)
SHARE = Limits("from 0 to 1", lambda value: 0 <= value <= 1)
PART = Limits("at least 0 and below 1", lambda value: 0 <= value < 1)
SEED = Limits(f"from 0 to {2**32 - 1}", lambda value: 0 <= value < 2**32)
EITHER = Limits("0 or 1", lambda value: value in (0, 1))
LAYERS = Limits("at least 1, or -1 for all", lambda value: value >= 1 or value == -1)
