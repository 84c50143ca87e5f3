"""What stands on a terminal after all that was written to it: its letters, without their looks."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from rich.cells import get_character_cell_size

_SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<numbers>[\d;]*)(?P<moves>H)"
    r"|\[[\d;]*m"
    # Modes, questions, the keyboard's protocol and the title change no letter.
    r"|\[[?<>=][\d;]*\$?[a-zA-Z]"
    r"|\[\d+(?:;\d+)*[tn]|\[c"
    r"|[\]P_][^\x07\x1b]*(?:\x07|\x1b\\))"
)
_BEGUN = re.compile(r"\x1b(?:\[[\d;?<>=$]*|[\]P_][^\x07\x1b]*\x1b?)?\Z")


class TerminalCells:
    """Knows what Textual writes while it draws, and refuses all else: a guess would be a picture of something else."""

    def __init__(self, lines: int, columns: int) -> None:
        self._cells: list[list[str]] = []
        self.resize(lines, columns)
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._line = self._column = 0

    def resize(self, lines: int, columns: int) -> None:
        """What stood there stays; the app has to draw over it."""
        kept = [cells[:columns] for cells in self._cells[:lines]]
        kept += [[] for _ in range(lines - len(kept))]
        self._cells = [cells + [" "] * (columns - len(cells)) for cells in kept]

    @property
    def rows(self) -> list[str]:
        return ["".join(cells).rstrip() for cells in self._cells]

    def write(self, data: bytes) -> None:
        text, place = self._begun + self._decoder.decode(data), 0
        while place < len(text):
            if text[place] != "\x1b":
                self._write_letter(text[place])
                place += 1
            elif found := _SEQUENCE.match(text, place):
                if found["moves"]:
                    self._move(found["numbers"])
                place = found.end()
            else:
                assert _BEGUN.match(text, place), f"not known: {text[place : place + 40]!r}"
                break
        self._begun = text[place:]

    def _move(self, numbers: str) -> None:
        line, _, column = numbers.partition(";")
        self._line, self._column = int(line or 1) - 1, int(column or 1) - 1

    def _write_letter(self, letter: str) -> None:
        match letter:
            case "\n":
                self._line += 1
            case "\r":
                self._column = 0
            case "\x07":
                pass
            case _:
                assert letter >= " ", f"not known: {letter!r}"
                self._put(letter)

    def _put(self, letter: str) -> None:
        """Nothing is put where the terminal has grown too small meanwhile."""
        width = get_character_cell_size(letter)
        if self._line < len(self._cells) and self._column + width <= len(self._cells[self._line]):
            self._cells[self._line][self._column : self._column + width] = [letter, *[""] * (width - 1)][:width]
        self._column += width
