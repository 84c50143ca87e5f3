"""What a proposal does to types, lint and tests stands beside its hunks, and the green gate accepts by it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest
from app_driver import Drive, Driven

from punie_tools.effects.overlay import MOST_BYTES
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.tree_review import CommitScreen, StagedReviewScreen, TreeReviewScreen
from punie_tui.app.widgets.chat.asking_panel import GUARD_SECONDS
from punie_tui.app.widgets.review.view import ReviewView
from punie_tui.commands import trust
from punie_tui.engine.protocol import TextDelta, ToolCall
from tests.conftest import git

BETWEEN = "# between\n" * 8
BEFORE = f"import os\n\n\ndef one() -> int:\n    return 1\n\n\n{BETWEEN}\n\ndef two() -> int:\n    return 'two'\n"
BETTER = BEFORE.replace("'two'", "2")
WORSE = BETTER.replace("return 1", "return None")


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNIE_CHECK_REVIEWS", "true")


async def open_review(driven: Driven) -> ReviewScreen:
    await driven.ask("change it")
    await driven.asked()
    await driven.pilot.press("r")
    return await driven.shown(ReviewScreen)


def said(screen: ReviewScreen) -> str:
    return str(screen.query_one("#review-effect").render())


def place(screen: ReviewScreen) -> str:
    return str(screen.query_one("#review-place").render())


def notes(screen: ReviewScreen) -> list[tuple[str, int, str]]:
    view = screen.query_one(ReviewView)
    return [(row.kind, row.hunk, row.text) for row in view.rows if row.kind in ("worse", "better", "told")]


@pytest.mark.usefixtures("checked")
async def test_findings_stand_beside_their_hunks_and_the_green_gate_goes_by_them(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.py": BEFORE})
    edit = ToolCall("c1", "write_file", {"path": "a.py", "content": WORSE})
    async with drive(root, [[edit], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.until(lambda: "types +1 -1" in said(screen), "the effect")
        assert "tests not run (folder not trusted)" in said(screen)
        found = notes(screen)
        assert [(kind, hunk) for kind, hunk, _ in found] == [("worse", 0), ("better", 1)]
        assert "reportReturnType" in found[0][2]
        await driven.pilot.press("t")
        await driven.until(lambda: screen.review.undecided_count == 1, "the green hunk")
        assert [hunk.verdict for hunk in screen.review.files[0].hunks] == ["undecided", "accepted"]
        await driven.pilot.press("p", "r", "enter")
        await driven.finished()
    assert (root / "a.py").read_text() == BETTER


@pytest.mark.usefixtures("checked")
async def test_the_working_tree_shows_what_its_hunks_did(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.py": BEFORE})
    (root / "a.py").write_text(WORSE)
    async with drive(root) as driven:
        await driven.ask("/diff")
        screen = await driven.shown(TreeReviewScreen)
        await driven.until(lambda: "types +1 -1" in said(screen), "the effect")
        assert [(kind, hunk) for kind, hunk, _ in notes(screen)] == [("worse", 0), ("better", 1)]
        await driven.pilot.press("t")
        await driven.until(lambda: screen.review.undecided_count == 1, "the green hunk")
        await driven.until(lambda: "types and tests no worse: 1 hunk to stage; 1 left to you." in place(screen))
        # What was decided before is none of its doing.
        await driven.pilot.press("t")
        await driven.until(lambda: "No further hunk is green; 1 left to you." in place(screen))
        await driven.pilot.press("enter")
        await driven.shown(CommitScreen)
    assert git(root, "show", ":a.py") == BETTER
    assert (root / "a.py").read_text() == WORSE


@pytest.mark.parametrize(
    ("kind", "does"),
    [(ReviewScreen, "accept all hunks"), (TreeReviewScreen, "stage all hunks"), (StagedReviewScreen, "keep all hunks")],
)
def test_the_green_gate_is_explained_by_what_it_does_there(kind: type[ReviewScreen], does: str) -> None:
    group = kind.ACTIONS[0]
    (gate,) = [action for action in group.actions if action.call == "green_gate"]
    assert does in gate.about
    assert gate.label.split()[0].lower() == does.split()[0]
    assert "green where types and tests are no worse" in " ".join(group.about.split())


@pytest.mark.usefixtures("checked")
async def test_a_review_that_is_left_at_once_ends_its_look(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.py": BEFORE})
    edit = ToolCall("c1", "write_file", {"path": "a.py", "content": WORSE})
    async with drive(root, [[edit], [TextDelta("as you like")]]) as driven:
        await open_review(driven)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.panel.has_focus_within or driven.panel.has_focus, "the question again")
        driven.clock.now += GUARD_SECONDS
        await driven.pilot.press("n", "enter")
        await driven.finished()
    assert (root / "a.py").read_text() == BEFORE


NEAR = BEFORE.replace(BETWEEN, "# between\n")
NEAR_WORSE = NEAR.replace("# between", "# in between").replace("return 1", "return None").replace("'two'", "2")


@pytest.mark.usefixtures("checked")
async def test_findings_follow_their_lines_when_a_hunk_is_split_and_joined_again(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.py": NEAR})
    edit = ToolCall("c1", "write_file", {"path": "a.py", "content": NEAR_WORSE})
    async with drive(root, [[edit], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.until(lambda: "types +1 -1" in said(screen), "the effect")
        whole = [("worse", 0), ("better", 0)]
        assert [(kind, hunk) for kind, hunk, _ in notes(screen)] == whole
        await driven.pilot.press("s")
        assert [(kind, hunk) for kind, hunk, _ in notes(screen)] == [("worse", 0), ("better", 2)]
        await driven.pilot.press("u")
        assert [(kind, hunk) for kind, hunk, _ in notes(screen)] == whole


@pytest.mark.usefixtures("checked")
async def test_a_tree_that_is_too_large_to_try_on_says_so(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository({"a.py": BEFORE})
    with (root / "large.bin").open("wb") as large:
        large.truncate(MOST_BYTES + 1)
    edit = ToolCall("c1", "write_file", {"path": "a.py", "content": WORSE})
    async with drive(root, [[edit], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.until(lambda: "Not tried: The tree is too large" in said(screen), "the reason")
        assert not notes(screen)


@pytest.mark.usefixtures("checked")
async def test_tests_that_fail_and_pass_now_stand_beside_their_hunks(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    tests = (f"def test_{name}():\n    assert {name}() == {right}\n" for name, right in (("one", 1), ("two", 2)))
    checks = "\n\n".join(("from a import one, two\n", *tests))
    before = BEFORE.replace("'two'", "3")
    root = make_repository({"a.py": before, "b.py": "x = 1\n", "notes.md": "one\n", "test_a.py": checks})
    trust.run([str(root)])
    after = before.replace("return 3", "return 2").replace("return 1", "return 10")
    patch = "".join(
        "".join(unified_diff(old.splitlines(True), new.splitlines(True), f"a/{name}", f"b/{name}"))
        for name, old, new in (("a.py", before, after), ("b.py", "x = 1\n", "x = 2\n"), ("notes.md", "one\n", "two\n"))
    )
    edit = ToolCall("c1", "apply_patch", {"patch": patch})
    async with drive(root, [[edit], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.until(lambda: "tests 2 run" in said(screen), "the effect")
        # Each test stands below the hunk that it reaches, and what no test reaches is said once in its file.
        assert notes(screen) == [
            ("worse", 0, "test_a.py::test_one fails: assert 10 == 1"),
            ("told", 0, "tests that reach one: test_one; 1 broken"),
            ("better", 1, "test_a.py::test_two passes now"),
            ("told", 1, "tests that reach two: test_two; 1 pass, 1 of these cured"),
            ("told", 0, "tests that reach this file: none"),
        ]
        assert [row.file for row in screen.query_one(ReviewView).rows if row.text.endswith(": none")] == [1]
        # What is rejected has none, and of the rest the test is cured.
        await driven.pilot.press("r")
        await driven.until(lambda: not [note for note in notes(screen) if "broken" in note[2]], "the second look")
        assert notes(screen)[-1][2].endswith(": none")
        assert {hunk for _, hunk, text in notes(screen) if not text.endswith(": none")} >= {1}


THREE = "\n\n".join(f"def {name}() -> int:\n    return {number}\n\n\n{BETWEEN}" for number, name in enumerate("abc"))


@pytest.mark.usefixtures("checked")
async def test_each_hunk_tells_the_tests_that_reach_it_which_pass_and_which_fail(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    checks = (
        "import three\n\n\ndef test_a():\n    assert three.a() == 0\n\n\ndef test_b():\n    assert three.b() == 1\n\n\n"
        "def test_a_and_c():\n    assert three.a() < 9 and three.c() == 2\n\n\n"
        "def test_by_text():\n    assert getattr(three, 'abc'[0])() == 0\n"
    )
    root = make_repository({"three.py": THREE, "test_three.py": checks})
    trust.run([str(root)])
    after = THREE.replace("return 0", "return 3").replace("return 1", "return 4").replace("return 2", "return 1 + 1")
    edit = ToolCall("c1", "write_file", {"path": "three.py", "content": after})
    async with drive(root, [[edit], [TextDelta("done")]]) as driven:
        screen = await open_review(driven)
        await driven.until(lambda: "tests 4 run" in said(screen), "the effect")
        assert notes(screen) == [
            ("worse", 0, "test_three.py::test_by_text fails: AssertionError: assert 3 == 0"),
            ("told", 0, "tests that reach this file, but no hunk of it by name: 1 broken"),
            ("worse", 0, "test_three.py::test_a fails: assert 3 == 0"),
            ("told", 0, "tests that reach a: test_a, test_a_and_c; 1 pass, 1 broken"),
            ("worse", 1, "test_three.py::test_b fails: assert 4 == 1"),
            ("told", 1, "tests that reach b: test_b; 1 broken"),
            ("told", 2, "tests that reach c: test_a_and_c; 1 pass"),
        ]
