"""What the person is told where the app ends by a bug of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import Drive

from punie_tui.engine.protocol import TextDelta


@pytest.mark.parametrize("has_asked", [True, False], ids=["saved", "nothing saved"])
async def test_resume_is_promised_only_where_a_session_was_saved(
    drive: Drive, tmp_path: Path, capsys: pytest.CaptureFixture[str], has_asked: bool
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with drive(tmp_path, [[TextDelta("Hello.")]], writes_answers=True) as driven:
            if has_asked:
                await driven.ask("hi")
                await driven.finished()
            driven.app.call_later(lambda: 1 // 0)
            await driven.until(lambda: not driven.app.is_running, "the end")
    goes_on = " `punie --resume` goes on." if has_asked else ""
    told = f"punie: the app ended by a bug of its own; the log holds the details.{goes_on}"
    # The terminal breaks it where its lines end.
    assert " ".join(capsys.readouterr().err.split()) == told
