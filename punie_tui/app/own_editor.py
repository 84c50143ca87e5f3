"""The person's own editor on a text: `$VISUAL`, else `$EDITOR`, else vi."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from punie_tools.errors import reason_of

_MOST_BYTES = 1_000_000
_TAKE_A_LINE = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "kak", "joe", "mg"}
)


class EditorError(Exception):
    """The text was not edited; the sentence says why, and what to do."""


def edit_text(text: str, environment: Mapping[str, str], *, name: str = "prompt.md", line: int = 1) -> str:
    """The text as the editor left it. Blocks until the editor ends, and the terminal is the editor's until then.

    The file that it edits, of that name, can be read by the person only, and is gone afterwards. Raises EditorError.
    """
    written = environment.get("VISUAL") or environment.get("EDITOR") or "vi"
    try:
        command = shlex.split(written)
    except ValueError:
        command = []
    if not command:
        raise EditorError(f"$VISUAL or $EDITOR is no command: {written!r}.")
    try:
        # The folder is the person's alone, as mkdtemp makes it.
        with tempfile.TemporaryDirectory(prefix="punie-") as folder:
            path = Path(folder) / name
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text.encode("utf-8", "replace"))
            at_line = [f"+{line}"] if line > 1 and Path(command[0]).name in _TAKE_A_LINE else []
            exit_code = subprocess.call([*command, *at_line, str(path)], env=dict(environment))
            if exit_code:
                raise EditorError(f"{command[0]} ended with exit code {exit_code}; the text is as it was.")
            return _read(path)
    except FileNotFoundError:
        raise EditorError(f"There is no editor {command[0]!r}; set $VISUAL or $EDITOR to one.") from None
    except OSError as error:
        raise EditorError(f"The editor {command[0]!r} cannot be used: {reason_of(error)}.") from None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise EditorError(f"The text is longer than {_MOST_BYTES:,} bytes; it is as it was.")
    return data.decode("utf-8", "replace").removesuffix("\n")
