"""The transcript: one Line API widget; finished blocks are cached strips, only the streaming tail is rendered again.

Cost grows with what is new, not with what was said before, so a long conversation stays as quick as a short one.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from punie_tui.app.actions import SCROLL_CALLS, Action, ActionGroup, ActionGroups, bindings_of, movement
from punie_tui.app.textual_adapter import app_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.theme import Theme
    from textual import events

Speaker = Literal["person", "punie", "result", "call", "note", "error", "queued", "attached"]

_MARKS: dict[Speaker, str] = {
    "person": "› ",
    "call": "· ",
    "note": "  ",
    "result": "  ",
    "error": "✗ ",
    "queued": "… ",
    "punie": "  ",
    "attached": "+ ",
}
_COMPONENTS: dict[Speaker, str] = {
    "person": "transcript--person",
    "punie": "transcript--punie",
    "call": "transcript--call",
    "result": "transcript--punie",
    "note": "transcript--note",
    "error": "transcript--error",
    "queued": "transcript--queued",
    "attached": "transcript--note",
}
# What is longer is folded to so many lines, until the person unfolds it; others are never folded.
_FOLDED_LINES: dict[Speaker, int] = {"person": 10, "queued": 3, "attached": 1}


@dataclass
class _Block:
    """One paragraph or more by one speaker; `text` has passed the safe-text gate."""

    speaker: Speaker
    text: str
    strips: list[Strip] = field(default_factory=list[Strip])
    width: int = 0


class EarlierBlocks:
    """Collects what a transcript would show, to be put before what it shows."""

    def __init__(self) -> None:
        self.blocks: list[tuple[Speaker, str]] = []

    def add(self, speaker: Speaker, text: str) -> None:
        self.blocks.append((speaker, text))

    def stream(self, text: str) -> None:
        finished, tail = _split_finished(text)
        for paragraph in (*finished, tail):
            if paragraph.strip():
                self.add("punie", paragraph)

    def replace_last_queued(self) -> None:
        """Nothing that is over waits."""


TRANSCRIPT_ACTIONS = ActionGroup(
    "Chat",
    (
        *movement(SCROLL_CALLS, "scroll; oldest, newest"),
        Action("transcript.fold", "space", "fold", "unfold long prompts and what is attached, or fold", "Fold"),
    ),
)


class Transcript(ScrollView, can_focus=True):
    """Who said what, newest below. Follows the end unless the person has scrolled up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_COMPONENTS.values())
    DEFAULT_CSS = """
    Transcript { height: 1fr; padding: 0 1; overflow-x: hidden; scrollbar-size-vertical: 1; background: $background; }
    Transcript > .transcript--person { color: $primary; text-style: bold; }
    Transcript > .transcript--punie { color: $foreground; }
    Transcript > .transcript--call { color: $secondary; }
    Transcript > .transcript--note { color: $secondary; }
    Transcript > .transcript--error { color: $text-error; }
    Transcript > .transcript--queued { color: $secondary; text-style: italic; }
    """
    ACTIONS: ClassVar[ActionGroups] = (TRANSCRIPT_ACTIONS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._blocks: list[_Block] = []
        self._first_lines: list[int] = []
        self._line_count = 0
        self._empty_state = ""
        self._follows_end = True
        self._is_folded = True

    def show_empty_state(self, text: str) -> None:
        """What stands here as long as nothing was said; already safe text."""
        self._empty_state = text
        if not self._blocks:
            self._render_again()

    def add(self, speaker: Speaker, text: str) -> None:
        """Add a block. `text` is safe text; `punie` speaks Markdown, all others plain text."""
        if not self._blocks:
            self._forget_lines()
        self._append(_Block(speaker, text))
        self._lines_changed()

    def stream(self, text: str) -> None:
        """Add to what punie is saying. Paragraphs that are complete become blocks of their own."""
        tail = self._blocks[-1] if self._blocks and self._blocks[-1].speaker == "punie" else None
        if tail is None:
            self.add("punie", text)
            return
        finished, tail.text = _split_finished(tail.text + text)
        self._drop_last()
        for paragraph in finished:
            self._append(_Block("punie", paragraph))
        self._append(tail)
        self._lines_changed()

    def clear(self) -> None:
        """Forget all that was said; the empty state stands here again."""
        self._blocks.clear()
        self._follows_end = True
        self._render_again()

    def add_before(self, blocks: Sequence[tuple[Speaker, str]]) -> None:
        """Add what was said before all that stands here; what the person sees stays where it is."""
        width = max(self.scrollable_content_region.width, 4)
        earlier = [_Block(speaker, text) for speaker, text in blocks]
        first_lines: list[int] = []
        count = 0
        for block in earlier:
            block.strips, block.width = self._strips(block, width), width
            first_lines.append(count)
            count += len(block.strips)
        self._blocks[:0] = earlier
        self._first_lines = [*first_lines, *(line + count for line in self._first_lines)]
        self._line_count += count
        seen, follows = self.scroll_y, self._follows_end
        self._lines_changed()
        if not follows:
            self.scroll_to(y=seen + count, animate=False, immediate=True)

    def replace_last_queued(self) -> None:
        """Forget the oldest queued message: its turn starts, and it is shown as a prompt instead."""
        position = next((index for index, block in enumerate(self._blocks) if block.speaker == "queued"), None)
        if position is not None:
            del self._blocks[position]
            self._render_again()

    def action_fold(self) -> None:
        """Show long prompts and what was attached to them whole, or folded again."""
        self._is_folded = not self._is_folded
        for block in self._blocks:
            if block.speaker in _FOLDED_LINES:
                block.width = 0
        self._render_again()

    @property
    def plain_text(self) -> str:
        """All that was said, without styles."""
        return "\n\n".join(_MARKS[block.speaker] + block.text for block in self._blocks)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows_end = new_value >= self.max_scroll_y

    def on_resize(self, _event: events.Resize) -> None:
        self._render_again()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        for block in self._blocks:
            block.width = 0
        self._render_again()

    def render_line(self, y: int) -> Strip:
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if line >= self._line_count:
            return Strip.blank(width, self.rich_style)
        block_index = bisect_right(self._first_lines, line) - 1
        strip = self._shown_blocks()[block_index].strips[line - self._first_lines[block_index]]
        return strip.crop(self.scroll_offset.x, self.scroll_offset.x + width).apply_style(self.rich_style)

    def _shown_blocks(self) -> list[_Block]:
        if self._blocks or not self._empty_state:
            return self._blocks
        return [self._empty_block]

    def _render_again(self) -> None:
        self._forget_lines()
        self._empty_block = _Block("punie", self._empty_state)
        for block in self._shown_blocks():
            self._place(block)
        self._lines_changed()

    def _forget_lines(self) -> None:
        self._first_lines.clear()
        self._line_count = 0

    def _append(self, block: _Block) -> None:
        self._blocks.append(block)
        self._place(block)

    def _place(self, block: _Block) -> None:
        width = max(self.scrollable_content_region.width, 4)
        if block.width != width:
            block.strips, block.width = self._strips(block, width), width
        self._first_lines.append(self._line_count)
        self._line_count += len(block.strips)

    def _drop_last(self) -> None:
        block = self._blocks.pop()
        block.width = 0
        self._first_lines.pop()
        self._line_count -= len(block.strips)

    def _lines_changed(self) -> None:
        follows = self._follows_end
        self.virtual_size = Size(self.scrollable_content_region.width, self._line_count)
        # The scroll bar is otherwise found by a later layout, and until it is there nothing scrolls.
        self._scroll_update(self.virtual_size)
        if follows and self._blocks:
            self.scroll_end(animate=False, immediate=True)
            self._follows_end = True
        self.refresh()

    def _strips(self, block: _Block, width: int) -> list[Strip]:
        style = self.get_component_rich_style(_COMPONENTS[block.speaker], partial=True)
        mark = _MARKS[block.speaker]
        is_dark = app_of(self).current_theme.dark
        text = _folded(block) if self._is_folded else block.text
        renderable: RenderableType = _markdown(text, is_dark) if block.speaker == "punie" else Text(text)
        console = app_of(self).console
        options = console.options.update(width=width - len(mark), height=None, highlight=False)
        with console.use_theme(_markdown_theme()):
            lines = console.render_lines(renderable, options, pad=False)
        strips = [
            Strip([Segment(mark if number == 0 else " " * len(mark), style), *_styled(line, style)])
            for number, line in enumerate(lines or [[]])
        ]
        return strips if block.speaker in ("call", "attached") else [*strips, Strip([])]


def _folded(block: _Block) -> str:
    most = _FOLDED_LINES.get(block.speaker)
    if most is None:
        return block.text
    # Cut before it is parted, for a prompt may hold a whole log.
    *lines, rest = block.text.split("\n", most)
    if len(lines) < most:
        return block.text
    count = rest.count("\n") + 1
    return "\n".join(lines) + (f"\n… {count} more lines (Space in the chat unfolds)" if most > 1 else "")


def _styled(line: list[Segment], style: Style) -> list[Segment]:
    return [Segment(text, style + own if own else style) for text, own, _ in line]


def _markdown(text: str, is_dark: bool) -> RenderableType:
    # Imported when the first answer is shown: the first frame does not pay for the parser.
    from rich.markdown import Markdown

    return Markdown(text, code_theme="ansi_dark" if is_dark else "ansi_light", hyperlinks=False)


@cache
def _markdown_theme() -> Theme:
    """Calm Markdown: weight instead of colour, so that it reads on dark and light grounds alike."""
    from rich.theme import Theme as RichTheme

    return RichTheme(
        {
            "markdown.h1": "bold underline",
            "markdown.h2": "bold",
            "markdown.h3": "bold",
            "markdown.code": "bold",
            "markdown.code_block": "none",
            "markdown.item.bullet": "bold",
            "markdown.item.number": "bold",
            "markdown.block_quote": "italic",
            "markdown.hr": "dim",
            "markdown.link": "underline",
            "markdown.link_url": "underline",
        }
    )


def _split_finished(text: str) -> tuple[list[str], str]:
    """The paragraphs that no later text can change, and the rest. Fences and lists are never split."""
    finished: list[str] = []
    start = 0
    is_fenced = False
    lines = text.splitlines(keepends=True)
    offset = 0
    for index, line in enumerate(lines):
        offset += len(line)
        if line.lstrip().startswith(("```", "~~~")):
            is_fenced = not is_fenced
        following = lines[index + 1] if index + 1 < len(lines) else ""
        is_break = not line.strip() and line.endswith("\n") and not is_fenced
        if (
            is_break
            and following.strip()
            and not following.startswith((" ", "\t", "-", "*", "+"))
            and not following[0].isdigit()
        ):
            if text[start:offset].strip():
                finished.append(text[start:offset].rstrip("\n"))
            start = offset
    return finished, text[start:]
