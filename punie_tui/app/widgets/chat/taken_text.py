"""What the keys of readline took out of a text, to be put in again by another."""

from __future__ import annotations


class TakenText:
    """Takes that follow one another at the same place are one; what was taken before that is forgotten."""

    def __init__(self) -> None:
        self.text = ""
        self._left: object = None

    def take(self, taken: str, left: object, before: object, *, is_before_cursor: bool) -> None:
        """`left` is what stands there afterwards, with the cursor; `before` the same of just before."""
        if not taken:
            return
        if before != self._left:
            self.text = ""
        self.text = taken + self.text if is_before_cursor else self.text + taken
        self._left = left
