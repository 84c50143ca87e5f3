"""Where strings of several lines begin and end, line by line."""

from __future__ import annotations

import re

TRIPLE_QUOTES = ('"""', "'''")
_NEXT = re.compile(r'''#.*|(?P<quotes>"""|\'\'\')|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?''')
"""Comments and strings of one line may hold the quotes too."""
_END = {quotes: re.compile(rf"(?:\\.|[^\\])*?{quotes}") for quotes in TRIPLE_QUOTES}


def string_after(line: str, string: str) -> str:
    """The quotes of the string that the line after this one is in, empty if it is in none.

    `string` is the same of this line.
    """
    place = 0
    while True:
        found = _END[string].match(line, place) if string else _NEXT.search(line, place)
        if found is None:
            return string
        place = found.end()
        string = "" if string else found["quotes"] or ""
