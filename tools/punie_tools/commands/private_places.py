"""What a command never gets to see or to change: the person's home, save installed tools, and what runs punie."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

_TOOLCHAINS = (
    ".asdf",
    ".bun/bin",
    ".cargo/bin",
    ".deno/bin",
    ".local/bin",
    ".local/lib",
    ".local/pipx",
    ".local/share/mise",
    ".local/share/pipx",
    ".local/share/uv/python",
    ".local/share/uv/tools",
    ".nvm",
    ".pyenv",
    ".rustup",
    ".volta",
    "go/bin",
    "miniconda3",
    "anaconda3",
)
_SECRETS_AT_HOME = (
    ".aws",
    ".azure",
    ".cache/punie",
    ".config",
    ".docker",
    ".gnupg",
    ".kube",
    ".local/share/keyrings",
    ".local/share/punie",
    ".local/state",
    ".mozilla",
    ".password-store",
    ".ssh",
    "Library",
    ".bash_history",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".python_history",
    ".zsh_history",
)
_HIDDEN_FOLDERS = ("/tmp", "/var/tmp", "/run", "/home", "/root", "/Users")
# Where punie's own files and those of other programs are, if the person has moved them.
_MOVED_BY = ("PUNIE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
OWN_ENVIRONMENT = Path(os.path.realpath(sys.prefix))
"""What punie itself runs from; in the tree where a project has punie among its own packages."""
_MASKED_FILES = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-", "/etc/sudoers")


def home_folder() -> Path:
    """The person's home, links resolved."""
    return Path(os.path.realpath(Path.home()))


def hidden_folders(root: Path) -> list[Path]:
    """Folders that are empty for a command, outermost first; none of them lies inside the root."""
    folders = {Path(folder) for folder in _HIDDEN_FOLDERS} | {home_folder(), *_folders_named_by(_MOVED_BY)}
    return sorted(
        folder
        for folder in folders
        if folder.is_dir() and not folder.is_symlink() and not folder.is_relative_to(root) and folder != Path("/")
    )


def _folders_named_by(variables: Iterable[str]) -> set[Path]:
    moved = (os.environ.get(name, "") for name in variables)
    return {Path(os.path.realpath(Path(folder).expanduser())) for folder in moved if folder.startswith(("/", "~"))}


def visible_toolchains(root: Path) -> list[Path]:
    """Folders below hidden ones that hold programs: installed tools, and what PATH names."""
    home = home_folder()
    on_path = [Path(os.path.realpath(entry)) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    hidden = hidden_folders(root)
    wanted = {home / name for name in _TOOLCHAINS} | {folder for folder in on_path if folder.name in ("bin", "shims")}
    wanted |= {Path(sys.base_prefix), _interpreter_s_prefix(root / ".venv" / "bin" / "python")}
    return sorted(
        folder
        for folder in wanted
        if folder.is_dir()
        and not folder.is_relative_to(root)
        and not root.is_relative_to(folder)
        and any(folder.is_relative_to(place) and folder != place for place in hidden)
    )


def _interpreter_s_prefix(interpreter: Path) -> Path:
    """Where the interpreter that a virtual environment links to is installed."""
    return Path(os.path.realpath(interpreter)).parents[1]


def secrets_inside(root: Path) -> list[Path]:
    """What stays hidden where the tree holds the home, or punie's own files."""
    home = home_folder()
    places = [*(home / name for name in _SECRETS_AT_HOME), *_folders_named_by(("PUNIE_HOME",))]
    return [path for path in places if path.exists() and path.is_relative_to(root) and path != root]


def masked_files() -> list[Path]:
    """Files that only root may read, for the case that punie runs as root."""
    return [path for name in _MASKED_FILES if (path := Path(name)).is_file()]
