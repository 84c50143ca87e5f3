"""The prompts that the person sent in a folder, kept outside the tree from one start to the next."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from punie_tools.files.atomic import replace_file
from punie_tui.agent.session_log import sessions_folder

MOST_PROMPTS = 1_000
MOST_BYTES = 2_000_000
_LONGEST = 100_000
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


def prompt_history_file(state_directory: Path, workspace: Path) -> Path:
    """Where the prompts of a workspace are kept."""
    return state_directory / "prompts" / f"{sessions_folder(state_directory, workspace).name}.jsonl"


class PromptHistory:
    """A file of JSON lines that only the person can read. Several programs may add to it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """The newest prompts, oldest first. Lines that are torn or foreign are left out. Raises OSError."""
        return _without_repeats(_prompts(self._newest_bytes()))[-MOST_PROMPTS:]

    def add(self, prompt: str) -> None:
        """Append a prompt, unless it is too long to be asked for again. Raises OSError."""
        if len(prompt) > _LONGEST:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock():
            file = os.open(self._path, _APPEND, 0o600)
            try:
                torn = b"" if self._ends_with_a_line() else b"\n"
                os.write(file, torn + _line(prompt))
                size = os.fstat(file).st_size
            finally:
                os.close(file)
            if size > MOST_BYTES:
                kept = self.load()[-MOST_PROMPTS // 2 :]
                while sum(len(_line(each)) for each in kept) > MOST_BYTES // 2:
                    kept = kept[len(kept) // 2 :]
                replace_file(self._path, b"".join(map(_line, kept)), 0o600)

    def draft(self) -> str:
        """What was typed when punie was left, and not sent; empty if nothing was. Raises OSError."""
        try:
            return next(_prompts(self._draft_file.read_bytes()), "")
        except FileNotFoundError:
            return ""

    def keep_draft(self, draft: str) -> None:
        """Keep it for the next start in place of an earlier one; a blank one only takes that away. Raises OSError."""
        if draft.strip() and len(draft) <= _LONGEST:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(self._draft_file, _line(draft), 0o600)
        else:
            self._draft_file.unlink(missing_ok=True)

    @property
    def _draft_file(self) -> Path:
        return self._path.with_suffix(".draft")

    def _newest_bytes(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 2 * MOST_BYTES))
                return file.read()
        except FileNotFoundError:
            return b""

    def _ends_with_a_line(self) -> bool:
        with self._path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            return file.read() in (b"", b"\n")

    @contextmanager
    def _lock(self) -> Generator[None]:
        """So that nothing that another program adds is lost while the file is made shorter."""
        file = os.open(self._path.with_suffix(".lock"), _APPEND, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _line(prompt: str) -> bytes:
    return json.dumps({"prompt": prompt}).encode() + b"\n"


def _prompts(data: bytes) -> Iterator[str]:
    for line in data.split(b"\n"):
        try:
            kept: Any = json.loads(line)
            prompt = kept["prompt"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if isinstance(prompt, str) and prompt.strip():
            yield prompt


def _without_repeats(prompts: Iterable[str]) -> list[str]:
    """Each prompt once, where it was sent last."""
    newest_first = dict.fromkeys(reversed(list(prompts)))
    return list(reversed(newest_first))
