"""The one gate through which text from files, tools and models reaches a terminal."""

from __future__ import annotations

import re

# C0 without tab and newline, DEL, C1, the bidirectional overrides and isolates, the line and paragraph
# separators, the byte-order mark, and lone surrogates (undecodable bytes): all can move, hide or forge what is shown.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def safe_text(text: str, *, single_line: bool = False) -> str:
    """The text with every control character made visible (`\\x1b` becomes `␛`), so that nothing executes.

    Tabs and newlines are kept, carriage returns before a newline dropped; with `single_line` newlines become `␊`,
    for names and messages that must stay on their row.
    """
    shown = _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))
    return shown.replace("\n", "␊").replace("\t", "␉") if single_line else shown


def whole_characters(text: str) -> str:
    """The text with a mark in the place of each half of a surrogate pair, which no encoding can write.

    pyright cuts long literals in the middle of one, and the halves stand for undecodable bytes of a command line.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
