"""Grammar rules for values that are held to candidates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from punie_tui.engine.argument_schema import Argument
from punie_tui.engine.candidates import Candidates
from punie_tui.engine.protocol import HeldTo

Spell = Callable[[str], str | None]
"""How a wire format writes a text inside a value; None for one that it cannot write."""

_HERE = (".", "./")


class HeldValues:
    """The terminals of one grammar that hold texts in one spelling; each is defined if something needs it."""

    def __init__(self, candidates: Candidates, spell: Spell, anything: str, prefix: str = "HELD") -> None:
        """`anything` is the regular expression of the text that may follow a folder whose content is unknown.

        The names of the terminals begin with `prefix`.
        """
        self._spell = spell
        self._anything = anything
        self._prefix = prefix
        self._candidates = candidates
        self._needed: set[HeldTo] = set()

    def terminal(self, argument: Argument) -> str | None:
        """What the argument's text, or each text of its list, is held to; None where it is free."""
        knows_paths, knows_words = self._candidates.paths is not None, self._candidates.words is not None
        known = {"path": knows_paths, "symbol": knows_words, "test": knows_paths and knows_words}
        if argument.held is None or not known.get(argument.held, False):
            return None
        self._needed.add(argument.held)
        return f"{self._prefix}_{argument.held.upper()}"

    def definitions(self) -> Iterator[str]:
        """Lark for all terminals that were asked for."""
        if self._needed & {"path", "test"}:
            yield from self._paths()
        if self._needed & {"symbol", "test"}:
            yield f"{self._prefix}_WORD: {self._alternatives(self._candidates.words or ())}"
            yield f'{self._prefix}_SYMBOL: {self._prefix}_WORD ("." {self._prefix}_WORD)*'
        if "test" in self._needed:
            node = f'{self._prefix}_PATH ("::" /{self._anything}/)?'
            yield f'{self._prefix}_TEST: "" | {node} | {self._prefix}_SYMBOL'

    def _paths(self) -> Iterator[str]:
        yield f"{self._prefix}_NAME: {self._alternatives(_with_folders(self._candidates.paths or ()))}"
        below = ""
        if unread := self._alternatives(self._candidates.unread):
            yield f"{self._prefix}_UNREAD: {unread}"
            below = f" | {self._prefix}_UNREAD /\\/{self._anything}/"
        yield f'{self._prefix}_PATH: "./"? ({self._prefix}_NAME{below})'

    def _alternatives(self, texts: Sequence[str]) -> str:
        return " | ".join(json.dumps(spelled) for text in texts if text and (spelled := self._spell(text)))


def _with_folders(paths: Sequence[str]) -> list[str]:
    """A folder may be named with a slash at its end."""
    folders = {path.rpartition("/")[0] for path in paths} - {""}
    return list(dict.fromkeys([*_HERE, *paths, *(f"{folder.rstrip('/')}/" for folder in sorted(folders))]))
