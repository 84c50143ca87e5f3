"""The shell that runs a command line, its environment, and the limits on what it may use up."""

from __future__ import annotations

import os
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.process import clean_environment

_SHELLS = ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/opt/homebrew/bin/bash")
_POSIX_SHELL = "/bin/sh"
_KEPT_VARIABLES = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM")
# One argument of a program may hold 128 KiB on Linux.
_LONGEST_COMMAND = 120_000
_MOST_PROCESSES = 1024
_LARGEST_FILE_IN_BLOCKS = 8 * 1024 * 1024


def check_command(command: str) -> None:
    """Raises ToolError for a text that no shell can take: empty, with a NUL character, or too long."""
    if not command.strip():
        raise ToolError("The command is empty.")
    if "\0" in command:
        raise ToolError("The command holds a NUL character, which no shell takes.")
    length = len(command.encode("utf-8", "surrogateescape"))
    if length > _LONGEST_COMMAND:
        raise ToolError(
            f"The command has {length} bytes; at most {_LONGEST_COMMAND} work: write a script and run that."
        )


def shell_argv(command: str) -> list[str]:
    """Bash where there is one, since that is what models write, else the system's `sh`; no start-up files.

    The limits, of a file's size and of processes, are the shell's own; the latter does not hold for root.
    """
    for shell in _SHELLS:
        if os.access(shell, os.X_OK):
            limits = f"{_process_limit()}ulimit -f {_LARGEST_FILE_IN_BLOCKS} 2>/dev/null; ulimit -c 0"
            return [
                shell,
                "--noprofile",
                "--norc",
                "-c",
                f'{limits}; exec "$0" --noprofile --norc -c "$1"',
                shell,
                command,
            ]
    return [_POSIX_SHELL, "-c", command]


def _process_limit() -> str:
    """The system counts all threads of a person, other programs' included, so those that there are come on top."""
    try:
        threads = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    except (OSError, ValueError):
        return ""
    return f"ulimit -u {threads + _MOST_PROCESSES} 2>/dev/null; "


def shell_environment(root: Path, *, without_programs_of_the_tree: bool = False) -> dict[str, str]:
    """Nothing secret and nothing that steers; the project's virtual environment comes first on PATH, if any may."""
    clean = clean_environment()
    kept = {name: value for name, value in clean.items() if name in _KEPT_VARIABLES or name.startswith("LC_")}
    folders = kept["PATH"].split(os.pathsep)
    scripts = root / ".venv" / "bin"
    if without_programs_of_the_tree:
        folders = [folder for folder in folders if not Path(os.path.realpath(folder)).is_relative_to(root)]
    elif scripts.is_dir():
        folders.insert(0, str(scripts))
    return {
        **kept,
        "PATH": os.pathsep.join(folders),
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
    }
