"""What the person does beside turns: kept at its place over resume and fork, exported, and known to a rewind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from punie_tools.safe_text import safe_text
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, PersonActed, PersonRan, TextStreamed, TurnFinished, TurnStarted
from punie_tui.agent.person_calls import CallWatch
from punie_tui.agent.session import Session
from punie_tui.agent.session_markdown import session_markdown
from punie_tui.agent.session_record import SessionRecord
from punie_tui.app.session_page import session_page
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings

Open = Callable[..., Session]


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[Open]:
    """Open sessions of one folder that may change it; all are closed in the end."""
    (tmp_path / "tree").mkdir()
    with ExitStack() as opened:

        def start(*replies: Reply) -> Session:
            engine = ScriptedEngine(replies, writes_answers=False)
            session = Session((tmp_path / "tree").resolve(), engine, Settings(), allow_all=True)
            return opened.enter_context(closing(session))

        yield start


def resumed(session: Session, open_session: Open) -> Session:
    """Another program that goes on with the session."""
    session.close()
    again = open_session()
    assert again.resume()
    assert again.take_notices() == []
    return again


def story(session: Session) -> list[str]:
    """What the chat would show of acts and turns."""
    told = {"turn_started": "prompt", "person_acted": "text", "turn_finished": "answer"}
    return [getattr(event, told[event.kind]) for event in session.earlier_events if event.kind in told]


def write(session: Session, path: str, content: str) -> None:
    outcome = session.person_calls.run("write_file", {"path": path, "content": content}, CallWatch())
    assert outcome.result, outcome.error


def turn_of(session: Session, prompt: str) -> str:
    return next(iter(list(session.run(prompt)))).turn_id


def test_acts_stand_at_their_places_after_a_resume_and_in_a_fork(open_session: Open) -> None:
    session = open_session([TextDelta("one")], [TextDelta("two")])
    session.keep_act("Wrote AGENTS.md.")
    first = turn_of(session, "first?")
    session.keep_act("Staged 1 hunk.")
    list(session.run("second?"))
    session.keep_act("Committed it.")
    again = resumed(session, open_session)
    whole = ["Wrote AGENTS.md.", "first?", "one", "Staged 1 hunk.", "second?", "two", "Committed it."]
    assert story(again) == whole
    again.keep_act("Staged 2 hunks.")
    again = resumed(again, open_session)
    assert story(again) == [*whole, "Staged 2 hunks."]
    again.fork(first)
    assert story(again) == whole[:4]
    again.fork("")
    assert story(again) == whole[:1]


def test_what_was_done_in_a_session_that_never_began_is_not_of_the_next(open_session: Open) -> None:
    session = open_session([TextDelta("one")])
    session.keep_act("Wrote AGENTS.md.")
    session.start_anew()
    list(session.run("first?"))
    assert story(resumed(session, open_session)) == ["first?", "one"]


def interrupted_answer() -> list[Event]:
    """The person does something, twice, while a model writes."""
    pieces = [TextStreamed(turn_id="t", text=text) for text in ("Well, ", "that is ", "all.")]
    acts = [PersonActed(text="Staged *1* hunk."), PersonActed(text="Committed\x1b[2J it.")]
    begin = TurnStarted(turn_id="t", prompt="p", model="")
    end = TurnFinished(turn_id="t", reason="done", answer="Well, that is all.")
    return [begin, pieces[0], acts[0], pieces[1], acts[1], pieces[2], end]


def test_an_answer_that_goes_on_after_an_act_is_one_for_the_model_and_told_once() -> None:
    record = SessionRecord([PersonActed(text="Wrote AGENTS.md."), *interrupted_answer()])
    assert [message.content for message in Conversation.from_events(record.events).messages] == [
        "p",
        "Well, that is all.",
    ]
    exported = session_markdown(record, "title")
    assert exported == (
        "# title\n\n*Wrote AGENTS.md.*\n\n## 1\n\n> p\n\nWell, \n\n*Staged \\*1\\* hunk.*\n\nthat is \n\n"
        f"*Committed{safe_text(chr(27))}\\[2J it.*\n\nall.\n"
    )


def test_a_command_of_the_person_is_kept_and_exported(open_session: Open) -> None:
    session = open_session([TextDelta("one")])
    session.keep_command(PersonRan(command="early", output=""))
    first = turn_of(session, "first?")
    session.keep_command(PersonRan(command="ls `x`", output="a\x1b[2J\n```", ending="Exit code 1."))
    again = resumed(session, open_session)
    again.fork(first)
    assert [event.command for event in again.earlier_events if isinstance(event, PersonRan)] == ["early", "ls `x`"]
    exported = session_markdown(again.record(), "title")
    assert "\n\n- `! early`\n\n## 1\n\n> first?\n\none\n\n- `` ! ls `x` ``\n\n" in exported
    assert exported.endswith(f"\n\n````\na{safe_text(chr(27))}[2J\n```\n````\n\n*Exit code 1.*\n")
    page = session_page(again.record(), "title")
    assert '<span class="strong">! ls `x`</span> <span class="muted">Exit code 1.</span>' in page
    assert f'<div class="row">a{safe_text(chr(27))}[2J\n```</div>' in page


def test_a_rewind_and_undo_know_what_was_changed_by_hand_in_the_run_before(open_session: Open, tmp_path: Path) -> None:
    file = tmp_path / "tree" / "a"
    calls = [[ToolCall(text, "write_file", {"path": "a", "content": text})] for text in ("one", "two", "three")]
    session = open_session(*calls)
    write(session, "before", "mine before")
    first = turn_of(session, "one")
    second = turn_of(session, "two")
    write(session, "a", "two, mended")
    again = resumed(session, open_session)
    list(again.rewind(first))
    assert file.read_text() == "one"
    # And another run knows what this one took back.
    again = resumed(again, open_session)
    list(again.rewind(second))
    assert file.read_text() == "two, mended"
    again.undo()
    assert file.read_text() == "two"
    again.redo()
    again = resumed(again, open_session)
    list(again.rewind(""))
    assert not file.exists()
    assert (tmp_path / "tree" / "before").read_text() == "mine before"


def test_a_copy_that_stands_earlier_leaves_what_was_changed_by_hand_later(open_session: Open, tmp_path: Path) -> None:
    calls = [[ToolCall(text, "write_file", {"path": text, "content": text})] for text in ("one", "two")]
    session = open_session(*calls)
    first = turn_of(session, "one")
    list(session.run("two"))
    write(session, "mine", "later")
    session.fork(first)
    list(session.rewind(""))
    assert not (tmp_path / "tree" / "one").exists()
    assert (tmp_path / "tree" / "mine").read_text() == "later"
