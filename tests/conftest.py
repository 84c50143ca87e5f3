"""Fixtures every test may use: a home of its own, and small real git repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, and nothing kept in the tree; a run by hand can ask for more and for others.
settings.register_profile("punie", derandomize=True, database=None, deadline=None)
settings.load_profile("punie")

# The tests start a thousand Pythons; where no bytecode is kept, each of them compiles all that it imports.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False

SLOWEST_FILES = (
    "tests/test_house.py",
    "tests/tools/test_hostile_tree.py",
    "tests/tools/lsp/test_warm_typecheck.py",
    "tests/lab/test_shipped_scores.py",
    "tests/app/test_screenshots.py",
    "tests/tools/commands/test_command_changes.py",
)

_HOMES = count()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait, for a child or until the app rests, and use none meanwhile."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first: a test of a minute that is begun last lets all other workers wait for it."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOWEST_FILES))


@pytest.fixture(autouse=True)
def punie_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh PUNIE_HOME for each test, and git identities that come from the test alone."""
    # Numbered here: the factory's own numbers cost a look at all folders of all tests before.
    home = tmp_path_factory.mktemp(f"punie-home-{next(_HOMES)}", numbered=False)
    monkeypatch.setenv("PUNIE_HOME", str(home))
    # No test leaves a process behind.
    monkeypatch.setenv("PUNIE_KEEP_WARM_MINUTES", "0")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada Example")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    return home


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Create text files below `root`, with the folders they need."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def git(root: Path, *arguments: str) -> str:
    """Run git as a person would in `root`; raises on failure."""
    return subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def make_repository(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Make `tmp_path/NAME` a git repository whose first commit holds the given files."""

    def make(files: Mapping[str, str], name: str = "project") -> Path:
        root = tmp_path / name
        root.mkdir()
        write_files(root, files)
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "--allow-empty", "-m", "Start the project")
        return root

    yield make
