"""What is started to debug the project's code: its own Python, with debugpy's debugger lent to it for the one run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.quality.interpreter import Interpreter
from punie_tools.workspace import Workspace

AGENT = "punie_debug_agent"
AGENT_FOLDER = Path(__file__).parent / "agent"

_OLDEST_PYTHON = (3, 8)


def debugger_variables(interpreter: Interpreter, *, has_breakpoints: bool, seeks_test: bool = False) -> dict[str, str]:
    """What the agent in the child reads. Raises ToolError where the debugger cannot work.

    With `seeks_test` files that fail to import are passed by, since the test may be in another.

    debugpy is not installed into the project: its folder of plain Python comes last on the child's path. What is
    compiled in it is for punie's version of Python, and left alone by another.
    """
    version = interpreter.version
    if version is not None and version[:2] < _OLDEST_PYTHON:
        raise ToolError(
            f"Debugging needs Python 3.8 or newer, and the project's {interpreter.path} is {version[0]}.{version[1]}."
        )
    return {
        "PUNIE_PYDEVD": str(pydevd_folder()),
        "PUNIE_HAS_BREAKPOINTS": "1" if has_breakpoints else "",
        "PUNIE_SEEKS_TEST": "1" if seeks_test else "",
        # It would warn, on the program's stderr, of frozen modules, which nobody sets a breakpoint in.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def project_file_test(workspace: Workspace, interpreter: Interpreter) -> Callable[[str], bool]:
    """Tells whether a file is the project's own code, and not of its environment or a package in it."""
    environment = interpreter.environment

    def is_project_file(name: str) -> bool:
        path = Path(name)
        if not path.is_relative_to(workspace.root) or "site-packages" in path.parts:
            return False
        return environment is None or not path.is_relative_to(environment)

    return is_project_file


def pydevd_folder() -> Path:
    """Where the debugger lies beside punie. Raises ToolError if it does not."""
    found = importlib.util.find_spec("debugpy")
    if found is None or found.origin is None:
        raise ToolError("debugpy is not installed beside punie; install punie again.")
    return Path(found.origin).parent / "_vendored" / "pydevd"
