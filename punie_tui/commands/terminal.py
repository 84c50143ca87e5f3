"""What the commands share: options, one-line errors, and asking on the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from punie_tools.safe_text import safe_text
from punie_tui.agent.approval import RUNS_TESTS, ApprovalQuestion, Decision
from punie_tui.agent.trust import TRUST_QUESTION


def common_options(*, model: bool = True) -> argparse.ArgumentParser:
    """The parent parser of `--model`, `--cwd` and `--yes`."""
    parser = argparse.ArgumentParser(add_help=False)
    if model:
        parser.add_argument("--model", metavar="nano|PATH|HUB_ID|URL", help="the model that answers")
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
    """Asks on the terminal; anything but a clear yes denies. `trust_folder` is set once there is a session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.trust_folder: Callable[[], None] | None = None

    def __call__(self, question: ApprovalQuestion, is_cancelled: Callable[[], bool]) -> Decision:
        """Show the whole call and read the answer."""
        is_about_trust = question.tool in RUNS_TESTS
        trust = safe_text(TRUST_QUESTION.format(folder=self._folder), single_line=True) + "\n" if is_about_trust else ""
        choices = "[y] once, [t] trust the folder, [N] no" if is_about_trust else "[y/N]"
        detail = safe_text(question.detail)
        sys.stderr.write(f"\n{question.tool} {question.risk.value}:\n{detail}\n{trust}Allow it? {choices} ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        if is_about_trust and answer in ("t", "trust") and self.trust_folder:
            self.trust_folder()
        elif answer not in ("y", "yes"):
            return Decision(is_allowed=False, by="person", reason="the person said no")
        if is_cancelled():
            return Decision(is_allowed=False, reason="stopped")
        return Decision(is_allowed=True, by="person")


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
