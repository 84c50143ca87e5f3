"""What a terminal makes of a frame: each letter with the style that holds there, and the moves of the cursor."""

from __future__ import annotations

import re

_STEPS = re.compile(r"\x1b\[([0-9;]*)m|(\x1b\[\d+;\d+H)|(.)", re.DOTALL)
_LENGTHS = {"5": 3, "2": 5}
_KINDS = {"3": "foreground", "9": "foreground", "4": "background", "10": "background"}


def letters(drawn: str) -> list[tuple[str, frozenset[tuple[str, str]]]]:
    """Read as the standard says, code by code; a move that nothing follows counts for nothing."""
    found: list[tuple[str, frozenset[tuple[str, str]]]] = []
    style: dict[str, str] = {}
    for codes, move, letter in _STEPS.findall(drawn):
        if move:
            if found and found[-1][0].startswith("\x1b"):
                found.pop()
            found.append((move, frozenset()))
        elif letter:
            # The end of a line shows no style.
            found.append((letter, frozenset(style.items() if letter != "\n" else ())))
        else:
            _apply(codes.split(";"), style)
    return found


def _apply(codes: list[str], style: dict[str, str]) -> None:
    while codes:
        code = codes.pop(0)
        if code in ("", "0"):
            style.clear()
        elif code in ("38", "48"):
            rest = [codes.pop(0) for _ in range(_LENGTHS[codes[0]] - 1)]
            style["foreground" if code == "38" else "background"] = ";".join(rest)
        elif code in ("39", "49"):
            style.pop("foreground" if code == "39" else "background", None)
        elif len(code) > 1:
            style[_KINDS[code[:-1]]] = code
        else:
            style[code] = code
