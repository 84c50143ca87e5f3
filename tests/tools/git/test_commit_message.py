"""The draft of a commit's message says what changed, in one short subject."""

from __future__ import annotations

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.tree_access import FileImage
from punie_tools.git.commit_message import draft_message

LEDGER = (
    "class Ledger:\n    rate = 1\n\n    def post(self):\n        return 1\n\n    def void(self):\n        return 2\n"
)
LONG = "a_name_of_nearly_forty_letters_and_more"


def change(path: str, before: str | None, after: str | None) -> FileChange:
    images = [None if text is None else FileImage(text.encode(), 0o644) for text in (before, after)]
    return FileChange(path, *images)


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ([], ""),
        ([change("shop/ledger.py", LEDGER, LEDGER.replace("return 1", "return 3"))], "Change Ledger.post in ledger.py"),
        ([change("a.py", LEDGER, LEDGER.replace("rate = 1", "rate = 2"))], "Change Ledger in a.py"),
        ([change("a.py", LEDGER, LEDGER.replace("void", "cancel"))], "Rename void to cancel in a.py"),
        (
            [change("a.py", LEDGER, LEDGER.replace("void", "cancel").replace("return 2", "return 3"))],
            "Add Ledger.cancel, remove Ledger.void in a.py",
        ),
        (
            [
                change("a.py", "def make_str(): ...\n", "def to_text(): ...\n"),
                change("b.py", "import a\na.make_str()\n", "import a\na.to_text()\n"),
                change("README.md", "Call `make_str`.\n", "Call `to_text`.\n"),
            ],
            "Rename make_str to to_text in 3 files",
        ),
        # Another function is called, which renames nothing.
        ([change("b.py", "def f(): return old()\n", "def f(): return new()\n")], "Change f in b.py"),
        (
            [change("core.py", f"def {LONG}1(): 1\ndef {LONG}2(): 1\n", f"def {LONG}1(): 2\ndef {LONG}2(): 2\n")],
            f"Change {LONG}1 and 1 more in core.py",
        ),
        ([change(f"{LONG}{number}.md", "1", "2") for number in range(2)], "Change docs in 2 files"),
        ([change(f"test_{LONG}{number}.py", None, "") for number in range(2)], "Add tests in 2 files"),
        ([change("a.py", LEDGER, LEDGER + "\n\n# said\n")], "Change a.py"),
        ([change("a.py", LEDGER, "def (")], "Change a.py"),
        ([change("new.py", None, LEDGER)], "Add new.py"),
        ([change("old.txt", "x", None)], "Remove old.txt"),
        ([change("a.txt", "1", "2"), change("b/c.md", None, "2")], "Change a.txt and c.md"),
        (
            [change(f"{'long' * 9}{number}.txt", "1", "2") for number in range(5)],
            f"Change {'long' * 9}0.txt and 4 more",
        ),
    ],
)
def test_the_subject_names_what_changed(changes: list[FileChange], subject: str) -> None:
    assert draft_message(changes).split("\n")[0] == subject
    assert len(subject) <= 72


def test_several_files_get_a_line_each() -> None:
    drafted = draft_message([change("a.py", LEDGER, LEDGER + "def f(): ...\n"), change("b.txt", None, "x")])
    assert drafted == "Add f in 2 files\n\n- a.py: add f\n- b.txt: add\n"


@pytest.mark.parametrize(
    ("changes", "renamed", "drafted"),
    [
        ([change("b.py", LEDGER, LEDGER)], {"b.py": "a.py"}, "Rename a.py to b.py\n"),
        ([change("lib/a.py", LEDGER, LEDGER)], {"lib/a.py": "src/a.py"}, "Rename src/a.py to lib/a.py\n"),
        (
            [change("b.py", LEDGER, LEDGER.replace("return 1", "return 3"))],
            {"b.py": "a.py"},
            "Rename a.py to b.py, change Ledger.post\n",
        ),
        # The file's new name is told even where the edit in it is one renamed symbol.
        (
            [change("b.py", LEDGER, LEDGER.replace("void", "cancel"))],
            {"b.py": "a.py"},
            "Rename a.py to b.py, add Ledger.cancel, remove Ledger.void\n",
        ),
        (
            [change("b.txt", "1", "1"), change("d.txt", "2", "2")],
            {"b.txt": "a.txt", "d.txt": "c.txt"},
            "Rename 2 files\n\n- b.txt: rename from a.txt\n- d.txt: rename from c.txt\n",
        ),
        (
            [change("b.py", LEDGER, LEDGER.replace("return 1", "return 3")), change("c.txt", "1", "2")],
            {"b.py": "a.py"},
            "Change Ledger.post in 2 files\n\n- b.py: rename from a.py, change Ledger.post\n- c.txt: change\n",
        ),
    ],
)
def test_a_renamed_file_is_told_as_one(changes: list[FileChange], renamed: dict[str, str], drafted: str) -> None:
    assert draft_message(changes, renamed) == drafted
