"""What the person may have meant: the likeliest replies of a model that is not sure of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from punie_tui.engine.protocol import Doubt, Engine, Request, TextDelta, ToolCall

MOST_CHOICES = 3
QUESTION = "Did you mean"
NONE_OF_THEM = "All right, none of these. Say it in other words."

AskWhich = Callable[[tuple[str, ...], Callable[[], bool]], int | None]
"""Asks the person which of the choices they meant, counted from 0; None for none of them, or when the turn ends.

Blocks; the second argument says when to give up."""


@dataclass(frozen=True)
class Meaning:
    """One reply that the model could give, and what a person reads of it."""

    label: str
    text: str
    calls: tuple[ToolCall, ...]


def meanings(
    first: Meaning, doubt: Doubt, request: Request, engine: Engine, is_cancelled: Callable[[], bool]
) -> list[Meaning]:
    """The reply and the likeliest others, each once; a reply that makes no sense, which has no label, is left out.

    Another that would only say a sentence is one of them where there would be no choice without it.
    """
    found = [first] if first.label else []
    spoken: list[Meaning] = []
    for begin in doubt.others:
        if len(found) == MOST_CHOICES or is_cancelled():
            break
        other = _meaning(engine, replace(request, begin_with=begin), is_cancelled)
        if other.label and all(other.label != meaning.label for meaning in (*found, *spoken)):
            (found if other.calls else spoken).append(other)
    return found if len(found) > 1 else [*found, *spoken][:MOST_CHOICES]


def _meaning(engine: Engine, request: Request, is_cancelled: Callable[[], bool]) -> Meaning:
    deltas = list(_greedily(engine, request, is_cancelled))
    return Meaning(
        label=next((delta.label for delta in deltas if isinstance(delta, Doubt)), ""),
        text="".join(delta.text for delta in deltas if isinstance(delta, TextDelta)),
        calls=tuple(delta for delta in deltas if isinstance(delta, ToolCall)),
    )


def _greedily(engine: Engine, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[object]:
    return engine.generate(replace(request, sampling=replace(request.sampling, temperature=0.0)), is_cancelled)
