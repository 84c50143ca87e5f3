"""`@` in the prompt by keyboard: complete files and symbols, see the price, send, and see what was attached."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from app_driver import Drive, Driven
from textual.widgets import TextArea

from punie_tui.agent.person_calls import CallWatch
from punie_tui.app.widgets.chat.completion import Query
from punie_tui.app.widgets.chat.popup import Choice
from punie_tui.commands import trust
from punie_tui.engine.protocol import TextDelta

FILES = {
    "src/ledger/accounts.py": "class Ledger:\n    def post(self) -> None: ...\n\n\nLedger().post()\n",
    "src/ledger/report.py": "x = 1\n",
    "my notes.txt": "one\ntwo\n",
    "build/made.py": "y = 1\n",
    ".gitignore": "build/\n",
}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


async def offered(driven: Driven) -> list[str]:
    await driven.until(lambda: driven.popup.is_open and not driven.prompt.completion.is_waiting, "choices")
    return [choice.value for choice in driven.popup.choices]


async def test_files_are_found_by_some_of_their_letters(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("lint @")
        assert sorted(await offered(driven)) == [
            '@"my notes.txt" ',
            "@.gitignore ",
            "@src/",
            "@src/ledger/",
            "@src/ledger/accounts.py ",
            "@src/ledger/report.py ",
        ]
        await driven.type_in("slacc")
        assert await offered(driven) == ["@src/ledger/accounts.py "]
        await driven.pilot.press("tab")
        assert driven.prompt.text == "lint @src/ledger/accounts.py "
        assert not driven.popup.is_open
        assert driven.app.focused is driven.prompt


async def test_folders_are_offered_first_and_gone_into(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("lint @")
        assert (await offered(driven))[0] == "@src/"
        await driven.type_in("led")
        assert (await offered(driven))[0] == "@src/ledger/"
        await driven.pilot.press("tab")
        assert driven.prompt.text == "lint @src/ledger/"
        await driven.type_in("r")
        assert await offered(driven) == ["@src/ledger/report.py "]


async def test_a_choice_is_taken_in_the_middle_of_a_prompt(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("lint  now")
        await driven.pilot.press(*["left"] * 4)
        await driven.type_in("@notes")
        assert await offered(driven) == ['@"my notes.txt" ']
        await driven.pilot.press("enter")
        assert driven.prompt.text == 'lint @"my notes.txt"  now'
        await driven.pilot.press("ctrl+z")
        assert driven.prompt.text == "lint @notes now"


async def test_symbols_are_offered_beside_files(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("explain @ledger.p")
        assert (await offered(driven))[0] == "@Ledger.post "
        assert "src/ledger/accounts.py:2" in driven.popup.choices[0].detail
        await driven.pilot.press("enter")
        assert driven.prompt.text == "explain @Ledger.post "


async def test_keys_that_overtake_the_search_wait_for_it(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("@report")
        await driven.pilot.press("enter")
        await driven.until(lambda: driven.prompt.text == "@src/ledger/report.py ", "the choice")
        assert driven.engine.requests == []


class LateSource:
    """Offers for what begins with `@` what it was given, once its gate is open."""

    is_slow = True

    def __init__(self, *found: str) -> None:
        self.gate = threading.Event()
        self._found = found

    def query_in(self, area: TextArea) -> Query | None:
        return Query(area.text, (0, 0), area.document.end) if area.text.startswith("@") else None

    def title(self, query: str) -> str:
        return ""

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        self.gate.wait()
        return [Choice(value, value) for value in self._found]

    def why_none(self, query: str) -> str:
        return ""


@pytest.mark.parametrize("found", [(), ("@report ",)], ids=["nothing", "what stands there"])
async def test_enter_that_overtakes_a_search_without_a_choice_sends(
    drive: Drive, repository: Path, found: tuple[str, ...]
) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.type_in("")
        driven.prompt.completion.begin([source := LateSource(*found)])
        await driven.ask("@report")
        assert driven.prompt.text == "@report"
        source.gate.set()
        await driven.finished()
        assert "› @report" in driven.transcript.plain_text


async def test_enter_that_overtakes_a_search_takes_its_choice(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("")
        driven.prompt.completion.begin([source := LateSource("@ledger/report.py ")])
        await driven.ask("@report")
        source.gate.set()
        await driven.until(lambda: driven.prompt.text == "@ledger/report.py ", "the choice")
        assert driven.engine.requests == []


async def test_who_types_on_after_an_early_enter_sends_nothing(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("")
        driven.prompt.completion.begin([source := LateSource()])
        await driven.ask("@rep")
        await driven.type_in("ort")
        source.gate.set()
        await driven.until(lambda: not driven.prompt.completion.is_waiting, "the end of the search")
        assert driven.prompt.text == "@report"


async def test_escape_closes_and_the_same_mention_stays_closed(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("a")]]) as driven:
        await driven.type_in("@report")
        await offered(driven)
        await driven.pilot.press("escape")
        assert not driven.popup.is_open
        await driven.pilot.press("enter")
        await driven.finished()
        assert "› @report" in driven.transcript.plain_text


async def test_an_address_is_no_mention(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("ada@rep")
        assert not driven.prompt.completion.is_open


async def test_the_price_is_shown_before_and_the_text_folded_after(drive: Drive, repository: Path) -> None:
    async with drive(repository, [[TextDelta("fine")]]) as driven:
        await driven.type_in("explain @src/ledger/accounts.py and @nothing/here.py ")
        await driven.until(lambda: "not found" in driven.prompt.price.shown, "the price")
        assert driven.prompt.price.shown == ("about 16 tokens: @src/ledger/accounts.py 16, @nothing/here.py not found")
        await driven.pilot.press("enter")
        await driven.finished()
        assert driven.prompt.price.shown == ""
        asked = driven.engine.requests[0].messages[-1]
        assert asked.content == "explain src/ledger/accounts.py and @nothing/here.py"
        assert "def post(self)" in asked.whole
        lines = shown(driven)
        assert "+ src/ledger/accounts.py, 5 lines, about 16 tokens" in lines
        assert "+ not attached: There is no file 'nothing/here.py' here." in lines
        assert not any("def post" in line for line in lines)
        await driven.pilot.press("tab")
        assert driven.app.focused is driven.transcript
        await driven.pilot.press("up", "up", "space")
        assert any("def post" in line for line in shown(driven))
        await driven.pilot.press("space")
        assert not any("def post" in line for line in shown(driven))


async def test_a_symbol_has_a_price_too(drive: Drive, repository: Path) -> None:
    async with drive(repository) as driven:
        await driven.type_in("explain @Ledger.post ")
        await driven.until(lambda: not driven.prompt.price.is_looking, "the price")
        assert driven.prompt.price.shown.startswith("about ")
        assert "@Ledger.post" in driven.prompt.price.shown


async def test_what_is_read_before_the_turn_starts_shows_the_prompt_meanwhile(drive: Drive, repository: Path) -> None:
    gate = threading.Event()
    async with drive(repository, [[gate, TextDelta("a")], [TextDelta("b")]]) as driven:
        await driven.ask("one")
        await driven.type_in("see @my ")
        await driven.pilot.press("enter")
        await driven.until(lambda: any("see @my" in each.text for each in driven.queue.shown), "the waiting prompt")
        gate.set()
        await driven.finished(2)
        assert "› see @my" in driven.transcript.plain_text


async def test_findings_failing_tests_and_diffs_are_offered_with_their_price(drive: Drive, repository: Path) -> None:
    (repository / "src/ledger/report.py").write_text("import os\n")
    async with drive(repository, [[TextDelta("mended")]]) as driven:
        session = driven.main.session
        assert session is not None
        session.person_calls.run("ruff_check", {}, CallWatch())
        await driven.type_in("mend @")
        assert (await offered(driven))[:2] == ["@lint:all ", "@diff:tree "]
        assert driven.popup.choices[0].detail == "1 lint finding"
        await driven.type_in("lint:rep")
        assert await offered(driven) == ["@lint:src/ledger/report.py "]
        await driven.pilot.press("tab")
        await driven.type_in("as in @diff:start")
        (commit,) = await offered(driven)
        assert driven.popup.choices[0].detail == "Start the project"
        await driven.pilot.press("tab")
        await driven.until(lambda: not driven.prompt.price.is_looking, "the price")
        assert "@lint:src/ledger/report.py 15, " in driven.prompt.price.shown
        assert f"{commit.strip()} " in driven.prompt.price.shown
        await driven.pilot.press("enter")
        await driven.finished()
        asked = driven.engine.requests[0].messages[-1]
        assert asked.content.startswith("mend the lint findings in src/ledger/report.py as in the changes of ")
        assert "report.py:1:8: `os` imported but unused (F401)" in asked.whole
        assert "+class Ledger:" in asked.whole


async def test_type_findings_and_failing_tests_are_completed_and_attached(drive: Drive, repository: Path) -> None:
    (repository / "src/ledger/report.py").write_text("x: int = 'one'\n")
    trust.run([str(repository)])
    (repository / "test_it.py").write_text("def test_one():\n    assert 1 == 2\n\n\ndef test_two():\n    pass\n")
    async with drive(repository, [[TextDelta("mended")]]) as driven:
        session = driven.main.session
        assert session is not None
        for tool in ("typecheck", "pytest_run"):
            assert session.person_calls.run(tool, {}, CallWatch()).result
        await driven.type_in("mend @types:")
        assert await offered(driven) == ["@types:all ", "@types:src/ledger/report.py "]
        assert [choice.detail for choice in driven.popup.choices] == ["1 type finding", "1 type finding"]
        await driven.type_in("rep")
        assert await offered(driven) == ["@types:src/ledger/report.py "]
        await driven.pilot.press("tab")
        await driven.type_in("and @failed:")
        assert await offered(driven) == ["@failed:all ", "@failed:test_it.py::test_one "]
        assert driven.popup.choices[0].detail == "1 failing test"
        assert "assert 1 == 2" in driven.popup.choices[1].detail
        await driven.type_in("one")
        assert await offered(driven) == ["@failed:test_it.py::test_one "]
        await driven.pilot.press("tab", "enter")
        await driven.finished()
        asked = driven.engine.requests[0].messages[-1]
        assert asked.content.startswith("mend the type errors in src/ledger/report.py and the failing test test_it.py")
        assert "report.py:1:10: error: " in asked.whole
        assert "test_it.py::test_one failed at test_it.py:2" in asked.whole


def shown(driven: Driven) -> list[str]:
    """What the transcript draws, line by line."""
    transcript = driven.transcript
    return [
        "".join(segment.text for segment in transcript.render_line(y)).strip() for y in range(transcript.size.height)
    ]
