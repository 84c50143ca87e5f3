"""`punie keys` lists every action with its keys, and says what is wrong in the person's own map."""

from __future__ import annotations

import json

import pytest

from punie_tui.commands import keys
from punie_tui.own_files import settings_file


def test_every_action_is_listed_with_the_keys_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["main.tests", "Ctrl+N"] for line in lines)
    assert any(line.split()[:3] == ["main.settings", "Ctrl+X", ","] for line in lines)


def test_what_collides_is_told_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('keys = "emacs"\n[key_map]\n"main.tests" = "Ctrl+T"\n"repo.commit" = "K"\n')
    assert keys.run([]) == 1
    told = capsys.readouterr()
    assert any(line.split()[:2] == ["main.tests", "Alt+T"] for line in told.out.splitlines())
    assert "Ctrl+T would be both main.tests and main.trust" in told.err
    assert keys.run(["--json"]) == 1
    listed = json.loads(capsys.readouterr().out)
    assert next(each for each in listed["actions"] if each["action"] == "repo.commit")["keys"] == "K"
    assert len(listed["problems"]) == 1
