"""A supervisor that is killed leaves no app behind, nor does a terminal that goes; of a killed app it tells."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from app_on_terminal import AppOnTerminal


@pytest.fixture
def under_nohup() -> Iterator[None]:
    """Programs that are started meanwhile ignore a hang-up."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("under_nohup")
def test_the_app_ends_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        children = psutil.Process(app.process.pid).children(recursive=True)
        assert children
        app.process.kill()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive


@pytest.mark.skipif(sys.platform == "darwin", reason="its poll does not tell that a terminal is gone")
def test_the_app_ends_where_its_terminal_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("wb") as errors, AppOnTerminal(tmp_path, error_file=errors) as app:
        app.read_until(b"ask mode")
        children = psutil.Process(app.process.pid).children(recursive=True)
        app.hang_up()
        assert app.process.wait(30) == 128 + signal.SIGHUP
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
    assert (tmp_path / "errors").read_bytes() == b""


QUESTION = b"ended unexpectedly (SIGKILL). The session is saved. Go on with it? [Y/n] "


def kill_the_app(app: AppOnTerminal) -> bytes:
    """Returns what is on the terminal from then on, to the question."""
    app.read_until(b"ask mode")
    assert not app.is_as_a_shell_has_it
    (child,) = psutil.Process(app.process.pid).children()
    child.kill()
    return app.read_until(QUESTION)


@pytest.mark.parametrize("answer", [b"n\r", b"\x04"], ids=["no", "end of input"])
def test_whoever_does_not_go_on_after_a_crash_has_the_terminal_as_it_was(tmp_path: Path, answer: bytes) -> None:
    with AppOnTerminal(tmp_path) as app:
        told = kill_the_app(app)
        for shell_sees in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l", b"\x1b[?1003l"):
            assert shell_sees in told
        assert app.is_as_a_shell_has_it
        app.type_in(answer)
        assert b"ask mode" not in app.read_until(None)
        assert app.process.wait(30) == 128 + signal.SIGKILL


def test_enter_alone_goes_on_after_a_crash(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path) as app:
        kill_the_app(app)
        app.type_in(b"\r")
        app.read_until(b"ask mode")


def test_an_app_that_is_told_to_end_does_and_nothing_is_asked(tmp_path: Path) -> None:
    with AppOnTerminal(tmp_path) as app:
        app.read_until(b"ask mode")
        children = psutil.Process(app.process.pid).children(recursive=True)
        app.process.terminate()
        assert b"Go on" not in app.read_until(None)
        assert app.process.wait(30) == 128 + signal.SIGTERM
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
