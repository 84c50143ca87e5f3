"""All screens with their actions: explicit, so that nothing need be opened to know what keys there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from punie_tui.app.actions import groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.dom import DOMNode

    from punie_tui.app.actions import Action


@dataclass(frozen=True)
class ActionsOfScreen:
    """The keys of a part never meet those of another part, as only one has the focus; those of the screen meet all."""

    name: str
    everywhere: tuple[Action, ...]
    parts: tuple[tuple[Action, ...], ...]

    def meetings(self) -> Iterator[tuple[Action, ...]]:
        """What can be done by key at the same time."""
        yield from ((*self.everywhere, *part) for part in self.parts or ((),))


@cache
def actions_of_screens() -> tuple[ActionsOfScreen, ...]:
    """Imports every screen, which takes a while: not for the UI thread before the first frame."""
    from punie_tui.app.app import PunieApp
    from punie_tui.app.screens.arguments import ArgumentsScreen
    from punie_tui.app.screens.confirm import ConfirmScreen
    from punie_tui.app.screens.file_history import CommitsOutline, FileHistoryScreen
    from punie_tui.app.screens.findings import FindingsOutline, FindingsScreen
    from punie_tui.app.screens.fixes import FixesOptions, FixesScreen
    from punie_tui.app.screens.keys import KeysScreen, KeysText
    from punie_tui.app.screens.leader import LeaderScreen
    from punie_tui.app.screens.main import MainScreen
    from punie_tui.app.screens.models import ModelsOutline, ModelsScreen, OtherModel
    from punie_tui.app.screens.notes import NotesOptions, NotesScreen
    from punie_tui.app.screens.review import CommentLine, HunkEditor, ReviewScreen
    from punie_tui.app.screens.sessions import SessionAnswer, SessionsOptions, SessionsScreen, SessionsSearch
    from punie_tui.app.screens.settings import SettingsOutline, SettingsScreen, SettingsValue
    from punie_tui.app.screens.tests import TestsScreen
    from punie_tui.app.screens.tree_review import CommitScreen, PastReviewScreen, StagedReviewScreen, TreeReviewScreen
    from punie_tui.app.screens.trust import TrustScreen
    from punie_tui.app.screens.turns import TurnsOptions, TurnsScreen
    from punie_tui.app.screens.viewer import FileText, FileViewerScreen
    from punie_tui.app.widgets.chat.approval import ApprovalPanel
    from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
    from punie_tui.app.widgets.chat.prompt import Prompt
    from punie_tui.app.widgets.chat.queue_panel import QueuePanel
    from punie_tui.app.widgets.outline import Outline
    from punie_tui.app.widgets.repo.panel import RepoPanel
    from punie_tui.app.widgets.review.view import ReviewView
    from punie_tui.app.widgets.search_row import SearchRow
    from punie_tui.app.widgets.tests.report import TestReport
    from punie_tui.app.widgets.tests.tests_outline import TestsOutline
    from punie_tui.app.widgets.trace.pane import CallOutline, TracePane
    from punie_tui.app.widgets.transcript.transcript import Transcript

    def screen(name: str, owner: type[DOMNode], *parts: type[DOMNode] | tuple[type[DOMNode], ...]) -> ActionsOfScreen:
        """A part that is a tuple holds the focused widget and what it is in."""
        everywhere = (*_actions(PunieApp), *_actions(owner))
        return ActionsOfScreen(
            name, everywhere, tuple(_actions(*part) if isinstance(part, tuple) else _actions(part) for part in parts)
        )

    return (
        screen(
            "the main screen",
            MainScreen,
            Prompt,
            Transcript,
            SearchRow,
            (CallOutline, TracePane),
            RepoPanel,
            QueuePanel,
            ApprovalPanel,
            ChoicePanel,
        ),
        screen("the tests", TestsScreen, (TestsOutline, Outline), TestReport),
        screen("the findings", FindingsScreen, (FindingsOutline, Outline)),
        screen("the fixes of a finding", FixesScreen, FixesOptions),
        screen("the commits of a file", FileHistoryScreen, (CommitsOutline, Outline)),
        screen("the review", ReviewScreen, ReviewView, CommentLine),
        screen("the review", TreeReviewScreen, ReviewView, CommentLine),
        screen("the review", StagedReviewScreen, ReviewView, CommentLine),
        screen("the review", PastReviewScreen, ReviewView, CommentLine),
        screen("the hunk's editor", HunkEditor),
        screen("the commit", CommitScreen),
        screen("the arguments", ArgumentsScreen),
        screen("the models", ModelsScreen, (ModelsOutline, Outline), OtherModel),
        screen("the notes", NotesScreen, NotesOptions),
        screen("the sessions", SessionsScreen, SessionsOptions, SessionsSearch, SessionAnswer),
        screen("the settings", SettingsScreen, (SettingsOutline, Outline), SettingsValue),
        screen("the turns", TurnsScreen, TurnsOptions),
        screen("the viewer", FileViewerScreen, FileText, SearchRow),
        screen("the keys", KeysScreen, KeysText),
        screen("the leader's hints", LeaderScreen),
        screen("the trust", TrustScreen),
        screen("the question", ConfirmScreen),
    )


def _actions(*owners: type[DOMNode]) -> tuple[Action, ...]:
    return tuple(action for owner in owners for group in groups_of(owner) for action in group.actions)
