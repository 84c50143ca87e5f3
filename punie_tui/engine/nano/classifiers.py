"""What a request asks for, read off its words alone: two linear classifiers beside the transformer.

One says which tool comes first, or that an answer does; the other which program, where one is written. They count
words, runs of up to three words and pieces of words, each in one of a fixed number of buckets, and know nothing of
their order beyond that. They err elsewhere than the transformer does, so their likelihoods multiply.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

from punie_tui.engine.mlx_adapter import weighted_sums
from punie_tui.engine.nano.array_file import ArrayFile, StoredRows
from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.wire_format import write_call
from punie_tui.engine.prompt_format import Tokenizer

_WORD = re.compile(r"<\|\w+\|>|[^\s<]+")
_LONGEST_RUN = 3
_PIECES = range(2, 6)
_LEAST_LIKELIHOOD = 1e-9
# Both have read the same words, and what both know would count twice.
_FIRST_WEIGHT = 0.8
_PROGRAM_WEIGHT = 0.8

FILE_NAME = "classifiers.npz"
ANSWER_CHOICE = "answer"


@dataclass(frozen=True)
class Classifier:
    """`weights` holds a row for each bucket and a column for each choice, `idf` how telling a bucket is."""

    choices: Sequence[str]
    weights: StoredRows
    scale: Sequence[float]
    """What one step of a choice's weights is worth."""
    offset: Sequence[float]
    idf: Sequence[float]

    def log_likelihoods(self, shown: str, before: Sequence[str]) -> Mapping[str, float]:
        """Of each choice, for a request as the model reads it and the names of what the turn before called."""
        places, values = weigh(count_features(shown, before, len(self.idf)), self.idf)
        sums = weighted_sums(values, memoryview(self.weights.at(places)), len(self.choices))
        scores = [value * step + offset for value, step, offset in zip(sums, self.scale, self.offset, strict=True)]
        likeliest = max(scores)
        likelihoods = [math.exp(score - likeliest) for score in scores]
        whole = sum(likelihoods)
        return {
            choice: math.log(likelihood / whole + _LEAST_LIKELIHOOD)
            for choice, likelihood in zip(self.choices, likelihoods, strict=True)
        }


@dataclass(frozen=True)
class Classifiers:
    """`first_action` chooses among the tools and ANSWER_CHOICE, `program` among the programs."""

    first_action: Classifier
    program: Classifier | None = None


def load_classifiers(directory: Path) -> Classifiers | None:
    """Those beside a model's weights; None where there are none."""
    path = directory / FILE_NAME
    if not path.is_file():
        return None
    arrays = ArrayFile(path)
    found = {
        name: Classifier(
            arrays.texts(f"{name}.choices"),
            arrays.rows(f"{name}.weights"),
            arrays.numbers(f"{name}.scale"),
            arrays.numbers(f"{name}.offset"),
            arrays.numbers(f"{name}.idf"),
        )
        for name in ("first_action", "program")
        if f"{name}.choices" in arrays
    }
    return Classifiers(found["first_action"], found.get("program"))


class ReplyBiases:
    """What the classifiers add to a model's logits, for every request of one tokenizer."""

    def __init__(self, classifiers: Classifiers | None, tokenizer: Tokenizer) -> None:
        self.classifiers = classifiers
        self.tokenizer = tokenizer

    def of(self, view: RequestView) -> ReplyBias:
        """For one request."""
        return ReplyBias(self, view)

    @cached_property
    def programs_after(self) -> Mapping[tuple[int, ...], Mapping[int, frozenset[str]]]:
        """After the tokens of a reply so far, which programs each next token leaves."""
        found: dict[tuple[int, ...], dict[int, set[str]]] = {}
        for name in PROGRAMS:
            written = write_call("execute_code", {"code": f" {name}"})
            tokens = self.tokenizer.encode(written[: written.index("</parameter>") + len("</parameter>")])
            for place, token in enumerate(tokens):
                found.setdefault(tuple(tokens[:place]), {}).setdefault(token, set()).add(name)
        return {
            before: {token: frozenset(names) for token, names in following.items()}
            for before, following in found.items()
            if len(following) > 1
        }


class ReplyBias:
    """What the classifiers add to the logits of one reply: call or answer, then which tool, then which program."""

    def __init__(self, biases: ReplyBiases, view: RequestView) -> None:
        self._biases = biases
        self._view = view
        tokenizer = biases.tokenizer
        self._call = tokenizer.token_id("<tool_call>")
        self._by_token: dict[int, float] = {}
        self._first: dict[int, float] = {}
        answer = tokenizer.token_id("<|answer|>")
        if biases.classifiers is None or self._call is None or answer is None:
            return
        likelihoods = biases.classifiers.first_action.log_likelihoods(view.shown, view.called_before)
        # A tool that the classifier never met is as unlikely as one that it rules out.
        least = math.log(_LEAST_LIKELIHOOD)
        for tool in (*CATALOGUE, "execute_code"):
            if (token := tokenizer.token_id(f"<function={tool}>")) is not None:
                self._by_token[token] = _FIRST_WEIGHT * likelihoods.get(tool, least)
        answers = math.exp(likelihoods.get(ANSWER_CHOICE, least))
        self._first = {
            answer: _FIRST_WEIGHT * math.log(answers + _LEAST_LIKELIHOOD),
            self._call: _FIRST_WEIGHT * math.log(max(1 - answers, 0) + _LEAST_LIKELIHOOD),
        }

    def after(self, written: Sequence[int]) -> Mapping[int, float]:
        """For the token after those of the reply so far."""
        if not written:
            return self._first
        if list(written) == [self._call]:
            return self._by_token
        return self._of_programs(tuple(written))

    def _of_programs(self, written: tuple[int, ...]) -> Mapping[int, float]:
        following = self._biases.programs_after.get(written)
        if not following or not self._programs:
            return {}
        shares = {token: sum(self._programs.get(name, 0.0) for name in names) for token, names in following.items()}
        found = {token: _PROGRAM_WEIGHT * math.log(share + _LEAST_LIKELIHOOD) for token, share in shares.items()}
        # Above nothing: a name that is spelled with other tokens than these must not gain by it.
        least = min(found.values())
        return {token: value - least for token, value in found.items()}

    @cached_property
    def _programs(self) -> Mapping[str, float]:
        classifier = self._biases.classifiers and self._biases.classifiers.program
        if not classifier:
            return {}
        found = classifier.log_likelihoods(self._view.shown, self._view.called_before)
        return {name: math.exp(value) for name, value in found.items()}


def count_features(shown: str, before: Sequence[str], buckets: int) -> Mapping[int, int]:
    """How often each bucket occurs. One hash for training and use."""
    return Counter(crc32(feature.encode()) % buckets for feature in _features(shown, before))


def weigh(counts: Mapping[int, int], idf: Sequence[float]) -> tuple[list[int], list[float]]:
    """The buckets and their values: the logarithm of the count times how telling it is, to the length of one."""
    values = [(1 + math.log(count)) * idf[place] for place, count in counts.items()]
    length = max(math.hypot(*values), 1e-9)
    return list(counts), [value / length for value in values]


def _features(shown: str, before: Sequence[str]) -> Iterator[str]:
    words = _WORD.findall(shown.lower())
    for length in range(1, _LONGEST_RUN + 1):
        for start in range(len(words) - length + 1):
            yield "w " + " ".join(words[start : start + length])
    for word in words:
        if not word.startswith("<|"):
            padded = f" {word} "
            for length in _PIECES:
                yield from ("p " + padded[start : start + length] for start in range(len(padded) - length + 1))
    for name in before:
        yield f"b {name}"
        yield from (f"b {name} {word}" for word in words)
