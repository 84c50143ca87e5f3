"""The one place that knows GitPython, which has types of its own only in part and takes long to import."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

_EXECUTABLE_VARIABLE = "GIT_PYTHON_GIT_EXECUTABLE"
_importing = threading.Lock()


def start_git(
    command: Sequence[str], git: str, cwd: Path, environment: Mapping[str, str], *, has_input: bool = False
) -> subprocess.Popen[bytes]:
    """Start a whole git command in a session of its own, its output piped; `environment` is added to punie's own.

    `git` is the program that the command is about, by absolute path.
    """
    git_class = _git_class(git)
    stdin = subprocess.PIPE if has_input else None
    started = git_class(cwd).execute(
        list(command), as_process=True, env=dict(environment), start_new_session=True, istream=stdin
    )
    process = cast("subprocess.Popen[bytes]", started.proc)
    # GitPython would end the process when its wrapper is collected; that is done by whoever attends it.
    started.proc = None
    return process


def _git_class(git: str) -> Any:
    # Imported here because it takes a third of a second, and runs `git version`: by PATH, which may lead into the tree,
    # unless it is told which one.
    with _importing:
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        previous = os.environ.get(_EXECUTABLE_VARIABLE)
        os.environ[_EXECUTABLE_VARIABLE] = git
        try:
            from git.cmd import Git
        finally:
            os.environ.pop(_EXECUTABLE_VARIABLE)
            if previous is not None:
                os.environ[_EXECUTABLE_VARIABLE] = previous
    return Git
