"""Changing one setting in the person's own file: what they wrote stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tui.agent.change_settings import change_setting
from punie_tui.commands import settings as command
from punie_tui.own_files import settings_file
from punie_tui.settings import SettingOrigin, SettingsError, load_settings, settings_and_origins

WRITTEN = """# mine
theme = "punie-light"   # at noon

colour_of_tomorrow = "green"

[key_map]  # keys
"main.tests" = "Alt+T"
"""


def write(text: str) -> Path:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(text)
    return settings_file()


def test_a_change_touches_its_own_line_alone() -> None:
    file = write(WRITTEN)
    file.chmod(0o600)
    change_setting("theme", "punie-dark")
    assert file.read_text() == WRITTEN.replace("punie-light", "punie-dark")
    change_setting("temperature", "0.5")
    assert "temperature = 0.5" in file.read_text().split("[key_map]")[0]
    change_setting("temperature", None)
    assert [line for line in file.read_text().splitlines() if line] == [
        line for line in WRITTEN.replace("punie-light", "punie-dark").splitlines() if line
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_first_setting_makes_the_file(tmp_path: Path) -> None:
    change_setting("confine_tests", "false")
    assert load_settings(tmp_path).confine_tests is False


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("temperature", "9", "temperature: input should be less than or equal to 2, not '9'."),
        ("temperature", "warm", "temperature: input should be a valid number"),
        ("policy", "never", "policy: input should be 'plan'"),
        ("confine_tests", "perhaps", "confine_tests: input should be a valid boolean"),
        ("nothing", "1", "there is no setting 'nothing'."),
        ("key_map", "x", "key_map is a table"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_nothing_is_written(name: str, text: str, problem: str) -> None:
    file = write(WRITTEN)
    with pytest.raises(SettingsError) as caught:
        change_setting(name, text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert file.read_text() == WRITTEN


def test_a_file_that_is_no_toml_stays_as_it_is() -> None:
    file = write("theme = \n")
    with pytest.raises(SettingsError, match="is not valid TOML"):
        change_setting("theme", "punie-dark")
    assert file.read_text() == "theme = \n"


def test_each_value_has_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("temperature = 0.1\nmax_calls_per_turn = 2\n")
    (tmp_path / ".punie.toml").write_text("temperature = 0.2\n")
    monkeypatch.setenv("PUNIE_THEME", "punie-light")
    _, origins = settings_and_origins(tmp_path, {"model": "there"})
    assert origins["temperature"] is SettingOrigin.PROJECT
    assert origins["max_calls_per_turn"] is SettingOrigin.PERSON
    assert origins["theme"] is SettingOrigin.ENVIRONMENT
    assert origins["model"] is SettingOrigin.COMMAND_LINE
    assert origins["policy"] is SettingOrigin.DEFAULT


def test_the_command_lists_changes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(["policy", "plan", "--cwd", str(tmp_path)]) == 0
    assert 'policy = "plan"  (your file)' in capsys.readouterr().out
    assert command.run(["--cwd", str(tmp_path)]) == 0
    assert "temperature = 0.0  (default)" in capsys.readouterr().out
    assert command.run(["policy", "--default", "--cwd", str(tmp_path)]) == 0
    assert 'policy = "ask"  (default)' in capsys.readouterr().out
    assert command.run(["temperature", "9"]) == 1
    assert "less than or equal to 2" in capsys.readouterr().err
    assert command.run(["nothing"]) == 2
