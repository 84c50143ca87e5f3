"""A request as nano reads it, with placeholders for candidates, and the way back from a choice to a value."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword
from typing import cast

from punie_tui.engine.nano.candidates import (
    FUNCTION_WORDS,
    NO_SYMBOLS,
    Candidate,
    CandidateKind,
    PathExists,
    find_candidates,
)
from punie_tui.engine.nano.catalogue import CONSTANTS, Kind
from punie_tui.engine.nano.placeholders import Placeholders
from punie_tui.engine.nano.revisions import commits_back, parent_of, with_one_step
from punie_tui.engine.nano.shown_turns import TurnWriter
from punie_tui.engine.nano.told_texts import with_closing_brackets
from punie_tui.engine.nano.wire_format import BETWEEN, PLACE, REPEATED, Call, names_called

_ITEMS_READ = 160
_SPAN_ITEMS = 40
_TURNS_KEPT = 2
_ITEM = re.compile(r"[^\W\d_]+(?:['\u2019](?!s\b)[^\W\d_]+)?|['\u2019]s\b|\d+(?:\.\d+)*|\S")
_WORD = re.compile(r"[^\W\d_]+$")
_JOINED = re.compile(r"(?<!\S)(?=\S*[^\W\d_])\w(?:[\w.+-]*\w)?(?=[.,;:?!)]*(?:\s|$))")

_READ_INTO = frozenset({CandidateKind.GLOB, CandidateKind.NUMBER, CandidateKind.FILE, CandidateKind.REVISION})
_SPANS = frozenset({Kind.TEXT})
_WORDS = frozenset({Kind.PATH, Kind.TARGET, Kind.SYMBOL, Kind.GLOB, Kind.REVISION})
_NAMES = frozenset({Kind.SYMBOL, Kind.REVISION})
BEFORE = " before"
"""After a placeholder of a revision: the commit before it."""
_PATHS = frozenset({Kind.PATH, Kind.TARGET})
_LIKE_FILES = frozenset({CandidateKind.FILE, CandidateKind.FOLDER, CandidateKind.QUOTE})
_TEST_PARTS: Mapping[Kind, int] = {Kind.PATH: 0, Kind.SYMBOL: -1}
"""What of `file::class::test` is meant where a path or a symbol is wanted."""
_PARTS = re.compile(r"<\|\w+\|>|\s[^\s<]+")

Value = str | int | bool | list[str]
"""What an argument may be given."""


@dataclass(frozen=True)
class _Item:
    """A word, a mark or a placeholder, and where it stands in the request."""

    shown: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.shown.startswith(" ") and bool(_WORD.match(self.shown[1:]))

    @property
    def is_function_word(self) -> bool:
        return self.shown[1:] in FUNCTION_WORDS

    @property
    def may_stand_alone(self) -> bool:
        """Whether it is a text by itself: of the function words only those that are Python's too, as `or` is."""
        return not self.is_function_word or iskeyword(self.shown[1:])


@dataclass(frozen=True)
class SpanItem:
    """An item of free text. `goes_on` tells that the next one belongs to the same word: `57`, `a`, `6`."""

    shown: str
    goes_on: bool
    may_stand_alone: bool


class RequestView:
    """One request and the calls before it. `choices` are what the model may write, values what they stand for."""

    def __init__(
        self,
        request: str,
        history: Sequence[Sequence[Call]],
        path_exists: PathExists,
        path_meant: Callable[[str], str | None] = lambda _path: None,
    ) -> None:
        """`path_meant` gives the path that one which does not exist can only mean; `is_cut` tells of a long request."""
        self._request = request
        self._path_exists = path_exists
        self._path_meant = path_meant
        self._placeholders = Placeholders()
        self._values = self._placeholders.values
        writer = TurnWriter(self._placeholders, path_exists)
        self._history = "".join(writer.turn(turn) for turn in history[-_TURNS_KEPT:] if turn)
        self.called_before = tuple(name for turn in history[-1:] for call in turn for name in names_called(*call))
        items = list(self._show_request(find_candidates(request, path_exists)))
        self.is_cut = len(items) > _ITEMS_READ
        self._items = items[:_ITEMS_READ]

    @property
    def request(self) -> str:
        """As the person wrote it."""
        return self._request

    @property
    def prompt(self) -> str:
        """What the model reads, up to where its reply begins."""
        return f"{self._history}<|im_start|>user{self.shown}<|im_end|><|im_start|>assistant"

    @property
    def shown(self) -> str:
        """The request alone, as the model reads it."""
        return "".join(item.shown for item in self._items)

    def path_exists(self, path: str) -> bool:
        """Whether the working tree has it."""
        return self._path_exists(path)

    def placeholders(self, kind: Kind) -> tuple[str, ...]:
        """The placeholders that may stand for an argument of this kind."""
        return self._placeholders.fitting(kind)

    def words(self, kind: Kind) -> tuple[str, ...]:
        """What of the request may be copied for it: `src`, `main`, for some also `sprint-11`; no word such as `how`."""
        return tuple(self._words_for(kind))

    def items(self, kind: Kind) -> tuple[SpanItem, ...]:
        """The items of which runs may stand for it; empty for kinds that take no free text."""
        return tuple(self._span_items) if kind in _SPANS else ()

    @cached_property
    def _span_items(self) -> list[SpanItem]:
        nexts = (*self._items[1:], None) if self._items else ()
        return [
            SpanItem(item.shown, bool(following and self._is_one_word(item, following)), item.may_stand_alone)
            for item, following in zip(self._items, nexts, strict=True)
        ]

    def value(self, kind: Kind, choice: str) -> Value | None:
        """What a choice stands for, as the tool wants it; None when it stands for nothing."""
        if kind in REPEATED:
            return self._list(kind, choice.split(BETWEEN))
        match kind:
            case Kind.FLAG:
                return True
            case Kind.PATHS:
                paths = [self._text(Kind.PATH, part) for part in _PARTS.findall(choice)]
                known = [path for path in paths if path is not None]
                return known if known and len(known) == len(paths) else None
            case Kind.WORDS:
                return _words_of(self._text(Kind.TEXT, choice) or "") or None
            case Kind.BASE:
                return self._base(choice)
            case Kind.TARGET if len(parts := _PARTS.findall(choice)) == 2:
                file, test = (self._text(kind, part) for part in parts)
                return f"{file.partition('::')[0]}::{test}" if file and test else None
            case _:
                text = self._text(kind, choice)
                return int(text) if text and kind is Kind.NUMBER else text

    def may_be_file(self, choice: str) -> bool:
        """Whether a choice of a path stands for one that is there, or is at least written as paths are."""
        found = self._values.get(choice)
        path = self._text(Kind.PATH, choice)
        if path is None or self._path_exists(path) or self._path_meant(path):
            return path is not None
        return found is not None and (found.kind in _LIKE_FILES or "/" in path or path.endswith(".py"))

    def in_tree(self, kind: Kind, value: Value) -> Value:
        """The same value with the paths that its paths can only mean: `src/shop/cart.py` for `cart.py`."""
        match value:
            case list() if kind is Kind.PATHS:
                return [self._in_tree(path) for path in value]
            case list() if kind is Kind.PLACES:
                return [self._place_in_tree(each) for each in value]
            case str() if kind is Kind.PATH:
                return self._in_tree(value)
            case str() if kind is Kind.TARGET and ("." in value or "/" in value):
                file, colons, test = value.partition("::")
                return f"{self._in_tree(file)}{colons}{test}"
            case _:
                return value

    def _place_in_tree(self, place: str) -> str:
        match = PLACE.match(place)
        return f"{self._in_tree(match['path'])}:{match['line']}" if match else place

    def _in_tree(self, path: str) -> str:
        return path if self._path_exists(path) else self._path_meant(path) or path

    def _list(self, kind: Kind, choices: Sequence[str]) -> Value | None:
        items = [self._place(choice) if kind is Kind.PLACES else self._text(Kind.TEXT, choice) for choice in choices]
        known = [item for item in items if item]
        return known if len(known) == len(items) else None

    def _base(self, choice: str) -> str | None:
        if whole := self._text(Kind.REVISION, choice):
            return whole
        cuts = (match.start() for match in _PARTS.finditer(choice) if match.start())
        pairs = ((self._text(Kind.REVISION, choice[:cut]), self._text(Kind.REVISION, choice[cut:])) for cut in cuts)
        ends = ((left, right) for left, right in pairs if left and right and ".." not in left + right)
        return next((f"{left}..{right}" for left, right in ends), None)

    def _place(self, choice: str) -> str | None:
        parts = _PARTS.findall(choice)
        if len(parts) == 1:
            return self._text(Kind.SYMBOL, choice)
        path, line = self._text(Kind.PATH, parts[0]), self._text(Kind.NUMBER, parts[-1])
        return f"{path}:{line}" if path and line else None

    def choice(self, kind: Kind, value: object) -> str | None:
        """The choice that stands for a value: the training label; None when the view cannot say it."""
        match kind, value:
            case Kind.FLAG, _:
                return " true"
            case Kind.PATHS, list():
                choices = [self._choice(Kind.PATH, str(path)) for path in cast("list[object]", value)]
                return None if None in choices else "".join(filter(None, choices))
            case Kind.WORDS, list():
                words = [str(item) for item in cast("list[object]", value)]
                return self._choice(Kind.TEXT, " ".join(words)) or self._choice(Kind.TEXT, shlex.join(words))
            case ((Kind.PLACES | Kind.TEXTS), list()):
                items = [str(item) for item in cast("list[object]", value)]
                choices = [
                    self._place_choice(item) if kind is Kind.PLACES else self._choice(Kind.TEXT, item) for item in items
                ]
                return None if None in choices or not choices else BETWEEN.join(filter(None, choices))
            case Kind.BASE, str(base):
                return self._choice(Kind.REVISION, base) or self._two_revisions(base)
            case Kind.TARGET, str(target):
                return self._choice(kind, target) or self._test_in_file(target)
            case _:
                return self._choice(kind, str(value))

    def _place_choice(self, place: str) -> str | None:
        match = PLACE.match(place)
        if match is None:
            return self._choice(Kind.SYMBOL, place)
        path, line = self._choice(Kind.PATH, match["path"]), self._choice(Kind.NUMBER, match["line"])
        return path + line if path and line else None

    def _two_revisions(self, base: str) -> str | None:
        left, _, right = base.partition("..")
        choices = [self._choice(Kind.REVISION, each) for each in (left, right) if each]
        return "".join(filter(None, choices)) if len(choices) == 2 and None not in choices else None

    def _test_in_file(self, target: str) -> str | None:
        """The choice of a test and its file, which a request names apart; another test of the file tells it too."""
        file, _, test = target.partition("::")
        known = (name for name, each in self._values.items() if each.value.partition("::")[0] == file)
        places = [self._choice(Kind.TARGET, file) or next(known, None), self._choice(Kind.TARGET, test)]
        return "".join(place for place in places if place) if all(places) else None

    def _text(self, kind: Kind, choice: str) -> str | None:
        if choice.strip() in CONSTANTS.get(kind, ()):
            return choice.strip()
        if choice in self._values:
            return self._candidate_value(kind, self._values[choice])
        if kind in _SPANS:
            span = self._spans.get(choice)
            return self._request[slice(*with_closing_brackets(self._request, *span))] if span else None
        if kind is Kind.REVISION and choice in self.revisions_before:
            return self.revisions_before[choice]
        return self._words_for(kind).get(choice)

    @cached_property
    def revisions_before(self) -> Mapping[str, str]:
        """The choices that stand for the commit before one that the request or a turn before it names."""
        return {
            name + BEFORE: parent_of(candidate.value)
            for name, candidate in self._values.items()
            if candidate.kind is CandidateKind.REVISION and ".." not in candidate.value
        }

    def _choice(self, kind: Kind, value: str) -> str | None:
        for name in self.placeholders(kind):
            text = self._candidate_value(kind, self._values[name])
            if text == value or (kind in _PATHS and text.rstrip("/") == value.rstrip("/")):
                return name
        if kind is Kind.REVISION and (before := self._choice_of_parent(value)):
            return before
        if found := next((shown for shown, text in self._copies(kind) if text == value), None):
            return found
        return f" {value}" if value in CONSTANTS.get(kind, ()) else None

    def _choice_of_parent(self, revision: str) -> str | None:
        wanted = with_one_step(revision)
        return next((choice for choice, parent in self.revisions_before.items() if parent == wanted), None)

    def _copies(self, kind: Kind) -> Iterator[tuple[str, str]]:
        """What a reply may copy from the request, and how the person wrote it."""
        if kind in _SPANS:
            yield from ((shown, self._request[start:end]) for shown, (start, end) in self._spans.items())
        yield from self._words_for(kind).items()

    def _is_one_word(self, item: _Item, following: _Item) -> bool:
        """Whether nothing, not even a mark, stands between two parts of a word."""
        is_plain = not item.shown.startswith("<|") and not following.shown.startswith("<|")
        ends = self._request[item.end - 1], self._request[following.start]
        return is_plain and item.end == following.start and all(letter.isalnum() for letter in ends)

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """What the grammar lets a reply copy, and where the person wrote it."""
        found: dict[str, tuple[int, int]] = {}
        for first, item in enumerate(self._items):
            if first and self._span_items[first - 1].goes_on:
                continue
            shown = ""
            for place, last in enumerate(self._items[first : first + _SPAN_ITEMS], first):
                shown += last.shown
                if not self._span_items[place].goes_on and (place > first or item.may_stand_alone):
                    found.setdefault(shown, (item.start, last.end))
        return found

    @cached_property
    def _words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for item in self._items:
            if item.is_word and not item.is_function_word:
                found.setdefault(item.shown, self._request[item.start : item.end])
        return found

    @cached_property
    def _joined_words(self) -> dict[str, str]:
        """What stands between two blanks and has several parts, as names of branches do: `sprint-11`, `2fa`."""
        found: dict[str, str] = {}
        for match in _JOINED.finditer(self._request):
            parts = [item for item in self._items if match.start() <= item.start and item.end <= match.end()]
            is_whole = sum(item.end - item.start for item in parts) == match.end() - match.start()
            if is_whole and len(parts) > 1 and not any(item.shown.startswith("<|") for item in parts):
                found.setdefault("".join(item.shown for item in parts), match.group())
        return found

    def _words_for(self, kind: Kind) -> Mapping[str, str]:
        if kind not in _WORDS:
            return {}
        found = {**self._words, **self._joined_words} if kind in _NAMES else self._words
        if kind is Kind.SYMBOL:
            return {shown: word for shown, word in found.items() if word.lower() not in NO_SYMBOLS}
        if kind is Kind.REVISION:
            return {shown: word for shown, word in found.items() if shown != BEFORE}
        return found

    def _candidate_value(self, kind: Kind, candidate: Candidate) -> str:
        """Free text takes what the person wrote, not what it stands for: "three" and not 3."""
        if kind is Kind.TEXT and candidate.kind in _READ_INTO and candidate.end:
            return self._request[candidate.start : candidate.end].strip("`")
        if kind is Kind.REVISION and candidate.kind is CandidateKind.NUMBER:
            return commits_back(candidate.value)
        if candidate.kind is CandidateKind.TEST and kind in _TEST_PARTS:
            return candidate.value.split("::")[_TEST_PARTS[kind]]
        if candidate.kind is CandidateKind.GLOB and kind is Kind.SYMBOL:
            return candidate.value.strip("*")
        return candidate.value

    def _show_request(self, candidates: Sequence[Candidate]) -> Iterator[_Item]:
        place = 0
        for candidate in candidates:
            if name := self._placeholders.name_of(candidate):
                yield from self._plain(place, candidate.start)
                yield _Item(name, candidate.start, candidate.end)
                place = candidate.end
        yield from self._plain(place, len(self._request))

    def _plain(self, start: int, end: int) -> Iterator[_Item]:
        for match in _ITEM.finditer(self._request, start, end):
            word = match.group().lower().replace("\u2019", "'")
            yield _Item(f" {word.replace(chr(39), '') or word}", match.start(), match.end())


def _words_of(text: str) -> list[str]:
    """As a shell takes a command line apart; at the blanks where its quotes do not fit."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
