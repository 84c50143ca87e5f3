"""The real app on terminals that are resized, taken away, slow, oddly set, suspended or killed under it."""

from __future__ import annotations

import os
import pty
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from app_on_terminal import AppOnTerminal
from terminal_cells import TerminalCells

from punie_tui.agent.events import SessionStarted, TextStreamed, TurnFinished, TurnStarted
from punie_tui.agent.prompt_history import PromptHistory, prompt_history_file
from punie_tui.agent.session_log import SessionLog, session_files, sessions_folder
from punie_tui.own_files import home_directory

# What a terminal, or Textual, can be told by whoever set it up: none of it may end the app, or cost a frame its lines.
ODD = {
    "LC_ALL": "C",
    "LANG": "nowhere",
    "PYTHONIOENCODING": "ascii",
    "PYTHONCOERCECLOCALE": "0",
    "COLUMNS": "7",
    "LINES": "3",
    "TEXTUAL_COLOR_SYSTEM": "foo",
    "TEXTUAL_DRIVER": "nope",
    "TEXTUAL_LOG": "/nowhere/log",
    "TEXTUAL_PRESS": "ctrl+q",
    "TEXTUAL_DIM_FACTOR": "9" * 400,
    "ESCDELAY": "9" * 400,
}
ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
REDRAW = b"\x1b[17~"
TURNS = 400
FOCUS_OUT_AND_IN = b"\x1b[O\x1b[I"


def write_long_session(folder: Path, turns: int) -> None:
    log = SessionLog.create(
        sessions_folder(home_directory("state"), folder),
        SessionStarted(punie_version="0", workspace=str(folder), model="nano"),
    )
    for number in range(turns):
        turn_id, text = f"t{number}", f"Answer {number}: " + "words and more words, " * 20
        log.append(TurnStarted(turn_id=turn_id, prompt=f"question {number}", model="nano"))
        log.append(TextStreamed(turn_id=turn_id, text=text))
        log.append(TurnFinished(turn_id=turn_id, reason="done", answer=text))
    log.close()


def paste(app: AppOnTerminal, text: bytes) -> bytes:
    """What the app draws until the pasted text stands in its prompt: it is alive."""
    type_as_paste(app, text)
    return app.read_until(text)


def type_as_paste(app: AppOnTerminal, text: bytes) -> None:
    app.type_in(b"\x1b[200~" + text + b"\x1b[201~")


def is_whole(rows: list[str]) -> bool:
    """A frame of all the lines stands there: its last two rows are those of the status and the keys."""
    return "ask mode" in rows[-2] and "Palette" in rows[-1]


def assert_is_as_drawn_anew(app: AppOnTerminal, cells: TerminalCells) -> None:
    """What stands on the terminal is what comes to stand on an empty one, on which all is drawn again."""
    rows = app.read_until_settled(cells, is_whole)
    # F6 gives everything other colours. What is drawn before it may be half a frame.
    app.type_in(REDRAW)
    app.read_until_shown(TerminalCells(30, 100), lambda now: now == rows)
    app.cells = cells


def test_a_long_session_outlives_all_that_a_terminal_does_to_it(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    write_long_session(folder, TURNS)
    with (tmp_path / "errors").open("wb") as errors, AppOnTerminal(folder, "--resume", error_file=errors, **ODD) as app:
        app.cells = cells = TerminalCells(30, 100)
        seen = app.read_until(b"ask mode")
        assert "╭".encode() in seen
        assert ENTER_SCREEN in seen
        chance = random.Random(1)
        for _ in range(20):
            app.resize(chance.randint(3, 60), chance.randint(10, 200))
        app.resize(30, 100)
        assert paste(app, b"after the storm")
        rows = app.read_until_shown(cells, is_whole)
        assert any("after the storm" in row for row in rows)
        assert any(f"Answer {TURNS - 1}" in row for row in rows)
        assert_is_as_drawn_anew(app, cells)
        for lines, columns in ((24, 80), (50, 160), (30, 100)):
            app.resize(lines, columns)
            app.read_until_shown(cells, is_whole)
        assert_is_as_drawn_anew(app, cells)
        app.type_in(FOCUS_OUT_AND_IN * 5)
        assert paste(app, b"in front again")
        app.type_in(REDRAW * 3)
        type_as_paste(app, b"slowly now")
        assert app.read_slowly_until(b"slowly now", most=256)
        assert_is_as_drawn_anew(app, cells)
        app.cells = None
        (child,) = psutil.Process(app.process.pid).children()
        child.send_signal(signal.SIGTSTP)
        assert app.read_until(LEAVE_SCREEN)
        assert psutil.Process(app.process.pid).pid == os.waitpid(app.process.pid, os.WUNTRACED)[0]
        assert child.status() == psutil.STATUS_STOPPED
        app.process.send_signal(signal.SIGCONT)
        assert app.read_until(ENTER_SCREEN)
        assert paste(app, b"back to work")
        app.process.send_signal(signal.SIGHUP)
        assert b"\x1b[?25h\x1b[0m" in app.read_until(None)
        assert app.process.wait(60) == 128 + signal.SIGHUP
        assert not child.is_running()
    assert (tmp_path / "errors").read_bytes() == b""


@pytest.mark.parametrize(
    ("opens", "shown", "keys"),
    [(b"\x1bOR", b"Filter", b"\x1a"), (b"\x18", b"quit", b"B"), (b"\x10suspend: back", b"comes back", b"\r")],
    ids=["Ctrl+Z in the trace", "leader key", "palette"],
)
def test_a_key_suspends_the_app_and_the_shell_brings_it_back(
    tmp_path: Path, opens: bytes, shown: bytes, keys: bytes
) -> None:
    """In the prompt Ctrl+Z undoes."""
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        app.type_in(b"typed\x1a")
        assert paste(app, b"still here")
        app.type_in(opens)
        app.read_until(shown)
        app.type_in(keys)
        app.read_until(LEAVE_SCREEN)
        assert os.waitpid(app.process.pid, os.WUNTRACED)[0] == app.process.pid
        app.process.send_signal(signal.SIGCONT)
        app.read_until(ENTER_SCREEN)
        assert paste(app, b"back to work")


def test_the_key_that_suspends_does_not_in_a_line_to_type_in(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        app.type_in(b"\x0c")
        app.read_until(b"Fix file")
        app.type_in(b"/")
        app.read_until(b"Enter keeps")
        app.type_in(b"\x1a")
        assert paste(app, b"still here")


def test_alt_enter_is_a_new_line_without_the_kitty_protocol(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    with AppOnTerminal(folder) as app:
        app.read_until(b"ask mode")
        app.type_in(b"any types\x1b\rwrong here")
        app.read_until(b"here")
        app.type_in(b"\x11")
        app.read_until(None)
    kept = PromptHistory(prompt_history_file(home_directory("state"), folder))
    assert kept.draft() == "any types\nwrong here"


def is_kept(folder: Path) -> bool:
    files = session_files(sessions_folder(home_directory("state"), folder))
    return any(b'"queue_changed"' in file.read_bytes() for file in files)


def test_a_killed_app_goes_on_with_its_session_and_with_what_waited(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it() -> None: ...\n")
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        app.type_in(b"run the tests\r")
        # The question has the keys once its frame is heavy. It takes no text: what is pasted goes to the prompt, and
        # the keys with it, as the row of keys shows.
        app.read_until("┏".encode())
        app.type_in(b"\x1b[200~git status please\x1b[201~")
        app.read_until(b" Send")
        app.type_in(b"\r")
        app.read_until(b"1 message waits")
        # It is written by another thread than the one that draws.
        deadline = time.monotonic() + 60
        while not is_kept(tmp_path.resolve()):
            assert time.monotonic() < deadline, "never kept"
            time.sleep(0.01)
        (child,) = psutil.Process(app.process.pid).children()
        child.kill()
        app.read_until(b"ended unexpectedly (SIGKILL)")
        app.type_in(b"y\r")
        app.read_until(b"1 message is held since this session was left")
        app.type_in(b"\x11")
        assert b"`punie --resume` goes on with this session.\r\n" in app.read_until(None)
        assert app.process.wait(60) == 0


def quit_unsaved(app: AppOnTerminal) -> bytes:
    """All that is drawn and printed from the first request, whose session cannot be saved, to the end of the app."""
    app.read_until(b"ask mode")
    app.type_in(b"hello\r")
    app.read_until(b"not saved")
    app.type_in(b"\x11")
    app.read_until(b"keep it")
    app.type_in(b"y")
    return app.read_until(None)


def test_what_could_not_be_saved_is_told_and_not_promised(tmp_path: Path, punie_home: Path) -> None:
    (punie_home / "state").mkdir()
    (punie_home / "state" / "sessions").write_text("no folder")
    with AppOnTerminal(tmp_path) as app:
        told = quit_unsaved(app)
    assert b"This session could not be saved: " in told
    assert b"--resume" not in told


def test_what_was_saved_before_the_disk_was_full_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    write_long_session(folder, 500)
    (file,) = session_files(sessions_folder(home_directory("state"), folder))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The app inherits it. No other file of its own is as large, so that only this one can grow no more.
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, limits[1]))
    try:
        limited = AppOnTerminal(tmp_path, "--resume")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with limited as app:
        told = quit_unsaved(app)
    assert b"What came last in this session could not be saved: " in told
    assert b"`punie --resume` goes on with what was saved before.\r\n" in told


def test_a_session_in_which_nothing_was_said_is_left_without_a_word(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        app.type_in(b"\x11")
        assert b"--resume" not in app.read_until(None)
        assert app.process.wait(60) == 0


@pytest.mark.parametrize("name", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_be_drawn_on_gets_a_line(tmp_path: Path, name: str) -> None:
    with AppOnTerminal(tmp_path, TERM=name) as app:
        told = app.read_until(None).decode()
        assert app.process.wait(60) == 2
    assert told == (
        'punie: the app cannot draw on this terminal (TERM); use: punie ask "…", or set TERM=xterm-256color\r\n'
    )


@pytest.mark.parametrize("piped", ["stdin", "stdout"])
def test_half_a_terminal_is_none(tmp_path: Path, piped: str) -> None:
    ours, of_app = pty.openpty()
    streams = {"stdin": of_app, "stdout": of_app, piped: subprocess.PIPE}
    command = [sys.executable, "-m", "punie_tui"]
    ended = subprocess.run(command, cwd=tmp_path, **streams, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(of_app)
    os.close(ours)
    assert ended.returncode == 2
    assert ended.stderr == 'punie: the app needs a terminal; without one use: punie ask "…"\n'
    assert not ended.stdout
