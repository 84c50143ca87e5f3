"""The candidates for a call's arguments: what the working tree holds, and what the conversation says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from punie_tui.engine.protocol import Message, TreeNames

MOST_SAID = 20_000

_LONGEST = 300
_WORD = re.compile(r"\S+")
_PIECE = re.compile(r"[^\s\"'`<>|*?\\(){}\[\],;=]+")
_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|'([^'\n]+)'")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PLACE = re.compile(r":.*", re.DOTALL)
_LOOKS_LIKE_PATH = re.compile(r"/|\.\w")
_AROUND = "\"'`.,;:!?()[]{}<>"


@dataclass(frozen=True)
class Candidates:
    """What arguments may name. None stands for anything, where not everything is known that they may.

    Below the folders `unread` any path may be named.
    """

    paths: Sequence[str] | None
    unread: Sequence[str]
    words: Sequence[str] | None


def find_candidates(messages: Sequence[Message], names: TreeNames) -> Candidates:
    """The tree's names and those said. Nothing is held to names of which too many are said."""
    paths, words = dict[str, None](), dict[str, None]()
    for message in messages:
        for text in _texts(message):
            paths.update(dict.fromkeys(_paths_in(text, is_persons=message.role == "user")))
            words.update(dict.fromkeys(_IDENTIFIER.findall(text)))
    return Candidates(_with_said(names.paths, paths), names.unread, _with_said(names.words, words))


def _with_said(known: Sequence[str] | None, said: Iterable[str]) -> Sequence[str] | None:
    unknown = set(said).difference(known or ())
    return None if known is None or len(unknown) > MOST_SAID else [*known, *sorted(unknown - {""})]


def _texts(message: Message) -> Iterator[str]:
    """What a message says, as it is meant: results and arguments are JSON, whose escapes are no part of a name."""
    yield from _leaves(_read(message.content)) if message.role == "tool" else (message.content,)
    yield message.attached
    for call in message.calls:
        yield from _leaves(dict(call.arguments))


def _read(content: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content


def _leaves(value: object) -> Iterator[str]:
    """Every text in a value as JSON gives it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += cast("dict[str, object]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)


def _paths_in(text: str, *, is_persons: bool) -> Iterator[str]:
    """Words that can be a path: each of a person's, because a new file may be called anything."""
    if len(text) <= _LONGEST and "\n" not in text:
        yield text
    quoted = ("".join(found.groups("")) for found in _QUOTED.finditer(text))
    words = (word.strip(_AROUND) for word in _WORD.findall(text)) if is_persons else ()
    for piece in (*quoted, *words, *_PIECE.findall(text)):
        if len(piece) <= _LONGEST and (is_persons or _LOOKS_LIKE_PATH.search(piece)):
            yield piece
            yield piece.rstrip(_AROUND)
            yield _PLACE.sub("", piece)
