"""What can be named: the tree's names, and whatever a conversation says, as it is meant."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from punie_tui.engine.candidates import MOST_SAID, find_candidates
from punie_tui.engine.protocol import Message, ToolCall


@dataclass(frozen=True)
class Names:
    """Of a tree with one file."""

    paths: tuple[str, ...] | None = ("a.py",)
    unread: tuple[str, ...] = ()
    words: tuple[str, ...] | None = ("Ledger",)


def result(**fields: object) -> Message:
    return Message("tool", json.dumps(fields), call_id="call_1", tool="read_file")


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (Message("user", "read notes"), "notes"),
        (Message("user", "Write it to docs/new plan.md, or `docs/new plan.md`."), "docs/new plan.md"),
        (Message("user", "what about (src/x.py)?"), "src/x.py"),
        (Message("user", "src/x.py:12:4 is wrong"), "src/x.py"),
        (Message("user", "run tests/test_x.py::test_y"), "tests/test_x.py"),
        (Message("user", "see app/(group)/[id]/page.tsx"), "app/(group)/[id]/page.tsx"),
        (Message("user", "look", attached="../elsewhere/z.py"), "../elsewhere/z.py"),
        (Message("assistant", "I will make src/made.py."), "src/made.py"),
        (Message("assistant", calls=(ToolCall("c", "write_file", {"path": "odd name"}),)), "odd name"),
        (result(stdout="first\nbuild/out.txt\n"), "build/out.txt"),
        (result(files=[{"path": "gone file.py"}]), "gone file.py"),
        (Message("tool", "no JSON: lib/a.c", tool="read_file"), "lib/a.c"),
    ],
)
def test_path_that_was_said_can_be_named(message, path) -> None:
    paths = find_candidates([message], Names()).paths
    assert paths is not None
    assert {"a.py", path} <= set(paths)


def test_words_of_results_are_no_paths_unless_they_look_like_some() -> None:
    paths = find_candidates([result(stdout="there is\na word in src/b.py")], Names()).paths
    assert paths == ["a.py", "src/b.py"]


def test_identifiers_that_were_said_can_be_named() -> None:
    words = find_candidates([Message("user", "who calls post_all?"), result(text="x\nwerte_länge()")], Names()).words
    assert words is not None
    assert {"Ledger", "post_all", "werte_länge"} <= set(words)


def test_what_is_unknown_stays_free_whatever_was_said() -> None:
    found = find_candidates([Message("user", "read src/b.py")], Names(None, (), None))
    assert found.paths is None
    assert found.words is None


def test_too_much_said_leaves_names_free() -> None:
    found = find_candidates([Message("user", " ".join(f"w{n}" for n in range(MOST_SAID + 1)))], Names())
    assert found.paths is None
    assert found.words is None
