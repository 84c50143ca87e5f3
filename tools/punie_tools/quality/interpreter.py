"""Which Python the project uses, and where its packages lie. Read from files and names alone; nothing is started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.quality.environments import environments, is_own, lines_of
from punie_tools.workspace import Workspace

_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?")
_LIBRARY_FOLDER = re.compile(r"python(3\.\d+)t?")
_PYENV_NAME = re.compile(r"[0-9A-Za-z][\w.+-]*")

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Interpreter:
    """A project's Python: the program that would be started, and what its files say about it."""

    path: Path
    """Not resolved: through its link an environment's interpreter knows that it belongs to the environment."""
    environment: Path | None
    """The folder of the virtual environment; None for one of the machine."""
    version: Version | None
    search_paths: tuple[Path, ...]
    """Its standard library and site-packages, as `sys.path` would list them."""

    @property
    def is_startable(self) -> bool:
        """Whether the program is there; a virtual environment outlives the Python that made it."""
        return self.path.is_file() and os.access(self.path, os.X_OK)


def interpreter_of(workspace: Workspace) -> Interpreter | None:
    """The one that the person chose, else the one that is found. Raises ToolError if the chosen one is not there."""
    chosen = workspace.python
    if chosen is None:
        return find_interpreter(workspace.root)
    for environment in (chosen, chosen.parent.parent):
        if _is_environment(environment):
            return _in_environment(environment)
    if chosen.is_file():
        return _on_machine(chosen, workspace.root, os.environ)
    raise ToolError(f"The setting `python` names {str(chosen)!r}, which is neither an interpreter nor an environment.")


def find_interpreter(root: Path, variables: Mapping[str, str] | None = None) -> Interpreter | None:
    """The interpreter of the project at `root`: its own environment, the active one, or the first `python3` on PATH.

    punie's own environment counts only where it is the project's. `variables` stands for `os.environ`.
    """
    variables = os.environ if variables is None else variables
    for environment in environments(root, variables):
        if _is_environment(environment):
            return _in_environment(environment)
    return _on_path(root, variables)


def _is_environment(folder: Path) -> bool:
    try:
        return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
    except OSError:
        # A folder that may not be looked into holds nothing that could be used.
        return False


def _real(path: Path) -> Path:
    """The path behind all links; unlike `resolve()` it also takes links that go round in a circle."""
    return Path(os.path.realpath(path))


def _in_environment(environment: Path) -> Interpreter:
    program, settings = _program(environment), _environment_settings(environment)
    folders = _library_folders(environment)
    version = _version(settings.get("version_info") or settings.get("version", "")) or _version_of(folders)
    base = Path(settings["home"]).parent if settings.get("home") else environment
    # macOS's frameworks keep `home` apart from where the program and its library really are.
    paths = [*_standard_library(base, version), *_standard_library(_real(program).parent.parent, version)]
    paths += _with_path_files(folder / "site-packages" for folder in folders)
    if settings.get("include-system-site-packages", "").lower() == "true":
        paths += _system_packages(base, version)
    return Interpreter(program, environment, version, _existing(paths))


def _program(environment: Path) -> Path:
    names = ("python", "python3")
    programs = [environment / "bin" / name for name in names]
    return next((program for program in programs if program.exists()), programs[0])


def _environment_settings(environment: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines_of(environment / "pyvenv.cfg"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _on_path(root: Path, variables: Mapping[str, str]) -> Interpreter | None:
    """The first `python3` or `python` on PATH; one that a relative entry or the tree itself put there is not it."""
    for entry in variables.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        if not folder.is_absolute() or folder.is_relative_to(root) or is_own(folder.parent):
            continue
        for name in ("python3", "python"):
            if os.access(folder / name, os.X_OK) and (folder / name).is_file():
                return _on_machine(folder / name, root, variables)
    return None


def _on_machine(program: Path, root: Path, variables: Mapping[str, str]) -> Interpreter:
    if _is_environment(program.parent.parent):
        return _in_environment(program.parent.parent)
    real = _real(_behind_shim(program, root, variables))
    prefix = real.parent.parent
    version = _version(real.name) or _version_of(_library_folders(prefix))
    paths = [*_standard_library(prefix, version), *_system_packages(prefix, version)]
    return Interpreter(program, None, version, _existing(paths))


def _behind_shim(program: Path, root: Path, variables: Mapping[str, str]) -> Path:
    """The Python that a shim of pyenv would start, chosen as pyenv chooses; the program itself if it is no shim."""
    if program.parent.name != "shims":
        return program
    home = program.parent.parent
    files = [folder / ".python-version" for folder in (root, *root.parents)] + [home / "version"]
    texts = (variables.get("PYENV_VERSION", ""), *map(_first_line, files))
    chosen = next((text for text in texts if text), "")
    if not _PYENV_NAME.fullmatch(chosen):
        return program
    # `3.12` means the newest 3.12 that is installed.
    newest_first = sorted(
        (home / "versions").glob(f"{chosen}.*"), key=lambda path: _version(path.name) or (), reverse=True
    )
    versions = [home / "versions" / chosen, *newest_first]
    return next((folder / "bin" / "python3" for folder in versions if folder.is_dir()), program)


def _first_line(file: Path) -> str:
    return next(iter(lines_of(file)), "").strip()


def _library_folders(prefix: Path) -> list[Path]:
    libraries = [prefix / "lib", *([] if (prefix / "lib64").is_symlink() else [prefix / "lib64"])]
    folders = (path for library in libraries for path in sorted(library.glob("python3*")))
    return [folder for folder in folders if _LIBRARY_FOLDER.fullmatch(folder.name)]


def _version(text: str) -> Version | None:
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def _version_of(folders: list[Path]) -> Version | None:
    return _version(folders[0].name) if folders else None


def _standard_library(prefix: Path, version: Version | None) -> list[Path]:
    if version is None:
        return []
    library = prefix / "lib" / f"python{version[0]}.{version[1]}"
    return [library, library / "lib-dynload"]


def _system_packages(prefix: Path, version: Version | None) -> list[Path]:
    """Where a Python of the machine keeps packages; the others are Debian's."""
    if version is None:
        return []
    name = f"python{version[0]}.{version[1]}"
    folders = [prefix / "lib" / name / "site-packages"]
    if prefix == Path("/usr"):
        folders += [Path("/usr/local/lib") / name / "dist-packages", Path("/usr/lib/python3/dist-packages")]
    return _with_path_files(folders)


def _with_path_files(folders: Iterator[Path] | list[Path]) -> list[Path]:
    """The folders, each followed by those that its `.pth` files name (editable installs)."""
    found: list[Path] = []
    for folder in folders:
        found.append(folder)
        for file in sorted(folder.glob("*.pth")):
            found += _named_in(file)
    return found


def _named_in(path_file: Path) -> list[Path]:
    """The folders on the lines of a `.pth` file; lines of code (`import …`) are not run."""
    names = (line.strip() for line in lines_of(path_file))
    return [
        path_file.parent / name
        for name in names
        if name and "\0" not in name and not name.startswith(("#", "import ", "import\t"))
    ]


def _existing(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for path in paths if _is_folder(path)))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name too long, or a folder that may not be looked into.
        return False
