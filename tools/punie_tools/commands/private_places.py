"""What a command never gets to see: the person's home, save the tools installed there, and sockets of the system."""

from __future__ import annotations

import os
import sys
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
_MASKED_FILES = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-", "/etc/sudoers")


def home_folder() -> Path:
    """The person's home, links resolved."""
    return Path(os.path.realpath(Path.home()))


def hidden_folders(root: Path) -> list[Path]:
    """Folders that are empty for a command, outermost first; none of them lies inside the root."""
    own_files = os.environ.get("PUNIE_HOME")
    folders = {Path(folder) for folder in _HIDDEN_FOLDERS} | {home_folder()}
    folders |= {Path(os.path.realpath(Path(own_files).expanduser()))} if own_files else set()
    return sorted(
        folder
        for folder in folders
        if folder.is_dir() and not folder.is_symlink() and not folder.is_relative_to(root) and folder != Path("/")
    )


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
    """What stays hidden where the person works in the home itself, or above it."""
    home = home_folder()
    return [path for name in _SECRETS_AT_HOME if (path := home / name).exists() and path.is_relative_to(root)]


def masked_files() -> list[Path]:
    """Files that only root may read, for the case that punie runs as root."""
    return [path for name in _MASKED_FILES if (path := Path(name)).is_file()]
