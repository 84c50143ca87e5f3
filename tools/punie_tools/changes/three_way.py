"""Why a turn cannot be taken back: what a file was, what the person made of it, and what it would become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.files.diff import unified_diff
from punie_tools.spelling import spelled

Move = Literal["undo", "redo"]
Difference = Literal["edited", "removed", "made again", "given other permissions"]

_LINES_IN_SHORT = 40


class ThreeWayView(BaseModel):
    """A file that somebody else changed since. A text is None where there is no file.

    `base` is what punie left, `yours` what is there now, `restored` what the move would put there.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    move: Move
    difference: Difference
    base: str | None
    yours: str | None
    restored: str | None
    permissions: str = ""

    @classmethod
    def of(
        cls, path: str, move: Move, base: FileImage | None, yours: FileImage | None, restored: FileImage | None
    ) -> ThreeWayView:
        """The view of a file that is not as punie left it."""
        texts = [None if image is None else spelled(image.data) for image in (base, yours, restored)]
        difference: Difference = "edited"
        permissions = ""
        if yours is None:
            difference = "removed"
        elif base is None:
            difference = "made again"
        elif base.data == yours.data:
            difference = "given other permissions"
            permissions = f"{base.mode:04o} became {yours.mode:04o}"
        return cls(
            path=spelled(path),
            move=move,
            difference=difference,
            base=texts[0],
            yours=texts[1],
            restored=texts[2],
            permissions=permissions,
        )

    @computed_field
    @property
    def your_changes(self) -> str:
        """The diff from what punie left to what is there now; moving would lose it."""
        return _labelled(self.path, (_LEFT, self.base), ("as it is now", self.yours))

    @computed_field
    @property
    def its_changes(self) -> str:
        """The diff from what punie left to what the move would put there."""
        return _labelled(self.path, (_LEFT, self.base), (f"as {self.move} would make it", self.restored))

    @property
    def sentence(self) -> str:
        """What the person did, without a full stop."""
        since = "removed it" if self.difference == "made again" else "changed it"
        told = f" ({self.permissions})" if self.permissions else ""
        return f"{self.path} was {self.difference} since punie {since}{told}"


class ChangedSinceError(ToolError):
    """A turn is not taken back or made again, since files were changed by somebody else; nothing was done."""

    def __init__(self, views: Sequence[ThreeWayView]) -> None:
        self.views = tuple(views)
        super().__init__(self.told(_LINES_IN_SHORT))

    def told(self, most_lines: int | None = None) -> str:
        """All of it for a person; of each diff so many lines."""
        sentence = "; ".join(view.sentence for view in self.views)
        parts = [f"{sentence}; nothing was done."]
        for view in self.views:
            lost = ("These changes would be lost:", view.your_changes)
            for head, diff in (lost, (f"This is what {view.move} would do:", view.its_changes)):
                if diff:
                    parts.append(f"{head}\n{_shortened(diff, most_lines)}")
        return "\n".join(parts)


_LEFT = "as punie left it"


def _labelled(path: str, old: tuple[str, str | None], new: tuple[str, str | None]) -> str:
    if old[1] == new[1]:
        return ""
    body = unified_diff(path, old[1] or "", new[1] or "").text.split("\n", 2)[2:]
    sides = (("---", *old), ("+++", *new))
    heads = [f"{sign} {path} ({'not there' if text is None else label})" for sign, label, text in sides]
    return "\n".join([*heads, *body])


def _shortened(diff: str, most_lines: int | None) -> str:
    lines = diff.rstrip("\n").split("\n")
    if most_lines is None or len(lines) <= most_lines:
        return "\n".join(lines)
    return "\n".join([*lines[:most_lines], f"… and {len(lines) - most_lines} lines more"])
