"""debug_run on real scripts: the error that ends one, a breakpoint, a thread, a script that is none."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files
from tests.tools.debug.conftest import Debug

SCRIPT = '''\
import sys
from beside import half


def share(amount, people):
    """Divide it."""
    part = amount / people
    return half(part)


if __name__ == "__main__":
    print("arguments", sys.argv[1:], repr(sys.stdin.read()), __name__)
    print(share(8, 2))
    amounts = {"a": 1}
    share(amounts["a"], len(sys.argv) - 3)
'''
THREADS = """\
import threading


def work():
    number = 1
    raise ValueError("in a thread")


thread = threading.Thread(target=work, name="worker")
thread.start()
thread.join()
print("end")
"""
ASYNC = """\
import asyncio


async def divide(number):
    await asyncio.sleep(0)
    return 1 / number


async def main():
    await asyncio.gather(divide(1), divide(0))


asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def scripts(root: Path) -> None:
    files = {
        "scripts/share.py": SCRIPT,
        "scripts/beside.py": "def half(number):\n    return number / 2\n",
        "threads.py": THREADS,
        "asynchronous.py": ASYNC,
        "wrong.py": "x = (\n",
        "leaves.py": "import sys\nprint('x' * 100_000)\nsys.exit('bye')\n",
        "endless.py": "count = 0\nwhile True:\n    count += 1\n",
    }
    write_files(root, files)


def test_a_script_stops_at_the_error_that_ends_it(debug: Debug) -> None:
    result = debug("debug_run", path="scripts/share.py", arguments=["one", "two words"], expressions=["amount"])
    assert (result.stopped, result.exit_code, result.exception_type) == ("exception", 1, "ZeroDivisionError")
    assert [(frame.function, frame.file, frame.line) for frame in result.frames] == [
        ("share", "scripts/share.py", 7),
        ("<module>", "scripts/share.py", 15),
    ]
    assert [variable.as_row() for variable in result.locals] == ["amount: int = 1", "people: int = 0"]
    assert result.expressions[0].value == "1"
    assert "arguments ['one', 'two words'] '' __main__\n2.0\n" in result.output
    assert "punie_debug" not in result.output
    assert result.summary == (
        "scripts/share.py failed in share (scripts/share.py:7): ZeroDivisionError: division by zero."
    )


def test_from_a_breakpoint_it_goes_no_further(debug: Debug) -> None:
    result = debug("debug_run", path="scripts/share.py", breakpoints=["share"])
    assert (result.stopped, result.function, result.line, result.exit_code) == ("breakpoint", "share", 7, None)
    assert "2.0" not in result.output


@pytest.mark.parametrize(
    ("path", "function", "reason", "exit_code"),
    [
        ("threads.py", "work", "ValueError: in a thread", 0),
        ("asynchronous.py", "divide", "ZeroDivisionError: division by zero", 1),
        ("wrong.py", "", "SyntaxError: '(' was never closed (wrong.py, line 1)", 1),
        ("leaves.py", "", "ended with exit code 1", 1),
    ],
)
def test_how_scripts_end(debug: Debug, path: str, function: str, reason: str, exit_code: int) -> None:
    result = debug("debug_run", path=path)
    assert (result.function, result.reason, result.exit_code) == (function, reason, exit_code)
    if path == "threads.py":
        assert result.thread == "worker"
        assert result.output.endswith("ValueError: in a thread\n") or "end\n" in result.output
    if path == "leaves.py":
        assert result.truncated
        assert len(result.output) < 20_000
        assert result.output.endswith("bye\n")


def test_a_script_that_never_ends_is_stopped_where_it_is(debug: Debug) -> None:
    result = debug("debug_run", path="endless.py", timeout=4)
    assert (result.stopped, result.function, result.exit_code) == ("deadline", "<module>", None)
    assert [variable.name for variable in result.locals] == ["count"]
    assert psutil.Process().children(recursive=True) == []


def test_what_cannot_be_run_is_told(debug: Debug, root: Path) -> None:
    for arguments, message in (
        ({"path": "scripts"}, "is a folder"),
        ({"path": "share.py"}, "did you mean 'scripts/share.py'"),
        ({"path": "wrong.py", "arguments": ["\0"]}, "NUL character"),
    ):
        with pytest.raises(ToolError, match=message):
            debug("debug_run", **arguments)
    with pytest.raises(ToolError, match="this folder is not trusted"):
        find_tool("debug_run").run(ToolContext(Workspace.at(root)), {"path": "wrong.py"})
