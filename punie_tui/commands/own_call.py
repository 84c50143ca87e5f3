"""A tool that the person runs by a command: signals stop it, and its result or a line on what is wrong is printed."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from punie_tools.errors import ToolCancelledError, ToolError, bug_in
from punie_tools.tool import Tool, ToolResult
from punie_tui.commands.terminal import print_error

Result = TypeVar("Result", bound=ToolResult)

_LOG = logging.getLogger(__name__)
_INTERRUPTED = 130
_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_own_call(
    tool: Tool, cancelled: threading.Event, call: Callable[[], Result], shown: Callable[[Result], str]
) -> int:
    """The exit code. `cancelled` is set by the first signal, and is for the call to look at."""
    previous = {number: signal.signal(number, _stopper(cancelled)) for number in _STOPPING_SIGNALS}
    try:
        result = call()
    except ToolCancelledError:
        return _INTERRUPTED
    except ToolError as error:
        print_error(str(error))
        return 1
    except Exception:
        # A bug of the tool is no concern of the terminal; its traceback goes to the log.
        _LOG.exception("tool %s failed", tool.name)
        print_error(bug_in(tool.name))
        return 1
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    print_printable(shown(result))
    return 0


def _stopper(cancelled: threading.Event) -> Any:
    """The first Ctrl+C stops the tool and its children in order, the second one the program."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()

    return handler


def print_printable(text: str) -> None:
    """Characters that the terminal's encoding lacks are spelled out."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def as_json(result: ToolResult) -> str:
    """ASCII, so that any terminal and any locale can print it, and no control character reaches it."""
    return json.dumps(_summary_first(result), indent=2) + "\n"


def _summary_first(result: ToolResult) -> dict[str, Any]:
    dumped = result.model_dump(mode="json")
    return {"success": dumped.pop("success"), "summary": dumped.pop("summary"), **dumped}
