"""Which encoding a file is written in: its byte-order mark, its PEP 263 cookie, or UTF-8."""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass
from pathlib import PurePath

from punie_tools.errors import ToolError

HEAD_BYTES = 8192

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PYTHON_SUFFIXES = (".py", ".pyi", ".pyw")


@dataclass(frozen=True)
class Encoding:
    """A codec's name and the byte-order mark before the text, empty if there is none."""

    name: str
    mark: bytes = b""


def encoding_of(path: PurePath, head: bytes, shown_as: str, size: int) -> Encoding:
    """The encoding of a file of `size` bytes that begins with `head`. Raises ToolError for one that is no text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, mark)
    if b"\0" in head:
        raise ToolError(f"{shown_as} is a binary file ({size:,} bytes), not text.")
    return Encoding(_cookie(head) if path.suffix.lower() in _PYTHON_SUFFIXES else "utf-8")


def _cookie(head: bytes) -> str:
    try:
        name = tokenize.detect_encoding(io.BytesIO(head).readline)[0]
    except SyntaxError:
        # An unknown or a false cookie: Python could not read the file either, a person can.
        return "utf-8"
    return "utf-8" if name == "utf-8-sig" else name
