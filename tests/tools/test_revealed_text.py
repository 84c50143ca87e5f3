"""What an approval shows: everything, and nothing that deceives."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.revealed_text import reveal, revealed_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls -l\nwc", "ls -l\nwc"),
        ("echo \x1b[2J\x07", "echo ␛[2J␇"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("rm\u200b -rf", "rm\\u200b -rf"),
        ("a\u00a0b\u3000c", "a\\xa0b\\u3000c"),
        ("x\u3164y\ufe0f\U000e0041", "x\\u3164y\\ufe0f\\U000e0041"),
        ("\tmake\r\n", "␉make␍\n"),
        ("ls \\ \nrm", "ls \\␠\nrm"),
        ("ok" + " " * 16 + "; rm x", "ok" + "␠" * 16 + "; rm x"),
        ("if a:\n" + " " * 20 + "return b", "if a:\n" + " " * 20 + "return b"),
        (" \n-a\n \n+b", " \n-a\n \n+b"),
        ("curl p\u0430ypal.com \u0440\u0435\u0434", "curl p\\u0430ypal.com \u0440\u0435\u0434"),
        ("caf\u00e9 \u6771\u4eac \u0394t na\u00efve", "caf\u00e9 \u6771\u4eac \u0394t na\u00efve"),
        ("\udc80", "\\x80"),
    ],
)
def test_what_would_not_be_seen_is_shown(text: str, shown: str) -> None:
    assert revealed_text(text) == shown


def test_the_marks_are_where_they_stand() -> None:
    shown = reveal("a\u200bb \tc")
    assert [shown.text[start:end] for start, end in shown.marks] == ["\\u200b", "␉"]


@given(st.text())
def test_nothing_is_left_out_and_nothing_unseen_is_left(text: str) -> None:
    shown = reveal(text)
    assert len(shown.text) >= len(text)
    assert all(
        letter in " \n" or unicodedata.category(letter) not in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}
        for letter in shown.text
    )
    kept, position = "", 0
    for start, end in shown.marks:
        kept += shown.text[position:start]
        position = end
    kept += shown.text[position:]
    assert set(kept) <= set(text)
    assert len(kept) + len(shown.marks) == len(text)
