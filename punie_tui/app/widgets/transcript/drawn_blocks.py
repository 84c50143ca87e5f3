"""The strips of blocks that were drawn of late: memory grows with the screen, not with what was said."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from textual.strip import Strip

from punie_tui.app.widgets.transcript.block import Block

_MOST_STRIPS = 2000


class DrawnBlocks:
    """Draws a block once; `count` is how often it drew one."""

    def __init__(self, draw: Callable[[Block], list[Strip]]) -> None:
        self._draw = draw
        self._drawn: OrderedDict[Block, list[Strip]] = OrderedDict()
        self._strips = 0
        self.count = 0

    def of(self, block: Block) -> list[Strip]:
        """The strips of a block."""
        strips = self._drawn.get(block)
        if strips is not None:
            self._drawn.move_to_end(block)
            return strips
        self.count += 1
        strips = self._drawn[block] = self._draw(block)
        self._strips += len(strips)
        while self._strips > _MOST_STRIPS and len(self._drawn) > 1:
            self._strips -= len(self._drawn.popitem(last=False)[1])
        return strips

    def forget(self, block: Block) -> None:
        """It is drawn anew when it is seen."""
        self._strips -= len(self._drawn.pop(block, ()))

    def forget_all(self) -> None:
        """All are drawn anew."""
        self._drawn.clear()
        self._strips = 0
