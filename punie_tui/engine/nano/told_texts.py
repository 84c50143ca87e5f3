"""Pieces of a request that belong together whatever words and marks they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A wish that follows, or courtesy: neither is part of a message.
_AFTER = "|".join(
    (
        r"\s*[,;.]?\s+(?:and\s+)?(?:then|after that|afterwards|also)\b",
        r"\s*[,.]?\s+and\s+(?:push|run|show|lint|format|check|tell)\b",
        r"\s*[,.!]?\s*\(?\b(?:please|pls|plz|thanks|thx|thank you|cheers)\b",
        r"[.!]?\s*$",
    )
)
_CONVENTIONAL = r"(?:build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(?:\([^()\n]+\))?!?: "
_MESSAGE = re.compile(
    r"\bcommit\b[^:\"'`\n]{0,40}?"
    rf"(?:with (?:the |a )?(?:commit )?message:?\s+|\b(?:message|msg)\s*[:=]\s*|:\s+(?={_CONVENTIONAL})"
    rf"|->\s+(?={_CONVENTIONAL})|\u2192\s+(?={_CONVENTIONAL}))(?P<text>[^\s\"'`].*?)(?={_AFTER})",
    re.IGNORECASE,
)
_LONGEST_WISH = 300
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def commit_messages(text: str) -> Iterator[tuple[int, int]]:
    """Where an unquoted message of a commit begins and ends; one of a word is left to the model."""
    for match in _MESSAGE.finditer(text):
        start, end = match.span("text")
        if re.search(r"\s", text[start:end]):
            yield start, end


def wish_beside(text: str) -> str:
    """The short paragraph before or after what was pasted or piped in, or the first line; empty where there is none."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    ends = (paragraphs[0], paragraphs[-1]) if len(paragraphs) > 1 else text.strip().splitlines()[:1]
    return next((part for part in ends if len(part) <= _LONGEST_WISH and part != text.strip()), "")


def with_closing_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """The same piece of the text with the brackets that close right behind it what opened in it, and the reverse."""
    missing: list[str] = []
    for letter in text[start:end]:
        if letter in _CLOSING:
            missing.append(_CLOSING[letter])
        elif missing and missing[-1] == letter:
            missing.pop()
        elif letter in _CLOSING.values() and start and _CLOSING.get(text[start - 1]) == letter:
            start -= 1
    while missing and text[end : end + 1] == missing[-1]:
        missing.pop()
        end += 1
    return start, end
