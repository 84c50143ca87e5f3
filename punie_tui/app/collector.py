"""When Python looks for garbage: between the turns. In the midst of one a full look would hold up keys for frames."""

from __future__ import annotations

import gc

_NEVER = 1_000_000
_LOOKS_BEFORE_ALL = 20


class Collector:
    """Young objects are looked at as always. What outlives a look between turns is not looked at again soon."""

    def __init__(self) -> None:
        self._looks = 0

    def begin(self) -> None:
        """After the first frame, before which nothing is garbage."""
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _NEVER)
        gc.freeze()
        gc.enable()

    def keep(self) -> None:
        """All that there is now will stay."""
        gc.freeze()

    def look(self) -> None:
        """While nobody waits: it takes as long as what came since the last one is large."""
        self._looks += 1
        if self._looks % _LOOKS_BEFORE_ALL == 0:
            # What stood on the screen in an earlier look and was closed since.
            gc.unfreeze()
        gc.collect()
        gc.freeze()
