"""The keys of readline in the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import Drive

from punie_tui.app.key_map import KeyChoice


@pytest.mark.parametrize("preset", ["default", "emacs"])
async def test_words_are_walked_through_taken_and_put_in_again(drive: Drive, tmp_path: Path, preset: str) -> None:
    async with drive(tmp_path, keys=KeyChoice(preset)) as driven:
        await driven.until(lambda: driven.app.has_keys, "the key map")
        for keys, text in (
            ([*"one two three", "ctrl+w", "ctrl+w"], "one "),
            (["ctrl+y"], "one two three"),
            (["alt+b", "alt+b", "ctrl+k"], "one "),
            (["home", "ctrl+y"], "two threeone "),
            (["ctrl+u"], "one "),
            (["alt+f", "ctrl+b", "ctrl+b", "ctrl+f", "x"], "onxe "),
            (["home", "alt+d"], " "),
            (["ctrl+underscore"], "onxe "),
            (["ctrl+y"], " "),
            (["ctrl+y"], "onxe "),
        ):
            await driven.pilot.press(*("space" if key == " " else key for key in keys))
            assert driven.prompt.text == text, keys


@pytest.mark.parametrize(
    ("typed", "text"),
    [("one\\", "one\ntwo"), ("! ls \\", "! ls \\\ntwo"), ("one\\\\", "two")],
    ids=["a backslash", "in a command", "two of them"],
)
async def test_a_backslash_before_enter_is_a_new_line(drive: Drive, tmp_path: Path, typed: str, text: str) -> None:
    async with drive(tmp_path, [[]]) as driven:
        driven.prompt.insert(typed)
        await driven.pilot.press("enter", *"two")
        assert driven.prompt.text == text
