"""When something was, also for a clock that is set back afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

_MOST_DRIFT_SECONDS = 1.0
"""What a clock that is only kept true may have been moved by."""


@dataclass(frozen=True)
class Moment:
    """Now, unless it is said. `ticks` are those of a clock that is never set."""

    at: float = field(default_factory=time.time)
    ticks: float = field(default_factory=time.monotonic)

    @property
    def earliest(self) -> float:
        """The time that nothing which was written since is older than.

        Where the clock was set back it may be that of something older, too.
        """
        by_clock_of_now = time.time() - (time.monotonic() - self.ticks)
        return by_clock_of_now if by_clock_of_now < self.at - _MOST_DRIFT_SECONDS else self.at
