"""The draft of AGENTS.md: only what the project's own files say, and nothing of the person's words lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.errors import ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.agent.notes_draft import draft_notes

MakeRepository = Callable[..., Path]

PYPROJECT = """
[project]
name = "till"
description = "Counts the money."
requires-python = ">=3.11"
scripts = { till = "till.cli:main" }
[tool.pytest.ini_options]
testpaths = ["tests"]
[tool.ruff]
line-length = 100
lint.select = ["E", "F"]
[tool.pyright]
typeCheckingMode = "strict"
"""
MAKEFILE = """
.PHONY: check
VERSION := 1
check: lint  ## everything at once
\tpytest
lint:
\t@ruff check .
"""
WORKFLOW = """
jobs:
  test:
    steps:
      - uses: actions/checkout@v4
      - run: uv run pytest -x
      - name: more
        run: |
          pip install tox
          tox -e types
          echo "${{ secrets.KEY }}"
      - name: pytest is not run here
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "uv.lock": "",
    "Makefile": MAKEFILE,
    ".github/workflows/ci.yml": WORKFLOW,
    "src/till/__init__.py": '"""The till: what was paid.\n\nMore."""\n',
    "src/till/__main__.py": "",
    "tests/test_till.py": "def test_it(): ...\n",
    "package.json": '{"scripts": {"build": "vite `x`"}}',
}
DRAFT = """# till

Counts the money.
Written in Python (3 files).
It needs Python `>=3.11`.

## Layout

- `src/`: 2 files
  - `src/till/`, The till: what was paid
- `tests/`: 1 file, the tests

## Entry points

- `till` runs `till.cli:main`
- `python -m till` runs `src/till/__main__.py`

## Commands

- Tests: `uv run pytest` (1 test file)
- `make check`: everything at once
- `make lint`: `ruff check .`
- `npm run build`: `vite 'x'`
- `uv run pytest -x`: as `.github/workflows/ci.yml` does
- `tox -e types`: as `.github/workflows/ci.yml` does

## Checks

- pytest: testpaths `tests`
- ruff: line-length `100`; select `E, F`
- pyright: typeCheckingMode `strict`

## Conventions

- What must never be done here, what reviewers ask for again and again, which words mean what: only you know that.
"""


def draft_of(root: Path) -> FileChange:
    return draft_notes(ToolContext(Workspace.at(root)))


def text_after(change: FileChange) -> str:
    assert change.after is not None
    return change.after.data.decode()


def test_a_draft_says_what_the_files_say(make_repository: MakeRepository) -> None:
    root = make_repository(FILES)
    change = draft_of(root)
    assert change.before is None
    assert text_after(change) == DRAFT
    assert draft_of(root) == change
    assert not (root / "AGENTS.md").exists()


def test_what_stands_there_stays_and_only_missing_sections_are_added(make_repository: MakeRepository) -> None:
    own = "# Ours\r\n\r\n## commands\r\n\r\nNever run make.\r\n\r\n"
    root = make_repository(FILES)
    (root / "AGENTS.md").write_bytes(own.encode())
    added = text_after(draft_of(root))
    assert added.startswith(own.rstrip())
    assert "make check" not in added
    assert added.count("## Layout\r\n\r\n- `src/`") == 1
    assert "\n" not in added.replace("\r\n", "")

    (root / "AGENTS.md").write_text(DRAFT)
    change = draft_of(root)
    assert change.before == change.after


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="empty"),
        pytest.param({"pyproject.toml": "not [ toml", "package.json": "[1", "Makefile": "\x1b:\n"}, id="torn"),
        pytest.param({"pyproject.toml": "project = 3\n[tool]\nruff = 4\n", "package.json": "3"}, id="other-types"),
        pytest.param({"pyproject.toml": "x = " + "[" * 10_000}, id="deep"),
        pytest.param({"Makefile": "IMAGE = registry:5000/app\n"}, id="no-target"),
        pytest.param({"a/__init__.py": "(" * 10_000, "pyrightconfig.json": "[]"}, id="no-python"),
    ],
)
def test_files_that_cannot_be_read_only_say_nothing(make_repository: MakeRepository, files: dict[str, str]) -> None:
    text = text_after(draft_of(make_repository(files)))
    assert text.startswith("# project\n")
    assert "\x1b" not in text
    assert "make" not in text


def test_a_link_out_of_the_tree_is_no_place_for_notes(make_repository: MakeRepository, tmp_path: Path) -> None:
    root = make_repository({})
    (tmp_path / "elsewhere.md").write_text("mine")
    (root / "AGENTS.md").symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(ToolError, match="leads outside"):
        draft_of(root)
