"""Which files of a project pytest would collect tests from, by the project's own settings; nothing is run."""

from __future__ import annotations

import configparser
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, cast

_DEFAULT_PATTERNS = ("test_*.py", "*_test.py")
_INI_FILES = (("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))


@dataclass(frozen=True)
class CollectedFiles:
    """`patterns` match names, or paths where they hold a `/`; `folders` are where a run without arguments looks."""

    patterns: tuple[str, ...] = _DEFAULT_PATTERNS
    folders: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path) -> CollectedFiles:
        """As the project's settings say; what cannot be read counts as not set."""
        settings = _settings(root)
        patterns = _words(settings.get("python_files")) or _DEFAULT_PATTERNS
        folders = tuple(folder.removeprefix("./").rstrip("/") for folder in _words(settings.get("testpaths")))
        return cls(patterns, tuple(folder for folder in folders if folder != "."))

    def holds(self, file: str) -> bool:
        """Whether pytest takes the file, a path from the root, as one with tests."""
        is_test = any(fnmatchcase(file if "/" in each else PurePosixPath(file).name, each) for each in self.patterns)
        return is_test and (not self.folders or any(_is_below(file, folder) for folder in self.folders))


def _is_below(file: str, folder: str) -> bool:
    return file.startswith(folder + "/") or any(fnmatchcase(part, folder) for part in _folders_of(file))


def _folders_of(file: str) -> list[str]:
    """`testpaths` may be patterns: they match a folder as a whole."""
    return [str(parent) for parent in PurePosixPath(file).parents]


def _settings(root: Path) -> Mapping[str, Any]:
    for name, section in _INI_FILES[:2]:
        if (root / name).is_file():
            return _ini(root / name, section)
    if settings := _toml(root / "pyproject.toml"):
        return settings
    for name, section in _INI_FILES[2:]:
        if found := _ini(root / name, section):
            return found
    return {}


def _ini(file: Path, section: str) -> Mapping[str, Any]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
        return dict(parser[section]) if section in parser else {}
    except (OSError, ValueError, configparser.Error):
        return {}


def _toml(file: Path) -> Mapping[str, Any]:
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
        pytest = tool.get("pytest", {})
        return cast("Mapping[str, Any]", pytest.get("ini_options") or pytest)
    except (OSError, ValueError, AttributeError):
        return {}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, cast("list[object]", value)))
    return tuple(shlex.split(value)) if isinstance(value, str) else ()
