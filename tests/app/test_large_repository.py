"""A repository of a hundred thousand files: the app is there for its person while the repo panel reads."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from app_driver import Drive

_FILES = 100_000
_FILES_IN_A_FOLDER = 100


def git(root: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True, input=stdin)
    return done.stdout.strip()


@pytest.fixture
def large_repository(tmp_path: Path) -> Path:
    """All its files are committed as one blob, and none of them is on the disk: to git each of them is deleted."""
    root = tmp_path / "large"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    blob = git(root, "hash-object", "-w", "--stdin", stdin="x = 1\n")
    paths = (f"part_{number // _FILES_IN_A_FOLDER}/module_{number}.py" for number in range(_FILES))
    git(root, "update-index", "--index-info", stdin="".join(f"100644 {blob}\t{path}\n" for path in paths))
    git(root, "commit", "-q", "-m", "Start the project")
    return root


class HeldStatus:
    """A pipe in the place of a file that `git status` opens: git waits there until somebody writes to it."""

    def __init__(self, root: Path) -> None:
        self._pipe = root / ".git" / "held"
        os.mkfifo(self._pipe)
        git(root, "config", "core.excludesFile", str(self._pipe))

    def is_let_go(self) -> bool:
        """Whether git waited and goes on, now and each time it is started again; no where none has come so far."""
        try:
            end = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO
            return False
        self._pipe.unlink()
        os.close(end)
        return True


async def test_the_prompt_takes_keys_while_the_repo_panel_reads_a_hundred_thousand_files(
    drive: Drive, large_repository: Path
) -> None:
    held = HeldStatus(large_repository)
    async with drive(large_repository) as driven:
        await driven.press_at_once(*"find it")
        await driven.until(lambda: driven.prompt.text == "find it", "the letters")
        assert driven.repo.state is None
        await driven.until(held.is_let_go, "git, which waits")
        await driven.until(lambda: driven.repo.state is not None, "the state")
        labels = [str(line.node.label) for line in driven.repo._tree_lines]
        assert labels[0] == f"main  {_FILES} changed"
        assert labels[1] == "D part_0/module_0.py  +0 -1"
        # The tree holds rows for some of them alone.
        assert labels[201] == "… 99800 more"
        await driven.press_at_once(*" now")
        await driven.until(lambda: driven.prompt.text == "find it now", "letters after it")
