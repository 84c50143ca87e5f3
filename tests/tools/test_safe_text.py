"""The gate before the terminal: what could move, hide or forge something is shown as what it is."""

from __future__ import annotations

import pytest

from punie_tools.safe_text import safe_text


@pytest.mark.parametrize(
    ("text", "shown", "in_a_line"),
    [
        ("plain ünï 🦊", "plain ünï 🦊", "plain ünï 🦊"),
        ("a\tb\nc", "a\tb\nc", "a␉b␊c"),
        ("a\r\nb\rc", "a\nb␍c", "a␊b␍c"),
        ("\x1b[31m\x07\x00\x7f", "␛[31m␇␀␡", "␛[31m␇␀␡"),
        ("\x9b31m\x85", "\\x9b31m\\x85", "\\x9b31m\\x85"),
        ("\u202eabc\u202c", "\\u202eabc\\u202c", "\\u202eabc\\u202c"),
        ("\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c", "\\u2066a\\u2069\\u200f\\u061c"),
        ("\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff", "\\u2028\\u2029\\ufeff"),
        ("a\udcffb\ud83d", "a\\xffb\ufffd", "a\\xffb\ufffd"),
    ],
)
def test_what_draws_nothing_is_shown(text: str, shown: str, in_a_line: str) -> None:
    assert safe_text(text) == shown
    assert safe_text(text, single_line=True) == in_a_line
