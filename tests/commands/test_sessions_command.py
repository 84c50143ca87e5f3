"""`punie sessions` as a person uses it, in processes of its own, on sessions of real tools."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from punie_tui.agent.session import Session
from punie_tui.agent.session_record import read_record
from punie_tui.engine.protocol import TextDelta, ToolCall
from punie_tui.engine.scripted import Reply, ScriptedEngine
from punie_tui.settings import Settings

HOSTILE = "<script>alert(1)</script> \x1b[31mred [x](javascript:alert(2)) ![p](http://x/y.png)"


def sessions(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "punie_tui", "sessions", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def converse(root: Path, *turns: tuple[str, Reply]) -> str:
    """Run turns in a session of their own; its id."""
    engine = ScriptedEngine([reply for _, reply in turns], writes_answers=False)
    with closing(Session(root.resolve(), engine, Settings(), allow_all=True)) as session:
        for prompt, _ in turns:
            list(session.run(prompt))
        return session.session_id


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository({"app.py": "x = 1  # TODO\n"})


@pytest.fixture
def two(repository: Path) -> tuple[str, str]:
    edit = ToolCall("c", "edit_file", {"path": "app.py", "old": "x = 1", "new": "y = 1"})
    first = converse(repository, ("find TODO", [ToolCall("c", "grep", {"pattern": "TODO"})]), ("rename x", [edit]))
    return first, converse(repository, ("explain it", [TextDelta("It is **simple**.\n")]))


def test_sessions_are_listed_last_used_first_and_searched(repository: Path, two: tuple[str, str]) -> None:
    lines = sessions(cwd=repository).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [two[1], two[0]]
    assert "2 turns  find TODO" in lines[1]
    assert [each["id"] for each in json.loads(sessions("list", "--json", "SIMPLE", cwd=repository).stdout)] == [two[1]]
    assert sessions("list", "nowhere", cwd=repository).stdout == "No session of this folder matches.\n"


def test_another_folder_has_none(repository: Path, two: tuple[str, str], tmp_path: Path) -> None:
    assert sessions(cwd=tmp_path).stdout == "There is no session of this folder.\n"
    assert sessions("--cwd", str(repository), "list", cwd=tmp_path).stdout == sessions(cwd=repository).stdout
    assert sessions("list", "--cwd", str(repository), cwd=tmp_path).stdout == sessions(cwd=repository).stdout


def test_a_session_is_shown_with_calls_diffs_and_answers(repository: Path, two: tuple[str, str]) -> None:
    shown = sessions("show", two[0], cwd=repository).stdout
    assert "> find TODO" in shown
    assert "- `grep(pattern='TODO')` — " in shown
    assert "```diff\n--- a/app.py\n+++ b/app.py\n" in shown
    assert "+y = 1" in shown
    assert sessions("show", "last", cwd=repository).stdout == sessions("show", two[1], cwd=repository).stdout


def test_a_session_is_renamed_and_found_by_name_or_beginning(repository: Path, two: tuple[str, str]) -> None:
    assert sessions("rename", two[0], "the  hunt\nfor x", cwd=repository).returncode == 0
    lines = sessions(cwd=repository).stdout.splitlines()
    assert lines[1].endswith("2 turns  the hunt for x")
    by_name, by_beginning = (sessions("show", name, cwd=repository).stdout for name in ("the hunt for x", two[0][:-1]))
    assert by_name == by_beginning


def test_a_fork_says_its_id_and_goes_its_own_way(repository: Path, two: tuple[str, str]) -> None:
    fork = sessions("fork", two[0], cwd=repository).stdout.strip()
    listed = json.loads(sessions("list", "--json", cwd=repository).stdout)
    assert next((each["id"], each["forked_from"], each["turns"]) for each in listed) == (fork, two[0], 2)
    assert sessions("remove", two[0], "--yes", cwd=repository).returncode == 0
    assert "> rename x" in sessions("show", fork, cwd=repository).stdout


def test_nothing_is_removed_unasked(repository: Path, two: tuple[str, str]) -> None:
    refused = sessions("remove", two[0], cwd=repository)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert len(sessions(cwd=repository).stdout.splitlines()) == 2


def test_a_session_that_is_open_is_neither_removed_nor_renamed_but_copied(repository: Path) -> None:
    engine = ScriptedEngine([[TextDelta("hello")]])
    with closing(Session(repository.resolve(), engine, Settings())) as session:
        list(session.run("hi"))
        assert "(open)" in sessions(cwd=repository).stdout
        for arguments in (("remove", session.session_id, "--yes"), ("rename", session.session_id, "x")):
            refused = sessions(*arguments, cwd=repository)
            assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
            assert "open in a" in refused.stderr
        assert "(a copy)" not in sessions(cwd=repository).stdout
        assert sessions("fork", session.session_id, cwd=repository).returncode == 0
        assert [turn.prompt for turn in session.record().turns] == ["hi"]


@pytest.mark.parametrize("name", ["2", "no-such-session", "../../etc/passwd"])
def test_a_session_that_is_not_there_or_not_clear_is_one_line(
    repository: Path, two: tuple[str, str], name: str
) -> None:
    refused = sessions("show", name, cwd=repository)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_obeys_nothing_of_the_session(repository: Path) -> None:
    converse(repository, (HOSTILE, [TextDelta(HOSTILE)]), (HOSTILE, [ToolCall("c", "grep", {"pattern": HOSTILE})]))
    assert sessions("rename", "last", HOSTILE, cwd=repository).returncode == 0
    output = repository / "session.html"
    assert sessions("export", "last", "--output", str(output), cwd=repository).returncode == 0
    page = Page(output.read_text(encoding="utf-8"))
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    # A link that the reader may follow; nothing is fetched by itself, and no link is a program.
    assert page.links == ["http://x/y.png"]
    assert "\x1b" not in page.text
    assert page.text.count("<script>alert(1)</script>") >= 4


def test_a_page_has_the_rows_of_the_screen(repository: Path, two: tuple[str, str]) -> None:
    text = Page(sessions("export", two[0], "--format", "html", cwd=repository).stdout).text
    assert "✓ grep(pattern='TODO')" in text
    assert "+y = 1" in text
    assert "<strong>simple</strong>" in sessions("export", two[1], "--format", "html", cwd=repository).stdout


def test_an_export_goes_into_a_folder_and_over_a_file_only_when_told(repository: Path, two: tuple[str, str]) -> None:
    export = ("export", two[0], "--format", "html", "--output", ".")
    assert sessions(*export, cwd=repository).returncode == 0
    file = repository / f"session-{two[0]}.html"
    file.write_text("mine")
    refused = sessions(*export, cwd=repository)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--yes" in refused.stderr
    assert file.read_text() == "mine"
    assert sessions(*export, "--yes", cwd=repository).returncode == 0
    assert "<html" in file.read_text(encoding="utf-8")


def test_an_export_that_cannot_be_written_is_one_line(repository: Path, two: tuple[str, str]) -> None:
    refused = sessions("export", two[0], "--output", "no/such/folder.md", cwd=repository)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


@pytest.fixture
def three(repository: Path) -> str:
    """A session whose second and third turn changed `app.py`."""

    def edit(old: str, new: str) -> ToolCall:
        return ToolCall("c", "edit_file", {"path": "app.py", "old": old, "new": new})

    look = ToolCall("c", "grep", {"pattern": "TODO"})
    return converse(
        repository, ("look", [look]), ("first", [edit("x = 1", "x = 2")]), ("second", [edit("x = 2", "x = 3")])
    )


def told_turns(session: str, cwd: Path) -> list[dict[str, object]]:
    return json.loads(sessions("turns", session, "--json", cwd=cwd).stdout)


def test_a_session_goes_back_to_a_turn_and_forward_with_its_files(repository: Path, three: str) -> None:
    file = repository / "app.py"
    listed = told_turns(three, repository)
    assert [(each["number"], each["prompt"], each["files"]) for each in listed] == [
        (1, "look", []),
        (2, "first", ["app.py"]),
        (3, "second", ["app.py"]),
    ]
    back = sessions("rewind", "last", "1", cwd=repository)
    assert (back.returncode, back.stderr) == (0, "")
    assert back.stdout.startswith("The session and its files stand at the end of turn 1 of 3.")
    assert file.read_text() == "x = 1  # TODO\n"
    lines = sessions("turns", "last", cwd=repository).stdout.splitlines()
    assert ["(here)" in line for line in lines] == [True, False, False]
    assert ["(later)" in line for line in lines] == [False, True, True]
    # By its id, and as JSON.
    on = sessions("forward", three, str(listed[1]["turn"]), "--json", cwd=repository)
    told = json.loads(on.stdout)
    assert (told["number"], told["turns"], told["redone"]) == (2, 3, [listed[1]["turn"]])
    assert file.read_text() == "x = 2  # TODO\n"
    assert sessions("forward", three, cwd=repository).returncode == 0
    assert file.read_text() == "x = 3  # TODO\n"
    assert sessions("rewind", three, "0", cwd=repository).stdout.startswith("The session and its files stand before")
    assert file.read_text() == "x = 1  # TODO\n"
    # It ended in order, and goes on as from the app.
    assert json.loads(sessions("list", "--json", cwd=repository).stdout)[0]["is_interrupted"] is False
    with closing(Session(repository.resolve(), ScriptedEngine([[TextDelta("ok")]]), Settings())) as session:
        assert session.resume(three)
        assert session.record().kept == 0
        assert len(session.record().turns) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rewind", "last", "7"), "There is no turn 7 in this session; it has 3 turns."),
        (("rewind", "last", "-1"), "There is no turn -1"),
        (("rewind", "last", "3"), "The session stands at the end of turn 3 of 3 already; nothing was done."),
        (("forward", "last", "1"), "The session stands at the end of turn 3 of 3; `punie sessions rewind` goes there."),
        (("forward", "last"), "already"),
        (("fork", "last", "--turn", "nowhere"), "There is no turn nowhere"),
    ],
)
def test_a_turn_that_cannot_be_gone_to_is_one_line(
    repository: Path, three: str, arguments: tuple[str, ...], said: str
) -> None:
    refused = sessions(*arguments[:2], "--", *arguments[2:], cwd=repository) if "-1" in arguments else None
    refused = refused or sessions(*arguments, cwd=repository)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert said in refused.stderr
    assert (repository / "app.py").read_text() == "x = 3  # TODO\n"


def test_files_that_were_changed_since_stop_the_way_back(repository: Path, three: str) -> None:
    (repository / "app.py").write_text("mine = 1\n")
    refused = sessions("rewind", three, "1", cwd=repository)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "app.py was edited since punie changed it; nothing was done." in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith(
        f"punie: the session stays where it is; `punie sessions fork {three}"
    )
    told = json.loads(sessions("rewind", three, "1", "--json", cwd=repository).stdout)
    assert [view["yours"] for view in told["changed_since"]] == ["mine = 1\n"]
    assert (repository / "app.py").read_text() == "mine = 1\n"
    assert [each["number"] for each in told_turns(three, repository) if each["is_here"]] == [3]


def test_a_fork_may_stand_at_an_earlier_turn_and_leaves_files_alone(repository: Path, three: str) -> None:
    fork = sessions("fork", three, "--turn", "1", cwd=repository).stdout.strip()
    assert [each["number"] for each in told_turns(fork, repository) if each["is_here"]] == [1]
    assert [each["number"] for each in told_turns(three, repository) if each["is_here"]] == [3]
    assert (repository / "app.py").read_text() == "x = 3  # TODO\n"


def test_going_back_in_a_session_that_was_cut_off_ends_its_turn(repository: Path, three: str) -> None:
    with closing(Session(repository.resolve(), ScriptedEngine([]), Settings())) as session:
        path = session.sessions.find(three)
    lines = path.read_bytes().splitlines(keepends=True)
    # What stays of a program that was killed before the last turn ended.
    path.write_bytes(b"".join(lines[:-2]))
    assert "(interrupted)" in sessions(cwd=repository).stdout
    assert sessions("rewind", three, "2", cwd=repository).returncode == 0
    assert (repository / "app.py").read_text() == "x = 2  # TODO\n"
    assert "(interrupted)" not in sessions(cwd=repository).stdout
    assert all(turn.is_finished for turn in read_record(path).turns)


def test_a_session_that_is_open_goes_nowhere(repository: Path) -> None:
    with closing(Session(repository.resolve(), ScriptedEngine([[TextDelta("hello")]]), Settings())) as session:
        list(session.run("hi"))
        refused = sessions("rewind", session.session_id, "0", cwd=repository)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "open in another punie" in refused.stderr
        assert session.record().kept == 1
