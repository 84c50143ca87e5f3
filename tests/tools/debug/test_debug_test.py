"""debug_test on a real project: where a test fails or stops, with which values; and what cannot be debugged."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.quality.tests_in_sandbox import confinement_for_tests
from punie_tools.registry import find_tool
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files
from tests.tools.debug.conftest import Debug

SHOP = """\
def price(amount, rate):
    total = amount * rate
    if total < 0:
        raise ValueError(f"{total} is no price")
    return total


def rates():
    for number in range(3):
        yield number * 2
"""
TESTS = """\
import os
import subprocess
import sys
import threading
import time

import pytest
from shop import price, rates


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


class Endless:
    def __repr__(self):
        while True:
            pass


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    with open("torn-down", "w") as file:
        file.write("yes")


@pytest.fixture
def failing():
    raise KeyError("setup")


def test_values(folder):
    broken, endless = Broken(), Endless()
    numbers, text = list(range(100_000)), "x" * 1_000_000
    print("before")
    result = price(2, 3)
    assert result == 7


@pytest.mark.parametrize("amount", [1, -1, 2])
def test_price(amount):
    assert price(amount, 2) > 0


def test_generator():
    assert list(rates()) == [0, 2, 4]


def test_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(price(1, 1)))
    thread.start()
    thread.join()
    assert found == [1]


def test_fork():
    child = os.fork()
    if child == 0:
        os._exit(price(5, 1))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5


def test_children():
    subprocess.Popen([sys.executable, "-c", "import os, time; os.setsid(); time.sleep(300)"], stdout=subprocess.DEVNULL)
    with open("started", "w") as file:
        file.write("yes")
    threading.Event().wait()


def test_setup(failing):
    pass


def test_killed():
    os.kill(os.getpid(), 9)


def test_interrupted():
    raise KeyboardInterrupt


def test_run_ended():
    pytest.exit("enough")


def test_earlier():
    try:
        price(-1, 1)
    except ValueError as error:
        raise RuntimeError("later") from error


def test_depth():
    def deeper(number):
        return deeper(number + 1)

    deeper(0)


class TestBook:
    def test_skipped(self):
        pytest.skip("not today")
"""


@pytest.fixture(autouse=True)
def project(root: Path) -> None:
    write_files(root, {"shop.py": SHOP, "test_shop.py": TESTS, "pytest.ini": "[pytest]\naddopts = -n 2\n"})


def values_of(result: Any) -> dict[str, str]:
    return {variable.name: variable.value for variable in result.locals}


def children_of_this_test() -> list[str]:
    return [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]


def test_a_failing_test_shows_its_stack_and_values(debug: Debug, root: Path) -> None:
    result = debug("debug_test", target="test_values", expressions=["result + 1", "result +", "nothing", "text"])
    assert result.success
    assert (result.stopped, result.outcome, result.exception_type) == ("exception", "failed", "AssertionError")
    assert (result.file, result.line, result.function) == ("test_shop.py", 39, "test_values")
    assert result.summary == "test_shop.py::test_values failed in test_values (test_shop.py:39): AssertionError: " + (
        "assert 6 == 7."
    )
    (frame,) = result.frames
    assert (frame.source, frame.is_project) == ("assert result == 7", True)
    values = values_of(result)
    assert values["broken"] == "<Broken whose repr() raises RuntimeError>"
    assert values["endless"] == "<Endless whose repr() takes longer than 0.5 s>"
    assert values["numbers"].startswith("[0, 1, 2,") and values["numbers"].endswith(", ...]")
    assert len(values["text"]) < 400
    assert {variable.name: variable.type for variable in result.locals}["result"] == "int"
    assert not any(name.startswith("@") for name in values)
    told = [(answer.type, answer.value[:30], answer.error) for answer in result.expressions]
    assert told[0] == ("int", "7", "")
    assert told[1][2].startswith("SyntaxError: invalid syntax")
    assert told[2][2] == "NameError: name 'nothing' is not defined"
    assert 1500 < len(result.expressions[3].value) < 2100
    assert "before" in result.output
    assert (root / "torn-down").read_text() == "yes"


def test_a_breakpoint_stops_in_the_function_and_the_test_goes_on(debug: Debug, root: Path) -> None:
    result = debug(
        "debug_test",
        target="test_shop.py::test_values",
        breakpoints=["price if amount == 2", "test_shop.py:42"],
        expressions=["amount * 10", "exit()", "[rate for _ in range(2)]"],
    )
    assert (result.stopped, result.reason) == ("breakpoint", "breakpoint price if amount == 2")
    assert [(frame.function, frame.file, frame.line) for frame in result.frames] == [
        ("price", "shop.py", 2),
        ("test_values", "test_shop.py", 38),
    ]
    assert values_of(result) == {"amount": "2", "rate": "3"}
    assert [answer.value or answer.error for answer in result.expressions] == [
        "20",
        "RuntimeError: it raised SystemExit",
        "[3, 3]",
    ]
    assert [(point.line, point.is_hit) for point in result.breakpoints] == [(2, True), (44, False)]
    assert (result.outcome, (root / "torn-down").read_text()) == ("failed", "yes")


def test_of_several_parameters_the_failing_one_is_shown(debug: Debug) -> None:
    result = debug("debug_test", target="test_price")
    assert (result.test, result.exception_type) == ("test_shop.py::test_price[-1]", "ValueError")
    assert (result.reason, result.function) == ("ValueError: -2 is no price", "price")
    passed = debug("debug_test", target="test_price[2]", breakpoints=["rates", "shop.py:4"])
    assert (passed.stopped, passed.outcome) == ("finished", "passed")
    assert passed.summary == "test_shop.py::test_price[2] passed, and no breakpoint was reached."


@pytest.mark.parametrize(
    ("target", "breakpoints", "function", "outcome"),
    [
        ("test_generator", ["shop.py:10 if number == 1"], "rates", "passed"),
        ("test_thread", ["price"], "price", "passed"),
        ("test_fork", ["price"], "", "passed"),  # a fork has no debugger, and is not held by one
        ("test_setup", [], "failing", "error"),
        ("test_skipped", [], "", "skipped"),
        ("test_generator", ["rates if nothing"], "rates", "passed"),
    ],
)
def test_where_it_stops(debug: Debug, target: str, breakpoints: list[str], function: str, outcome: str) -> None:
    result = debug("debug_test", target=target, breakpoints=breakpoints)
    assert (result.function, result.outcome) == (function, outcome)
    assert (result.stopped == "finished") == (not function)
    if breakpoints == ["rates if nothing"]:
        assert result.breakpoints[0].note == "its condition raises NameError: name 'nothing' is not defined"


def test_a_test_that_hangs_is_stopped_where_it_waits_and_nothing_is_left(debug: Debug) -> None:
    result = debug("debug_test", target="test_children", timeout=6)
    assert (result.stopped, result.function, result.outcome) == ("deadline", "test_children", "")
    assert result.frames[0].function == "wait"
    assert not result.frames[0].is_project
    assert "was still running at the deadline in test_children (test_shop.py:70)" in result.summary
    assert children_of_this_test() == []


@pytest.mark.parametrize("confine_tests", [True, False])
def test_a_stop_of_the_person_ends_it_at_once(debug: Debug, root: Path, confine_tests: bool) -> None:
    cancelled = threading.Event()

    def stop() -> None:
        while not (root / "started").exists():
            time.sleep(0.01)
        cancelled.set()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(ToolCancelledError):
        debug("debug_test", target="test_children", cancelled=cancelled, confine_tests=confine_tests, timeout=300)
    thread.join()
    assert children_of_this_test() == []


def test_an_error_that_came_of_another_shows_both(debug: Debug) -> None:
    result = debug("debug_test", target="test_earlier")
    assert [(frame.function, frame.source, frame.earlier_error) for frame in result.frames] == [
        ("test_earlier", 'raise RuntimeError("later") from error', None),
        ("price", 'raise ValueError(f"{total} is no price")', "-1 is no price"),
        ("test_earlier", "price(-1, 1)", "-1 is no price"),
    ]
    assert result.function == "test_earlier"
    assert result.frames[1].as_row().endswith("(before: -1 is no price)")


def test_a_stack_without_end_is_cut(debug: Debug) -> None:
    result = debug("debug_test", target="test_depth")
    assert (result.exception_type, result.function, len(result.frames)) == ("RecursionError", "deeper", 50)
    assert result.truncated


@pytest.mark.parametrize(
    ("target", "reason"), [("test_interrupted", "KeyboardInterrupt"), ("test_run_ended", "Exit: enough")]
)
def test_what_ends_the_whole_run_is_shown_too(debug: Debug, target: str, reason: str) -> None:
    result = debug("debug_test", target=target)
    assert (result.stopped, result.function, result.reason, result.outcome) == ("exception", target, reason, "")


def test_a_file_that_cannot_be_imported_is_shown_only_if_it_is_meant(debug: Debug, root: Path) -> None:
    write_files(root, {"test_a_broken.py": "amount = 7\nimport nowhere\n\n\ndef test_in_it():\n    pass\n"})
    for target in ("test_a_broken.py", "test_a_broken.py::test_in_it"):
        result = debug("debug_test", target=target)
        assert (result.exception_type, result.file, result.line) == ("ModuleNotFoundError", "test_a_broken.py", 2)
        assert values_of(result)["amount"] == "7"
        assert (result.outcome, result.test) == ("error", "test_a_broken.py")
    assert debug("debug_test", target="test_generator").outcome == "passed"
    with pytest.raises(ToolError, match=r"no test 'test_in_it' \(1 module could not be imported: test_a_broken.py\)"):
        debug("debug_test", target="test_in_it")


def test_a_test_that_ends_its_process_is_told(debug: Debug) -> None:
    result = debug("debug_test", target="test_killed")
    assert (result.stopped, result.outcome, result.test) == ("finished", "", "test_shop.py::test_killed")
    assert result.reason == "did not come to its end: pytest's process ended with signal 9"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "test_pric"}, "There is no test 'test_pric'; did you mean 'test_shop.py::test_price"),
        ({"target": "test_shop.py"}, "'test_shop.py' means 13 tests; name one of them: test_shop.py::TestBook"),
        ({"target": "nowhere.py::test_a"}, "There is no file or folder 'nowhere.py'"),
        ({"target": " "}, "needs the name of one test"),
        ({"target": "test_price", "timeout": 0}, "The timeout must be more than 0"),
        ({"target": "test_price", "breakpoints": ["shop.py:400"]}, "it has 10 lines"),
    ],
)
def test_what_cannot_be_debugged_is_told(debug: Debug, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ToolError) as caught:
        debug("debug_test", **arguments)
    assert message in str(caught.value)


def test_nothing_runs_before_the_folder_is_trusted_and_the_approval_shows_all(root: Path, environment: Path) -> None:
    tool = find_tool("debug_test")
    untrusted = ToolContext(Workspace.at(root))
    with pytest.raises(ToolError, match="this folder is not trusted"):
        tool.run(untrusted, {"target": "test_price"})
    shown = tool.preview(
        untrusted, tool.validate({"target": "test_price", "breakpoints": ["price if f()"], "expressions": ["g()"]})
    )
    assert "-m pytest" in shown
    assert shown.splitlines()[1:] == ["stop at price if f()", "evaluate g()"]


def test_it_runs_in_the_sandbox_of_the_tests_and_an_approval_tells_where_there_is_none(
    debug: Debug, root: Path, outside: Path
) -> None:
    expressions = [f"open({str(outside / 'written')!r}, 'w')", "open('inside.txt', 'w').write('yes')"]
    result = debug("debug_test", target="test_values", expressions=expressions)
    assert result.sandbox == confinement_for_tests(Workspace.at(root)).name
    if not result.confined:
        pytest.skip(f"no sandbox here: {result.sandbox_reason}")
    assert result.expressions[0].error.startswith(("OSError", "PermissionError", "FileNotFoundError"))
    assert not (outside / "written").exists()
    assert (root / "inside.txt").read_text() == "yes"
    tool = find_tool("debug_test")
    arguments = tool.validate({"target": "test_values", "expressions": expressions})
    for is_confined, risk in ((True, Risk.RUNS), (False, Risk.LEAVES)):
        workspace = Workspace.at(root, confine_tests=is_confined)
        assert (tool.risk_for(arguments, workspace), tool.is_confined(workspace)) == (risk, is_confined)
        shown = tool.preview(ToolContext(workspace), arguments)
        assert ("Not confined (the setting `confine_tests` is off)" in shown) == (not is_confined)
        assert shown.splitlines()[-2:] == [f"evaluate {text}" for text in expressions]


def test_what_a_debugged_test_and_the_expressions_wrote_can_be_taken_back(
    root: Path, environment: Path, outside: Path
) -> None:
    journal = Journal(outside / "journal", root)
    changes = SessionChanges(root, journal)
    context = ToolContext(Workspace.at(root, is_trusted=True), changes=changes)
    arguments = {"target": "test_values", "expressions": ["open('inside.txt', 'w').write('yes')"]}
    told = [file["path"] for file in find_tool("debug_test").run(context, arguments).model_dump()["changed_files"]]
    assert {"inside.txt", "torn-down"} <= set(told)
    journal.undo()
    assert not (root / "inside.txt").exists()
    assert not (root / "torn-down").exists()


def test_a_project_without_pytest_is_told(debug: Debug, environment: Path) -> None:
    for link in environment.glob("lib/python3*/site-packages/*pytest*"):
        link.unlink()
    with pytest.raises(ToolError, match="has no pytest; install it"):
        debug("debug_test", target="test_price")
