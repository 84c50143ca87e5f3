"""`@path` and `@symbol` in a prompt: where they stand. Light: the app looks at each key."""

from __future__ import annotations

import re
from collections.abc import Collection

# A mention begins a word. Quotes hold names with spaces; marks at the end belong to the sentence.
_MENTION = re.compile(r'(?<![^\s(\[])@(?:"[^"\n]+"|[^\s"@]+)')
_ENDINGS = ".,;:!?)]}'"
MOST_MENTIONS = 20


def mentions_in(prompt: str) -> tuple[str, ...]:
    """Each mention once, in order, with its `@`; no more than a prompt can sensibly hold."""
    names = dict.fromkeys(_without_ending(match.group()) for match in _MENTION.finditer(prompt))
    return tuple(name for name in names if len(name) > 1)[:MOST_MENTIONS]


def with_bare_names(prompt: str, mentions: Collection[str]) -> str:
    """The prompt with these mentions as plain names."""

    def spoken(match: re.Match[str]) -> str:
        mention = _without_ending(match.group())
        if mention not in mentions:
            return match.group()
        return mentioned_name(mention) + match.group()[len(mention) :]

    return _MENTION.sub(spoken, prompt)


def mention_of(name: str) -> str:
    """How a name is mentioned."""
    return f'@"{name}"' if any(letter.isspace() for letter in name) else f"@{name}"


def mentioned_name(mention: str) -> str:
    """What a mention names."""
    return mention.removeprefix("@").strip('"')


def _without_ending(mention: str) -> str:
    return mention if mention.endswith('"') else mention.rstrip(_ENDINGS)
