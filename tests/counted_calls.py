"""How much work something takes, counted and not timed, so that a busy machine says the same as an idle one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls_made_by(work: Callable[[], object]) -> int:
    """How many functions of Python begin while the work is done."""
    count = 0

    def note(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal count
        count += what == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
