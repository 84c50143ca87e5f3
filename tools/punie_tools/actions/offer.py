"""What a code action is before it is shown: the change that it makes, and a name by which it is found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, get_args

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.replacements import Replacement, replaced
from punie_tools.changes.text_edit import DecodedText
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.spelling import spelled, unspelled

Source = Literal["ruff", "pyright"]
Kind = Literal["quickfix", "quickfix.suppress", "source.organizeImports"]

_DIGITS = 16


@dataclass(frozen=True)
class Lines:
    """The lines that are asked about, from 1, both included; without a last one up to the file's end."""

    first: int = 1
    last: int | None = None

    def meet(self, first: int, last: int) -> bool:
        """Whether one of these lines lies between the two, which are included."""
        return last >= self.first and (self.last is None or first <= self.last)


@dataclass(frozen=True)
class Offer:
    """A change that ruff or pyright offers for a file. Asking about `line` alone brings it again."""

    source: Source
    kind: Kind
    title: str
    line: int
    replacements: tuple[Replacement, ...]
    is_safe: bool | None = None
    """Whether it keeps what the program does; None where the source does not say."""

    def change(self, path: str, before: FileImage, decoded: DecodedText) -> FileChange:
        """The change to the file. Raises ToolError."""
        after = decoded.encoded(replaced(decoded.text, self.replacements, decoded.shown_as))
        return FileChange(path, before, FileImage(after, before.mode))


@dataclass(frozen=True)
class ActionId:
    """Where an action was offered, for which content of the file, and which one it was.

    Nothing in it is applied: what it names is asked for again, and must come out the same.
    """

    path: str
    line: int
    source: Source
    content: str
    action: str

    @classmethod
    def of(cls, offer: Offer, change: FileChange) -> ActionId:
        """Names an offer by all that a person sees of it."""
        assert change.before is not None
        assert change.after is not None
        seen = "\0".join([offer.kind, offer.title, _digest(change.after.data)])
        content = _digest(change.before.data)
        return cls(change.path, offer.line, offer.source, content, _digest(seen.encode("utf-8", "surrogateescape")))

    @classmethod
    def parsed(cls, text: str) -> ActionId:
        """Raises ToolError for what code_actions never gave."""
        parts = text.rsplit(":", 4)
        for source in get_args(Source):
            if len(parts) == 5 and parts[2] == source and parts[1].isdecimal() and len(parts[1]) < 10:
                return cls(unspelled(parts[0]), int(parts[1]), source, parts[3], parts[4])
        raise ToolError(f"{text[:80]!r} is no id of a code action; code_actions tells those that there are.")

    def __str__(self) -> str:
        return f"{spelled(self.path)}:{self.line}:{self.source}:{self.content}:{self.action}"

    def is_of(self, image: FileImage) -> bool:
        """Whether the file is still what the action was offered for."""
        return self.content == _digest(image.data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
