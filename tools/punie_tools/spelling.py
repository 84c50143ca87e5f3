r"""Names with bytes that are no text, in a form that JSON and models can carry and say back: `caf\xe9.py`."""

from __future__ import annotations

import os
import re

_SPELLED_BYTE = re.compile(rb"\\x([0-9a-f]{2})")


def spelled(name: str | bytes) -> str:
    r"""The name as text that can be encoded; a byte that is no UTF-8 becomes `\xNN`."""
    data = (
        name
        if isinstance(name, bytes)
        else name.encode("utf-8", "surrogatepass" if _is_split(name) else "surrogateescape")
    )
    return data.decode("utf-8", "backslashreplace")


def unspelled(name: str) -> str:
    """The name as the operating system takes it; the reverse of `spelled`."""
    return os.fsdecode(
        _SPELLED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), name.encode("utf-8", "surrogateescape"))
    )


def _is_split(name: str) -> bool:
    """Whether there are halves of surrogate pairs that stand for no byte (`surrogateescape` uses U+DC80 to U+DCFF)."""
    return any("\ud800" <= character <= "\udc7f" or "\udd00" <= character <= "\udfff" for character in name)
