"""The temporary folders of confined commands: they go with their command, or at the next start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from punie_tools.commands.scratch_folder import remove_left_folders, scratch_folder
from punie_tui.agent.session import Session
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

HOLDS_ONE = """
import sys
from punie_tools.commands.scratch_folder import scratch_folder
with scratch_folder() as folder:
    (folder / "none" / "deep").mkdir(parents=True)
    (folder / "none").chmod(0o555)
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_punie() -> Generator[tuple[subprocess.Popen[str], Path]]:
    """A process with a folder that it has just made."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS_ONE], stdin=-1, stdout=-1, text=True)
    try:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


def test_a_folder_goes_with_its_command_whatever_that_did_to_it() -> None:
    with scratch_folder() as folder:
        (folder / "kept" / "deep").mkdir(parents=True)
        (folder / "kept").chmod(0o555)
        (folder / "link").symlink_to(Path(__file__).parent)
        folder.chmod(0)
    assert not folder.exists()
    assert Path(__file__).exists()


def test_a_start_removes_the_folder_of_a_killed_punie_and_none_of_a_living_one(tmp_path: Path) -> None:
    with another_punie() as (killed, left), another_punie() as (_, held), scratch_folder() as own:
        killed.kill()
        killed.wait()
        assert left.is_dir()
        Session(tmp_path, ScriptedEngine([]), Settings()).close()
        assert not left.exists()
        assert held.is_dir()
        assert own.is_dir()


def test_what_is_no_folder_of_punie_stays(tmp_path: Path) -> None:
    link = Path(tempfile.gettempdir(), f"punie-sandbox-run-{tmp_path.parent.name}-{tmp_path.name}")
    link.symlink_to(tmp_path)
    try:
        remove_left_folders()
        assert link.is_symlink()
        assert tmp_path.is_dir()
    finally:
        link.unlink()
