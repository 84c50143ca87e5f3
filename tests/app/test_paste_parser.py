"""What the terminal sends is read as Textual reads it, and a large paste in few steps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from app_driver import Drive
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

from punie_tui.app.paste_parser import PasteParser

_SENT = "a\x1b[A\x1b[200~one\r\x1b[31mtwo \x1b[201~b\x1b[200~\x1b[201~\x1b[200~ü🙂\x1b[201~\x1b[Ic"


def read(parser: XTermParser, parts: Iterable[str]) -> list[str]:
    return [repr(message) for part in parts for message in parser.feed(part)]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 7, 100])
def test_it_reads_what_textual_reads_however_it_is_cut(length: int) -> None:
    parts = [_SENT[start : start + length] for start in range(0, len(_SENT), length)]
    messages = read(PasteParser(), parts)
    assert messages == read(XTermParser(), parts)
    assert any("one" in message for message in messages)


class _Counted:
    """A generator, and how often it was sent something."""

    def __init__(self, generator: object) -> None:
        self._generator, self.steps = generator, 0

    def send(self, text: str) -> object:
        self.steps += 1
        return self._generator.send(text)  # type: ignore[attr-defined]


def test_ten_megabytes_are_read_whole_in_few_steps() -> None:
    text = "some words of a line\n" * 500_000
    sent = f"\x1b[200~{text}\x1b[201~"
    parser = PasteParser()
    parser._gen = counted = _Counted(parser._gen)  # type: ignore[assignment]
    parts = (sent[start : start + 4096] for start in range(0, len(sent), 4096))
    pasted = [getattr(message, "text", "") for part in parts for message in parser.feed(part)]
    assert pasted == [text]
    assert counted.steps < 4_000


async def test_the_app_reads_its_terminal_so(drive: Drive, tmp_path: Path) -> None:
    async with drive(tmp_path):
        assert vars(linux_driver)["XTermParser"] is PasteParser
