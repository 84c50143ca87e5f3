"""All that a request can name in a working tree: its paths, and the words of its Python code.

Whoever is held to these names cannot say another, so what was not read is told, and too much is as good as nothing.
"""

from __future__ import annotations

import builtins
import keyword
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.files.ripgrep import run_ripgrep, search_command
from punie_tools.spelling import spelled
from punie_tools.symbols.python_files import PYTHON_OPTIONS
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

MOST_PATHS = 20_000
MOST_WORDS = 40_000

_MOST_FILES = 300_000
_SECONDS = 3.0
_NO_OUTPUT_KEPT = 0
_ITEMS_OF_A_WORD = 4
_WORD = re.compile(r"[^\W\d]\w*")
# Definitions, what is imported, attributes, and names that begin a line, such as those of an import in parentheses.
_NAMING = (
    r"(^\s*(?:from|import)\s.*|\b(?:def|class)\s+\w+|\b\w+\s+as\s+\w+"
    r"|\.[^\W\d]\w*|\b[^\W\d]\w*(?:\s*[:=(\[]|\s*,?\s*$))"
)
_ALWAYS_KNOWN = frozenset({*dir(builtins)} - {*keyword.kwlist})


@dataclass(frozen=True)
class TreeNames:
    """`paths` and `words` are None where unknown or too many; below the folders `unread` may be anything."""

    paths: tuple[str, ...] | None
    unread: tuple[str, ...]
    words: tuple[str, ...] | None


class TreeNameReader:
    """Reads the names of one tree, each time anew. What was too much once is not read again."""

    def __init__(
        self,
        root: Path,
        most_paths: int = MOST_PATHS,
        most_words: int = MOST_WORDS,
        *,
        command_for: Callable[[Path], Sequence[str]] = search_command,
        seconds: float = _SECONDS,
    ) -> None:
        """`command_for` gives what searches the tree; each of two searches takes so many seconds at most."""
        self._root = root
        self._most_paths = most_paths
        self._most_words = most_words
        self._has_paths = True
        self._has_words = True
        self._reading = threading.Lock()
        self._command_for = command_for
        self._seconds = seconds
        self._search_to_stop: _Listing | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """From any thread: what is being read is given up at once, and nothing is read any more."""
        self._is_stopped = True
        if listing := self._search_to_stop:
            listing.is_too_much.set()

    def read(self) -> TreeNames:
        """May take some seconds, unless it is stopped."""
        with self._reading:
            paths, unread = self._paths() if self._has_paths else (None, ())
            words = self._words() if self._has_words else None
        return TreeNames(paths, unread, words)

    def _paths(self) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """What ignore files leave and, beside it, what they name, from the root down as far as it is not too many."""
        listed = _Listing(b"\0", _MOST_FILES)
        self._search(["--files", "--null"], listed)
        self._has_paths = listed.is_whole
        if not listed.is_whole:
            return None, ()
        inside = _entries_by_folder(os.fsdecode(name.removeprefix(b"./")) for name in listed.items)
        paths, unread, waiting = set[str](), set[str](), deque([""])
        while waiting and not self._is_stopped:
            folder = waiting.popleft()
            here = inside[folder] | self._all_in(folder)
            if len(paths) + len(here) > self._most_paths:
                unread.add(folder)
                continue
            paths |= here
            for path in sorted(here):
                if path in inside:
                    waiting.append(path)
                elif path not in inside[folder] and (self._root / path).is_dir():
                    unread.add(path)
        if "" in unread or self._is_stopped:
            self._has_paths = False
            return None, ()
        return tuple(sorted(map(spelled, paths))), tuple(sorted(map(spelled, unread)))

    def _all_in(self, folder: str) -> set[str]:
        """Everything in a folder: ignored files too, and folders and links that were not followed."""
        try:
            return {f"{folder}/{name}".lstrip("/") for name in os.listdir(self._root / folder)}  # noqa: PTH208 - quick
        except OSError:
            return set()

    def _words(self) -> tuple[str, ...] | None:
        """None, too, for a tree without Python: its names are those of other languages."""
        listed = _Listing(b"\n", _ITEMS_OF_A_WORD * self._most_words)
        options = ["--only-matching", "--no-filename", "--no-line-number", "--replace=$1", f"--regexp={_NAMING}"]
        self._search([*PYTHON_OPTIONS, *options], listed)
        found = {word for item in listed.items for word in _WORD.findall(item.decode("utf-8", "replace"))}
        self._has_words = listed.is_whole and len(found) <= self._most_words
        return tuple(sorted(found | _ALWAYS_KNOWN)) if found and self._has_words else None

    def _search(self, options: list[str], listing: _Listing) -> None:
        context = ToolContext(Workspace(root=self._root), cancelled=listing.is_too_much)
        self._search_to_stop = listing
        if self._is_stopped:
            listing.is_too_much.set()
            return
        try:
            run_ripgrep(
                context,
                options,
                ["./"],
                output_limit=_NO_OUTPUT_KEPT,
                seconds=self._seconds,
                command=self._command_for(self._root),
                on_stdout=listing.add,
            )
        except ToolError:
            listing.is_too_much.set()


def _entries_by_folder(files: Iterable[str]) -> dict[str, set[str]]:
    """The paths right below each folder, the root's under an empty name."""
    inside: dict[str, set[str]] = {"": set()}
    for file in files:
        path, is_new = file, True
        while path and is_new:
            folder = path.rpartition("/")[0]
            is_new = folder not in inside
            inside.setdefault(folder, set()).add(path)
            path = folder
    return inside


class _Listing:
    """Different items of an output, each ended by a mark, as long as they are not too many."""

    def __init__(self, end: bytes, most: int) -> None:
        self.items: set[bytes] = set()
        self.is_too_much = threading.Event()
        self._end = end
        self._most = most
        self._rest = b""

    @property
    def is_whole(self) -> bool:
        return not self.is_too_much.is_set()

    def add(self, chunk: bytes) -> None:
        *complete, self._rest = (self._rest + chunk).rsplit(self._end, 1)
        if complete:
            self.items.update(complete[0].split(self._end))
        if len(self.items) > self._most:
            self.is_too_much.set()
