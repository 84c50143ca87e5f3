"""The Python files of a tree that may hold a name, found by a search, and by what names they are imported."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path

from punie_tools.files.ripgrep import run_ripgrep, search_command
from punie_tools.symbols.python_source import LARGEST_FILE
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

_OUTPUT_LIMIT = 64 * 1024 * 1024
_FOLDERS_NOT_SEARCHED = ("site-packages", "node_modules", "__pycache__", ".venv", ".tox", ".nox", ".eggs")
_OPTIONS = (
    "--null",
    "--text",
    f"--max-filesize={LARGEST_FILE}",
    *(f"--glob=!**/{folder}" for folder in _FOLDERS_NOT_SEARCHED),
)
_PYTHON = ("--type=py",)
PYTHON_OPTIONS = (*_OPTIONS, *_PYTHON)
"""For a search of all Python files that are the project's own."""


class PythonFiles:
    """Looks below `within`, a folder in `root`; with `only_ignored` at what ignore files name, and at nothing else.

    Files are named by their path from the root, for there may be very many. `command` is what searches: ripgrep, or
    what stands in for it.
    """

    def __init__(
        self,
        root: Path,
        within: Path,
        cancelled: threading.Event,
        *,
        only_ignored: bool = False,
        command: Sequence[str] = (),
    ) -> None:
        self._context = ToolContext(Workspace(root=root), cancelled)
        self._within = within
        self._command = command or search_command(root)
        self._only_ignored = only_ignored
        self._is_environment = {"": False}
        self._answers: dict[tuple[str, ...], set[str]] = {}

    def with_word(self, *words: str) -> set[str]:
        """Files with one of the words."""
        patterns = [f"--regexp={word}" for word in words]
        return self._files([*_PYTHON, "--files-with-matches", "--word-regexp", "--fixed-strings", *patterns])

    def with_class(self, name: str) -> set[str]:
        """Files that seem to define a class of that name."""
        return self._files([*_PYTHON, "--files-with-matches", rf"--regexp=\bclass\b.*\b{re.escape(name)}\b"])

    def with_definition(self, name: str) -> set[str]:
        """Files that seem to define the name; some of these do not, and some others do."""
        escaped = re.escape(name)
        patterns = (
            rf"\b(?:class|def|type)\s+{escaped}\b",
            rf"^\s*(?:self\.)?{escaped}\s*(?::[^=]*)?=(?:[^=]|$)",
            rf"^\s*{escaped}\s*:",
        )
        return self._files([*_PYTHON, "--files-with-matches", *(f"--regexp={pattern}" for pattern in patterns)])

    def with_definition_like(self, letters: str) -> set[str]:
        """Files that may define a name that holds the letters in their order, whatever their case."""
        like = r"\w*".join(["", *map(re.escape, letters), ""])
        return self._files([*_PYTHON, "--files-with-matches", "--ignore-case", f"--regexp={like}"])

    def names_like(self, name: str) -> set[str]:
        """Names of about that length that begin or end like it and may be defined; those of modules too."""
        shortest, longest = max(0, len(name) - 4), len(name) + 3
        first, last = _either_case(name.lstrip("_")[:1] or "_"), _either_case(name[-1])
        # Looking for letters of ASCII alone takes a fifth of the time of looking for all.
        word = "[0-9A-Za-z_]" if name.isascii() else r"\w"
        like = rf"_*{first}{word}{{{shortest},{longest}}}|{word}{{{shortest},{longest}}}{last}"
        pattern = rf"^\s*(?:async def |def |class |self\.)?({like})\s*[:=(\[]"
        options = ["--only-matching", "--no-filename", "--no-line-number", "--replace=$1", f"--regexp={pattern}"]
        found = {other.decode("utf-8", "replace") for other in set(self._output([*_PYTHON, *options]).split(b"\n"))}
        modules = {file.rpartition("/")[2].partition(".")[0] for file in self._every()}
        return (found | {each for each in modules if shortest < len(each) <= longest + 1}) - {""}

    def named(self, name: str) -> set[str]:
        """The files of modules and packages of that name."""
        endings = tuple(f"/{name}{rest}" for rest in (".py", ".pyi", "/__init__.py", "/__init__.pyi"))
        return {file for file in self._every() if f"/{file}".endswith(endings)}

    def _every(self) -> set[str]:
        return self._files([*_PYTHON, "--files"])

    def _files(self, options: list[str]) -> set[str]:
        """The search's answer, asked for once."""
        key = tuple(options)
        if key not in self._answers:
            is_listing = "--files" in options
            names = set[str]() if self._only_ignored and not is_listing and not self._every() else self._search(options)
            self._answers[key] = {file for file in names if not self._is_in_environment(file.rpartition("/")[0])}
        return self._answers[key]

    def _search(self, options: list[str]) -> set[str]:
        names = set(self._output(options).split(b"\0"))
        if self._only_ignored:
            names = set(self._output([*options, "--no-ignore"]).split(b"\0")) - names
        return set(map(_path, names - {b""}))

    def _output(self, options: list[str]) -> bytes:
        below = self._within.relative_to(self._context.workspace.root).as_posix()
        operand = "./" if below == "." else f"./{below}"
        finished = run_ripgrep(
            self._context, [*_OPTIONS, *options], [operand], output_limit=_OUTPUT_LIMIT, command=self._command
        )
        return finished.stdout

    def _is_in_environment(self, folder: str) -> bool:
        """Whether a folder below the root is, or lies in, one of installed packages."""
        unknown: list[str] = []
        while folder not in self._is_environment:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        for each in reversed(unknown):
            at = self._context.workspace.root / each
            self._is_environment[each] = (
                self._is_environment[each.rpartition("/")[0]]
                or (at / "pyvenv.cfg").is_file()
                or (at / "conda-meta").is_dir()
            )
        return self._is_environment[unknown[0] if unknown else folder]


def _either_case(letter: str) -> str:
    return f"(?:{re.escape(letter.lower())}|{re.escape(letter.upper())})"


def _path(name: bytes) -> str:
    return os.fsdecode(name.removeprefix(b"./"))


class ModuleNames:
    """By what names the files of a tree are imported."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_package: dict[Path, bool] = {}

    def path_parts(self, file: Path) -> tuple[str, ...]:
        """The parts of a file's dotted path from the root, `src` included."""
        folders = [part.removesuffix("-stubs") for part in file.relative_to(self._root).parent.parts]
        return (*folders, *([] if file.stem == "__init__" else [file.stem]))

    def module(self, file: Path) -> str:
        """From the outermost folder of the package; without packages from a `src` folder or the root."""
        parts = self.path_parts(file)
        folders = file.relative_to(self._root).parent.parts
        start = len(folders)
        while start and self._has_init(self._root.joinpath(*folders[:start])):
            start -= 1
        if start == len(folders):
            start = len(folders) - folders[::-1].index("src") if "src" in folders else 0
        return ".".join(parts[start:]) or self._root.name

    def _has_init(self, folder: Path) -> bool:
        if folder not in self._is_package:
            self._is_package[folder] = any((folder / f"__init__.{ending}").is_file() for ending in ("py", "pyi"))
        return self._is_package[folder]
