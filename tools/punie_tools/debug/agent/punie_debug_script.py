"""Runs a script as `python SCRIPT ARGUMENTS` would, and stops where it or a thread of it raises what nobody catches."""

import sys
import threading
import types
from pathlib import Path
from typing import Any


def _run(script: str) -> None:
    module = types.ModuleType("__main__")
    module.__file__ = script
    sys.modules["__main__"] = module
    sys.path[0] = str(Path(script).parent)
    exec(compile(Path(script).read_bytes(), script, "exec"), module.__dict__)


def _on_thread_error(arguments: Any) -> None:
    if arguments.exc_type is not SystemExit:
        agent.post_mortem(arguments.exc_value, arguments.exc_traceback)
    threading.__excepthook__(arguments)


# Next to this file, whose folder is first on the path until the script's takes its place.
agent: Any = __import__("punie_debug_agent")
threading.excepthook = _on_thread_error
sys.argv = sys.argv[1:]
try:
    _run(sys.argv[0])
except SystemExit:
    raise
except BaseException as error:
    # Without the frames of this file.
    traceback = error.__traceback__ and error.__traceback__.tb_next and error.__traceback__.tb_next.tb_next
    agent.post_mortem(error, traceback or error.__traceback__)
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)
    sys.exit(1)
