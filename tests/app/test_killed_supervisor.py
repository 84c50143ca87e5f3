"""A supervisor that is killed leaves no app behind, nor does a terminal that goes."""

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
