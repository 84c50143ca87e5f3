"""Sessions: saved as they go, resumed, and what trust changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from punie_tools.errors import ToolError
from punie_tools.symbols.tree_names import TreeNames
from punie_tui.agent.events import NoticeGiven, PersonRan, TextStreamed, ToolFinished
from punie_tui.agent.person_calls import CallWatch
from punie_tui.agent.session import Session
from punie_tui.agent.session_record import read_event, read_lines
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings

OpenSession = Callable[..., Session]


@pytest.fixture
def open_session() -> Iterator[OpenSession]:
    """Open sessions with scripted replies; all are closed in the end."""
    with ExitStack() as opened:

        def start(folder: Path, *replies: Reply, **options: bool) -> Session:
            engine = ScriptedEngine(replies, writes_answers=False)
            return opened.enter_context(closing(Session(folder.resolve(), engine, Settings(), **options)))

        yield start


def test_every_event_is_on_disk_when_it_is_told(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(tmp_path, [TextDelta("Hello")])
    for event in session.run("hi"):
        assert session.log is not None
        assert [read_event(line) for line in read_lines(session.log.path)][-1] == event
    session.close()


def test_a_session_goes_on_where_it_ended(open_session: OpenSession, tmp_path: Path) -> None:
    first = open_session(tmp_path, [ToolCall("c", "list_files", {})])
    told = list(first.run("files?"))
    first.close()
    engine = ScriptedEngine([[TextDelta("again")]])
    second = Session(tmp_path.resolve(), engine, Settings())
    assert second.resume()
    assert list(second.earlier_events) == told
    list(second.run("and now?"))
    second.close()
    roles = [message.role for message in engine.requests[0].messages]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert second.log is not None
    assert first.log is not None
    assert second.log.path == first.log.path


def test_without_an_earlier_session_there_is_nothing_to_resume(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(tmp_path)
    assert not session.resume()
    assert session.take_notices() == ["There is no earlier session of this folder."]


def test_a_home_that_cannot_be_written_costs_the_record_only_and_is_told_once(
    open_session: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUNIE_HOME", str(tmp_path / "file"))
    session = open_session(tmp_path, [TextDelta("Hello")], [TextDelta("Again")])
    events = [*session.run("hi"), *session.run("again")]
    assert events[-1].kind == "turn_finished"
    (notice,) = [event for event in events if isinstance(event, NoticeGiven)]
    assert "cannot be saved now: not a directory" in notice.text


def test_leaving_a_session_that_is_not_saved_is_told(
    open_session: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PUNIE_HOME", str(tmp_path / "file"))
    session = open_session(tmp_path, [TextDelta("Hello")], [TextDelta("Again")])
    list(session.run("hi"))
    session.start_anew()
    (told,) = session.take_notices()
    assert told == "What came last in the session that you left could not be saved: not a directory."
    # The next one is told of anew.
    assert any("cannot be saved now" in event.text for event in session.run("again") if isinstance(event, NoticeGiven))


def test_a_home_that_can_be_written_later_gets_all_of_the_session(
    open_session: OpenSession, tmp_path: Path, punie_home: Path
) -> None:
    punie_home.rmdir()
    punie_home.write_text("in the way")
    session = open_session(tmp_path, [TextDelta("Hello")], [TextDelta("Again")])
    told = list(session.run("hi"))
    punie_home.unlink()
    told += session.run("again")
    assert [event.text for event in told if isinstance(event, NoticeGiven)][1:] == [
        "The session is saved again, with nothing lost."
    ]
    session.close()
    again = open_session(tmp_path)
    assert again.resume()
    assert list(again.earlier_events) == [event for event in told if not isinstance(event, NoticeGiven)]


def test_the_second_program_on_a_session_gets_a_copy_and_says_so(open_session: OpenSession, tmp_path: Path) -> None:
    first = open_session(tmp_path, [TextDelta("one")], [TextDelta("two")])
    told = list(first.run("hi"))
    second = open_session(tmp_path, [TextDelta("other")])
    assert second.resume(first.session_id)
    assert "goes on with a copy" in second.take_notices()[0]
    assert list(second.earlier_events) == told
    list(second.run("elsewhere"))
    list(first.run("here"))
    assert [turn.prompt for turn in first.record().current_turns] == ["hi", "here"]
    assert [turn.prompt for turn in second.record().current_turns] == ["hi", "elsewhere"]
    assert second.session_id != first.session_id


def test_the_last_session_is_the_one_that_nobody_has_open(open_session: OpenSession, tmp_path: Path) -> None:
    ended = open_session(tmp_path, [TextDelta("one")])
    list(ended.run("ended"))
    ended.close()
    list(open_session(tmp_path, [TextDelta("two")]).run("still open"))
    session = open_session(tmp_path)
    assert session.resume()
    assert session.session_id == ended.session_id


def test_a_session_of_a_newer_punie_is_left_alone(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(tmp_path, [TextDelta("new")])
    session.sessions.folder.mkdir(parents=True)
    newer = session.sessions.folder / "20250101-000000-000000.jsonl"
    newer.write_text('{"kind":"session_started","format":7,"punie_version":"9","workspace":"","model":""}\n')
    before = newer.read_bytes()
    assert not session.resume()
    assert "newer punie" in session.take_notices()[0]
    list(session.run("hi"))
    assert session.session_id != newer.stem
    assert newer.read_bytes() == before


def test_a_turn_that_a_crash_cut_off_is_ended_when_the_session_goes_on(
    open_session: OpenSession, tmp_path: Path
) -> None:
    crashed = open_session(tmp_path, [TextDelta("Well, "), TextDelta("never told")])
    turn = crashed.run("hi")
    while not isinstance(next(turn), TextStreamed):
        pass
    assert crashed.log is not None
    crashed.log.close()
    session = open_session(tmp_path, [TextDelta("on")])
    session.look_for_interrupted()
    assert session.interrupted is not None
    assert (session.interrupted.title, session.interrupted.turn_count) == ("hi", 1)
    assert session.resume(session.interrupted.session_id)
    assert session.earlier_events[-1].kind == "turn_finished"
    session.close()
    after = open_session(tmp_path)
    after.look_for_interrupted()
    assert after.interrupted is None


@pytest.mark.parametrize(
    ("keep", "title"),
    [
        (lambda session: session.keep_command(PersonRan(command="pytest\n -q", output="1 passed")), "! pytest -q"),
        (lambda session: session.keep_act("Wrote AGENTS.md."), "Wrote AGENTS.md."),
    ],
    ids=["command", "act"],
)
def test_a_session_without_a_turn_is_kept_listed_searched_offered_and_gone_on_with(
    open_session: OpenSession, tmp_path: Path, keep: Callable[[Session], None], title: str
) -> None:
    crashed = open_session(tmp_path)
    keep(crashed)
    assert crashed.has_saved_events
    assert crashed.log is not None
    crashed.log.close()
    session = open_session(tmp_path, [TextDelta("on")])
    (summary,) = session.sessions.summaries()
    assert (summary.title, summary.first_prompt, summary.turn_count) == (title, "", 0)
    assert summary.matches(title.split()[-1])
    session.look_for_interrupted()
    assert session.interrupted == summary
    assert session.resume()
    assert session.record().title == title
    assert [event.kind for event in session.earlier_events] == [each.kind for each in crashed.record().before]
    list(session.run("what failed?"))
    session.close()
    # The question says more than what came before it.
    assert next(session.sessions.summaries()).title == "what failed?"


def test_a_session_in_which_nothing_was_done_leaves_no_file(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session(tmp_path)
    session.start_anew()
    session.close()
    assert not session.sessions.folder.exists()


def test_trusting_a_folder_lets_its_tests_run_without_asking(
    open_session: OpenSession, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"test_a.py": "def test_a():\n    assert True\n"})
    call = ToolCall("c", "pytest_run", {})
    denied = [event.kind for event in open_session(root, [call]).run("test")]
    assert "tool_denied" in denied
    session = open_session(root, [call])
    session.trust.trust()
    approved = [event for event in session.run("test") if event.kind == "tool_approved"]
    assert [event.by for event in approved] == ["trust"]
    again = open_session(root, [call])
    assert again.workspace.is_trusted
    elsewhere = make_repository({"test_a.py": ""}, name="elsewhere")
    assert not open_session(elsewhere).workspace.is_trusted


def test_yes_allows_edits(open_session: OpenSession, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    session = open_session(
        tmp_path, [ToolCall("c", "edit_file", {"path": "a.txt", "old": "x", "new": "y"})], allow_all=True
    )
    assert [event.by for event in session.run("go") if event.kind == "tool_approved"] == ["--yes"]
    assert (tmp_path / "a.txt").read_text() == "y"


def test_the_language_server_is_shared_by_the_turns_and_ends_with_the_session(
    open_session: OpenSession, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("x: int = 'a'\n")
    check = ToolCall("c", "typecheck", {"path": "."})
    session = open_session(tmp_path, [check], [check])
    results = [event.result for _ in range(2) for event in session.run("types?") if isinstance(event, ToolFinished)]
    assert [(each["error_count"], each["files_rechecked"]) for each in results] == [(1, 1), (1, 0)]
    servers = [child for child in psutil.Process().children() if any("langserver" in word for word in child.cmdline())]
    assert len(servers) == 1
    session.close()
    assert not psutil.pid_exists(servers[0].pid)


def test_what_a_killed_run_left_in_the_place_of_configuration_goes_at_the_next_start(
    open_session: OpenSession, tmp_path: Path
) -> None:
    configuration = tmp_path / ".git" / "config.worktree"
    configuration.parent.mkdir()
    configuration.touch(mode=0o444)
    open_session(tmp_path)
    assert not configuration.exists()
    configuration.touch(mode=0o644)
    open_session(tmp_path)
    assert configuration.exists()


def test_going_to_a_turn_tells_what_the_person_undid_by_hand(open_session: OpenSession, tmp_path: Path) -> None:
    writes = [[ToolCall(name, "write_file", {"path": name, "content": "x"})] for name in ("a", "b")]
    session = open_session(tmp_path, *writes, allow_all=True)
    first, second = (next(iter(list(session.run(f"write {name}")))).turn_id for name in ("a", "b"))
    session.undo(first)
    list(session.rewind(""))
    assert session.take_notices()[0].startswith("The session and its files stand before the first turn.")
    list(session.rewind(second))
    assert [path.name for path in tmp_path.glob("?")] == ["b"]
    told = session.take_notices()[0]
    assert told.startswith("The session stands at the end of turn 2 of 2, and its files do but for what turn 1 changed")
    assert told.endswith(f"/redo {first}.")
    session.redo(first)
    list(session.rewind(first))
    assert session.take_notices()[0].startswith("The session and its files stand at the end of turn 1 of 2.")
    assert [path.name for path in tmp_path.glob("?")] == ["a"]


def test_going_to_a_turn_goes_over_what_punie_changed_for_the_person(open_session: OpenSession, tmp_path: Path) -> None:
    def content() -> str:
        return (tmp_path / "a").read_text()

    def change(text: str, by: str) -> None:
        outcome = session.person_calls.run("write_file", {"path": by, "content": text}, CallWatch())
        assert outcome.result, outcome.error

    places = (("a", "one"), ("a", "two"), ("b", "three"))
    writes = [[ToolCall(text, "write_file", {"path": path, "content": text})] for path, text in places]
    session = open_session(tmp_path, *writes, allow_all=True)
    change("mine before", "before")
    first, second = (next(iter(list(session.run(text)))).turn_id for text in ("one", "two"))
    change("two, mended", "a")
    change("two, mended twice", "a")
    list(session.rewind(first))
    assert content() == "one"
    list(session.rewind(second))
    assert content() == "two, mended twice"
    list(session.rewind(""))
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "before").read_text() == "mine before"
    list(session.rewind(first))
    assert content() == "one"
    # What was left behind by another turn is not made again.
    third = next(iter(list(session.run("three")))).turn_id
    list(session.rewind(first))
    list(session.rewind(third))
    assert (tmp_path / "b").read_text() == "three"
    assert content() == "one"
    # What somebody else changed still stops it.
    (tmp_path / "b").write_text("not punie's")
    refusal = list(session.rewind(first))
    assert isinstance(refusal[0], NoticeGiven)
    assert (tmp_path / "b").read_text() == "not punie's"


@pytest.mark.parametrize("leave", [Session.start_anew, Session.resume])
def test_what_was_done_by_hand_in_one_session_is_not_undone_from_another(
    open_session: OpenSession, tmp_path: Path, leave: Callable[[Session], object]
) -> None:
    earlier = open_session(tmp_path, [TextDelta("hello")])
    list(earlier.run("hi"))
    earlier.close()
    session = open_session(tmp_path, allow_all=True)
    assert session.person_calls.run("write_file", {"path": "a", "content": "mine"}, CallWatch()).result
    assert session.undo().paths == session.redo().paths == ("a",)
    leave(session)
    with pytest.raises(ToolError, match="This session has nothing left to undo"):
        session.undo()
    assert (tmp_path / "a").read_text() == "mine"


def test_what_is_made_again_is_of_this_session_unless_a_turn_is_named(
    open_session: OpenSession, tmp_path: Path
) -> None:
    first, second = (
        open_session(tmp_path, [ToolCall(name, "write_file", {"path": name, "content": "x"})], allow_all=True)
        for name in ("a", "b")
    )
    turn = next(iter(list(first.run("write a")))).turn_id
    list(second.run("write b"))
    second.undo()
    second.undo(turn)
    assert second.redo().paths == ("b",)
    assert second.redo(turn).paths == ("a",)


@pytest.mark.parametrize("seed", [None, 0, 7])
def test_a_session_with_a_seed_waits_for_the_names_that_a_reply_is_held_to(tmp_path: Path, seed: int | None) -> None:
    engine = ScriptedEngine([[TextDelta("Hello")]])
    session = Session(tmp_path.resolve(), engine, Settings(), seed=seed)
    list(session.run("hi"))
    (request,) = engine.requests
    assert request.read_names() != TreeNames(None, (), None)
    session.close()
    assert (request.waits_for_names, request.sampling.seed) == (seed is not None, seed or 0)
    # Closed, it reads none any more: whoever waited for them would wait for seconds.
    assert request.read_names() == TreeNames(None, (), None)
