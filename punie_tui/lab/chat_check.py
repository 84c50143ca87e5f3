"""The checks of chat examples: of `punie lab data chat`, of a person's own sessions, or written by others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from punie_tui.engine.protocol import Message
from punie_tui.lab.chat_data import ChatExample
from punie_tui.lab.data_check import (
    Fault,
    Line,
    as_text,
    find_copies,
    find_leaks,
    lines_of_validation,
    normalised,
    requests_of,
)

_WORDS = "words"


def find_chat_faults(
    training: Sequence[ChatExample], validation: Sequence[ChatExample], evaluations: Mapping[str, Sequence[str]]
) -> list[Fault]:
    """Copies and leaks. `evaluations` are the prompts of each evaluation file."""
    trained, validated = [*map(_as_line, training)], [*map(_as_line, validation)]
    evaluated = requests_of(evaluations)
    return [
        *find_copies(trained, validated),
        *find_leaks([*_all_said(training)], [*_requests(validated), *evaluated]),
        *find_leaks([*_all_said(validation)], evaluated),
    ]


def count_replies(examples: Iterable[ChatExample]) -> Counter[str]:
    """How many replies call each tool; `answer` counts those that call none and follow no result."""
    counts: Counter[str] = Counter()
    for example in examples:
        counts.update({call.tool for call in example.messages[-1].calls})
        counts["answer"] += not example.messages[-1].calls and example.messages[-2].role != "tool"
    return +counts


def find_scarce_tools(counts: Mapping[str, int], at_least: int) -> list[Fault]:
    """What the data speaks of, but less often than that."""
    return [
        Fault(name, f"{count} examples, fewer than {at_least}")
        for name, count in sorted(counts.items())
        if count < at_least
    ]


def _as_line(example: ChatExample) -> Line:
    """Results and words of the model are left aside: they follow from what was asked and called."""
    *given, reply = example.messages
    place = max((place for place, message in enumerate(given) if message.role == "user"), default=0)
    before = [_outline(message) for message in (*given[:place], Message("user", ""), *given[place + 1 :])]
    return Line(
        given[place].content,
        as_text([[(call.tool, call.arguments) for call in reply.calls]]) if reply.calls else _WORDS,
        json.dumps([text for text in before if text is not None]),
        example.source,
    )


def _outline(message: Message) -> str | None:
    if message.role == "user":
        return normalised(message.content)
    if message.calls:
        return as_text([[(call.tool, call.arguments) for call in message.calls]])
    return None


def _requests(lines: Iterable[Line]) -> Iterator[tuple[str, str]]:
    """Each once: the replies to one request are as many lines."""
    known: set[str] = set()
    for named, prompt in lines_of_validation(lines):
        if prompt not in known:
            known.add(prompt)
            yield named, prompt


def _all_said(examples: Iterable[ChatExample]) -> Iterator[Line]:
    """All words of the person, those of earlier turns too: a trainer that masks no prompt learns them as well."""
    for example in examples:
        for text in dict.fromkeys(message.content for message in example.messages if message.role == "user"):
            yield Line(text, "", "", example.source)
