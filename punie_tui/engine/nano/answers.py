"""What nano says where no tool helps: one sentence a kind, kept in `answers.md`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

BEFORE_VERBS = "please|pls|can you|could you|would you|now|then|ok|okay|and|just|i want to|i need to|let's|lets"
"""What a wish may begin with before it says what it wants."""
_UNDO = re.compile(
    rf"\W*(?:(?:{BEFORE_VERBS})\s+)*(?:undo|revert|take back|roll back)"
    r"(?:\s+(?:that|it|this|(?:the|my|your)?\s*(?:last|latest)?\s*(?:edits?|changes?|turn)))?(?:\s+(?:again|please|pls))?\W*$",
    re.IGNORECASE,
)

_UNDO_EDIT = re.compile(
    rf"\W*(?:(?:{BEFORE_VERBS})\s+)*(?:undo|revert|take back|roll back)\s+"
    r"(?:(?:the|my|your|that|this|last|latest|lint|quick)\s+)*"
    r"(?:renam(?:e|ing)|fix(?:es)?|(?:re)?format(?:ting)?|replace(?:ment)?s?|refactoring|code action)\b",
    re.IGNORECASE,
)
"""Of edits by what they were, whatever came between: no call takes them back, and `undo` is no name."""

_HANDED_OVER = re.compile(r"\W*fix (?:the failing tests?\b|what (?:ruff|pyright) finds at\b)", re.IGNORECASE)
"""What the app asks where a person hands a failure or a finding to the model; people write it too."""

_QUIT = re.compile(
    r"\W*(?:how (?:do|can|could|should|would) (?:i|you|we|one)|how to|i want to|i'd like to|let me)\s+"
    r"(?:quit|exit|leave|close|get out(?: of)?|log ?out(?: of)?)"
    r"(?:\s+(?:punie|this|it|here|(?:the|this) (?:app|program|session|tool|thing)|from here|again|now|please))*\W*$",
    re.IGNORECASE,
)

_ANSWER_TO_NOTHING = re.compile(r"\W*(?:\w|yes|no|yep|nope|ok(?:ay)?\W*\?)\W*$", re.IGNORECASE)
"""What answers a question, where none is open: nothing is to be routed."""

_ABOUT_THIS = re.compile(
    rf"\W*(?:(?:{BEFORE_VERBS}|so|hey|hm+)\W+)*(?:what(?:'s|\u2019s|s| is| are)|what do(?:es)?|explain)\s+(?:all\s+)?"
    r"(?:this|these)(?:\s+(?:mean|say|tell(?: me)?|here|about|log|logs|output|text|paste|traceback|stack ?trace))*"
    r"(?:\s+(?:please|pls))?\W*$",
    re.IGNORECASE,
)
"""A wish for words about what was pasted, or what lies before the person: no tool reads that."""

_LAST_LATIN = "\u024f"


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


_LABELS = {
    AnswerKind.GREETING: "just hello",
    AnswerKind.THANKS: "nothing more, thanks",
    AnswerKind.HELP: "what can you do?",
    AnswerKind.ABOUT: "what is that tool for?",
    AnswerKind.BEYOND: "how do I do it myself?",
}


def answer_sentence(kind: AnswerKind, request: str) -> str:
    """The sentence for a kind; `about` looks for the tool that the request names and is `beyond` without one."""
    sentences = _sentences()
    if _is_of_another_script(request):
        return sentences["other script"]
    for words, heading in ((_QUIT, "quit"), (_ANSWER_TO_NOTHING, "no question")):
        if words.match(request):
            return sentences[heading]
    if kind is AnswerKind.ABOUT:
        return _first(sentences, "about ", lambda word: rf"\b{word}", request)
    if kind is AnswerKind.BEYOND:
        return _first(sentences, "beyond ", lambda word: rf"^\W*(?:(?:{BEFORE_VERBS})\s+)*{word}\b", request)
    return sentences[kind.value]


def answer_label(kind: AnswerKind, request: str) -> str:
    """What the person meant where the sentence answers it, in a few words: it is one of several choices."""
    if _is_of_another_script(request):
        return "something that I can read in English only"
    if answer_sentence(kind, request) == _sentences()["beyond"]:
        return "something that only a bigger model can do"
    return _LABELS[kind]


def plain_answer(request: str, is_after_edit: bool) -> AnswerKind | None:
    """The answer to a request that code understands for sure, or knows that nano cannot, and no tool can fulfil."""
    is_undo = _UNDO_EDIT.match(request) or (is_after_edit and _UNDO.match(request))
    is_for_words = _HANDED_OVER.match(request) or _ABOUT_THIS.match(request)
    if _is_of_another_script(request) or is_for_words or is_undo:
        return AnswerKind.BEYOND
    if _QUIT.match(request) or _ANSWER_TO_NOTHING.match(request):
        return AnswerKind.HELP
    return None


def _is_of_another_script(request: str) -> bool:
    """Whether the first letter and most are no Latin ones: nano has read English alone and would guess.

    What begins in English may well search for a text, or commit with a message, in any script.
    """
    letters = [letter for letter in request if letter.isalpha()]
    return letters[:1] > [_LAST_LATIN] and 2 * sum(letter > _LAST_LATIN for letter in letters) > len(letters)


def sentence_of(heading: str) -> str:
    """What stands below a heading of `answers.md`."""
    return _sentences()[heading]


def missing_tool_sentence(tool: str) -> str:
    """What is said when the fitting tool is not offered and no other can stand in."""
    return _sentences()["missing tool"].replace("TOOL", f"`{tool}`")


def _first(sentences: Mapping[str, str], kind: str, pattern: Callable[[str], str], request: str) -> str:
    """The sentence of the first heading of a kind of which a word is in the request."""
    for heading, text in sentences.items():
        words = heading.removeprefix(kind).split(", ") if heading.startswith(kind) else []
        if any(re.search(pattern(re.escape(word)), request, re.IGNORECASE) for word in words):
            return text
    return sentences["beyond"]


@cache
def _sentences() -> dict[str, str]:
    parts = re.split(
        r"^## (.+)$", (Path(__file__).parent / "answers.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return {title.strip(): " ".join(text.split()) for title, text in zip(parts[1::2], parts[2::2], strict=True)}
