"""The codes for colours in a frame, each written once for all that follows in it.

Textual writes all of a style before each piece of text and ends it after each: where a text streams that is most of
what goes to the terminal, and over ssh most of what is waited for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_CODES = re.compile(r"\x1b\[([0-9;]*)m")
_MOVES = re.compile(r"(?:\x1b\[\d+;\d+H|\n)*")
_PARTS_OF_COLOUR = {"38": "foreground", "48": "background", "58": "underline"}
_NO_COLOUR = {"foreground": "39", "background": "49"}
_LENGTHS = {"5": 3, "2": 5}
_SWITCHES = frozenset({"1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"})

_Style = Mapping[str, str]
_PLAIN: _Style = {}


def with_fewer_codes(drawn: str) -> str:
    """The same on every terminal, in fewer bytes; as it is where it holds a code that is not known here.

    It begins and ends with no style set.
    """
    written: list[str] = []
    now = wanted = _PLAIN
    parts = _CODES.split(drawn)
    for place, part in enumerate(parts):
        if place % 2:
            style = _style_after(wanted, part)
            if style is None:
                return drawn
            wanted = style
        elif part:
            if now != wanted and not _MOVES.fullmatch(part):
                written.append(_change(now, wanted))
                now = wanted
            written.append(part)
    return "".join([*written, "\x1b[0m" if now else ""])


def _style_after(before: _Style, codes: str) -> _Style | None:
    """The style that holds after the codes; None where one of them is not known."""
    found = _style_of(codes)
    if found is None:
        return None
    ends_all, style = found
    return style if ends_all or not before else {**before, **style}


@lru_cache(maxsize=4096)
def _style_of(codes: str) -> tuple[bool, _Style] | None:
    """Whether the codes end what was set before, and what they set."""
    numbers = codes.split(";") if codes else ["0"]
    ends_all, style = False, dict[str, str]()
    place = 0
    while place < len(numbers):
        code, length = numbers[place], 1
        if code in ("", "0"):
            ends_all = True
            style.clear()
        elif code in _SWITCHES:
            style[code] = code
        elif name := _PARTS_OF_COLOUR.get(code):
            length = _LENGTHS.get(_at(numbers, place + 1), 0)
            if not length or place + length > len(numbers):
                return None
            style[name] = ";".join(numbers[place : place + length])
        elif name := _name_of_ansi(code):
            style[name] = code
        else:
            return None
        place += length
    return ends_all, style


def _at(numbers: Sequence[str], place: int) -> str:
    return numbers[place] if place < len(numbers) else ""


def _name_of_ansi(code: str) -> str:
    """Which colour one of the sixteen is, or the terminal's own."""
    if re.fullmatch(r"3[0-79]|9[0-7]", code):
        return "foreground"
    return "background" if re.fullmatch(r"4[0-79]|10[0-7]", code) else ""


def _change(now: _Style, wanted: _Style) -> str:
    """The shortest codes that lead from one style to another."""
    whole = ";".join(("0", *wanted.values())) if now else ";".join(wanted.values())
    gone = [name for name in now if name not in wanted]
    if any(name not in _NO_COLOUR for name in gone):
        return f"\x1b[{whole}m"
    changed = [value for name, value in wanted.items() if now.get(name) != value]
    step = ";".join([*changed, *(_NO_COLOUR[name] for name in gone)])
    return f"\x1b[{min(step, whole, key=len)}m"
