"""The command line, standard library only: finds the verb and hands over to one file of commands/."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable

COMMANDS = {
    "ask": "one turn, no app: prints the answer (`--json`: events)",
    "tool": "run one typed tool: punie tool NAME key=value …",
    "tools": "list the tools",
    "sessions": "list, show, export, rename, fork and remove conversations; go back in one",
    "undo": "take back what a turn changed in files",
    "redo": "make again what undo took back",
    "bisect": "which hunks of the last turn broke a test",
    "trust": "trust the code in a folder, or no longer (`--revoke`)",
    "rules": "what you always allow in a folder (`--forget`)",
    "keys": "every action of the app with its keys",
    "settings": "what is set and where that comes from; change it",
    "init": "draft AGENTS.md from what the project's files say",
    "notes": "the project's notes in force, and their price",
    "eval": "score a model on a suite of requests",
    "lab": "data, training and export of models",
    "models": "list, fetch and remove models; what fits this machine",
    "bench": "speed and memory, as ratios measured side by side",
    "doctor": "what works on this machine, and what mends the rest",
}
_OPTIONS_WITH_VALUE = ("--model", "--cwd", "--review")
_COMMANDS_WITH_MODEL = ("ask", "eval", "bench", "lab")
_NOTHING_TO_SAY = {
    "tools": ("--cwd", "--yes"),
    "models": ("--cwd", "--yes"),
    "doctor": ("--yes",),
}
"""The common options that a command takes as every other does, and that change nothing there."""
_CANNOT_BE_WRITTEN = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG)
_USAGE = """punie: a terminal pair programmer that runs on your own machine.

usage: punie [DIR] [options]          the app on DIR (default: the current directory)
       punie "PROMPT" [options]       the app, with that as the first prompt
       punie COMMAND … [options]      (a folder named like a command: punie ./tools)

commands:
{commands}

options:
  --model nano|PATH|HUB_ID|URL   the model that answers (default: nano, built in); URL#NAME names
                                 one of a server's, PUNIE_API_KEY holds the server's key
  --cwd DIR                      work on DIR
  --yes                          allow what would be asked
  --resume [SESSION]             go on with the last session of this folder, or with that one (app)
  --continue, -c                 go on with the last session of this folder (app)
  --review REVISION              begin with the review of a commit, or of A..B (app)
  --version, --help
"""


def main() -> int:
    """Run punie; the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    _open_closed_streams()
    try:
        code = _dispatch(sys.argv[1:])
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        import signal

        # What ends now is not to be interrupted once more on its way out.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone.
        _write_no_more()
        return 0
    except OSError as error:
        if error.errno not in _CANNOT_BE_WRITTEN or error.filename is not None:
            raise
        _write_no_more()
        sys.stderr.write(f"punie: the output cannot be written: {(error.strerror or str(error)).lower()}.\n")
        return 1


def _open_closed_streams() -> None:
    """Python has none where a shell closed one (`>&-`), and whoever wrote to it would fail."""
    for name, flags in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), flags))


def _write_no_more() -> None:
    """What is still to be written goes nowhere, also at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(arguments: list[str]) -> int:
    options, rest = _leading_options(arguments)
    is_command = bool(rest) and rest[0] in COMMANDS
    if "--version" in options or (is_command and "--version" in _before_end_of_options(rest)):
        from punie_tui import __version__

        print(f"punie {__version__}")  # noqa: T201 - the asked-for output
        return 0
    if "--help" in options or "-h" in options:
        listing = "\n".join(f"  {name:<8} {summary}" for name, summary in COMMANDS.items())
        print(_USAGE.format(commands=listing), end="")  # noqa: T201 - the asked-for output
        return 0
    if is_command:
        given = [*rest[1:], *options] if rest[0] != "lab" else [*options, *rest[1:]]
        return _load(rest[0])(_without(_says_nothing(rest[0]), given))
    return _load("app")([*options, *rest])


def _leading_options(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Options before the verb, so that `punie --model M ask …` works like `punie ask … --model M`."""
    position = 0
    while position < len(arguments) and arguments[position].startswith("-") and arguments[position] != "-":
        position += 2 if arguments[position] in _OPTIONS_WITH_VALUE else 1
    return arguments[:position], arguments[position:]


def _before_end_of_options(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _says_nothing(command: str) -> tuple[str, ...]:
    model = () if command in _COMMANDS_WITH_MODEL else ("--model",)
    return (*model, *_NOTHING_TO_SAY.get(command, ()))


def _without(options: tuple[str, ...], arguments: list[str]) -> list[str]:
    """The arguments without these options and their values."""
    left: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument == "--":
            return left + arguments[position:]
        if argument in options:
            position += 1 if argument not in _OPTIONS_WITH_VALUE else 2
            continue
        if argument.partition("=")[0] not in options:
            left.append(argument)
        position += 1
    return left


def _load(command: str) -> Callable[[list[str]], int]:
    return importlib.import_module(f"punie_tui.commands.{command}").run


if __name__ == "__main__":
    sys.exit(main())
