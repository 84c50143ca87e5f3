"""Where settings come from, and what a repository may not set."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tui.own_files import settings_file
from punie_tui.settings import SettingsError, load_settings


def write_settings(text: str) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(text)


def test_defaults_need_no_file(tmp_path: Path) -> None:
    assert load_settings(tmp_path).model == "nano"


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings('temperature = 0.1\nmax_calls_per_turn = 2\nmodel = "here"\ntheme = "punie-light"\n')
    (tmp_path / ".punie.toml").write_text("temperature = 0.2\nmax_calls_per_turn = 3\n")
    monkeypatch.setenv("PUNIE_MODEL", "there")
    settings = load_settings(tmp_path, {"model": "flag", "temperature": None})
    assert (settings.temperature, settings.max_calls_per_turn) == (0.2, 3)
    assert (settings.model, settings.theme) == ("flag", "punie-light")


@pytest.mark.parametrize(
    "line",
    [
        'model = "http://elsewhere/v1"',
        'python = "bin/evil"',
        "keep_warm_minutes = 1000",
        "unknown = 1",
        'trusted = ["."]',
        "[rules]",
        *(f'policy = "{policy}"' for policy in ("plan", "ask", "accept edits", "all in sandbox", "allow all")),
    ],
)
def test_a_repository_may_not_choose_for_the_person(tmp_path: Path, line: str) -> None:
    (tmp_path / ".punie.toml").write_text(line)
    with pytest.raises(SettingsError, match=r"a project may not set"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model = ", "not valid TOML"),
        ("temperature = 9", "temperature: input should be less than or equal to 2, not 9"),
        ('colour = "red"', "there is no setting 'colour'"),
        ('policy = "read only"', "policy: 'read only' is now called 'plan'"),
        ('policy = "all"', "policy: input should be 'plan', 'ask', 'accept edits', 'all in sandbox' or 'allow all'"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    write_settings(text)
    with pytest.raises(SettingsError, match=message) as raised:
        load_settings(tmp_path)
    assert str(settings_file()) in str(raised.value)


def test_a_binary_settings_file_is_a_clear_error(tmp_path: Path) -> None:
    write_settings("")
    settings_file().write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(tmp_path)


def test_an_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings("max_calls_per_turn = 3")
    monkeypatch.setenv("PUNIE_MAX_CALLS_PER_TURN", "")
    monkeypatch.setenv("PUNIE_POLICY", "")
    assert load_settings(tmp_path).max_calls_per_turn == 3
    assert load_settings(tmp_path).policy == "ask"
