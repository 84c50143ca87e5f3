"""What can be named in a tree: nothing that is there is left out, and too much is told as unknown."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from punie_tools.symbols.tree_names import TreeNameReader, TreeNames


def fill(root: Path, **files: str) -> None:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def tree(tmp_path) -> Path:
    fill(
        tmp_path,
        src__shop__ledger_dot_py="import json as j\nfrom os import (\n    sep,\n    path as p,\n)\n\n\n"
        "class Ledger(Base):\n    total: int = 0\n\n    async def post(self, entry):\n"
        "        return entry.amount(helper(1))\n",
        _dot_gitignore="build/\n*.log\n",
        _dot_github__ci_dot_yml="",
        build__out__deep_dot_txt="",
        debug_dot_log="",
    )
    (tmp_path / "link").symlink_to("src")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_every_path_is_there_or_below_a_folder_that_was_not_read(tree) -> None:
    names = TreeNameReader(tree).read()
    assert names.paths == (
        ".github",
        ".github/ci.yml",
        ".gitignore",
        "build",
        "debug.log",
        "empty",
        "link",
        "src",
        "src/shop",
        "src/shop/ledger.py",
    )
    assert names.unread == ("build", "empty", "link")


def test_words_are_what_code_defines_imports_calls_and_reads(tree) -> None:
    words = TreeNameReader(tree).read().words
    assert words is not None
    wanted = {"json", "j", "os", "sep", "path", "p", "Ledger", "total", "post", "amount", "helper", "print"}
    assert wanted <= set(words)


def test_tree_without_python_has_no_words(tmp_path) -> None:
    fill(tmp_path, main_dot_go="package main")
    assert TreeNameReader(tmp_path).read().words is None


def test_of_a_large_tree_the_upper_folders_are_read(tree) -> None:
    names = TreeNameReader(tree, most_paths=9).read()
    assert "src/shop" in names.paths
    assert "src/shop/ledger.py" not in names.paths
    assert names.unread == ("build", "empty", "link", "src/shop")


def test_too_much_is_unknown_and_not_read_again(tree) -> None:
    reader = TreeNameReader(tree, most_paths=1, most_words=1)
    assert reader.read() == TreeNames(None, (), None)
    for file in tree.rglob("*.py"):
        file.unlink()
    assert reader.read() == TreeNames(None, (), None)


def test_stopping_ends_the_search_that_runs_and_begins_no_other(tmp_path) -> None:
    began, starts = tmp_path / "began", tmp_path / "starts"
    os.mkfifo(began)
    endless = (
        f"open({str(starts)!r}, 'a').write('.'); open({str(began)!r}, 'w').close()\n"
        "import threading; threading.Event().wait()"
    )
    reader = TreeNameReader(tmp_path, command_for=lambda _: [sys.executable, "-c", endless], seconds=600)
    found: list[TreeNames] = []
    reading = threading.Thread(target=lambda: found.append(reader.read()))
    reading.start()
    began.read_text()
    reader.stop()
    reading.join()
    assert found == [TreeNames(None, (), None)]
    assert reader.read() == TreeNames(None, (), None)
    assert starts.read_text() == ".", "a search was begun after the stop"
