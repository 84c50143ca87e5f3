"""pytest_run says what the project's own pytest says, test by test."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.quality.pytest_run import TOOL, PytestRunResult, run_tests
from punie_tools.tool import Risk, ToolContext
from punie_tools.workspace import Workspace

Write = Callable[[Mapping[str, str | bytes]], Path]
RunTool = Callable[..., Any]

OUTCOMES = """\
import sys
import unittest

import pytest


def check(value):
    assert value == 3, "check says no"


def test_passes():
    print("noise")


def test_fails():
    x = 1
    assert x == 2


def test_fails_in_a_helper():
    check(1)


@pytest.mark.parametrize("value", [1, 2, "a/b", "c::d", "e[f]"])
def test_parametrised(value):
    assert value != 2


@pytest.fixture
def breaks_before():
    raise ValueError("before")


def test_setup(breaks_before):
    pass


@pytest.fixture
def breaks_after():
    yield
    raise ValueError("after")


def test_teardown(breaks_after):
    pass


@pytest.mark.skip(reason="not now")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_xfails():
    assert 0


@pytest.mark.xfail(reason="mended")
def test_xpasses():
    pass


@pytest.mark.xfail(strict=True, reason="mended")
def test_xpasses_strictly():
    pass


def test_without_fixture(nowhere):
    pass


class TestUnit(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(1, 2)


def test_unspeakable():
    class Unspeakable(Exception):
        def __str__(self):
            raise RuntimeError

    raise Unspeakable()
"""
FAILING_LINES = {
    "test_fails": (17, "assert 1 == 2"),
    "test_fails_in_a_helper": (8, "AssertionError: check says no"),
    "test_parametrised[2]": (26, "assert 2 != 2"),
    "test_setup": (31, "ValueError: before"),
    "TestUnit::test_equal": (74, "AssertionError: 1 != 2"),
    "test_without_fixture": (68, "fixture 'nowhere' not found"),
}


@pytest.fixture
def project(write: Write, environment: Path) -> Path:
    """A project with a test of every outcome."""
    return write({"tests/test_outcomes.py": OUTCOMES, "tests/test_more.py": "def test_more():\n    pass\n"})


def junit(root: Path, python: Path, *arguments: str) -> dict[str, list[str]]:
    """Each test's outcomes as pytest's own report file tells them."""
    report = root / "report.xml"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", *arguments]
    subprocess.run(command, cwd=root, capture_output=True, check=False)
    outcomes: dict[str, list[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"
        outcomes.setdefault(name, []).extend(child.tag for child in case if child.tag != "system-out")
    report.unlink()
    return outcomes


def last_line(root: Path, python: Path, *arguments: str) -> str:
    """pytest's own count."""
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "--no-header", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, check=False, text=True).stdout.splitlines()[-1]


def assert_counts(result: PytestRunResult, line: str) -> None:
    """The result counts what pytest counts in its last line."""
    counted = {
        word.rstrip("s") if word == "errors" else word: int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", line)
    }
    words = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
    numbers = (result.passed, result.failed, result.errors, result.skipped, result.xfailed, result.xpassed)
    assert dict(zip(words, numbers, strict=True)) == {word: counted.get(word, 0) for word in words}
    assert len(result.tests) == sum(numbers)


def test_counts_are_pytests(project: Path, environment: Path, run_trusted: RunTool) -> None:
    assert_counts(run_trusted("pytest_run"), last_line(project, environment / "bin" / "python"))


def test_outcomes_are_pytests(project: Path, environment: Path, run_trusted: RunTool) -> None:
    result = run_trusted("pytest_run")
    expected = junit(project, environment / "bin" / "python")
    tags = {"failed": ["failure"], "error": ["error"], "skipped": ["skipped"], "xfailed": ["skipped"]}
    found: dict[str, list[str]] = {}
    for test in result.tests:
        path, _, name = test.name.partition("::")
        name = name.replace("TestUnit::", "")
        folder = path.removesuffix(".py") + ("/TestUnit" if "TestUnit" in test.name else "")
        found.setdefault(f"{folder}::{name}", []).extend(tags.get(test.outcome, []))
    assert found == expected


def test_failures_have_the_line_and_message_of_the_assertion(project: Path, run_trusted: RunTool) -> None:
    tests = run_trusted("pytest_run").tests
    failures = {test.name.partition("::")[2]: test for test in tests if test.outcome in ("failed", "error")}
    for name, (line, message) in FAILING_LINES.items():
        failure = failures[name]
        assert (failure.file, failure.line, failure.message.split("\n")[0]) == (
            "tests/test_outcomes.py",
            line,
            message,
        )
    assert {test.outcome: test.message for test in tests if test.outcome in ("skipped", "xfailed", "xpassed")} == {
        "skipped": "not now",
        "xfailed": "known",
        "xpassed": "mended",
    }
    assert "Unspeakable" in failures["test_unspeakable"].message


def test_results_survive_xdist(project: Path, environment: Path, run_trusted: RunTool, write: Write) -> None:
    plain = {(test.name, test.outcome, test.line, test.message) for test in run_trusted("pytest_run").tests}
    write({"pytest.ini": "[pytest]\naddopts = -n 2\n"})
    result = run_trusted("pytest_run")
    assert {(test.name, test.outcome, test.line, test.message) for test in result.tests} == plain
    assert_counts(result, last_line(project, environment / "bin" / "python"))
    with pytest.raises(ToolError, match=r"did you mean 'tests/test_outcomes\.py::test_passes'"):
        run_trusted("pytest_run", target="test_pases")


def test_progress_is_told_while_tests_run(project: Path) -> None:
    told: list[tuple[int, int | None]] = []
    outcomes: list[str] = []

    def tell(done: int, total: int | None, text: str) -> None:
        told.append((done, total))
        outcomes.append(text)

    context = ToolContext(Workspace.at(project, is_trusted=True), report_progress=tell)
    result = TOOL.run(context, {})
    assert isinstance(result, PytestRunResult)
    tests = len({test.name for test in result.tests})
    assert told[0] == (0, tests)
    assert told[-1] == (tests, tests)
    assert told == sorted(told)
    assert len(told) == tests + 1
    assert {"passed tests/test_outcomes.py::test_passes", "failed tests/test_outcomes.py::test_fails"} <= set(outcomes)


TALKING = """\
import logging
import sys


def test_talks():
    print("told")
    print("wrong", file=sys.stderr)
    logging.warning("logged")
    assert 0


def test_floods():
    print("head", "x" * 100_000, "tail")
    assert 0


def test_passes():
    print("silent")
"""


def test_a_failing_test_keeps_what_it_printed(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"test_a.py": TALKING})
    talks, floods, passes = run_trusted("pytest_run").tests
    assert talks.output.startswith(
        "Captured stdout call:\ntold\nCaptured stderr call:\nwrong\nCaptured log call:\nWARNING"
    )
    assert len(floods.output) < 4_100
    assert floods.output.startswith("Captured stdout call:\nhead xx")
    assert floods.output.endswith("xx tail")
    assert "characters …" in floods.output
    assert passes.output == ""


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("tests/test_more.py", ["tests/test_more.py::test_more"]),
        ("test_more", ["tests/test_more.py::test_more"]),
        ("tests/test_outcomes.py::test_fails", ["tests/test_outcomes.py::test_fails"]),
        ("test_fails", ["tests/test_outcomes.py::test_fails"]),
        ("TestUnit", ["tests/test_outcomes.py::TestUnit::test_equal"]),
        ("TestUnit.test_equal", ["tests/test_outcomes.py::TestUnit::test_equal"]),
        ("test_outcomes.py::test_fails", None),
        ("test_parametrised[a/b]", ["tests/test_outcomes.py::test_parametrised[a/b]"]),
        ("tests/test_outcomes.py::test_parametrised[c::d]", ["tests/test_outcomes.py::test_parametrised[c::d]"]),
        ("tests/test_outcomes.py::test_parametrised[e[f]]", ["tests/test_outcomes.py::test_parametrised[e[f]]"]),
        (
            "test_parametrised",
            [f"tests/test_outcomes.py::test_parametrised[{value}]" for value in ("1", "2", "a/b", "c::d", "e[f]")],
        ),
    ],
)
def test_a_target_is_a_path_a_node_id_or_a_name(
    project: Path, run_trusted: RunTool, target: str, names: list[str] | None
) -> None:
    if names is None:
        with pytest.raises(ToolError, match=r"did you mean 'tests/test_outcomes\.py'"):
            run_trusted("pytest_run", target=target)
    else:
        assert [test.name for test in run_trusted("pytest_run", target=target).tests] == names


def test_a_module_that_cannot_be_imported_does_not_keep_a_named_test_from_running(
    project: Path, write: Write, run_trusted: RunTool
) -> None:
    write({"tests/test_broken.py": "import nowhere\n"})
    result = run_trusted("pytest_run", target="test_more")
    assert [(test.name, test.outcome) for test in result.tests] == [("tests/test_more.py::test_more", "passed")]
    with pytest.raises(
        ToolError, match=r"no test 'test_mroe' \(1 module could not be imported: tests/test_broken\.py\)"
    ):
        run_trusted("pytest_run", target="test_mroe")
    result = run_trusted("pytest_run", target="tests/test_broken.py::test_in_it")
    assert [(test.name, test.message) for test in result.tests] == [
        ("tests/test_broken.py", "ModuleNotFoundError: No module named 'nowhere'")
    ]


@pytest.mark.parametrize(
    ("target", "nearest"),
    [
        ("test_fials", "tests/test_outcomes.py::test_fails"),
        ("tests/test_outcomes.py::test_fials", "tests/test_outcomes.py::test_fails"),
        ("TestUnit.test_eqaul", "tests/test_outcomes.py::TestUnit::test_equal"),
        ("tests/test_outcome.py", "tests/test_outcomes.py"),
    ],
)
def test_an_unknown_target_names_the_nearest(project: Path, run_trusted: RunTool, target: str, nearest: str) -> None:
    with pytest.raises(ToolError, match=re.escape(f"did you mean {nearest!r}")):
        run_trusted("pytest_run", target=target)


def test_a_keyword_narrows(project: Path, run_trusted: RunTool) -> None:
    names = {test.name for test in run_trusted("pytest_run", keyword="more or helper").tests}
    assert names == {"tests/test_more.py::test_more", "tests/test_outcomes.py::test_fails_in_a_helper"}
    nothing = run_trusted("pytest_run", keyword="nosuchthing")
    assert (nothing.success, nothing.tests, nothing.summary) == (True, (), "No tests match 'nosuchthing'.")
    with pytest.raises(ToolError, match=r"pytest could not start: .*expected end of input"):
        run_trusted("pytest_run", keyword="a b")


def test_last_failed_runs_what_failed_before(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"test_a.py": "def test_good():\n    pass\n\ndef test_bad():\n    assert 0\n"})
    run_trusted("pytest_run")
    assert [test.name for test in run_trusted("pytest_run", last_failed=True).tests] == ["test_a.py::test_bad"]


def test_collection_errors_are_outcomes(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write(
        {
            "test_import.py": "import os\nimport nowhere\n",
            "test_syntax.py": "x = 1\ndef broken(:\n",
            "test_skipped.py": "import pytest\npytest.skip('whole module', allow_module_level=True)\n",
        }
    )
    result = run_trusted("pytest_run")
    found = [(test.name, test.outcome, test.file, test.line) for test in result.tests]
    assert found == [
        ("test_import.py", "error", "test_import.py", 2),
        ("test_skipped.py", "skipped", "test_skipped.py", None),
        ("test_syntax.py", "error", "test_syntax.py", 2),
    ]
    assert result.tests[0].message == "ModuleNotFoundError: No module named 'nowhere'"
    assert result.tests[2].message.startswith("SyntaxError: ")
    assert (result.errors, result.collection_errors) == (2, 2)
    assert [test.is_of_collection for test in result.tests] == [True, True, True]
    assert result.summary.startswith("2 collection errors, 1 skipped in ")
    assert ": test_import.py:2 (ModuleNotFoundError: No module named 'nowhere'), test_syntax.py:2 (" in result.summary
    assert not result.incomplete
    assert_counts(result, last_line(environment.parent, environment / "bin" / "python"))


@pytest.mark.parametrize("arguments", [{}, {"target": "tests"}, {"last_failed": True}])
def test_a_file_that_cannot_be_collected_keeps_no_other_from_running(
    write: Write, environment: Path, run_trusted: RunTool, arguments: dict[str, Any]
) -> None:
    write({"tests/test_a.py": "import nowhere\n", "tests/test_b.py": "def test_b():\n    assert 0\n"})
    if arguments.get("last_failed"):
        run_trusted("pytest_run")
    result = run_trusted("pytest_run", **arguments)
    assert (result.collection_errors, result.failed, result.incomplete) == (1, 1, "")


def test_a_failing_doctest_has_the_line_of_its_example(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"pytest.ini": "[pytest]\naddopts = --doctest-modules\n"})
    write({"a.py": 'def f():\n    """F.\n\n    >>> 1 + 1\n    2\n    >>> 1 + 2\n    4\n    """\n'})
    write({"b.py": '"""B.\n\n>>> 1 / 0\n"""\n'})
    assert [(test.file, test.line, test.message) for test in run_trusted("pytest_run").tests] == [
        ("a.py", 6, "expected '4', got '3'"),
        ("b.py", 3, "ZeroDivisionError: division by zero"),
    ]


def test_no_tests_is_a_result_that_says_so(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"src/a.py": "x = 1\n"})
    assert run_trusted("pytest_run").summary == "No tests were found."
    assert run_trusted("pytest_run", target="src").summary == "No tests in src."


def test_summaries_say_the_main_thing(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"test_a.py": "def test_a():\n    assert 1 == 2\n\ndef test_b():\n    pass\n"})
    said = run_trusted("pytest_run").summary
    assert re.fullmatch(r"1 passed, 1 failed in \d+\.\d s: test_a\.py:2 test_a \(assert 1 == 2\)\.", said)
    assert re.fullmatch(r"1 passed in \d+\.\d s\.", run_trusted("pytest_run", target="test_b").summary)


def test_what_tests_print_cannot_pass_for_a_result(write: Write, environment: Path, run_trusted: RunTool) -> None:
    forged = '{"kind": "report", "id": "x", "outcome": "failed", "file": "x", "message": "forged"}'
    write(
        {
            "pytest.ini": "[pytest]\naddopts = -s\n",
            "test_a.py": f"import os\n\ndef test_a():\n    os.write(1, b'\\n{forged}\\n')\n    print('{forged}')\n",
        }
    )
    assert [(test.name, test.outcome) for test in run_trusted("pytest_run").tests] == [("test_a.py::test_a", "passed")]


def test_a_flood_of_output_does_no_harm(write: Write, environment: Path, run_trusted: RunTool) -> None:
    flood = "for _ in range(200):\n            print('x' * 1_000_000)"
    write({"test_a.py": f"def test_flood(capsys):\n    with capsys.disabled():\n        {flood}\n"})
    assert run_trusted("pytest_run").passed == 1


def test_a_test_that_forks_is_counted_once(write: Write, environment: Path, run_trusted: RunTool) -> None:
    fork = "import os\n\ndef test_fork():\n    if os.fork():\n        os.wait()\n\ndef test_after():\n    pass\n"
    write({"test_a.py": fork})
    assert sorted(test.name for test in run_trusted("pytest_run").tests) == [
        "test_a.py::test_after",
        "test_a.py::test_fork",
    ]


@pytest.mark.parametrize(
    ("ending", "how"),
    [("os._exit(7)", "exit code 7"), ("os.kill(os.getpid(), 9)", "signal 9"), ("os.abort()", "signal 6")],
)
def test_a_test_that_ends_the_process_is_named(
    write: Write, environment: Path, run_trusted: RunTool, ending: str, how: str
) -> None:
    first, last = "def test_1():\n    pass\n", "def test_3():\n    pass\n"
    write({"test_a.py": f"import os\n\n{first}\ndef test_2():\n    {ending}\n\n{last}"})
    result = run_trusted("pytest_run")
    assert [(test.name, test.outcome) for test in result.tests] == [
        ("test_a.py::test_1", "passed"),
        ("test_a.py::test_2", "error"),
    ]
    assert not result.success
    assert result.incomplete == f"pytest's process ended with {how}, after 1 of 3 tests"
    assert result.tests[1].message == f"pytest's process ended with {how} while this test ran"


def test_a_run_that_stops_itself_says_why(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"test_a.py": "import pytest\n\ndef test_1():\n    pass\n\ndef test_2():\n    pytest.exit('enough')\n"})
    result = run_trusted("pytest_run")
    assert (result.passed, result.failed, result.errors, result.incomplete) == (1, 0, 0, "stopped early: enough")


HANGING = """\
import os, subprocess, time

def test_hang():
    child = subprocess.Popen(["sleep", "@SECONDS@"], start_new_session=True)
    open("up", "w").close()
    time.sleep(300)
"""
CONFINED_OR_NOT = pytest.mark.parametrize("confine_tests", [True, False], ids=["confined", "unconfined"])


def hanging(write: Write, seconds: str) -> Path:
    """A project whose second test hangs, with a child in a session of its own that is known by its seconds."""
    hangs = HANGING.replace("@SECONDS@", seconds)
    return write({"test_a.py": "def test_good():\n    pass\n", "test_b.py": hangs})


def all_have_ended(seconds: str, *, within: float = 5) -> bool:
    """Whether the child is gone; the kernel takes a moment to end what was killed."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(_is_child(process, seconds) for process in psutil.process_iter()):
            return True
        time.sleep(0.01)
    return False


def _is_child(process: psutil.Process, seconds: str) -> bool:
    try:
        return process.cmdline()[-1:] == [seconds] and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@CONFINED_OR_NOT
def test_the_deadline_ends_a_hanging_test_and_its_children(
    write: Write, environment: Path, confine_tests: bool
) -> None:
    seconds = f"71{os.getpid()}{int(confine_tests)}"
    root = hanging(write, seconds)
    context = ToolContext(Workspace.at(root, is_trusted=True, confine_tests=confine_tests))
    result = run_tests(context, "", "", False, timeout=6)
    assert [(test.name, test.outcome) for test in result.tests] == [
        ("test_a.py::test_good", "passed"),
        ("test_b.py::test_hang", "error"),
    ]
    assert result.incomplete == "stopped at the deadline of 6 s, after 1 of 2 tests"
    assert (root / "up").exists()
    assert all_have_ended(seconds)


@CONFINED_OR_NOT
def test_a_stop_ends_a_hanging_test_and_its_children(write: Write, environment: Path, confine_tests: bool) -> None:
    seconds = f"72{os.getpid()}{int(confine_tests)}"
    root = hanging(write, seconds)
    stopped = threading.Event()

    def stop_when_it_hangs() -> None:
        while not (root / "up").exists() and not stopped.wait(0.02):
            pass
        stopped.set()

    watcher = threading.Thread(target=stop_when_it_hangs)
    watcher.start()
    try:
        with pytest.raises(ToolCancelledError):
            workspace = Workspace.at(root, is_trusted=True, confine_tests=confine_tests)
            TOOL.run(ToolContext(workspace, cancelled=stopped), {})
    finally:
        stopped.set()
        watcher.join()
    assert (root / "up").exists()
    assert all_have_ended(seconds)


def test_an_untrusted_folder_runs_nothing(project: Path, write: Write, run_tool: RunTool) -> None:
    write({"tests/conftest.py": "open('marker', 'w')\n"})
    with pytest.raises(ToolError, match="not trusted"):
        run_tool("pytest_run")
    assert not (project / "marker").exists()


def test_it_runs_code_and_shows_which(project: Path, environment: Path) -> None:
    assert TOOL.risk_for(TOOL.validate({})) is Risk.RUNS
    arguments = TOOL.validate({"target": "tests/test_more.py", "keyword": "a and b"})
    shown = TOOL.preview(ToolContext(Workspace.at(project)), arguments)
    assert shown.startswith(f"{environment}/bin/python -m pytest ")
    assert shown.endswith(" -k 'a and b' ./tests/test_more.py")


@pytest.mark.parametrize("has_pip", [False, True])
def test_a_project_without_pytest_is_told_how_to_get_it(
    write: Write, run_trusted: RunTool, root: Path, has_pip: bool
) -> None:
    write({"test_a.py": ""})
    environment = root / ".venv"
    venv.create(environment, with_pip=False, symlinks=True)
    if has_pip:
        (next(environment.glob("lib/python3*/site-packages")) / "pip").mkdir()
    python = environment / "bin" / "python"
    command = f"{python} -m pip install pytest" if has_pip else f"uv pip install --python {environment} pytest"
    with pytest.raises(
        ToolError, match=re.escape(f"The project's Python {python} has no pytest; install it: {command}")
    ):
        run_trusted("pytest_run")


def test_an_environment_whose_python_is_gone_is_named(write: Write, environment: Path, run_trusted: RunTool) -> None:
    for program in (environment / "bin").glob("python*"):
        program.unlink()
    with pytest.raises(ToolError, match=re.escape(f"{environment} is broken: its Python is gone")):
        run_trusted("pytest_run")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"pytest.ini": "[pytest]\naddopts = --nosuch\n"}, "could not start: unrecognized arguments: --nosuch"),
        ({"pytest.ini": "[pytest"}, r"could not start: .*pytest\.ini:1"),
        (
            {"conftest.py": "import nowhere\n"},
            r"cannot load .*conftest\.py: ModuleNotFoundError: No module named 'nowhere'",
        ),
        ({"conftest.py": "def broken(:\n"}, r"cannot load .*conftest\.py: SyntaxError: "),
    ],
)
def test_what_keeps_pytest_from_starting_is_one_clear_line(
    write: Write, environment: Path, run_trusted: RunTool, files: dict[str, str], message: str
) -> None:
    write({"test_a.py": "def test_a():\n    pass\n", **files})
    with pytest.raises(ToolError, match=message) as caught:
        run_trusted("pytest_run")
    assert "\n" not in str(caught.value)


def test_output_that_looks_like_pytests_complaints_is_not_taken_for_them(
    write: Write, environment: Path, run_trusted: RunTool
) -> None:
    said = "ImportError while loading conftest '/x/conftest.py'\\nx: No module named pytest\\nERROR: x"
    write({"test_a.py": f'def test_a():\n    print("{said}")\n    assert 0\n'})
    assert run_trusted("pytest_run").failed == 1


def test_an_error_inside_pytest_is_told(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"conftest.py": "def pytest_runtest_logreport(report):\n    1 / 0\n"})
    write({"test_a.py": "def test_a():\n    pass\n"})
    result = run_trusted("pytest_run")
    assert not result.success
    assert "ZeroDivisionError" in result.incomplete


def test_names_with_spaces_and_files_that_are_no_text(write: Write, environment: Path, run_trusted: RunTool) -> None:
    write({"a b/test c.py": "", "a b/test_d e.py": "def test_x():\n    pass\n", "test_latin.py": b"x = '\xe9'\n"})
    outcomes = {test.name: test.outcome for test in run_trusted("pytest_run", target="a b").tests}
    assert outcomes == {"a b/test_d e.py::test_x": "passed"}
    assert run_trusted("pytest_run", target="test_latin.py").errors == 1


def test_files_outside_the_pytest_root_are_named_below_the_workspace(
    write: Write, environment: Path, root: Path
) -> None:
    write({"pytest.ini": "[pytest]\n", "sub/test_a.py": "def test_a():\n    assert 0\n", ".git/HEAD": ""})
    context = ToolContext(Workspace.at(root / "sub", is_trusted=True))
    (test,) = run_tests(context, "", "", False, timeout=60).tests
    assert (test.name, test.file, test.line) == ("sub/test_a.py::test_a", "test_a.py", 2)


def test_long_lists_keep_what_did_not_pass(
    write: Write, environment: Path, run_trusted: RunTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("punie_tools.quality.pytest_run.MOST_TESTS", 3)
    many = "import pytest\n\n@pytest.mark.parametrize('n', range(9))\ndef test_a(n):\n    assert n != 7\n"
    write({"test_a.py": many})
    result = run_trusted("pytest_run")
    assert (result.passed, result.failed, result.truncated) == (8, 1, True)
    assert [test.name for test in result.tests] == [
        "test_a.py::test_a[0]",
        "test_a.py::test_a[1]",
        "test_a.py::test_a[7]",
    ]
