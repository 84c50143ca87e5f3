"""The tests screen by keyboard, on a real project with the real pytest."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from app_driver import Drive, Driven, refused_watch
from textual.widgets import Static

from punie_tools.quality.pytest_run import PytestRunResult, run_tests
from punie_tools.tool import Risk, Tool, ToolContext
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.screens.tree_review import PastReviewScreen
from punie_tui.app.screens.trust import TrustScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.app.widgets.tests.report import TestReport
from punie_tui.commands import trust
from punie_tui.engine.nano.answers import AnswerKind, plain_answer
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.own_files import settings_file

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n",
    "src/shop.py": "def total(prices):\n    print('adding', prices)\n    return sum(prices)\n",
    "src/other.py": "def nothing():\n    return None\n",
    "tests/test_shop.py": (
        "import pytest\nfrom shop import total\n\n\nclass TestTotal:\n    def test_adds(self):\n"
        "        assert total([1, 2]) == 3\n\n    def test_rows(self):\n        wanted = list(range(20, 60))\n"
        "        assert [*range(20, 59), total([1])] == wanted\n\n\n@pytest.mark.parametrize('price', [1, 2])\n"
        "def test_one(price):\n    assert total([price]) == price\n"
    ),
    "tests/test_other.py": "from other import nothing\n\n\ndef test_nothing():\n    assert nothing() is None\n",
}
SIZES = [(120, 40), (80, 24), (20, 5)]


@pytest.fixture
def project(make_repository: Callable[..., Path]) -> Path:
    root = make_repository(FILES)
    trust.run([str(root)])
    return root


async def open_tests(driven: Driven) -> TestsScreen:
    await driven.pilot.press("ctrl+n")
    screen = await driven.shown(TestsScreen)
    await driven.until(lambda: screen.has_read and bool(rows(screen)), "the tests in the files")
    return screen


def rows(screen: TestsScreen) -> list[str]:
    return ["".join(text for text, _ in row.parts) for row in screen.query_one(Outline).rows]


def current(screen: TestsScreen) -> str:
    row = screen.query_one(Outline).current
    return row.key if row else ""


def heading(screen: TestsScreen) -> str:
    return str(screen.query_one("#tests-heading", Static).render())


def report(screen: TestsScreen) -> str:
    return screen.query_one(TestReport).text


def drawn_lines(screen: TestsScreen) -> list[str]:
    return [strip.text for strip in screen._compositor.render_strips()]


async def run(driven: Driven, screen: TestsScreen, key: str) -> None:
    """Press a key that runs something, and wait until it has run."""
    runs = screen.runs_ended
    await driven.pilot.press(key)
    await driven.until(lambda: screen.runs_ended > runs, "the end of the run")


async def test_the_tests_stand_there_before_anything_ran_and_then_with_their_outcomes(
    drive: Drive, project: Path
) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        assert str(screen.query_one(KeyRow).render()).startswith("⏎ Report  ")
        for size in SIZES:
            await driven.pilot.resize_terminal(*size)
            assert rows(screen) == [
                "· tests/test_other.py  1",
                "· test_nothing",
                "· tests/test_shop.py  3",
                "· TestTotal  2",
                "· test_adds",
                "· test_rows",
                "· test_one",
            ], size
        # On the smallest.
        await run(driven, screen, "a")
        for size in reversed(SIZES):
            await driven.pilot.resize_terminal(*size)
            assert rows(screen) == [
                "✓ tests/test_other.py  1",
                "✓ test_nothing",
                "✗ tests/test_shop.py  4, 1 failed",
                "✗ TestTotal  2, 1 failed",
                "✓ test_adds",
                "✗ test_rows",
                "✓ test_one  2",
                "✓ [1]",
                "✓ [2]",
            ], size
            assert "1 failed" in heading(screen), size


async def test_a_failure_shows_its_assertion_its_difference_its_locals_and_what_it_printed(
    drive: Drive, project: Path
) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await run(driven, screen, "a")
        await driven.pilot.press("n")
        await driven.pilot.pause()
        assert current(screen) == "tests/test_shop.py::TestTotal::test_rows"
        shown = report(screen)
        assert "tests/test_shop.py:11" in shown
        assert "assert [20, 21" in shown
        assert "\n- 59]" in shown
        assert "\n+ 1]" in shown
        assert "wanted = [20, 21" in shown
        assert "adding [1]" in shown


STACK = {
    "shop.py": "def discount(percent):\n    if percent > 100:\n        raise ValueError('too much')\n",
    "test_shop.py": "import shop\n\n\ndef test_discount():\n    percent = 120\n    shop.discount(percent)\n",
}


async def go_to_row(driven: Driven, screen: TestsScreen, text: str) -> None:
    """Put the report's cursor on the row that begins so; the report has the focus."""
    place = [line.strip().startswith(text) for line in report(screen).splitlines()].index(True)
    await driven.pilot.press("home", *["down"] * place)


@pytest.mark.parametrize("key", ["a", "d"])
@pytest.mark.parametrize("size", SIZES)
async def test_enter_on_a_row_of_the_stack_opens_the_file_at_that_line(
    drive: Drive, make_repository: Callable[..., Path], size: tuple[int, int], key: str
) -> None:
    root = make_repository(STACK)
    trust.run([str(root)])
    async with drive(root, size=size) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("end")
        await run(driven, screen, key)
        assert rows(screen)[-1] == "✗ test_discount"
        # The message and the line that raises; not the message again, also where a debugger tells it.
        assert " ".join(report(screen).split()).count("too much") == 2
        await driven.pilot.press("enter")
        await driven.until(lambda: screen.query_one(TestReport).has_focus, "the report")
        assert str(screen.query_one(KeyRow).render()).startswith("⏎ Open ") or size[1] < 10
        await go_to_row(driven, screen, "shop.py:3")
        await driven.pilot.press("enter")
        viewer = await driven.shown(FileViewerScreen)
        assert (viewer._path, viewer._line) == ("shop.py", 3)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is screen, "the report again")
        await go_to_row(driven, screen, "stack")
        await driven.pilot.press("enter")
        assert "This row is about no line" in heading(screen) or size[0] < 50


@pytest.mark.parametrize("ci", ["", "true"])  # where it is set, pytest shows long values whole
async def test_debugging_tells_an_assertion_once_and_no_option_of_pytest(
    drive: Drive, project: Path, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await run(driven, screen, "a")
        await driven.pilot.press("n")
        for key in ("r", "d"):
            await run(driven, screen, key)
            assert report(screen).count("At index 39 diff") == 1
            assert "-v" not in report(screen)


async def test_a_filter_shows_the_tests_that_hold_its_words_in_name_or_outcome(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        assert "/ Filter" in str(screen.query_one(KeyRow).render())
        await run(driven, screen, "a")
        await driven.pilot.press("slash", *"assed")
        await driven.until(lambda: not rows(screen), "what no outcome begins with")
        await driven.pilot.press("ctrl+u", *"other")
        await driven.until(lambda: len(rows(screen)) == 2, "what holds the word")
        assert current(screen) == "tests/test_other.py::test_nothing"
        assert "1 of 5 with 'other' in 1 file, 1 passed" in heading(screen)
        await driven.pilot.press("ctrl+u", *"shop failed", "enter")
        await driven.until(lambda: len(rows(screen)) == 3, "what holds both")
        assert rows(screen)[2] == "✗ test_rows"
        assert screen.query_one(Outline).has_focus
        await run(driven, screen, "r")
        assert current(screen) == "tests/test_shop.py::TestTotal::test_rows"
        await driven.pilot.press("escape")
        await driven.until(lambda: len(rows(screen)) == 9, "all of them")
        assert driven.app.screen is screen
        assert "with" not in heading(screen)


async def test_counts_time_and_what_runs_fit_80_columns(drive: Drive, make_repository: Callable[..., Path]) -> None:
    failing = "".join(f"def test_of_a_rather_long_name_{number}():\n    assert 0\n\n" for number in range(3))
    wait = "import os, time\n\n\ndef test_waits():\n    while not os.path.exists('go'):\n        time.sleep(0.01)\n"
    root = make_repository({"test_of_a_module.py": failing, "test_waiting.py": wait})
    trust.run([str(root)])
    async with drive(root, size=(80, 24)) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w", "a")
        await driven.until(lambda: " 3/4  3 failed  " in drawn_lines(screen)[0], "what runs")
        assert re.search(r"3 failed  \d+ s  all tests", drawn_lines(screen)[0])
        (root / "go").touch()
        await driven.until(lambda: not screen.has_run, "its end")
        await driven.pilot.pause()
        assert re.search(r"^ Tests \(watching\)  1 passed, 3 failed in \d+\.\d s *$", drawn_lines(screen)[0])
        await driven.pilot.press("down")
        told = r"^ Tests \(watching\)  4 in 2 files, 3 failed, 1 passed  last run \d+\.\d s *$"
        assert re.search(told, drawn_lines(screen)[0])


async def test_only_what_is_under_the_cursor_runs_and_then_only_what_failed(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("down", "down", "down")
        assert current(screen) == "tests/test_shop.py::TestTotal"
        await run(driven, screen, "r")
        assert [row[0] for row in rows(screen)] == list("··✗✗✓✗·")
        await run(driven, screen, "f")
        assert heading(screen).startswith("Tests  1 failed")
        source = project / "tests/test_shop.py"
        source.write_text(source.read_text().replace("59), total([1])", "60)"))
        await run(driven, screen, "f")
        assert [row[0] for row in rows(screen)] == list("···✓✓✓·")
        await driven.pilot.press("f")
        assert not screen.has_run
        assert "No test has failed" in heading(screen)


async def test_what_the_chat_ran_stands_there_with_its_outcomes(drive: Drive, project: Path) -> None:
    calls: list[dict[str, object]] = [{}, {"target": "tests/test_shop.py::TestTotal"}]
    replies = [[ToolCall(f"c{number}", "pytest_run", arguments)] for number, arguments in enumerate(calls)]
    async with drive(project, replies) as driven:
        await driven.ask("run the tests")
        await driven.finished()
        screen = await open_tests(driven)
        await driven.until(lambda: len(rows(screen)) == 9, "those with parameters, which only a run can know")
        assert [row[0] for row in rows(screen)] == list("✓✓✗✗✓✗✓✓✓")
        assert "5 in 2 files, 1 failed, 4 passed" in heading(screen)
        await driven.pilot.press("n")
        assert current(screen) == "tests/test_shop.py::TestTotal::test_rows"
        assert "At index 39 diff: 1 != 59" in report(screen)
        # A run of the chat keeps no details.
        assert "r runs it alone and shows more." in report(screen)
        await driven.pilot.press("escape")
        wrong = project / "tests/test_shop.py"
        wrong.write_text(wrong.read_text().replace("total([1])]", "59]"))
        await driven.ask("again")
        await driven.finished(2)
        assert (await open_tests(driven)) is screen
        assert [row[0] for row in rows(screen)] == list("✓✓✓✓✓✓✓✓✓")


async def test_affected_tests_are_those_that_a_change_reaches(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        (project / "src/other.py").write_text("def nothing():\n    return 1\n")
        await run(driven, screen, "c")
        assert [row[0] for row in rows(screen)] == list("✗✗·····")
        assert "1 test file can reach the 1 changed file" in heading(screen)


async def test_a_file_that_was_not_run_says_so(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("down", "down")
        await driven.until(lambda: "3 tests, not run" in report(screen), "that they were not run")
        await driven.pilot.press("down", "down")
        await run(driven, screen, "r")
        await driven.pilot.press("up", "up")
        await driven.until(lambda: "3 tests, 0 failed, 2 not run" in report(screen), "that the others were not run")


async def test_debugging_shows_the_stack_and_the_values(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await run(driven, screen, "a")
        await driven.pilot.press("n")
        await run(driven, screen, "d")
        await driven.pilot.pause()
        shown = report(screen)
        assert "debugger" in shown
        assert "wanted: list = [20, 21" in shown
        assert "stack" in shown
        # It stands above what the run told, where it is seen without scrolling.
        assert shown.index("debugger") < shown.index("At index 39")


async def test_the_hunk_that_broke_a_test_is_found_shown_and_taken_back(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    shop = "def one():\n    return 1\n" + "# far\n" * 8 + "def two():\n    return 2\n"
    test = "from shop import one, two\n\n\ndef test_sum():\n    assert one() + two() == 3\n"
    root = make_repository({"shop.py": shop, "test_shop.py": test})
    trust.run([str(root)])
    better = shop.replace("return 1", "return 1  # one")
    edit = ToolCall("c1", "write_file", {"path": "shop.py", "content": better.replace("return 2", "return 4")})
    async with drive(root, [[edit], [TextDelta("done")]], allow_all=True) as driven:
        await driven.ask("change it")
        await driven.finished()
        screen = await open_tests(driven)
        await driven.pilot.press("b")
        assert not screen.has_run
        await run(driven, screen, "a")
        await driven.pilot.press("n")
        await run(driven, screen, "b")
        await driven.shown(PastReviewScreen)
        review = driven.app.screen.query_one(ReviewView)
        await driven.until(lambda: review.has_focus and bool(review.rows), "its rows")
        assert (review.current.hunk, review.current.old) == (1, 11)
        notes = [(row.hunk, row.text) for row in review.rows if row.kind == "worse"]
        assert notes == [(1, "breaks test_shop.py::test_sum: assert (1 + 4) == 3")]
        await driven.pilot.press("r", "enter")
        await driven.until(lambda: (root / "shop.py").read_text() == better, "the hunk taken back")
        await driven.until(lambda: driven.app.screen is screen, "the tests again")


@pytest.mark.parametrize("size", SIZES)
async def test_a_failure_is_handed_to_the_model(drive: Drive, project: Path, size: tuple[int, int]) -> None:
    async with drive(project, [[TextDelta("I would look at total.")]], size=size) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("x")
        assert "failed" in heading(screen) or size[0] < 30
        await run(driven, screen, "a")
        await driven.pilot.press("n", "x")
        await driven.finished()
        assert driven.app.screen is driven.main
        asked = driven.engine.requests[-1].messages[-1].content
        assert asked.startswith(
            "Fix the failing test tests/test_shop.py::TestTotal::test_rows (tests/test_shop.py:11)."
        )
        assert "+ 1]" in asked
        assert "wanted = [" in asked
        # A model that only routes says what it cannot do, and guesses at no call.
        assert plain_answer(asked, is_after_edit=False) is AnswerKind.BEYOND


async def test_a_debugged_failure_tells_the_model_its_assertion_once(drive: Drive, project: Path) -> None:
    async with drive(project, [[TextDelta("I would look at total.")]]) as driven:
        screen = await open_tests(driven)
        await run(driven, screen, "a")
        await driven.pilot.press("n")
        await run(driven, screen, "d")
        await driven.pilot.press("x")
        await driven.finished()
        asked = driven.engine.requests[-1].messages[-1].content
        assert asked.count("At index 39 diff") == 1
        assert "The debugger stopped in test_rows (tests/test_shop.py:" in asked


async def test_keys_lead_to_the_file_the_report_and_back(drive: Drive, project: Path) -> None:
    async with drive(project, size=(20, 5)) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("down", "o")
        await driven.shown(FileViewerScreen)
        assert driven.app.screen._line == 4  # type: ignore[attr-defined]
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is screen, "the tests again")
        await driven.pilot.press("enter")
        await driven.pilot.pause()
        assert screen.query_one(TestReport).has_focus
        assert screen.query_one(TestReport).region.height > 0
        await driven.pilot.press("escape")
        assert screen.query_one(Outline).has_focus
        await driven.pilot.press("question_mark")
        await driven.shown(KeysScreen)
        await driven.pilot.press("escape", "escape")
        await driven.until(lambda: driven.app.screen is driven.main, "the main screen")
        assert (await open_tests(driven)) is screen


async def test_files_fold(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("space")
        assert rows(screen)[1].startswith("· tests/test_shop.py")
        await driven.pilot.press("right", "end", "left", "left")
        assert len(rows(screen)) == 3


async def test_an_untrusted_folder_runs_nothing_until_it_is_trusted(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"test_it.py": "open('ran', 'w').close()\n\n\ndef test_it():\n    pass\n"})
    async with drive(root) as driven:
        screen = await open_tests(driven)
        assert "not trusted" in heading(screen)
        for key in ("a", "r", "c"):
            await run(driven, screen, key)
            assert "Ctrl+T trusts it" in heading(screen)
        assert not (root / "ran").exists()
        await driven.pilot.press("ctrl+t")
        await driven.shown(TrustScreen)
        await driven.pilot.press("t")
        await driven.until(lambda: "not trusted" not in heading(screen), "the trust")
        await run(driven, screen, "a")
        assert rows(screen) == ["✓ test_it.py  1", "✓ test_it"]


HANGING = """
import os, subprocess, sys, time


def test_good():
    pass


def test_hangs():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open("child.tmp", "w").write(str(child.pid))
    os.rename("child.tmp", "child")
    time.sleep(600)
"""


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_escape_stops_a_run_with_its_children_and_keeps_what_is_known(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"test_it.py": HANGING})
    trust.run([str(root)])
    # Inside the sandbox the child has another number.
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("confine_tests = false\n")
    async with drive(root) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("a")
        await driven.until(lambda: rows(screen)[1:] == ["✓ test_good", "● test_hangs"], "the hanging test")
        await driven.until((root / "child").exists, "its child")
        child = int((root / "child").read_text())
        await driven.pilot.press("escape")
        await driven.until(lambda: not screen.has_run, "the end of the run")
        assert driven.app.screen is screen
        assert rows(screen)[1:] == ["✓ test_good", "· test_hangs"]
        assert "Stopped" in heading(screen)
        await driven.until(lambda: is_gone(child), "the end of the child")


def briefly(context: ToolContext) -> PytestRunResult:
    """As `pytest_run`, with a deadline that a test can wait for."""
    return run_tests(context, "", "", False, timeout=5)


async def test_a_run_that_never_ends_is_ended_at_its_deadline_and_the_screen_says_so(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"test_it.py": "import time\n\n\ndef test_hangs():\n    time.sleep(600)\n"})
    trust.run([str(root)])
    async with drive(root, size=(80, 24)) as driven:
        screen = await open_tests(driven)
        screen._start(Tool(briefly, risk=Risk.RUNS), {}, "all tests")
        await driven.until(lambda: screen.runs_ended == 1, "the deadline")
        assert "stopped at the deadline of 5 s" in drawn_lines(screen)[0]
        await run(driven, screen, "c")
        assert "deadline" not in heading(screen)


async def test_what_runs_goes_on_when_the_screen_is_left(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("a", "q")
        await driven.until(lambda: driven.app.screen is driven.main, "the main screen")
        await driven.until(lambda: not screen.has_run, "the end of the run")
        assert "1 failed" in heading(await open_tests(driven))


async def test_names_and_messages_of_tests_are_shown_and_never_obeyed(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    odd = "[@click=app.quit]x[/] \\x1b]0;gone\\x07 \\u202e [bold]"
    text = (
        f"import pytest\n\n\n@pytest.mark.parametrize('a', ['{odd}'])\ndef test_odd(a):\n    assert a == '{odd}\\nb'\n"
    )
    root = make_repository({"test_it.py": text})
    trust.run([str(root)])
    async with drive(root) as driven:
        screen = await open_tests(driven)
        await run(driven, screen, "a")
        await driven.pilot.press("n", "enter")
        await driven.pilot.pause()
        drawn = "".join(segment.text for strip in screen._compositor.render_strips() for segment in strip)
        assert "[@click=app.quit]x[/]" in drawn
        assert not any(letter in drawn for letter in "\x1b\x07\u202e")


async def test_a_file_that_cannot_be_imported_is_told_as_that(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    broken = "import no_such_module\n\n\ndef test_it():\n    pass\n"
    root = make_repository({"test_it.py": broken, "test_well.py": "def test_well():\n    pass\n"})
    trust.run([str(root)])
    async with drive(root, [[TextDelta("I would install it.")]]) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("end")
        await run(driven, screen, "r")
        await driven.pilot.press("home")
        await run(driven, screen, "r")
        assert "1 collection error" in heading(screen)
        await driven.pilot.press("end", "n")
        await driven.pilot.pause()
        # It is no test: nothing but how many there are counts it.
        assert rows(screen) == ["✗ test_it.py  collection error, 1", "· test_it", "✓ test_well.py  1", "✓ test_well"]
        assert heading(screen).startswith("Tests  2 in 2 files, 1 collection error, 1 passed  last run ")
        assert current(screen) == "test_it.py"
        assert report(screen).splitlines()[1:] == [
            "collection error  test_it.py:1",
            "",
            "ModuleNotFoundError: No module named 'no_such_module'",
            "",
            "So none of its tests ran.",
        ]
        await driven.pilot.press("d")
        assert "one test that can run" in heading(screen)
        await driven.pilot.press("x")
        await driven.finished()
        asked = driven.engine.requests[-1].messages[-1].content
        assert asked.startswith("Fix the failing tests of test_it.py, which cannot be collected (test_it.py:1).")
        assert plain_answer(asked, is_after_edit=False) is AnswerKind.BEYOND


async def test_files_that_a_repaired_module_lets_be_imported_are_right_again(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    of_class = "import shop\n\n\nclass TestPrice:\n    def test_one(self):\n        assert shop.PRICE == 1\n"
    files = {"shop.py": "PRICE = 1\n", "test_shop.py": of_class, "test_sale.py": of_class}
    root = make_repository(files)
    trust.run([str(root)])
    async with drive(root) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        (root / "shop.py").write_text("PRICE = (\n")
        await driven.until(lambda: screen.runs_ended == 1, "the run")
        assert sum("collection error" in row for row in rows(screen)) == 2
        (root / "shop.py").write_text("PRICE = 1\n")
        await driven.until(lambda: screen.runs_ended == 2, "the run of what is repaired")
        assert [row for row in rows(screen) if ".py" in row] == ["✓ test_sale.py  1", "✓ test_shop.py  1"]


async def test_watching_ends_where_the_tree_is_polled_and_says_why(drive: Drive, project: Path) -> None:
    """Which files changed is not known there."""
    async with drive(project, open_watch=refused_watch(0.05)) as driven:
        await driven.until(lambda: driven.repo.is_polling and driven.repo.state is not None, "the first reading")
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        # At once, before anything changes.
        assert "file watches have run out" in heading(screen)
        (project / "src" / "other.py").write_text("def nothing():\n    return 1\n")
        await driven.pilot.press("down")
        assert "(watching)" not in heading(screen)
        assert not screen.has_run


async def test_watching_ends_where_the_watches_run_out_later(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        assert "(watching)" in heading(screen)
        screen.workspace_changed(frozenset())
        assert "file watches have run out" in heading(screen)
        assert "(watching)" not in heading(screen)


async def test_watching_runs_what_a_change_reaches_and_nothing_for_what_tests_write(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    writing = "def test_writes():\n    import shop\n    open('log.txt', 'a').write('x')\n    assert shop.PRICE == 1\n"
    files = {"shop.py": "PRICE = 1\n", "test_shop.py": writing, "test_other.py": "def test_other():\n    pass\n"}
    root = make_repository(files)
    trust.run([str(root)])
    async with drive(root) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        assert "watching" in heading(screen)
        (root / "shop.py").write_text("PRICE = 2\n")
        await driven.until(lambda: screen.runs_ended == 1, "the run")
        assert [row[0] for row in rows(screen)] == list("··✗✗")
        (root / "shop.py").write_text("PRICE = 1\n")
        await driven.until(lambda: screen.runs_ended == 2, "the run after the next change")
        assert [row[0] for row in rows(screen)] == list("··✓✓")
        (root / "test_other.py").write_text("def test_new():\n    pass\n")
        await driven.until(lambda: screen.runs_ended == 3, "the run of the changed test")
        assert (root / "log.txt").read_text() == "xx"
        assert rows(screen)[:2] == ["✓ test_other.py  1", "✓ test_new"]
        await driven.pilot.press("w")
        (root / "test_other.py").write_text("def test_newer():\n    pass\n")
        await driven.until(lambda: "· test_newer" in rows(screen), "the test that is written now")
        assert screen.runs_ended == 3


WAITING = """
import os
import time

import shop


def test_waits():
    while shop.PRICE == 0 and not os.path.exists('.go'):
        time.sleep(0.01)
"""


async def test_a_change_during_a_watched_run_counts_unless_the_run_is_stopped(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"shop.py": "PRICE = 1\n", "test_shop.py": WAITING, "test_other.py": ""})
    trust.run([str(root)])

    async def change_other_while_it_runs(name: str) -> None:
        (root / "shop.py").write_text("PRICE = 0\n")
        await driven.until(lambda: "● test_waits" in rows(screen), "the run")
        (root / "test_other.py").write_text(f"def {name}():\n    pass\n")
        await driven.until(lambda: f"· {name}" in rows(screen), "the other change")

    async with drive(root) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        await change_other_while_it_runs("test_new")
        (root / ".go").touch()
        await driven.until(lambda: "✓ test_new" in rows(screen), "the run of what changed meanwhile")
        (root / ".go").unlink()
        runs = screen.runs_ended
        await change_other_while_it_runs("test_newer")
        await driven.pilot.press("escape")
        await driven.until(lambda: screen.runs_ended > runs, "the end of the run")
        # Whoever stops a run does not want the next one at once; watching goes on.
        assert not screen.has_run
        assert "(watching)  Stopped." in heading(screen)
        (root / "shop.py").write_text("PRICE = 1\n")
        await driven.until(lambda: "✓ test_waits" in rows(screen), "the run of the next change")
        assert "· test_newer" in rows(screen)
        (root / "test_other.py").write_text("def test_newest():\n    pass\n")
        await driven.until(lambda: "✓ test_newest" in rows(screen), "the run of a change while nothing runs")


async def test_watched_tests_that_write_python_come_to_rest(drive: Drive, make_repository: Callable[..., Path]) -> None:
    writing = "import made\n\n\ndef test_made():\n    open('made.py', 'a').write('# x\\n')\n"
    root = make_repository({"made.py": "", "test_made.py": writing, "test_other.py": ""})
    trust.run([str(root)])
    async with drive(root) as driven:
        screen = await open_tests(driven)
        await driven.pilot.press("w")
        (root / "made.py").write_text("# mine\n")
        await driven.until(lambda: screen.runs_ended == 3, "the runs in a row")
        (root / "test_other.py").write_text("def test_new():\n    pass\n")
        await driven.until(lambda: "✓ test_new" in rows(screen), "the run of another change")
        assert (root / "made.py").read_text().count("x") == 3
