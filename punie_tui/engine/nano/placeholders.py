"""The special tokens that stand for candidates: each value of a request, and of the turns before it, has one."""

from __future__ import annotations

from collections.abc import Mapping

from punie_tui.engine.nano.candidates import Candidate, CandidateKind, looks_like_path, looks_like_symbol
from punie_tui.engine.nano.catalogue import Kind
from punie_tui.engine.nano.revisions import MOST_COMMITS_BACK

PLACEHOLDERS_A_KIND = 6

_FITTING: Mapping[Kind, frozenset[CandidateKind]] = {
    Kind.PATH: frozenset(
        {CandidateKind.FILE, CandidateKind.FOLDER, CandidateKind.TEST, CandidateKind.QUOTE, CandidateKind.SYMBOL}
    ),
    Kind.TARGET: frozenset(
        {CandidateKind.FILE, CandidateKind.FOLDER, CandidateKind.TEST, CandidateKind.QUOTE, CandidateKind.SYMBOL}
    ),
    Kind.SYMBOL: frozenset({CandidateKind.SYMBOL, CandidateKind.TEST, CandidateKind.QUOTE, CandidateKind.GLOB}),
    Kind.TEXT: frozenset(CandidateKind),
    Kind.GLOB: frozenset({CandidateKind.GLOB, CandidateKind.FILE, CandidateKind.TEST, CandidateKind.QUOTE}),
    Kind.NUMBER: frozenset({CandidateKind.NUMBER}),
    Kind.FLAG: frozenset(),
    Kind.REVISION: frozenset(
        {
            CandidateKind.REVISION,
            CandidateKind.QUOTE,
            CandidateKind.FOLDER,
            CandidateKind.SYMBOL,
            CandidateKind.NUMBER,
        }
    ),
    Kind.BASE: frozenset(),
    Kind.DIRECTION: frozenset(),
    Kind.STASH_ACTION: frozenset(),
}


class Placeholders:
    """Of one request: gives them out, and knows what each stands for."""

    def __init__(self) -> None:
        self._names: dict[tuple[CandidateKind, str], str] = {}
        self._counts: dict[CandidateKind, int] = {}
        self.values: dict[str, Candidate] = {}

    def name_of(self, candidate: Candidate) -> str | None:
        """The one of a candidate, the same for the same value; None when its kind has no more."""
        key = (candidate.kind, candidate.value)
        if key not in self._names:
            count = self._counts.get(candidate.kind, 0) + 1
            if count > PLACEHOLDERS_A_KIND:
                return None
            self._counts[candidate.kind] = count
            self._names[key] = placeholder(candidate.kind, count)
            self.values[self._names[key]] = candidate
        return self._names[key]

    def fitting(self, kind: Kind) -> tuple[str, ...]:
        """Those that may stand for an argument of this kind."""
        return tuple(name for name, candidate in self.values.items() if fits(kind, candidate))


def placeholder(kind: CandidateKind, number: int) -> str:
    """The special token that stands for the n-th candidate of a kind."""
    return f"<|{kind.value}_{number}|>"


def fits(kind: Kind, candidate: Candidate) -> bool:
    """Whether a candidate may stand for an argument of this kind."""
    if candidate.kind not in _FITTING[kind]:
        return False
    if candidate.kind is CandidateKind.NUMBER and kind is Kind.REVISION:
        return int(candidate.value) <= MOST_COMMITS_BACK
    if candidate.kind is CandidateKind.QUOTE and kind in (Kind.PATH, Kind.TARGET):
        return looks_like_path(candidate.value)
    if candidate.kind is CandidateKind.QUOTE and kind is Kind.SYMBOL:
        return looks_like_symbol(candidate.value)
    if candidate.kind is CandidateKind.GLOB and kind is Kind.SYMBOL:
        return looks_like_symbol(candidate.value.strip("*"))
    if candidate.kind is CandidateKind.SYMBOL and kind is Kind.PATH:
        return "." not in candidate.value
    if candidate.kind is CandidateKind.TEST and kind is Kind.SYMBOL:
        return looks_like_symbol(candidate.value.split("::")[-1])
    if candidate.kind is CandidateKind.TEST and kind is Kind.PATH:
        file = candidate.value.partition("::")[0]
        return "/" in file or "." in file
    return True
