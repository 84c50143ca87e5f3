"""Streamed Markdown in pieces: the same however it comes, never cut anew, and the text again when put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tui.app.widgets.transcript.block import Block, Part, Said, Speaker, Turn
from punie_tui.app.widgets.transcript.block_list import BlockList, Place
from punie_tui.app.widgets.transcript.block_rows import layout
from punie_tui.app.widgets.transcript.code_colours import colours_of, opening_after
from punie_tui.app.widgets.transcript.copied_text import text_of_answer, text_of_part, text_of_rows
from punie_tui.app.widgets.transcript.inline_text import inline_text
from punie_tui.app.widgets.transcript.markdown_pieces import MarkdownStream, Piece, pieces_of, source_of
from punie_tui.app.widgets.transcript.wrapping import wrapped_rows

WRITTEN = '''Two things **stand out**
in the code.

1. `balance` may
   go on
2. the width
   - nested

| a | b |
|---|:-:|
| 1 | 2 |

```python
def f():
\t"""A text

\tof lines."""
```
> quoted
after
'''
ODD = ["", "---", "===", "# head", "~~~", "    code", "7. x", "> - y", "|", "   z"]


def streamed(text: str, size: int) -> list[Piece]:
    stream, finished, rest = MarkdownStream(), [], []
    for start in range(0, len(text), size):
        more, rest = stream.feed(text[start : start + size])
        finished += more
    return [*finished, *rest]


def test_each_form_is_a_piece_of_its_own() -> None:
    pieces = [(piece.kind, piece.text) for piece in pieces_of(WRITTEN) if piece.kind != "hidden"]
    assert pieces == [
        ("paragraph", "Two things **stand out**\nin the code."),
        ("item", "`balance` may\ngo on"),
        ("item", "the width"),
        ("item", "nested"),
        ("row", "| a | b |"),
        ("line", ""),
        ("row", "| 1 | 2 |"),
        ("code", "def f():"),
        ("code", '\t"""A text'),
        ("code", ""),
        ("code", '\tof lines."""'),
        ("quote", "quoted\nafter"),
    ]


@given(
    st.lists(
        st.sampled_from(
            [*WRITTEN.splitlines(), "", "---", "===", "# head", "~~~", "    code", "7. x", "> - y", "|", "   z"]
        ),
        max_size=14,
    ).map("\n".join),
    st.integers(1, 9),
)
def test_pieces_do_not_depend_on_how_text_comes_and_are_the_text_again(text: str, size: int) -> None:
    pieces = pieces_of(text)
    assert streamed(text, size) == pieces
    assert source_of(pieces) == text.strip("\n")


FENCE = "```python\n" + "".join(f"value_{number} = {number}\n" for number in range(200)) + "```\n"
ITEMS = "".join(f"- item **{number}** of a list\n" for number in range(200))
TABLE = "| name | number |\n|---|---|\n" + "".join(f"| row {number} | {number * 7} |\n" for number in range(200))


@pytest.mark.parametrize("text", [FENCE, ITEMS, TABLE], ids=["fence", "list", "table"])
def test_a_delta_breaks_only_the_last_line_into_rows(text: str) -> None:
    """Ten characters a delta: each line is done once when it is whole, and once for each delta that is within it."""
    blocks, stream, unfinished = BlockList(), MarkdownStream(), 0
    deltas = [text[start : start + 10] for start in range(0, len(text), 10)]
    for delta in deltas:
        before = blocks.layouts
        finished, rest = stream.feed(delta)
        blocks.drop_last(unfinished)
        blocks.add_markdown(finished)
        blocks.add_markdown(rest)
        unfinished = len(rest)
        assert blocks.layouts - before <= len(finished) + len(rest) <= 4
    assert blocks.layouts <= 2 * len(deltas) + len(text.splitlines())


def test_a_table_grows_its_columns_and_keeps_to_the_width() -> None:
    blocks = BlockList()
    blocks.width = 40
    blocks.add_markdown(pieces_of("| a | b |\n|---|---|\n| " + "word " * 20 + "| x |"))
    blocks.settle(0, 100)
    rows = blocks.blocks[-2].rows if blocks.blocks[-1].piece.kind == "hidden" else blocks.blocks[-1].rows
    assert rows > 2
    assert text_of_part(blocks, 0).startswith("| a | b |\n|---|---|\n| word word")


def test_code_is_coloured_line_by_line_within_texts_of_several_lines() -> None:
    opening = opening_after('x = """begins', "")
    assert opening == '"""'
    assert list(colours_of("return None", "python", opening)) == [(0, 11, "string")]
    assert opening_after('ends""" + y', opening) == ""
    assert (0, 6, "keyword") in list(colours_of("return None", "python"))
    assert list(colours_of("return", "no such language")) == []


def test_entities_become_no_characters_that_a_terminal_obeys() -> None:
    assert inline_text("a &#x202e; [b](c&#x202e;d) &amp; `x`").shown == "a \\u202e b (c%E2%80%AEd) & x"


@given(st.text(alphabet="ab \n\t漢é🦊", max_size=60), st.integers(1, 12))
def test_rows_lose_nothing_but_white_space(text: str, width: int) -> None:
    rows = wrapped_rows(text, width)
    assert all(start <= end for start, end in rows)
    seen = "".join(text[start:end] for start, end in rows)
    assert "".join(seen.split()) == "".join(text.split())
    by_cells = wrapped_rows(text, width, by_words=False)
    assert "".join(text[start:end] for start, end in by_cells) == text.replace("\n", "")


def test_copied_text_is_the_source_without_borders_and_breaks() -> None:
    blocks = BlockList()
    blocks.width = 12
    blocks.add("person", "explain")
    blocks.add_markdown(pieces_of(WRITTEN))
    code = next(index for index, block in enumerate(blocks.blocks) if block.piece.kind == "code")
    assert text_of_part(blocks, code) == 'def f():\n\t"""A text\n\n\tof lines."""'
    assert text_of_answer(blocks, code) == WRITTEN.strip("\n")
    first, last = blocks.place_of(0), blocks.place_of(blocks.line_count - 1)
    copied = text_of_rows(blocks, first, last)
    assert copied.startswith(
        "explain\n\nTwo things stand out in the code.\n\n1. balance may go on\n2. the width\n   - nested"
    )
    assert '\n\ndef f():\n\t"""A text\n\n\tof lines."""\nquoted after' in copied
    # A row of the paragraph that was broken.
    assert text_of_rows(blocks, Place(1, 1), Place(1, 1)) == "Two things"


def test_hidden_pieces_take_no_row() -> None:
    block = Block(Part(Said("punie", Turn())), Piece("hidden", "```", ""))
    assert layout(block, 10).rows == []


def test_blocks_that_are_dropped_after_a_change_of_width_are_not_looked_for() -> None:
    blocks = BlockList()
    blocks.width = 40
    blocks.add_markdown(pieces_of("one\n\ntwo\n\nthree"))
    blocks.set_width(30)
    blocks.drop_last(2)
    while blocks.settle_some(1):
        pass
    assert text_of_part(blocks, 0).startswith("one")


def drawing(blocks: BlockList) -> list[tuple[object, ...]]:
    """All that a view asks of its blocks."""
    turns = list(dict.fromkeys(block.turn for block in blocks.blocks))
    told: list[tuple[object, ...]] = []
    for index, block in enumerate(blocks.blocks):
        of_turn = turns.index(block.turn), block.turn.first is block, block.turn.last is block
        told.append((block.speaker, block.shown, block.height, block.gap, blocks.start_of(index), of_turn))
    return [*told, (blocks.line_count, blocks.place_of(blocks.line_count - 1))]


SAYINGS = st.lists(
    st.tuples(st.sampled_from(("person", "call", "result", "note", "change")), st.integers(1, 250)), max_size=4
)


@given(SAYINGS, SAYINGS, st.integers(1, 250), st.integers(1, 250))
def test_what_grows_in_the_midst_stands_there_as_if_it_was_said_at_once(
    before: list[tuple[Speaker, int]], after: list[tuple[Speaker, int]], lines_at_first: int, lines: int
) -> None:
    at_once, grown = BlockList(), BlockList()
    for speaker, count in (*before, ("call", 1), ("result", lines), *after):
        at_once.add(speaker, "line\n" * count)
    call = [grown.add(speaker, "line\n" * count) for speaker, count in (*before, ("call", 1))][-1]
    for speaker, count in after:
        grown.add(speaker, "line\n" * count)
    # Where each block begins is known by now, and has to be found out anew.
    grown.start_of(len(grown.blocks) - 1)
    place = grown.place_of_said(call)
    assert place
    output, _ = grown.put(sum(place), 0, "result", "line\n" * lines_at_first)
    place = grown.place_of_said(output)
    assert place
    grown.put(*place, "result", "line\n" * lines)
    assert drawing(grown) == drawing(at_once)


@given(
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 11)), min_size=1, max_size=8),
    st.sampled_from(["", "after"]),
)
def test_what_a_command_prints_grows_as_if_it_was_printed_at_once(steps: list[tuple[int, int]], after: str) -> None:
    """Each step takes some of the last lines back, and goes on with others."""
    grown, printed = BlockList(), ["0"]
    call = grown.add("call", "! ls")
    if after:
        grown.add("note", after)
    place = grown.place_of_said(call)
    assert place
    output, _ = grown.put(sum(place), 0, "output", "0")
    for count, back in steps:
        taken = min(back, len(printed) - 1)
        lines = [str(number) for number in range(count)]
        printed = [*printed[: len(printed) - taken], *lines]
        grown.grow(output, lines, taken)
        at_once = BlockList()
        for speaker, text in (("call", "! ls"), ("output", "\n".join(printed)), *([("note", after)] if after else [])):
            at_once.add(speaker, text)
        assert drawing(grown) == drawing(at_once)
