"""Session files: whole lines, and what a torn one costs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    Event,
    PersonCalled,
    PrefillProgressed,
    SessionClosed,
    SessionStarted,
    TextStreamed,
    ToolDenied,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnStarted,
    event_line,
)
from punie_tui.agent.session_list import SessionList
from punie_tui.agent.session_log import SessionInUseError, SessionLog, is_in_use, session_files, sessions_folder
from punie_tui.agent.session_record import SessionError, SessionRecord, read_event, read_lines, read_record

STARTED = SessionStarted(punie_version="0", workspace="/somewhere", model="nano")
TURN = [
    TurnStarted(turn_id="t1", prompt="hi", model="nano"),
    TurnFinished(turn_id="t1", reason="done", answer="Hello."),
]


def events_of(path: Path) -> list[Event]:
    return [event for event in map(read_event, read_lines(path)) if event is not None]


def write(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def line(event: Event) -> bytes:
    return event_line(event).encode() + b"\n"


def test_events_come_back_as_they_went(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    event = TextStreamed(turn_id="t", text="tab\tline\nescape\x1b[31m ünï 🦊")
    log.append(event)
    log.close()
    assert events_of(log.path) == [STARTED, event]
    assert log.path.read_bytes().count(b"\n") == 2


def test_a_torn_last_line_loses_only_itself_and_appending_goes_on(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    log.append(TextStreamed(text="kept"))
    log.close()
    log.path.write_bytes(log.path.read_bytes() + b'{"kind":"text_streamed","te')
    again = SessionLog(log.path)
    again.append(TextStreamed(text="after"))
    again.close()
    texts = [event.text for event in events_of(log.path) if isinstance(event, TextStreamed)]
    assert texts == ["kept", "after"]


SPOILT = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")),
    st.sampled_from(
        [
            b"\0" * 300,
            b"[1]",
            b"null",
            b'{"kind":"from_the_future","turn_id":"t1","what":1}',
            b'{"kind":"turn_finished","reason":"postponed","answer":""}',
            b'{"kind":"text_streamed","turn_id":"t1","te',
            b"\xff\xfe{}",
            b"",
        ]
    ),
).filter(lambda data: read_event(data) is None)


@given(st.lists(st.tuples(st.integers(0, 4), SPOILT), max_size=6), st.booleans())
def test_spoilt_lines_anywhere_cost_only_themselves(
    tmp_path_factory: pytest.TempPathFactory, spoilt: list[tuple[int, bytes]], is_torn: bool
) -> None:
    """Torn, foreign, NUL and newer lines: each other event is there, and the file stays as it is."""
    kept = [STARTED, *TURN, TextStreamed(turn_id="t1", text="more")]
    path = write(
        tmp_path_factory.mktemp("sessions") / "s.jsonl",
        *(
            data
            for place, event in enumerate([*kept, None])
            for data in (*(each + b"\n" for at, each in spoilt if at == place), line(event) if event else b"")
        ),
        b'{"kind":"tex' if is_torn else b"",
    )
    before = path.read_bytes()
    assert events_of(path) == kept
    record = read_record(path)
    assert [turn.prompt for turn in record.turns] == ["hi"]
    told = sum(bool(data.strip(b"\0\r\n\t ")) for _, data in spoilt) + is_torn
    assert record.unreadable_lines == told
    log = SessionLog(path)
    log.append(TextStreamed(text="after"))
    log.close()
    assert path.read_bytes().startswith(before)
    assert [event.text for event in events_of(path) if isinstance(event, TextStreamed)] == ["more", "after"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "holds nothing that punie can read"),
        (b"\0" * 5000, "holds nothing that punie can read"),
        (b"a diary\n", "holds nothing that punie can read"),
        (line(STARTED.model_copy(update={"format": 2, "punie_version": "9.1"})), "was written by a newer punie (9.1)"),
    ],
    ids=["empty", "nuls", "foreign", "newer"],
)
def test_what_cannot_be_gone_on_with_is_refused_in_a_line_and_left_alone(
    tmp_path: Path, data: bytes, told: str
) -> None:
    path = write(tmp_path / "s.jsonl", data)
    with pytest.raises(SessionError) as refused:
        read_record(path)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == data


def test_an_event_after_nuls_on_its_line_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", line(STARTED), b"\0" * 10, line(TURN[0]))
    assert events_of(path) == [STARTED, TURN[0]]


def test_a_turn_whose_first_line_is_lost_keeps_the_rest(tmp_path: Path) -> None:
    second = TurnFinished(turn_id="t2", reason="done", answer="Second.")
    path = write(tmp_path / "s.jsonl", line(STARTED), *map(line, TURN), b'{"kind":"turn_sta\n', line(second))
    first, lost = read_record(path).turns
    assert first.events == TURN
    assert lost.events[1:] == [second]
    assert "cannot be read" in lost.prompt


def test_half_a_surrogate_pair_is_spelled_out(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    log.append(TextStreamed(text="caf\udce9"))
    log.append(ToolFinished(call_id="c", tool="t", result={"a": ["\udc80"]}, summary="", seconds=0))
    log.close()
    _, text, result = events_of(log.path)
    assert isinstance(text, TextStreamed)
    assert text.text == "caf\\udce9"
    assert isinstance(result, ToolFinished)
    assert result.result == {"a": ["\\udc80"]}
    # A list of sessions knows the kinds by how a line begins.
    assert [each.partition(b",")[0] for each in read_lines(log.path)][1:] == [
        b'{"kind":"text_streamed"',
        b'{"kind":"tool_finished"',
    ]


def test_a_call_of_the_person_stands_at_its_place_and_is_nothing_to_the_model() -> None:
    end = ToolFinished(call_id="person-1", tool="grep", result={}, summary="", seconds=0)
    call = PersonCalled(call_id="person-1", tool="grep", arguments={}, end=end)
    turn = [TurnStarted(turn_id="t", prompt="p", model=""), TurnFinished(turn_id="t", reason="done", answer="a")]
    record = SessionRecord([call, *turn, call])
    assert record.events == [call, *turn, call]
    assert record.turns[0].is_finished
    assert Conversation.from_events(record.events).messages == Conversation.from_events(turn).messages
    assert read_event(event_line(call).encode()) == call


def test_one_program_at_a_time_writes_a_session(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    assert is_in_use(log.path)
    with pytest.raises(SessionInUseError):
        SessionLog(log.path)
    log.close()
    assert not is_in_use(log.path)
    SessionLog(log.path).close()


def test_what_comes_after_the_end_is_written_nowhere_and_holds_nothing(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path, STARTED)
    log.close()
    written = log.path.read_bytes()
    log.append(TextStreamed(text="late"))
    assert log.path.read_bytes() == written
    assert not is_in_use(log.path)


def test_only_the_person_can_read_a_session(tmp_path: Path) -> None:
    log = SessionLog.create(tmp_path / "sessions", STARTED)
    log.close()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (log.path.parent, log.path)] == [0o700, 0o600]


def test_names_sort_by_age_also_where_the_clock_jumps_back(tmp_path: Path) -> None:
    write(tmp_path / "29990101-000000-000000.jsonl", line(STARTED))
    logs = [SessionLog.create(tmp_path, STARTED) for _ in range(3)]
    assert session_files(tmp_path)[1:] == [log.path for log in logs]
    for log in logs:
        log.close()


def test_the_session_last_used_is_that_also_where_the_clock_jumps_back(tmp_path: Path) -> None:
    earlier = SessionLog.create(tmp_path, STARTED)
    earlier.close()
    in_an_hour = earlier.path.stat().st_mtime + 3600
    os.utime(earlier.path, (in_an_hour, in_an_hour))
    log = SessionLog.create(tmp_path, STARTED)
    for event in TURN:
        log.append(event)
    # Not yet closed, so this holds for one that a crash ends too.
    assert log.path.stat().st_mtime_ns > earlier.path.stat().st_mtime_ns
    log.append(SessionClosed())
    log.close()
    assert SessionList(tmp_path).find("last") == log.path


def test_namesakes_are_apart(tmp_path: Path) -> None:
    assert sessions_folder(tmp_path, Path("/a/project")) != sessions_folder(tmp_path, Path("/b/project"))


LIMITED = """
import resource, signal, sys
from pathlib import Path
from punie_tui.agent.events import SessionStarted, TextStreamed
from punie_tui.agent.session_log import SessionLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = SessionLog.create(Path(sys.argv[1]), SessionStarted(punie_version="0", workspace="", model=""))
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
for number in range(40):
    log.append(TextStreamed(text=f"number {number}"))
print(log.problem, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
log.append(TextStreamed(text="number 40"))
print(log.problem or "saved", flush=True)
"""


def test_what_does_not_fit_waits_and_is_written_when_there_is_room(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: a write is cut short, and the next ones fail."""
    limited = subprocess.run(
        [sys.executable, "-P", "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    problem, after = limited.stdout.splitlines()
    assert (bool(problem), after) == (True, "saved"), limited.stderr
    (path,) = session_files(tmp_path)
    texts = [event.text for event in events_of(path) if isinstance(event, TextStreamed)]
    assert texts == [f"number {number}" for number in range(41)]
    assert read_record(path).unreadable_lines == 0


def test_streamed_text_is_joined_and_progress_left_out() -> None:
    text = [TextStreamed(turn_id="t1", text=word) for word in ("a ", "b ", "c")]
    prefill = PrefillProgressed(turn_id="t1", done=1, total=2, cached=0)
    record = SessionRecord([STARTED, TURN[0], prefill, *text, TURN[1]])
    assert record.events == [TURN[0], text[0].model_copy(update={"text": "a b c"}), TURN[1]]


def test_a_conversation_is_rebuilt_from_its_events() -> None:
    conversation = Conversation.from_events(
        [
            TurnStarted(prompt="any type errors?", model="nano"),
            ToolRequested(call_id="c", tool="typecheck", arguments={"path": "src"}),
            ToolFinished(call_id="c", tool="typecheck", result={"error_count": 2}, summary="2 errors.", seconds=1),
            TurnFinished(reason="done", answer="2 errors."),
        ]
    )
    assert [(message.role, message.content) for message in conversation.messages] == [
        ("user", "any type errors?"),
        ("assistant", ""),
        ("tool", '{"error_count":2}'),
        ("assistant", "2 errors."),
    ]
    assert conversation.messages[1].calls[0].arguments == {"path": "src"}


def test_calls_side_by_side_are_one_reply_and_each_has_a_result() -> None:
    conversation = Conversation.from_events(
        [
            TurnStarted(prompt="both", model=""),
            TextStreamed(text="Let me "),
            TextStreamed(text="look."),
            ToolRequested(call_id="a", tool="git_status", arguments={}),
            ToolRequested(call_id="b", tool="execute_code", arguments={}),
            ToolRequested(call_id="b.1", parent_call_id="b", tool="grep", arguments={}),
            ToolFinished(call_id="b.1", tool="grep", result={"inner": 1}, summary="", seconds=0),
            ToolFinished(call_id="b", tool="execute_code", result={"outer": 1}, summary="", seconds=0),
            ToolDenied(call_id="a", reason="no"),
            ToolRequested(call_id="c", tool="grep", arguments={}),
        ]
    )
    assert [(message.role, message.content, message.call_id) for message in conversation.messages] == [
        ("user", "both", ""),
        ("assistant", "Let me look.", ""),
        ("tool", "Error: no", "a"),
        ("tool", '{"outer":1}', "b"),
        ("assistant", "", ""),
        ("tool", "Error: Stopped.", "c"),
    ]
    assert [call.id for call in conversation.messages[1].calls] == ["a", "b"]
