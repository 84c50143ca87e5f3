"""The one place that knows GitPython, which has types of its own only in part and takes long to import."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast


def start_git(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a whole git command in a session of its own, its output piped; `environment` is added to punie's own."""
    git_class = _git_class()
    started = git_class(cwd).execute(list(command), as_process=True, env=dict(environment), start_new_session=True)
    process = cast("subprocess.Popen[bytes]", started.proc)
    # GitPython would end the process when its wrapper is collected; that is done by whoever attends it.
    started.proc = None
    return process


def _git_class() -> Any:
    # Imported here because it takes a third of a second, and runs git, which may be missing, unless told otherwise.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git.cmd import Git

    return Git
