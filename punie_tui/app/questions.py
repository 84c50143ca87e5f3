"""What a turn asks the person: whether a call may run, which hunks shall stand, which of several things was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events

from punie_tui.app.textual_adapter import app_of
from punie_tui.app.turn_activity import WAITS_FOR_PERSON
from punie_tui.app.widgets.chat.prompt import Prompt
from punie_tui.app.widgets.status import StatusLine

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tools.changes.change_set import FileChange
    from punie_tools.changes.review import Review
    from punie_tools.effects.effects import EffectFinder
    from punie_tui.agent.approval import Decision
    from punie_tui.app.notices import Notices
    from punie_tui.app.screens.review import ReviewScreen
    from punie_tui.app.turn_runner import PendingApproval, PendingChoice
    from punie_tui.app.widgets.chat.approval import ApprovalPanel
    from punie_tui.app.widgets.chat.asking_panel import AskingPanel
    from punie_tui.app.widgets.chat.choice_panel import ChoicePanel

_SIDES_OF_PROMPT = 2


class Questions:
    """Shows each where it can be answered, and hands the answer to the thread that waits for it."""

    def __init__(
        self,
        screen: Screen[None],
        approval: ApprovalPanel,
        choice: ChoicePanel,
        notices: Notices,
        find_effects: Callable[[Sequence[FileChange]], EffectFinder | None],
    ) -> None:
        """`find_effects` makes what tells the effects of a proposal; None where they are not wanted."""
        self._screen = screen
        self._approval = approval
        self._choice = choice
        self._notices = notices
        self._find_effects = find_effects
        self._reviewed: tuple[PendingApproval, ReviewScreen] | None = None

    @property
    def is_approval_waiting(self) -> bool:
        """Whether a call stands there to be allowed."""
        return self._approval.is_asking

    @property
    def are_waiting(self) -> bool:
        """Whether anything stands there to be answered, or is being reviewed for an answer."""
        return self._approval.is_asking or self._choice.is_asking or self._reviewed is not None

    # Calls.

    def ask(self, pending: PendingApproval) -> None:
        """Whether a call may run, or what of its changes shall stand."""
        self._notices.question_waits(pending.question.tool)
        if pending.review:
            # Called from the loop itself; a screen is pushed from within the app.
            self._screen.call_later(self._review, pending, pending.review)
        else:
            self._approval.show(pending)

    def take_decision(self, message: ApprovalPanel.Decided) -> None:
        """The person has decided on the call that the panel shows."""
        self._approval.settle(message.pending)
        if message.choice == "review" and message.pending.review:
            self._review(message.pending, message.pending.review)
            return
        message.pending.answer(_decision(message))
        if not self._approval.is_asking:
            activity = "thinking" if message.choice == "no" else message.pending.question.tool
            self._screen.query_one(StatusLine).show_activity(activity, is_busy=True)
            self._prompt.focus()

    def settle(self, pending: PendingApproval) -> None:
        """It is answered, or its turn was stopped."""
        self._settle(self._approval, lambda: self._approval.settle(pending))
        self._screen.call_later(self._end_review, pending)

    def _review(self, pending: PendingApproval, review: Review) -> None:
        """Ask hunk by hunk."""
        from punie_tui.agent.approval import Decision
        from punie_tui.app.screens.review import ReviewScreen

        leads_back = pending.question.can_be_reviewed
        finder = self._find_effects(pending.question.proposal)
        screen = ReviewScreen(
            review, pending.question.tool, finder, leads_back=leads_back, begin_at=pending.left_review_at
        )
        self._reviewed = (pending, screen)

        def answer(applies: bool | None) -> None:
            was_stopped, self._reviewed = self._reviewed is None, None
            pending.left_review_at = screen.left_at
            if leads_back and not applies and not was_stopped:
                # Once the screen below is on top again: a question tells who has the keys.
                self._screen.call_later(self._show_again, pending)
                return
            pending.answer(Decision(is_allowed=True, by="person", review=review) if applies else Decision.left_review())
            self._prompt.focus()

        app_of(self._screen).push_screen(screen, answer)

    def _show_again(self, pending: PendingApproval) -> None:
        """The person came back from the review without an answer."""
        self._approval.show(pending)
        self._screen.query_one(StatusLine).show_activity(WAITS_FOR_PERSON, is_busy=True)
        self.tell_state(is_asking=True)

    def _end_review(self, pending: PendingApproval) -> None:
        """The turn was stopped under the review."""
        if self._reviewed is None or self._reviewed[0] is not pending:
            return
        app, screen = app_of(self._screen), self._reviewed[1]
        while screen in app.screen_stack and app.screen is not screen:
            app.pop_screen()
        if app.screen is screen:
            self._reviewed = None
            screen.dismiss(False)

    # Choices.

    def ask_which(self, pending: PendingChoice) -> None:
        """Which of several things was meant."""
        self._notices.question_waits("what was meant")
        self._choice.show(pending)
        self.tell_state(is_asking=True)

    def take_choice(self, message: ChoicePanel.Chosen) -> None:
        """The person has chosen, in the panel or by a number in the prompt."""
        message.pending.answer(message.place)
        self.settle_choice(message.pending)

    def choose_typed(self, text: str) -> bool:
        """Take what was sent as the number of a choice; whether it is one."""
        return self._choice.choose_typed(text)

    def choose_none(self) -> bool:
        """Take none of the choices; whether any wait."""
        return self._choice.choose_none()

    def settle_choice(self, pending: PendingChoice) -> None:
        """It is answered, or its turn was stopped."""
        self._settle(self._choice, lambda: self._choice.settle(pending))
        self.tell_state(is_asking=self._approval.is_asking)

    # The prompt meanwhile.

    def type_ahead(self, letter: str) -> None:
        """It goes on what stands in the prompt; an empty prompt stays so, as the letter may have been an answer."""
        if self._prompt.text:
            self._prompt.insert(letter)

    def type_on(self, key: str, letter: str) -> None:
        """The person says something else first; the question stays open."""
        self._prompt.post_message(events.Key(key, letter))
        self._prompt.focus()

    def tell_state(self, *, is_asking: bool) -> None:
        """Mode and trust, where there are so few rows that a question takes the status line's place."""
        width = self._screen.size.width - _SIDES_OF_PROMPT
        is_told = is_asking and self._screen.has_class("-lowest")
        self._prompt.show_hint(self._screen.query_one(StatusLine).state_within(width) if is_told else "")

    @property
    def _prompt(self) -> Prompt:
        return self._screen.query_one(Prompt)

    def _settle(self, panel: AskingPanel, settle: Callable[[], None]) -> None:
        """A panel that goes leaves the keys to the prompt, if it had them."""
        focused = self._screen.focused
        had_keys = panel.has_focus or (focused is not None and panel in focused.ancestors)
        settle()
        if had_keys and not panel.is_asking:
            self._prompt.focus()


def _decision(message: ApprovalPanel.Decided) -> Decision:
    from punie_tui.agent.approval import Decision

    if message.choice == "no":
        is_step = message.pending.question.is_step
        # What was said of lines is told also where nothing of them comes to stand.
        reason = "; ".join(each for each in (message.reason, message.pending.comments) if each)
        return (Decision.skipped_by_person if is_step else Decision.denied_by_person)(reason)
    return Decision(
        is_allowed=True,
        by="person",
        is_lasting=message.choice == "always",
        wants_review=message.choice == "review",
        review=message.pending.begun_review_with_all(),
    )
