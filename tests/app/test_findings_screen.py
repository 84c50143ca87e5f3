"""The findings screen by keyboard, on a real project with the real pyright and ruff."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from app_driver import Drive, Driven
from textual.widgets import Input, OptionList, Static, TextArea

from punie_tools.quality.ruff_check import ruff_check
from punie_tools.quality.typecheck import typecheck
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy
from punie_tui.app.screens.findings import FindingsScreen
from punie_tui.app.screens.fixes import FixesScreen
from punie_tui.app.screens.review import ReviewScreen
from punie_tui.app.screens.viewer import FileViewerScreen
from punie_tui.app.widgets.findings.findings import Finding, told_counts
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline
from punie_tui.commands import undo
from punie_tui.engine.nano.answers import AnswerKind, plain_answer
from punie_tui.engine.protocol import TextDelta
from punie_tui.own_files import settings_file

FILES = {
    "pyproject.toml": "[tool.ruff.lint]\nselect = ['E', 'F']\n",
    "shop.py": "import os\nimport sys\n\n\ndef total(prices: list[int]) -> int:\n    return str(prices)\n",
    "tool.py": "import os\n\n\ndef run(argument=None):\n    if argument == None:\n        return 1\n",
}
SIZES = [(120, 40), (80, 24), (20, 5)]


@pytest.fixture
def project(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


async def open_findings(driven: Driven) -> FindingsScreen:
    await driven.pilot.press("ctrl+l")
    screen = await driven.shown(FindingsScreen)
    await driven.until(lambda: screen.checks_ended > 0, "both checkers' answers")
    return screen


def rows(screen: FindingsScreen) -> list[str]:
    return ["".join(text for text, _ in row.parts) for row in screen.query_one(Outline).rows]


def heading(screen: FindingsScreen) -> str:
    return str(screen.query_one("#findings-heading", Static).render())


def accept_edits() -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text('policy = "accept edits"\n')


async def go_to(driven: Driven, screen: FindingsScreen, text: str) -> None:
    """Move down to the first row that holds a text."""
    place = next(place for place, row in enumerate(rows(screen)) if text in row)
    await driven.pilot.press("home", *["down"] * place)


async def test_types_and_lint_stand_together_by_file_or_by_rule(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        for size in SIZES:
            await driven.pilot.resize_terminal(*size)
            assert rows(screen) == [
                "shop.py  1 type error, 2 lint, 2 fixable",
                "1:8 `os` imported but unused  F401",
                "2:8 `sys` imported but unused  F401",
                '6:12 Type "str" is not assignable to return type "int"  reportReturnType',
                "tool.py  2 lint, 1 fixable",
                "1:8 `os` imported but unused  F401",
                "5:20 Comparison to `None` should be `cond is None`  E711",
            ], size
            await driven.pilot.press("home", "down", "down", "b")
            assert rows(screen)[0] == "ruff F401  3 lint, 3 fixable", size
            assert rows(screen)[1:4] == [
                "shop.py:1 `os` imported but unused",
                "shop.py:2 `sys` imported but unused",
                "tool.py:1 `os` imported but unused",
            ], size
            assert screen.query_one(Outline).current is screen.query_one(Outline).rows[2], size
            await driven.pilot.press("b")


async def test_they_are_those_of_the_plain_tools(drive: Drive, project: Path) -> None:
    context = ToolContext(Workspace.at(project))
    lint = {(each.file, each.line, each.column, each.code) for each in ruff_check(context).violations}
    types = {(each.file, each.line, each.column, each.code) for each in typecheck(context).errors}
    async with drive(project) as driven:
        screen = await open_findings(driven)
        assert {(each.file, each.line, each.column, each.rule) for each in screen.shown} == lint | types


async def test_the_list_is_filtered_as_one_types(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        assert str(screen.query_one(KeyRow).render()).startswith("⏎ Open  ")
        await driven.pilot.press("slash", *"unused")
        await driven.pilot.press("space", "s", "h", "o", "p")
        await driven.pilot.pause()
        assert rows(screen) == [
            "shop.py  2 lint, 2 fixable",
            "1:8 `os` imported but unused  F401",
            "2:8 `sys` imported but unused  F401",
        ]
        await driven.pilot.press("enter", "down", "enter")
        await driven.shown(FileViewerScreen)
        await driven.pilot.pause()
        assert driven.app.screen.query_one(TextArea).cursor_location == (1, 0)
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is screen, "the findings again")
        await driven.pilot.press("escape")
        await driven.pilot.pause()
        assert screen.query_one(Input).value == ""
        assert len(rows(screen)) == 7
        await driven.pilot.press("escape")
        await driven.until(lambda: driven.app.screen is driven.main, "the main screen")


async def test_a_fix_comes_as_a_review_and_is_made_when_it_is_accepted(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        await go_to(driven, screen, "`sys`")
        await driven.pilot.press("f")
        await driven.shown(ReviewScreen)
        await driven.pilot.pause()
        await driven.pilot.press("a", "enter")
        await driven.until(lambda: screen.fixes_ended == 1 and screen.checks_ended > 1, "the fix and a new check")
        assert driven.app.screen is screen
        assert (project / "shop.py").read_text() == FILES["shop.py"].replace("import sys\n", "")
        assert not any("`sys`" in row for row in rows(screen))


async def test_a_files_fixes_are_made_whatever_the_filter_hides(drive: Drive, project: Path) -> None:
    accept_edits()
    async with drive(project) as driven:
        screen = await open_findings(driven)
        # In this file only what is shown has no safe fix; `os`, which the filter hides, has one.
        await driven.pilot.press("slash", *"E711", "enter", "F")
        await driven.until(lambda: screen.fixes_ended == 1, "the fixes")
        assert (project / "tool.py").read_text() == FILES["tool.py"].replace("import os\n", "")
        await driven.until(lambda: screen.checks_ended > 1, "a new check")
        await driven.pilot.press("F")
        await driven.until(lambda: "no safe fix in this file" in heading(screen), "why nothing is done")
        await driven.pilot.press("escape")
        await driven.until(lambda: "no safe fix" not in heading(screen), "the counts again")


async def test_a_review_that_is_left_changes_nothing(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        await go_to(driven, screen, "`sys`")
        await driven.pilot.press("f")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: screen.fixes_ended == 1, "the end of the fix")
        assert (project / "shop.py").read_text() == FILES["shop.py"]
        assert "you left the review" in heading(screen)


async def test_all_safe_fixes_of_a_file_are_made_and_taken_back(drive: Drive, project: Path) -> None:
    accept_edits()
    async with drive(project) as driven:
        screen = await open_findings(driven)
        await driven.pilot.press("F")
        await driven.until(lambda: screen.fixes_ended == 1, "the fixes")
        assert "punie undo" in heading(screen)
        await driven.until(lambda: screen.checks_ended > 1, "a new check")
        fixed = FILES["shop.py"].replace("import os\nimport sys\n", "").lstrip("\n")
        assert (project / "shop.py").read_text().lstrip("\n") == fixed
        assert (project / "tool.py").read_text() == FILES["tool.py"]
        assert undo.run(["--cwd", str(project)]) == 0
        assert (project / "shop.py").read_text() == FILES["shop.py"]


async def test_an_unsafe_fix_is_never_made(drive: Drive, project: Path) -> None:
    accept_edits()
    async with drive(project) as driven:
        screen = await open_findings(driven)
        await go_to(driven, screen, "E711")
        await driven.pilot.press("f")
        await driven.until(lambda: screen.fixes_ended == 1, "the answer")
        assert "Only an unsafe fix is offered" in heading(screen)
        await go_to(driven, screen, "reportReturnType")
        await driven.pilot.press("f")
        await driven.until(lambda: screen.fixes_ended == 2, "the answer")
        assert "offers no fix" in heading(screen)
        assert {name: (project / name).read_text() for name in FILES} == FILES


MISSING = {
    "a.py": "def root() -> Path:\n    return Path(OrderedDict())\n",
    "b.py": "class Path:\n    def __init__(self, of: object) -> None: ...\n\n\nclass OrderedDict: ...\n",
}


@pytest.mark.parametrize("size", SIZES[:2])
async def test_of_several_fixes_one_is_chosen_and_comes_as_a_review(
    drive: Drive, make_repository: Callable[..., Path], size: tuple[int, int]
) -> None:
    root = make_repository(MISSING)
    async with drive(root, size=size) as driven:
        screen = await open_findings(driven)
        await go_to(driven, screen, '2:17 "OrderedDict"')
        await driven.pilot.press("f")
        fixes = await driven.shown(FixesScreen)
        titles = [str(option.prompt) for option in fixes.query_one(OptionList).options]
        assert all(title.endswith("import OrderedDict") for title in titles)
        place = next(title[0] for title in titles if "from b import" in title)
        await driven.pilot.press("9", place)
        await driven.shown(ReviewScreen)
        await driven.pilot.pause()
        await driven.pilot.press("a", "enter")
        await driven.until(lambda: screen.fixes_ended == 1, "the fix")
        assert (root / "a.py").read_text() == f"from b import OrderedDict\n\n\n{MISSING['a.py']}"


async def test_of_several_fixes_none_may_be_taken(drive: Drive, make_repository: Callable[..., Path]) -> None:
    root = make_repository(MISSING)
    async with drive(root) as driven:
        screen = await open_findings(driven)
        await go_to(driven, screen, '1:15 "Path"')
        await driven.pilot.press("f")
        await driven.shown(FixesScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: screen.fixes_ended == 1, "the end of the fix")
        assert "took none of the fixes" in heading(screen)
        await driven.pilot.press("f")
        await driven.shown(FixesScreen)
        await driven.pilot.press("down", "enter")
        await driven.shown(ReviewScreen)
        await driven.pilot.press("escape")
        await driven.until(lambda: screen.fixes_ended == 2, "the end of the fix")
        assert (root / "a.py").read_text() == MISSING["a.py"]


async def test_the_mode_that_decides_about_a_fix_stands_in_the_heading(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        for size in SIZES:
            await driven.pilot.resize_terminal(*size)
            told = heading(screen).rstrip()
            assert told.endswith("ask mode") == (size[0] > 20)
            assert told.startswith("Findings  ")
        await driven.pilot.resize_terminal(*SIZES[0])
        await driven.pilot.press("escape")
        driven.main.change_mode(Policy.PLAN)
        await driven.pilot.press("ctrl+l")
        await driven.shown(FindingsScreen)
        await driven.until(lambda: heading(screen).endswith("plan mode"), "the other mode")


async def test_what_changes_on_the_disk_is_checked_again(drive: Drive, project: Path) -> None:
    async with drive(project) as driven:
        screen = await open_findings(driven)
        (project / "tool.py").write_text("x: int = 'a'\n")
        await driven.until(lambda: any("1:10" in row for row in rows(screen)), "the new finding")
        assert not any("E711" in row for row in rows(screen))


async def test_a_finding_is_handed_to_the_model(drive: Drive, project: Path) -> None:
    async with drive(project, [[TextDelta("Return a sum.")]]) as driven:
        await driven.pilot.press("f4")
        screen = await open_findings(driven)
        await go_to(driven, screen, "reportReturnType")
        await driven.pilot.press("x")
        await driven.finished()
        assert driven.app.screen is driven.main
        assert driven.prompt.has_focus
        asked = driven.engine.requests[-1].messages[-1].content
        assert asked.startswith("Fix what pyright finds at shop.py:6:12 (reportReturnType): Type")
        assert plain_answer(asked, is_after_edit=False) is AnswerKind.BEYOND


async def test_foreign_text_is_shown_and_never_obeyed(drive: Drive, make_repository: Callable[..., Path]) -> None:
    odd = "[@click=app.quit]x[/] \x1b]0;gone\x07 \u202e [bold]"
    root = make_repository({"[bold]\x1b.py": f"import typing\nx: typing.Literal[1] = '{odd}'\n"})
    async with drive(root) as driven:
        screen = await open_findings(driven)
        await driven.pilot.press("down", "down")
        await driven.pilot.pause()
        drawn = "".join(segment.text for strip in screen._compositor.render_strips() for segment in strip)
        assert "[bold]␛.py" in drawn
        assert not any(letter in drawn for letter in "\x1b\x07\u202e")


def test_warnings_of_types_are_told_apart_and_nothing_of_what_has_not_answered() -> None:
    def found(source: Literal["pyright", "ruff"], severity: str) -> Finding:
        return Finding(source, "a.py", 1, 1, severity, "rule", "message", is_fixable=False)

    findings = [found("pyright", "error"), found("pyright", "warning"), found("pyright", "warning")]
    assert told_counts(findings, ["pyright"]) == ["1 type error", "2 type warnings"]
    assert told_counts([*findings[1:], found("ruff", "error")], ["pyright", "ruff"]) == ["2 type warnings", "1 lint"]
    assert told_counts([], ["ruff"]) == ["0 lint"]
    assert told_counts([], ["pyright", "ruff"]) == ["0 type errors", "0 lint"]
