"""Which files may hold a name: ripgrep and the search in Python say the same, on any tree."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from punie_tools.files.ripgrep import PYTHON_SEARCH, search_command
from punie_tools.symbols.python_files import PythonFiles
from punie_tools.symbols.python_source import LARGEST_FILE
from tests.conftest import write_files

LINES = [
    *("class Ledger:", "class LedgerBook(Ledger): ...", "def post(self): ...", "async def poster(): ...", "post = 1"),
    *("    self.post: int = 2", "\tposted = post", "x.post()", "größe = 1", "def Größe(): ...", "type post = int"),
    *("post == 1", "  post: int", "repost", "post_", "# class of Ledger", "print('post')", "K = 1", "LEDGER = ledger"),
    *(
        "pos = 1",
        "class  Post :",
        "import post",
        "from post import Ledger",
        "a, post = 1, 2",
        "",
        "\x00 post",
        "pöst = 1",
    ),
]
NAMES = [
    *("a.py", "post.py", "b.pyi", "c.txt", "Ledger", "pkg", ".venv", "site-packages", "node_modules", "build", ".git"),
    *("__init__.py", "poster.py", "post.pyi", "größe.py", "new\nline.py", ".hidden.py"),
]
QUESTIONS: list[Callable[[PythonFiles], set[str]]] = [
    lambda files: files.with_word("post"),
    lambda files: files.with_word("post", "Ledger", "größe"),
    lambda files: files.with_word("nowhere"),
    lambda files: files.with_class("Ledger"),
    lambda files: files.with_definition("post"),
    lambda files: files.with_definition("größe"),
    lambda files: files.with_definition_like("lb"),
    lambda files: files.with_definition_like("gs"),
    lambda files: files.names_like("pots"),
    lambda files: files.names_like("Grosse"),
    lambda files: files.names_like("größee"),
    lambda files: files.names_like("k"),
    lambda files: files.named("post"),
]


def grow(chance: random.Random, folder: Path, depth: int = 0) -> None:
    for name in chance.sample(NAMES, chance.randint(4, 9)):
        path = folder / name
        if "." not in name[1:]:
            if depth < 3:
                path.mkdir()
                grow(chance, path, depth + 1)
            continue
        text = "\n".join(chance.choices(LINES, k=chance.randint(0, 6)))
        path.write_bytes(
            chance.choice([text.encode(), text.encode(), ("\ufeff" + text).encode(), text.encode("utf-16")])
        )
        if chance.random() < 0.1:
            # A sparse file, just too large to be looked at.
            os.truncate(path, LARGEST_FILE + 1)
    if chance.random() < 0.7:
        write_files(
            folder, {".gitignore": "\n".join(chance.sample(["build", "*.pyi", "/a.py", "pkg/", "!post.py"], 2))}
        )


def answers(root: Path, command: list[str], *, only_ignored: bool) -> Iterator[set[str]]:
    for within in (root, *(folder for folder in (root / "pkg",) if folder.is_dir())):
        files = PythonFiles(root, within, threading.Event(), only_ignored=only_ignored, command=command)
        yield from (question(files) for question in QUESTIONS)


@pytest.mark.parametrize("only_ignored", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_both_searches_answer_alike(root: Path, seed: int, only_ignored: bool) -> None:
    write_files(root, {"ignored/post.py": "\n".join(LINES), ".ignore": "ignored/\n"})
    grow(random.Random(seed), root)
    expected = list(answers(root, search_command(root), only_ignored=only_ignored))
    assert list(answers(root, PYTHON_SEARCH, only_ignored=only_ignored)) == expected
    assert sum(map(len, expected)) > 10
