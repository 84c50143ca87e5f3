"""How the benches start programs: the interpreter's own, in a home and a folder of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from punie_tui.bench.program_on_terminal import ProgramOnTerminal


def start(module: str, *arguments: str, folder: Path, home: Path) -> ProgramOnTerminal:
    """`python -m MODULE` on a terminal of true colours."""
    environment = {
        **os.environ,
        "PUNIE_HOME": str(home),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    environment.pop("NO_COLOR", None)
    return ProgramOnTerminal([sys.executable, "-P", "-m", module, *arguments], environment, str(folder))
