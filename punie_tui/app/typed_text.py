"""Text as a person could have typed it: a text area writes what stands in it to the terminal as it is."""

from __future__ import annotations


def typeable(text: str) -> str:
    """The text without escapes and other characters that draw nothing; blanks of every kind are spaces."""
    # Terminals send what was a line end as a carriage return.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_typeable, line)) for line in lines)


def _typeable(letter: str) -> str:
    if letter == "\t" or letter.isprintable():
        return letter
    return " " if letter.isspace() else ""
