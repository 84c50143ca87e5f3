"""The message that was begun for a commit: there in the next run, also where another program keeps one."""

from __future__ import annotations

import stat
from pathlib import Path

from punie_tui.agent.kept_message import KeptMessage, kept_message_file


def test_a_message_outlives_the_program_and_is_the_persons_alone(tmp_path: Path) -> None:
    file = kept_message_file(tmp_path / "state", tmp_path / "project")
    assert file != kept_message_file(tmp_path / "state", tmp_path / "other" / "project")
    first, second = KeptMessage(file), KeptMessage(file)
    assert first.read() == ""
    first.keep("Mend caf\udce9\n")
    assert first.read() == "Mend caf\udce9\n"
    assert first.write() == ""
    assert second.read() == "Mend caf\\udce9\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name], "nothing half written stays"
    second.keep("")
    second.write()
    assert first.read() == ""
    assert not file.exists()


def test_who_only_looks_takes_nothing_of_another_away(tmp_path: Path) -> None:
    first, second = (KeptMessage(tmp_path / "message.txt") for _ in range(2))
    second.read()
    first.keep("Mend it")
    first.write()
    second.keep("")
    second.write()
    assert first.read() == "Mend it"


def test_a_folder_that_cannot_be_written_is_told_and_costs_only_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    message = KeptMessage(tmp_path / "state" / "message.txt")
    message.keep("Mend it")
    assert message.write() == "Your message is kept until punie ends, but not longer: file exists."
    assert message.read() == "Mend it"
    (tmp_path / "state").unlink()
    assert message.write() == ""
    assert (tmp_path / "state" / "message.txt").read_text() == "Mend it"
