"""What comes first, read off the words alone: a linear classifier beside the transformer.

It counts words, runs of up to three words and pieces of words, each in one of a fixed number of buckets, and knows
nothing of their order beyond that. It errs elsewhere than the transformer does, so their likelihoods multiply.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.prompt_format import Tokenizer

_WORD = re.compile(r"<\|\w+\|>|[^\s<]+")
_LONGEST_RUN = 3
_PIECES = range(2, 6)
_LEAST_LIKELIHOOD = 1e-9
# Both have read the same words, and what both know would count twice.
_WEIGHT = 0.8

FILE_NAME = "first_action.npz"
ANSWER_ACTION = "answer"


@dataclass(frozen=True)
class FirstAction:
    """`weights` holds a row for each bucket and a column for each action, `idf` how telling a bucket is.

    An action is the name of a tool, or ANSWER.
    """

    actions: Sequence[str]
    weights: npt.NDArray[np.float16]
    offset: npt.NDArray[np.float32]
    idf: npt.NDArray[np.float32]

    def log_likelihoods(self, shown: str, before: Sequence[str]) -> Mapping[str, float]:
        """Of each action, for a request as the model reads it and the tools of the turn before."""
        places, values = weigh(count_features(shown, before, len(self.idf)), self.idf)
        scores = values @ self.weights[places].astype(np.float32) + self.offset
        scores -= scores.max()
        likelihoods = np.exp(scores) / np.exp(scores).sum()
        return {
            action: math.log(float(likelihood) + _LEAST_LIKELIHOOD)
            for action, likelihood in zip(self.actions, likelihoods, strict=True)
        }


def load_first_action(directory: Path) -> FirstAction | None:
    """The one beside a model's weights; None where there is none."""
    path = directory / FILE_NAME
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        actions = [str(action) for action in arrays["actions"]]
        return FirstAction(actions, arrays["weights"], arrays["offset"], arrays["idf"])


def save_first_action(found: FirstAction, directory: Path) -> None:
    """Replaces an older one in one move."""
    unfinished = directory / f"partial-{FILE_NAME}"
    np.savez(unfinished, actions=np.array(found.actions), weights=found.weights, offset=found.offset, idf=found.idf)
    unfinished.replace(directory / FILE_NAME)


class FirstTokenBias:
    """What the classifier adds to the logits of a reply's first two tokens: call or answer, and then which tool."""

    def __init__(self, first_action: FirstAction | None, tokenizer: Tokenizer, view: RequestView) -> None:
        self._call = tokenizer.token_id("<tool_call>")
        self._by_token: dict[int, float] = {}
        self._first: dict[int, float] = {}
        answer = tokenizer.token_id("<|answer|>")
        if first_action is None or self._call is None or answer is None:
            return
        likelihoods = first_action.log_likelihoods(view.shown, view.tools_before)
        # A tool that the classifier never met is as unlikely as one that it rules out.
        least = math.log(_LEAST_LIKELIHOOD)
        for tool in (*CATALOGUE, "execute_code"):
            if (token := tokenizer.token_id(f"<function={tool}>")) is not None:
                self._by_token[token] = _WEIGHT * likelihoods.get(tool, least)
        answers = math.exp(likelihoods.get(ANSWER_ACTION, least))
        self._first = {
            answer: _WEIGHT * math.log(answers + _LEAST_LIKELIHOOD),
            self._call: _WEIGHT * math.log(max(1 - answers, 0) + _LEAST_LIKELIHOOD),
        }

    def after(self, written: Sequence[int]) -> Mapping[int, float]:
        """For the token after those of the reply so far."""
        if not written:
            return self._first
        return self._by_token if list(written) == [self._call] else {}


def count_features(shown: str, before: Sequence[str], buckets: int) -> Mapping[int, int]:
    """How often each bucket occurs. One hash for training and use."""
    return Counter(crc32(feature.encode()) % buckets for feature in _features(shown, before))


def weigh(
    counts: Mapping[int, int], idf: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The buckets and their values: the logarithm of the count times how telling it is, to the length of one."""
    places = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
    values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * idf[places]
    return places, values / max(float(np.linalg.norm(values)), 1e-9)


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
    for tool in before:
        yield f"b {tool}"
        yield from (f"b {tool} {word}" for word in words)
