"""The status line: model, context, speed, and what is going on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from punie_tools.safe_text import safe_text
from punie_tui.app.actions import ActionGroup
from punie_tui.app.key_map import key_shown
from punie_tui.app.screens.main_actions import NEXT_MODE, STEP, TRUST
from punie_tui.app.textual_adapter import app_of
from punie_tui.app.turn_activity import WAITS_FOR_PERSON
from punie_tui.app.widgets.cut_name import cut_name

if TYPE_CHECKING:
    from punie_tui.agent.events import TokenUsage
    from punie_tui.app.terminal_title import TitleState


STATUS_LINE = ActionGroup(
    "The status line",
    (),
    hints=(
        (
            "context 24/1,024",
            "tokens that the model read and wrote in the last turn, of those that it can hold; ctx 2%",
        ),
        ("120 tok/s", "tokens that it wrote in a second; 120/s where there is little room"),
        ("not saved", "what came last cannot be written to the session's file now; it is as soon as that works"),
        ("polling git", "changes are looked for every few seconds, as they are not told here"),
    ),
)
"""For the keys screen: what its numbers mean."""
_BRANCH_CELLS = (32, 20, 12)
"""The most of a branch's name where there is much room, less, and little."""
_MODEL_CELLS = 16


@dataclass
class _Shown:
    model: str = ""
    mode: str = ""
    is_stepping: bool = False
    trust: str = ""
    saving: str = ""
    watch: str = ""
    context: str = ""
    speed: str = ""
    short_context: str = ""
    short_speed: str = ""
    branch: str = ""
    activities: tuple[str, ...] = ("starting",)
    """What is going on, in words that take less and less room."""


class StatusLine(Widget):
    """One row; the activity stands left and counts its seconds, what stays the same stands right."""

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; background: $surface; color: $text-muted; }
    """

    @dataclass
    class StateChanged(Message):
        """punie works now, asks, or rests; told once for each change."""

        state: TitleState

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(id="status")
        self._clock = clock
        self._shown = _Shown()
        self._busy_since: float | None = None
        self._ticker: Timer | None = None
        self._told_state: TitleState | None = None

    def on_mount(self) -> None:
        self._ticker = self.set_interval(0.5, self.refresh, pause=True)

    def show_session(
        self, model: str, mode: str, *, is_trusted: bool, is_stepping: bool = False, is_saved: bool = True
    ) -> None:
        """What holds until it is changed; `model` is safe text."""
        self._shown.saving = "" if is_saved else "not saved"
        self._shown.is_stepping = is_stepping
        self._shown.model, self._shown.mode = model, mode
        self._shown.trust = "trusted" if is_trusted else f"not trusted{_in_brackets(key_shown(self, TRUST))}"
        self.refresh()

    @property
    def mode(self) -> str:
        """In words, without its key; empty until the session is open."""
        return f"{self._shown.mode} mode" if self._shown.mode else ""

    def state_within(self, width: int) -> str:
        """Mode and trust, the mode first, with their keys where there is room for these."""
        shown = self._shown
        told = (f"{self._mode}, {shown.trust}", f"{self._least}, {shown.trust.partition(' (')[0]}")
        return next((each for each in told if len(each) <= width), told[-1])

    def show_activity(self, *activities: str, is_busy: bool) -> None:
        """What is going on, the first wording that there is room for; one that is busy counts its seconds.

        It may be a tool's name, which is what a model says it is.
        """
        shown = tuple(safe_text(activity, single_line=True) for activity in activities)
        self._tell_state("asks" if WAITS_FOR_PERSON in activities else "works" if is_busy else "rests")
        if shown == self._shown.activities and is_busy == (self._busy_since is not None):
            # It is told with each text that streams.
            return
        self._shown.activities = shown
        if not is_busy:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = self._clock()
        if self._ticker is not None:
            (self._ticker.resume if is_busy else self._ticker.pause)()
        self.refresh()

    def _tell_state(self, state: TitleState) -> None:
        if state != self._told_state:
            self._told_state = state
            # To the app itself: what a screen has its own widgets post goes no further than the screen.
            app_of(self).post_message(self.StateChanged(state))

    def show_polling(self) -> None:
        """Changes are no longer seen as they happen: git is asked every few seconds."""
        self._shown.watch = "polling git"
        self.refresh()

    def show_branch(self, branch: str) -> None:
        """`branch` is safe text. It stands here where there are so few rows that nothing else tells it."""
        self._shown.branch = branch
        self.refresh()

    def forget_usage(self) -> None:
        """No turn of what stands here has run yet."""
        shown = self._shown
        shown.context = shown.speed = shown.short_context = shown.short_speed = ""
        self.refresh()

    def show_usage(self, usage: TokenUsage, context_length: int) -> None:
        """Tokens of the last turn, against what the model can hold."""
        self.forget_usage()
        shown, seconds = self._shown, usage.generation_seconds
        if used := usage.prompt_tokens + usage.generated_tokens:
            shown.context = f"context {used:,}/{context_length:,}"
            shown.short_context = f"ctx {100 * used / context_length:.0f}%" if context_length else ""
        if used and seconds > 0.01:
            speed = f"{usage.generated_tokens / seconds:.0f}"
            shown.speed, shown.short_speed = f"{speed} tok/s", f"{speed}/s"

    def render(self) -> Content:
        width = self.size.width
        told = [
            f"{'● ' if self._busy_since is not None else '○ '}{each}{self._elapsed()}"
            for each in self._shown.activities
        ]
        # Trust and model stay beside it where a shorter wording leaves them room, and the mode always.
        beside = ["  ".join(part for part in parts if part) for parts in self._wanted_beside()]
        fitting = (each for right in beside for each in told if len(each) + len(right) < width)
        left = next(fitting, told[-1])
        right = next((each for each in self._states() if len(left) + len(each) < width), self._least)
        # The mode and the steps are never left out: the activity gives way to it.
        left = left if len(left) + len(right) < width else f"{left[: max(width - len(right) - 2, 0)]}…"
        return Content(f"{left}{' ' * max(width - len(left) - len(right), 1)}{right}")

    @property
    def _mode(self) -> str:
        if not self.mode:
            return ""
        steps = f", steps{_in_brackets(key_shown(self, STEP))}" if self._shown.is_stepping else ""
        return f"{self.mode}{_in_brackets(key_shown(self, NEXT_MODE))}{steps}"

    @property
    def _least(self) -> str:
        return f"{self._shown.mode}{', steps' * self._shown.is_stepping}"

    def _wanted_beside(self) -> Iterator[list[str]]:
        shown = self._shown
        yield [shown.saving, shown.trust, self._mode, shown.model]
        yield [shown.saving, shown.trust, self._mode]
        yield [self._mode]

    def _states(self) -> Iterator[str]:
        """What stands right, the whole first and then less and less; the mode stays to the end.

        Keys and units go first, as a word says as much. That something is not saved goes last before the mode.
        """
        shown, mode, saving, least = self._shown, self._mode, self._shown.saving, self._least
        model, trust = cut_name(shown.model, _MODEL_CELLS), shown.trust.partition(" (")[0]
        plain_mode = f"{self.mode}{', steps' * shown.is_stepping}"
        much, less, little = self._branches
        short = [shown.short_speed, shown.short_context]
        for parts in (
            [much, shown.speed, shown.context, shown.watch, saving, shown.trust, mode, shown.model],
            [less, shown.speed, shown.context, shown.watch, saving, trust, mode, shown.model],
            [less, *short, shown.watch, saving, shown.trust, mode, shown.model],
            [less, *short, shown.watch, saving, trust, mode, shown.model],
            [less, *short, shown.watch, saving, trust, mode, model],
            [little, *short, saving, trust, plain_mode, model],
            [little, *short, saving, plain_mode, model],
            [little, *short, saving, least, model],
            [*short, saving, trust, mode],
            [shown.watch, saving, shown.trust, mode],
            [saving, shown.trust, mode],
            [saving, shown.trust, shown.mode],
            [saving, mode],
            [saving, least],
            [mode],
        ):
            yield "  ".join(part for part in parts if part)

    @property
    def _branches(self) -> list[str]:
        """The branch, with more and less room; empty where the tabs or the repo panel tell it."""
        is_told = self.screen.has_class("-low")
        return [cut_name(self._shown.branch, room) if is_told else "" for room in _BRANCH_CELLS]

    def _elapsed(self) -> str:
        if self._busy_since is None:
            return ""
        seconds = self._clock() - self._busy_since
        return f" {seconds:.0f} s" if seconds >= 1 else ""


def _in_brackets(key: str) -> str:
    return f" ({key})" if key else ""
