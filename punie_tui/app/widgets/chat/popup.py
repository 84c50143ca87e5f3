"""The list above the prompt from which the person chooses; the prompt keeps the focus and moves the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

MOST_ROWS = 8


@dataclass(frozen=True)
class Choice:
    """One row. `value` is what it puts in the prompt; `label` and `detail` are safe text on one line."""

    value: str
    label: str
    detail: str = ""
    runs_at_once: bool = False
    """Whether Enter also sends it."""


class ChoicePopup(Widget):
    """Drawn over the panes, right above the widget that it is mounted before; it takes no place of its own."""

    DEFAULT_CSS = """
    ChoicePopup {
        overlay: screen; display: none; width: 100%; height: 1; padding: 0 1;
        background: $panel; color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._title = ""
        self._choices: Sequence[Choice] = ()
        self._place = 0
        self._first = 0

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    @property
    def choices(self) -> Sequence[Choice]:
        """All of them, those that need scrolling too."""
        return self._choices

    @property
    def chosen(self) -> Choice | None:
        """Where the bar stands; None where there is nothing to choose."""
        return self._choices[self._place] if self.is_open and self._choices else None

    def open(self, title: str, choices: Sequence[Choice]) -> None:
        """Show these, the first one chosen. The title stands above them, alone if there are none."""
        self._title, self._choices, self._place, self._first = title, choices, 0, 0
        self.display = True
        self._fit()

    def close(self) -> None:
        self.display = False

    def move(self, step: int) -> None:
        """Choose another row; round at both ends by single steps."""
        if not self._choices:
            return
        last = len(self._choices) - 1
        if abs(step) == 1:
            self._place = (self._place + step) % (last + 1)
        else:
            self._place = min(max(self._place + step, 0), last)
        rows = self._row_count
        self._first = min(max(self._first, self._place - rows + 1), self._place)
        self.refresh()

    @property
    def _row_count(self) -> int:
        """Rows for choices, one row being the title's; few on a low screen."""
        room = self.screen.size.height - 3
        return max(1, min(len(self._choices), MOST_ROWS, room))

    def _fit(self) -> None:
        height = 1 + (self._row_count if self._choices else 0)
        self.styles.height = height
        self.styles.offset = (0, -height)
        self.refresh(layout=True)

    def render(self) -> Content:
        width = max(self.size.width, 4)
        place = f" {self._place + 1}/{len(self._choices)}" if len(self._choices) > 1 else ""
        rows = [Content.styled(_cut(f"{self._title}{place}", width), "$text-muted")]
        for number in range(self._first, min(self._first + self._row_count, len(self._choices))):
            rows.append(_row(self._choices[number], width, is_chosen=number == self._place))
        return Content("\n").join(rows)


def _row(choice: Choice, width: int, *, is_chosen: bool) -> Content:
    label = _cut(choice.label, width - 2)
    room = width - 2 - len(label) - 2
    detail = _cut(choice.detail, room) if room > 8 else ""
    row = Content.assemble(
        ("› " if is_chosen else "  ") + label,
        ("  " + detail, "" if is_chosen else "$text-muted"),
    )
    return row.stylize("bold reverse" if is_chosen else "").pad_right(max(0, width - row.cell_length))


def _cut(text: str, width: int) -> str:
    """The text on so many cells; a cut one says so."""
    content = Content(text)
    return text if content.cell_length <= width else content.truncate(max(width, 1), ellipsis=True).plain
