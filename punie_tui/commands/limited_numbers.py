"""Numbers on the command line that are refused, with what they may be, before anything begins."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from punie_tui.lab.limits import Limits


def limited(kind: type, limits: Limits) -> Callable[[str], int | float]:
    """For `type=` of an option whose numbers are of this kind, int or float."""

    def read(text: str) -> int | float:
        try:
            value = int(text) if kind is int else float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no {'whole ' * (kind is int)}number") from None
        if not math.isfinite(value) or not limits.allow(value):
            raise argparse.ArgumentTypeError(f"it must be {limits.words}, not {text}")
        return value

    return read
