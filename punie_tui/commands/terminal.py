"""What the commands share: options, one-line errors, and asking on the terminal."""

from __future__ import annotations

import argparse
import os
import select
import sys
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from punie_tools.safe_text import safe_text
from punie_tui.agent.approval import Always, ApprovalQuestion, Decision
from punie_tui.agent.meant import QUESTION
from punie_tui.agent.trust import TRUST_QUESTION

_SECONDS_BETWEEN_LOOKS = 0.1
_LONGEST_LINE = 4096
"""What a terminal gives at once; it holds no longer line."""


def common_options(*, model: bool = True) -> argparse.ArgumentParser:
    """The parent parser of `--model`, `--cwd` and `--yes`."""
    parser = argparse.ArgumentParser(add_help=False)
    if model:
        parser.add_argument("--model", metavar="nano|PATH|HUB_ID|URL[#NAME]", help="the model that answers")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="work on DIR")
    parser.add_argument("--yes", action="store_true", help="allow what would be asked")
    return parser


def print_error(message: str) -> None:
    """One line on stderr, whatever the message holds."""
    print(f"punie: {safe_text(' '.join(message.split()))}", file=sys.stderr)


def existing_folder(path: Path) -> Path:
    """The resolved folder. Raises NotADirectoryError with a sentence for the person."""
    try:
        resolved = path.expanduser().resolve(strict=True)
    except (OSError, RuntimeError):
        raise NotADirectoryError(f"{path}: there is no such folder.") from None
    if not resolved.is_dir():
        raise NotADirectoryError(f"{path} is not a folder.")
    return resolved


def can_ask() -> bool:
    """Whether a person sits at a terminal that the question and the answer can use."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class TerminalAsker:
    """Asks on the terminal; anything but a clear yes denies, and what is said beside a no is told to the model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        """Show the whole call and read the answer."""
        with suppress(termios.error):
            # What was typed before the question stood there is no answer to it; what is typed once it stands is one.
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        sys.stderr.write(f"\n{question.tool} {question.risk.value}:\n{question.shown}\n{self._choices(question)} ")
        sys.stderr.flush()
        answer = _typed_line(is_cancelled)
        return Decision.stopped() if is_cancelled() else decision_from(answer, question)

    def ask_which(self, choices: Sequence[str], is_cancelled: Callable[[], bool]) -> int | None:
        """Read a number; anything else is none of them."""
        rows = "".join(f"  {place} {safe_text(choice, single_line=True)}\n" for place, choice in enumerate(choices, 1))
        sys.stderr.write(f"\n{QUESTION}\n{rows}The number, or Enter for none of these: ")
        sys.stderr.flush()
        answer = _typed_line(is_cancelled).strip()
        is_one = answer.isdecimal() and 1 <= int(answer) <= len(choices)
        return int(answer) - 1 if is_one and not is_cancelled() else None

    def _choices(self, question: ApprovalQuestion) -> str:
        trust = TRUST_QUESTION.format(folder=self._folder) if question.always is Always.TRUST else ""
        told = "".join(f"{safe_text(line, single_line=True)}\n" for line in (question.note, trust) if line)
        always = f"[a] {question.always.value}, " if question.always else ""
        return f"{told}Allow it? [y] once, {always}[N] no, or say why not:"


def _typed_line(is_cancelled: Callable[[], bool]) -> str:
    """The next line that is typed; empty at the end of the input, and where the turn was stopped before."""
    stdin = sys.stdin.fileno()
    while not is_cancelled():
        # A signal is handled on another thread, which nothing but the clock can tell this one of.
        if select.select([stdin], [], [], _SECONDS_BETWEEN_LOOKS)[0]:
            # Past Python's buffer, in which a further line would be one that select does not see.
            return os.read(stdin, _LONGEST_LINE).decode("utf-8", "replace")
    return ""


def decision_from(answer: str, question: ApprovalQuestion) -> Decision:
    """What a line typed in answer to the question decides."""
    text = answer.strip()
    word = text.lower()
    if word in ("y", "yes"):
        return Decision(is_allowed=True, by="person")
    if word in ("a", "always"):
        # Where there is no "always", the word is no clear yes.
        return Decision(is_allowed=bool(question.always), by="person", reason="the person said no", is_lasting=True)
    first, _, rest = text.partition(" ")
    reason = rest.strip() if first.lower().rstrip(",:") in ("n", "no") else text
    return Decision.denied_by_person(reason)


def stdin_text() -> str:
    """Everything on stdin, with undecodable bytes replaced."""
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def has_piped_input() -> bool:
    """Whether stdin is a pipe or a file, so that reading it cannot wait for a person."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return (mode & 0o170000) in (0o010000, 0o100000)
