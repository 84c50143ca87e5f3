"""What in a folder decides which other programs run when its code is started: the part of it that trust depends on.

A person who trusts a folder trusts its code, and goes on editing it: tests, conftest files, scripts and packages are
not counted, or trust would lapse all day. Counted is what makes *another* program, plugin or interpreter run than the
one the person said yes to, and by its meaning, not its bytes (`git branch --track` writes git's configuration too):

- settings of the repository's own git configuration that name a program; the person's global ones are their own;
- hooks that git would run, wherever `core.hooksPath` of the repository says they lie;
- which plugins and which root pytest takes, by `addopts`, and where it imports from, by `pythonpath`;
- the interpreter of an environment in the tree: its link, what it is made from, its bytes where they are the tree's.

Not counted: `.gitattributes` (it only picks among the programs that the configuration names), `.gitmodules` (nothing
is fetched or updated), packages inside the environment, and files that punie never reads (`.envrc`).
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from punie_tools.errors import ToolError
from punie_tools.git.repository import Repository
from punie_tools.safe_text import safe_text
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

_SCOPES_OF_THE_REPOSITORY = frozenset({"local", "worktree"})
_RUNNING_SECTIONS = re.compile(r"(alias|pager|hook)\.")
_RUNNING_KEYS = re.compile(
    r"(?:^|\.)(askpass|attributesfile|clean|cmd|command|defaultkeycommand|difffilter|driver|editor|external|fsmonitor|"
    r"gitproxy|helper|hookspath|packobjectshook|pager|process|program|receivepack|smudge|sshcommand|templatedir|"
    r"textconv|tunnel|uploadpack|vcs|worktree|alternaterefscommand)$|^(?:mergetool|difftool|man|browser)\..*\.path$|"
    r"^submodule\..*\.update$|^lfs\.customtransfer\..*\.path$"
)
_MOST_HOOKS = 500
_LARGEST_TEXT = 1_000_000
_ENVIRONMENTS = (".venv", "venv", "env", ".env")
_ENVIRONMENT_KEYS = ("home", "executable", "base-executable", "include-system-site-packages")
_INI_FILES = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
_TOML_FILES = ("pyproject.toml", "pytest.toml", ".pytest.toml")
_SHORT_OPTIONS = ("-p", "-c", "-o")
_LONG_OPTIONS = ("--config-file", "--rootdir", "--confcutdir", "--override-ini", "--import-mode")


def executable_configuration(workspace: Workspace) -> dict[str, str]:
    """Each part in the words of a person, with a digest of what it says. Reads files; starts git alone."""
    folders = _project_folders(workspace.root)
    found: dict[str, str] = {}
    for name, content in (
        *_git_parts(workspace),
        *(part for folder in folders for part in _pytest_parts(folder, workspace.root)),
        *(part for folder in folders for part in _environment_parts(folder, workspace.root)),
    ):
        found[safe_text(name, single_line=True)] = hashlib.sha256(content).hexdigest()[:16]
    return found


def _project_folders(root: Path) -> list[Path]:
    """The root, and the folders above it up to that of the repository it lies in."""
    folders = [root, *root.parents]
    for number, folder in enumerate(folders):
        if (folder / ".git").exists():
            return folders[: number + 1]
    return [root]


def _git_parts(workspace: Workspace) -> Iterator[tuple[str, bytes]]:
    repository = Repository(ToolContext(workspace))
    try:
        listed = repository.output_of("config", "--includes", "--show-scope", "-z", "--list")
        places = repository.output_of("rev-parse", "--show-toplevel", "--git-common-dir").splitlines()
    except ToolError:
        # Without git none of its configuration is followed either.
        return
    settings: dict[str, list[str]] = {}
    fields = os.fsdecode(listed).split("\0")
    for scope, field in zip(fields[0::2], fields[1::2], strict=False):
        key, _, value = field.partition("\n")
        if scope in _SCOPES_OF_THE_REPOSITORY and _names_a_program(key):
            settings.setdefault(key, []).append(value)
    for key, values in settings.items():
        yield f"the git setting {key}", os.fsencode("\0".join(values))
    if len(places) == 2:
        top, common = (workspace.root / os.fsdecode(place) for place in places)
        folders = [common / "hooks"]
        folders += [top / os.path.expanduser(value) for value in settings.get("core.hookspath", [])[-1:]]  # noqa: PTH111 - as git reads it
        for folder in folders:
            yield from _hooks(folder)


def _names_a_program(key: str) -> bool:
    """git gives section and last part in lower case; what lies between may be anything."""
    return bool(_RUNNING_SECTIONS.match(key) or _RUNNING_KEYS.search(key))


def _hooks(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files that git, or a hook there, would start; samples and files that cannot be executed are none."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if number >= _MOST_HOOKS:
            return
        if path.suffix != ".sample" and path.is_file() and os.access(path, os.X_OK):
            yield f"the git hook {path.relative_to(folder).as_posix()}", _content(path)


def _pytest_parts(folder: Path, root: Path) -> Iterator[tuple[str, bytes]]:
    for file, settings in _pytest_settings(folder):
        name = os.path.relpath(file, root)
        if options := _choosing_options(settings.get("addopts", "")):
            yield f"pytest's addopts in {name}", "\0".join(options).encode("utf-8", "replace")
        if pythonpath := settings.get("pythonpath"):
            yield f"pytest's pythonpath in {name}", repr(pythonpath).encode()


def _pytest_settings(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for file, section in _INI_FILES:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(_text(folder / file))
        except configparser.Error:
            continue
        if parser.has_section(section):
            yield folder / file, dict(parser.items(section))
    for file in _TOML_FILES:
        try:
            parsed: Any = tomllib.loads(_text(folder / file))
        except tomllib.TOMLDecodeError:
            continue
        table = _table(_table(parsed, "tool"), "pytest") if file == "pyproject.toml" else _table(parsed, "pytest")
        for settings in (_table(table, "ini_options"), table):
            yield folder / file, settings


def _table(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _choosing_options(addopts: object) -> list[str]:
    """The options that choose plugins, configuration or roots; how tests are shown or picked decides nothing here."""
    if isinstance(addopts, list):
        words = [str(word) for word in cast("list[object]", addopts)]
    else:
        try:
            words = shlex.split(str(addopts))
        except ValueError:
            words = str(addopts).split()
    chosen: list[str] = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in _SHORT_OPTIONS or word in _LONG_OPTIONS:
            chosen += (word, following)
        elif word.startswith((*_SHORT_OPTIONS, *(f"{option}=" for option in _LONG_OPTIONS))):
            chosen.append(word)
    return chosen


def _environment_parts(folder: Path, root: Path) -> Iterator[tuple[str, bytes]]:
    for name in _ENVIRONMENTS:
        environment = folder / name
        settings = _text(environment / "pyvenv.cfg")
        if settings:
            says = "\n".join(line for line in settings.splitlines() if _is_about_the_interpreter(line))
            programs = (environment / "bin" / program for program in ("python", "python3"))
            made_of = b"\0".join(_identity(program, folder) for program in programs)
            yield f"the environment {os.path.relpath(environment, root)}", says.encode() + b"\0" + made_of


def _is_about_the_interpreter(line: str) -> bool:
    return line.partition("=")[0].strip().lower() in _ENVIRONMENT_KEYS


def _identity(program: Path, folder: Path) -> bytes:
    """Where the links of a program end, and its bytes if that is inside the project: those of the machine may be
    brought up to date."""
    real = Path(os.path.realpath(program))
    inside = real.is_relative_to(folder) and real.is_file()
    return os.fsencode(real) + (_content(real) if inside else b"")


def _content(path: Path) -> bytes:
    """A digest of a file's bytes; of one that cannot be read, that it is so."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b"cannot be read"


def _text(path: Path) -> str:
    """Empty for what is no readable text file."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_TEXT:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
