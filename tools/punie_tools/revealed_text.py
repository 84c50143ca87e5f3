"""What a person decides about, shown so that nothing in it hides, moves or passes for something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category

from punie_tools.safe_text import safe_text

# Letters and selectors that draw nothing although their category does not say so.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
# Cyrillic and Greek letters drawn like a Latin one; they count only in a word that has Latin letters too.
_LIKE_LATIN = frozenset(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bd\u03bf\u03c1"
)
_LATIN = re.compile(r"[A-Za-z]")
# Format and private characters, unassigned ones, and every blank but the space.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
# Blanks at the end of a line, and a run of them inside one that would push its end out of sight. A line that is one
# blank is an empty line of a diff.
_BLANKS = re.compile(r"(?m)(?<=[^\s])[ ]+$|^[ ]{2,}$|(?<=\S)[ ]{16,}(?=\S)")
_WORD = re.compile(r"\w+")
_UNUSUAL = re.compile(r"[^ -~\n]")


@dataclass(frozen=True)
class RevealedText:
    """`marks` are the places in `text`, from and to, where a mark stands for what would not have been seen."""

    text: str
    marks: tuple[tuple[int, int], ...]


def reveal(text: str) -> RevealedText:
    """The whole text, with what could deceive made visible.

    That is: escapes, bidirectional and zero-width characters, blanks of other kinds, tabs, trailing blanks, blanks that
    would push a line's end out of sight, and letters of another script inside a Latin word.
    """
    hidden = {match.start() for match in _UNUSUAL.finditer(text) if _is_hidden(match.group())}
    hidden |= {place for match in _BLANKS.finditer(text) for place in range(*match.span())}
    if not text.isascii():
        hidden |= {place for match in _WORD.finditer(text) for place in _disguised(match)}
    parts: list[str] = []
    marks: list[tuple[int, int]] = []
    copied = length = 0
    for place in sorted(hidden):
        mark = _mark(text[place])
        parts += (text[copied:place], mark)
        length += place - copied + len(mark)
        marks.append((length - len(mark), length))
        copied = place + 1
    return RevealedText("".join(parts) + text[copied:], tuple(marks))


def revealed_text(text: str) -> str:
    """The text alone of what `reveal` gives."""
    return reveal(text).text


def _disguised(word: re.Match[str]) -> list[int]:
    letters = word.group()
    if letters.isascii() or not _LATIN.search(letters):
        return []
    return [word.start() + offset for offset, letter in enumerate(letters) if letter in _LIKE_LATIN]


def _is_hidden(letter: str) -> bool:
    return letter in _INVISIBLE or category(letter) in _HIDDEN_CATEGORIES


def _mark(letter: str) -> str:
    if letter == " ":
        return "␠"
    if letter in "\t\r":
        return "␉" if letter == "\t" else "␍"
    safe = safe_text(letter)
    if safe != letter:
        return safe
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
