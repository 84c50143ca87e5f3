"""The status line: model, context, speed, and what is going on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

if TYPE_CHECKING:
    from punie_tui.agent.events import TokenUsage


@dataclass
class _Shown:
    model: str = ""
    policy: str = ""
    trust: str = ""
    context: str = ""
    speed: str = ""
    activity: str = "starting"


class StatusLine(Widget):
    """One row; the activity stands left and counts its seconds, what stays the same stands right."""

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; background: $surface; color: $text-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown = _Shown()
        self._busy_since: float | None = None
        self._ticker: Timer | None = None

    def on_mount(self) -> None:
        self._ticker = self.set_interval(0.5, self.refresh, pause=True)

    def show_session(self, model: str, policy: str, *, is_trusted: bool) -> None:
        """What holds until it is changed; `model` is safe text."""
        self._shown.model, self._shown.policy = model, policy
        self._shown.trust = "trusted" if is_trusted else "not trusted"
        self.refresh()

    def show_activity(self, activity: str, *, is_busy: bool) -> None:
        """What is going on; a busy activity counts its seconds from when the line became busy."""
        self._shown.activity = activity
        if not is_busy:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = time.monotonic()
        if self._ticker is not None:
            (self._ticker.resume if is_busy else self._ticker.pause)()
        self.refresh()

    def show_usage(self, usage: TokenUsage, context_length: int) -> None:
        """Tokens of the last turn, against what the model can hold."""
        used = usage.prompt_tokens + usage.generated_tokens
        self._shown.context = f"{used:,}/{context_length:,} tokens" if used else ""
        seconds = usage.generation_seconds
        self._shown.speed = f"{usage.generated_tokens / seconds:.0f} tok/s" if used and seconds > 0.01 else ""
        self.refresh()

    def render(self) -> Content:
        shown = self._shown
        left = f"{'● ' if self._busy_since else '○ '}{shown.activity}{self._elapsed()}"
        parts = [shown.speed, shown.context, shown.trust, shown.policy, shown.model]
        right = "  ".join(part for part in parts if part)
        while len(left) + len(right) + 2 > self.size.width and len(parts) > 1:
            parts.pop(0)
            right = "  ".join(part for part in parts if part)
        gap = max(self.size.width - len(left) - len(right), 1)
        return Content(f"{left}{' ' * gap}{right}")

    def _elapsed(self) -> str:
        if self._busy_since is None:
            return ""
        seconds = time.monotonic() - self._busy_since
        return f" {seconds:.0f} s" if seconds >= 1 else ""
