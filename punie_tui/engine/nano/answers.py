"""What nano says where no tool helps: one sentence a kind, kept in `answers.md`."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import Path


class AnswerKind(StrEnum):
    """Why a request gets a sentence instead of a call."""

    GREETING = "greeting"
    THANKS = "thanks"
    HELP = "help"
    ABOUT = "about"
    BEYOND = "beyond"

    @property
    def token(self) -> str:
        """The special token by which the model says it."""
        return f"<|{self.value}|>"


def answer_sentence(kind: AnswerKind, request: str) -> str:
    """The sentence for a kind; `about` looks for the tool that the request names and is `beyond` without one."""
    sentences = _sentences()
    if kind is AnswerKind.ABOUT:
        return next(
            (text for topic, text in sentences.items() if topic.startswith("about ") and _names(topic, request)),
            sentences["beyond"],
        )
    return sentences[kind.value]


def missing_tool_sentence(tool: str) -> str:
    """What is said when the fitting tool is not offered and no other can stand in."""
    return _sentences()["missing tool"].replace("TOOL", f"`{tool}`")


def _names(topic: str, request: str) -> bool:
    words = topic.removeprefix("about ").split(", ")
    return any(re.search(rf"\b{re.escape(word)}", request, re.IGNORECASE) for word in words)


@cache
def _sentences() -> dict[str, str]:
    parts = re.split(
        r"^## (.+)$", (Path(__file__).parent / "answers.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return {title.strip(): " ".join(text.split()) for title, text in zip(parts[1::2], parts[2::2], strict=True)}
