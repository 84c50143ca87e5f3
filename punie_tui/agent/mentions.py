"""`@path`, `@symbol` and `@diff:staged` in a prompt: where they stand. Light: the app looks at each key."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, cast

# A mention begins a word. Quotes hold names with spaces; marks at the end belong to the sentence. `re` compiles it when
# it is first used, after the first frame.
_MENTION = r'(?<![^\s(\[])@(?:"[^"\n]+"|[^\s"@]+)'
_ENDINGS = ".,;:!?)]}'"
MOST_MENTIONS = 20

ResultKind = Literal["types", "lint", "failed", "diff"]
"""What stands before the colon where no file or symbol is mentioned."""
ALL = "all"
TREE = "tree"
STAGED = "staged"

_RESULT = r"(?s)(types|lint|failed|diff):(.+)"
_SPOKEN_WHOLE = {
    f"types:{ALL}": "the type errors",
    f"lint:{ALL}": "the lint findings",
    f"failed:{ALL}": "the failing tests",
    f"diff:{TREE}": "the changes that are not staged",
    f"diff:{STAGED}": "the staged changes",
}
_SPOKEN: dict[ResultKind, str] = {
    "types": "the type errors in",
    "lint": "the lint findings in",
    "failed": "the failing test",
    "diff": "the changes of",
}


def mentions_in(prompt: str) -> tuple[str, ...]:
    """Each mention once, in order, with its `@`; no more than a prompt can sensibly hold."""
    names = dict.fromkeys(_without_ending(match.group()) for match in re.finditer(_MENTION, prompt))
    return tuple(name for name in names if len(name) > 1)[:MOST_MENTIONS]


def with_bare_names(prompt: str, mentions: Collection[str]) -> str:
    """The prompt with these mentions in plain words."""

    def spoken(match: re.Match[str]) -> str:
        mention = _without_ending(match.group())
        if mention not in mentions:
            return match.group()
        return _spoken(mentioned_name(mention)) + match.group()[len(mention) :]

    return re.sub(_MENTION, spoken, prompt)


def mention_of(name: str) -> str:
    """How a name is mentioned; in quotes where the mention would end before the name does."""
    needs_quotes = "@" in name or name[-1:] in _ENDINGS or any(letter.isspace() for letter in name)
    return f'@"{name}"' if needs_quotes else f"@{name}"


def mentioned_name(mention: str) -> str:
    """What a mention names."""
    return mention.removeprefix("@").strip('"')


def named_result(name: str) -> tuple[ResultKind, str] | None:
    """The kind and what it is of, where a name begins as no file does: `diff:staged`, `types:src/app.py`.

    A file whose name begins like that is mentioned as `./diff:staged`.
    """
    match = re.fullmatch(_RESULT, name)
    return (cast("ResultKind", match[1]), match[2]) if match else None


def _spoken(name: str) -> str:
    named = named_result(name)
    if named is None:
        return name
    kind, of = named
    return _SPOKEN_WHOLE.get(name) or f"{_SPOKEN[kind]} {of}"


def _without_ending(mention: str) -> str:
    return mention if mention.endswith('"') else mention.rstrip(_ENDINGS)
