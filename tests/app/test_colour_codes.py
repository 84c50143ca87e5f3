"""Colour codes left out of a frame: what is seen stays the same, letter by letter."""

from __future__ import annotations

from drawn_letters import letters
from hypothesis import given
from hypothesis import strategies as st

from punie_tui.app.colour_codes import with_fewer_codes

COLOURS = st.sampled_from(["31", "97", "38;5;200", "38;2;1;2;3", "38;2;4;5;6", "39"])
GROUNDS = st.sampled_from(["44", "100", "48;5;7", "48;2;9;9;9", "48;2;0;0;1", "49"])
SWITCHES = st.lists(st.sampled_from(["1", "2", "3", "4", "7", "9"]), unique=True, max_size=3)
TEXTS = st.sampled_from(["a", "text ", "\n", "\x1b[3;5H", "\x1b[3;5Hb", "é", ""])
STYLES = st.builds(lambda *parts: ";".join([*parts[0], *filter(None, parts[1:])]), SWITCHES, COLOURS, GROUNDS)
ENDED = st.builds(lambda style, text: f"\x1b[{style}m{text}\x1b[0m", STYLES, TEXTS)
OPEN = st.builds(lambda style, text: f"\x1b[{style}m{text}", STYLES, TEXTS)


@given(st.lists(st.one_of(ENDED, OPEN, TEXTS), max_size=12))
def test_every_letter_keeps_its_style(pieces: list[str]) -> None:
    drawn = "".join(pieces) + "\x1b[0m"
    fewer = with_fewer_codes(drawn)
    assert letters(fewer) == letters(drawn)
    assert len(fewer) <= len(drawn)


def test_what_pieces_have_in_common_is_written_once() -> None:
    drawn = "".join(f"\x1b[1;38;2;1;2;{number};48;2;9;9;9mx\x1b[0m" for number in range(3))
    assert with_fewer_codes(drawn) == "\x1b[1;38;2;1;2;0;48;2;9;9;9mx\x1b[38;2;1;2;1mx\x1b[38;2;1;2;2mx\x1b[0m"


def test_a_code_that_is_not_known_leaves_all_as_it_is() -> None:
    for drawn in ("\x1b[1mx\x1b[0m\x1b[77my\x1b[0m", "\x1b[38;2;1mx\x1b[0m"):
        assert with_fewer_codes(drawn) == drawn
