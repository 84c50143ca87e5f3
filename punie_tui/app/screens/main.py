"""The main screen: chat, trace and repo panes, the prompt that always takes text, and one status line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from punie_tui.app.actions import ActionGroups, bindings_of
from punie_tui.app.collector import Collector
from punie_tui.app.early_key import EarlyKey
from punie_tui.app.frame_compositor import draw_only_changes, draw_soon
from punie_tui.app.kept_reading import KeptReading
from punie_tui.app.key_map import key_shown
from punie_tui.app.notices import Notices
from punie_tui.app.other_screens import OtherScreens
from punie_tui.app.outbox import Outbox
from punie_tui.app.questions import Questions
from punie_tui.app.screens.general_actions import GENERAL
from punie_tui.app.screens.main_actions import ANYWHERE, CHANGES, PLACES, TRUST, TURNS
from punie_tui.app.screens.size_classes import set_size_classes
from punie_tui.app.session_panes import SessionPanes
from punie_tui.app.shell_work import ShellWork
from punie_tui.app.textual_adapter import app_of, call_on_screen
from punie_tui.app.themes import next_theme
from punie_tui.app.trust_work import ask_for_trust
from punie_tui.app.turn_activity import activity_of
from punie_tui.app.turn_runner import PendingApproval, PendingChoice, TurnRunner
from punie_tui.app.ways import TO_PROMPT
from punie_tui.app.widgets.chat.asking_area import AskingArea
from punie_tui.app.widgets.chat.chat import Chat
from punie_tui.app.widgets.chat.prompt import QUITS, Prompt, typed_plainly
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.messages import OpenFile, OpenHistory, ShowRevision, WorkspaceChanged
from punie_tui.app.widgets.status import STATUS_LINE, StatusLine
from punie_tui.app.widgets.tab_row import TabRow

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from punie_tools.changes.change_set import FileChange
    from punie_tools.changes.review import Review
    from punie_tools.effects.effects import EffectFinder
    from punie_tui.agent.approval import AskPerson, Policy
    from punie_tui.agent.attachment import Attachment
    from punie_tui.agent.events import Event, PersonRan, TurnFinished
    from punie_tui.agent.meant import AskWhich
    from punie_tui.agent.session import Session
    from punie_tui.agent.session_list import SessionSummary
    from punie_tui.app.git_work import GitWork
    from punie_tui.app.model_work import ModelWork
    from punie_tui.app.reruns import Reruns
    from punie_tui.app.screens.turns import TurnChoice
    from punie_tui.app.widgets.chat.approval import ApprovalPanel
    from punie_tui.app.widgets.chat.asking_panel import AskingPanel
    from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
    from punie_tui.app.widgets.chat.queue_panel import QueuePanel
    from punie_tui.app.widgets.repo.panel import RepoPanel
    from punie_tui.app.widgets.review.rows import Note
    from punie_tui.app.widgets.trace.pane import TracePane
    from punie_tui.app.workspace_names import WorkspaceNames
    from punie_tui.app.workspace_watch import OpenWatch
    from punie_tui.engine.protocol import ToolCall

_SECONDS_FOR_FIRST_FRAME = 0.1
_PANES = {"chat": "F2 Chat", "trace": "F3 Trace", "repo": "F4 Repo"}
_NOTICED = {"done": "done", "stopped": "stopped", "limit": "stopped at a limit", "failed": "failed", "asked": "waits"}
_CALL_OF_PROMPT = "pane('chat')"
_TO_CHAT = "said"
_KEYS_OF_PANES = frozenset((*(f"pane('{name}')" for name in _PANES), _TO_CHAT))
_SPLIT_STEPS = (1, 2, 3, 4, 5)


class MainScreen(Screen[None]):
    """Wide terminals show all panes, narrow ones a pane at a time; the prompt is there in both."""

    ACTIONS: ClassVar[ActionGroups] = (ANYWHERE, PLACES, CHANGES, GENERAL)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(*ACTIONS)

    def __init__(
        self,
        folder: Path,
        open_session: Callable[[AskPerson, AskWhich], Session],
        notices: Notices,
        clock: Callable[[], float] = time.monotonic,
        begin_with: str = "",
        open_watch: OpenWatch | None = None,
        server_ports: Mapping[int, str] | None = None,
    ) -> None:
        super().__init__(classes="-pane-chat")
        self._open_watch = open_watch
        self._server_ports = server_ports
        draw_only_changes(self)
        self._collector = Collector()
        self._begin_with = begin_with
        self._folder = folder
        self._notices = notices
        self._clock = clock
        self._told_lapse = ""
        self._taken_back = ""
        self._early_key = EarlyKey(self)
        self._failed_to_open = ""
        self._early_pane = ""
        self._open_session = open_session
        self._session: Session | None = None
        self._git_work: GitWork | None = None
        self._screens: OtherScreens | None = None
        self._reruns: Reruns | None = None
        self._outbox = Outbox(self, lambda: self._runner, self.run_command, self.note)
        self.turns_finished = 0
        self._shell = ShellWork(
            self,
            folder,
            begin=lambda command, printed: self.query_one(Chat).begin_command(command, printed),
            note=self.note,
            keep=self._keep_command,
            bring=self._bring,
            changed=self._own_work_changed,
        )
        self._early_commands: list[PersonRan] = []
        self._early_problems: list[str] = []
        self.names = KeptReading(self._read_names)
        self._width_share, self._height_share = 3, 3
        # Mounted after the first frame; nothing that uses them can come before the session does.
        self._trace: TracePane
        self._repo: RepoPanel
        self._questions: Questions
        self._panes: SessionPanes

    @property
    def is_ready(self) -> bool:
        """Whether the session is open."""
        return self._session is not None

    @property
    def is_showing(self) -> bool:
        """Whether the widgets are there: when the app ends they go before the screen that they stand on."""
        return self.is_running and app_of(self).is_running

    @property
    def has_repo_state(self) -> bool:
        """Whether the repo panel has read the repository once."""
        return self._repo.state is not None

    def compose(self) -> ComposeResult:
        yield TabRow(_PANES, id="tabs")
        with AskingArea(id="asking-area"), Horizontal(id="panes"):
            yield _titled(Chat(id="chat"))
            yield Vertical(id="side")
        yield Prompt(id="prompt")
        yield StatusLine(self._clock)
        yield KeyRow()

    def on_mount(self) -> None:
        draw_soon(self)
        self.query_one(Prompt).focus()
        self._runner = TurnRunner(asyncio.get_running_loop(), self._open_session, self)
        # The refresh is laid out and then written; what begins after it must not take the processor from the writing.
        self.call_after_refresh(self.set_timer, _SECONDS_FOR_FIRST_FRAME, self._begin)

    async def _begin(self) -> None:
        """After the first frame: the panes that start empty, and what takes longer."""
        from punie_tui.app.widgets.chat.approval import ApprovalPanel
        from punie_tui.app.widgets.chat.choice_panel import ChoicePanel
        from punie_tui.app.widgets.chat.queue_panel import QueuePanel
        from punie_tui.app.widgets.repo.panel import RepoPanel
        from punie_tui.app.widgets.trace.pane import TracePane

        self._collector.begin()
        self._trace = TracePane(id="trace")
        self._repo = RepoPanel(self._folder, id="repo", open_watch=self._open_watch)
        approval, choice = ApprovalPanel(self._folder, self._clock), ChoicePanel(self._clock)
        self._questions = Questions(self, approval, choice, self._notices, self._find_effects)
        await self.query_one("#side").mount(_titled(self._trace), _titled(self._repo))
        queue_panel = QueuePanel(self._outbox.queue, self._outbox.can_steer)
        await self.query_one(AskingArea).mount(approval, choice)
        await self.mount(queue_panel, before="#prompt")
        self._outbox.show_in(queue_panel)
        chat = self.query_one(Chat)
        self._panes = SessionPanes(self, self._folder, chat, self._trace, self._repo, self._collector)
        await chat.begin(self._folder)
        self._panes.show_first_words()
        if self._early_pane:
            self.action_pane(self._early_pane)
        self._runner.start()
        self._repo.begin()
        self.query_one(Prompt).begin(self._folder, self.names)

    def on_screen_resume(self) -> None:
        """A screen above was closed, and is garbage."""
        self.call_after_refresh(self._look_for_garbage)

    def _look_for_garbage(self) -> None:
        if self._session and not self._outbox.is_turn_running:
            self._collector.look()

    def on_unmount(self) -> None:
        self._shell.close()
        if self._reruns:
            self._reruns.stop()
        if self._git_work:
            self._git_work.close()
        self._runner.close()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted where nothing takes text goes to the prompt, not nowhere."""
        event.stop()
        self.query_one(Prompt).post_message(events.Paste(event.text))

    def on_resize(self, event: events.Resize) -> None:
        set_size_classes(self, event.size)
        if self.has_class("-asks"):
            self._questions.tell_state(is_asking=True)
        self._choose_pane_keys()

    def on_descendant_focus(self) -> None:
        """The footer says how to go from the prompt to the chat, or from elsewhere to the prompt.

        A question says how to come back to it.
        """
        self._choose_pane_keys()
        self.query_one(AskingArea).show_way_back()

    def _choose_pane_keys(self) -> None:
        """In the footer; on narrow screens the row of tabs names them."""
        needless = frozenset({_CALL_OF_PROMPT if self.query_one(Prompt).has_focus else _TO_CHAT})
        self.query_one(KeyRow).leave_out(_KEYS_OF_PANES if self.has_class("-narrow") else needless)

    # What is typed.

    @on(Prompt.Sent)
    def _send(self, message: Prompt.Sent) -> None:
        self.query_one(Chat).follow_end()
        if message.is_plain or not self._does_at_once(message.text):
            if self._failed_to_open:
                self._give_back(message)
                return
            if self.is_ready:
                # Who asks something else chose none, and does not wait for the question to be answered.
                self._questions.choose_none()
            self._outbox.send(message)

    def _give_back(self, message: Prompt.Sent) -> None:
        """To the prompt: no session can be opened that it could wait for."""
        self.note(self._failed_to_open)
        self.query_one(Prompt).put_back(typed_plainly(message.text))

    def _does_at_once(self, text: str) -> bool:
        """Whether it is a command, one for the shell, or the number of a choice."""
        if text.lower() in QUITS:
            self._run_command("/quit")
            return True
        if text.startswith("/") and self._run_command(text):
            return True
        if text.startswith("!") and text.strip("! "):
            if not self._shell.run(text[1:].strip()):
                self.query_one(Prompt).put_back(text)
            return True
        return self.is_ready and self._questions.choose_typed(text)

    @on(Prompt.SteeringSent)
    def _steer(self, message: Prompt.SteeringSent) -> None:
        """Let the running turn read what was typed, or the first message that waits; without a turn it is sent."""
        if message.sent is None:
            self._outbox.steer_with_first()
        elif self._outbox.is_turn_running:
            self.query_one(Chat).follow_end()
            self._outbox.steer(message.sent)
        else:
            self._send(message.sent)

    def on_queue_panel_steer_wanted(self, message: QueuePanel.SteerWanted) -> None:
        self._outbox.steer_with(message.queued)

    def on_queue_panel_edit_wanted(self, message: QueuePanel.EditWanted) -> None:
        self._outbox.change(message.queued)

    def on_queue_panel_left(self) -> None:
        self.query_one(Prompt).focus()

    @on(Prompt.NothingSent)
    def _let_queue_go_on(self) -> None:
        if self._outbox.is_held:
            self.query_one(Chat).follow_end()
            self._outbox.let_go_on()

    def action_queue(self) -> None:
        """To the messages that wait."""
        if (panel := self._outbox.panel) and panel.display:
            panel.focus()
        else:
            self.note("No message waits: what is sent while a turn runs does.")

    @on(Prompt.Refused)
    def _refuse(self, message: Prompt.Refused) -> None:
        self.note(message.reason)

    # Commands.

    def run_command(self, text: str) -> None:
        """Do what a command of the prompt says, as if it was sent."""
        self._run_command(text)

    def begin_prompt(self, text: str) -> None:
        """Put a text into the prompt, to be gone on with."""
        self.query_one(Prompt).put_back(text)

    def keep_draft(self) -> None:
        """Let the next start in this folder begin with what is typed and not sent."""
        for prompt in self.query(Prompt):
            prompt.keep_draft()

    def _run_command(self, text: str) -> bool:
        """Whether the text is a command; one that cannot be done stays in the prompt."""
        from punie_tui.app.slash_commands import run_slash_command

        is_done = run_slash_command(self, text)
        if is_done is False:
            self.query_one(Prompt).put_back(text)
        return is_done is not None

    @property
    def screen_of_commands(self) -> Screen[None]:
        return self

    @property
    def session(self) -> Session | None:
        """None until it is open."""
        return self._session

    @property
    def git_work(self) -> GitWork | None:
        return self._git_work

    @property
    def is_turn_running(self) -> bool:
        return self._outbox.is_turn_running

    def let_messages_wait(self) -> Callable[[], None]:
        """Nothing that was sent begins until what this gives is called."""
        return self._outbox.pause()

    def after_opening(self, text: str) -> bool:
        """Do what a command says once the session is open; False, with a sentence on it, where none can be opened."""
        if self._failed_to_open:
            self.note(self._failed_to_open)
            return False
        self._outbox.run_after_turn(text)
        return True

    def _once_open(self, do: Callable[[], object], what: str, *, takes_keys: bool = True) -> None:
        """Do it, where the session is not open yet as soon as it is; the last that was wanted counts."""
        if self.is_ready:
            do()
        elif self._failed_to_open:
            self.note(self._failed_to_open)
        else:
            self._early_key.keep(do, what, takes_keys=takes_keys)

    def after_what_runs(self, text: str) -> bool:
        """Take none of the choices that wait, and do what a command says at that turn's end, or that of a pause.

        False without either.
        """
        if not self._outbox.is_paused and not self._questions.choose_none():
            return False
        self._outbox.run_after_turn(text)
        return True

    def start_anew(self) -> None:
        """Begin a new session after the messages that wait."""
        self._leave_session(self._outbox.start_anew)

    def copy_last_answer(self) -> None:
        """Whatever was said last by punie, as it was written."""
        if not self.query_one(Chat).transcript.copy_last_answer():
            self.note("There is no answer to copy yet.")

    def call_by_hand(self, prompt: str, calls: Sequence[ToolCall]) -> None:
        """Run the person's own calls, after the messages that wait."""
        self._outbox.call_by_hand(prompt, calls)

    def _request(self, text: str) -> None:
        """Ask the model. What a test or a file says is in the text, so it is never read as a command."""
        self._go_to_prompt()
        self._send(Prompt.Sent(text, is_plain=True))

    def edit_prompt(self) -> None:
        """In the person's own editor."""
        self.query_one(Prompt).action_edit()

    def show_notes(self) -> None:
        if self._screens:
            self._screens.show_notes()

    def draft_notes(self) -> None:
        """A draft of AGENTS.md, under review."""
        from punie_tui.app.notes_work import NotesWork

        if self._session:
            NotesWork(self, self._session.context_of_person, self.note, keep=self._session.keep_act).draft()

    def action_switch_theme(self) -> None:
        """Dark, light, high contrast, until punie ends; the setting `theme` holds for good."""
        app_of(self).theme = next_theme(app_of(self).theme)

    def action_settings(self) -> None:
        app_of(self).call_later(app_of(self).run_action, "app.settings")

    def action_models(self) -> None:
        """The models that can answer, to choose another one."""
        self._once_open(self._show_models, "the models")

    def _show_models(self) -> None:
        if self._session:
            self._model_work().show(self._session)

    def change_model(self, name: str) -> None:
        """Let a model answer, as `--model` takes it."""
        from punie_tui.app.screens.models import ModelChoice

        self._model_work().change(ModelChoice(name))

    def _model_work(self) -> ModelWork:
        from punie_tui.app.model_work import ModelWork

        return ModelWork(self, self._outbox, self._runner, self.note, self._model_opened, self._server_ports)

    def _model_opened(self) -> None:
        self.show_session()
        self._tell_own_work()

    def action_help(self) -> None:
        from punie_tui.app.screens.keys import COMMANDS_OF_PROMPT, show_keys

        show_keys(self, STATUS_LINE, COMMANDS_OF_PROMPT)

    # Other screens.

    def action_tests(self) -> None:
        self._once_open(self._show_tests, "the tests")

    def _show_tests(self) -> None:
        if self._screens:
            self._screens.show_tests(ask_trust=self.action_trust, review=self._review_last_turn)

    def _review_last_turn(self, review: Review, notes: Sequence[Note]) -> None:
        if self._git_work:
            self._git_work.review_past(review, "last turn", notes=notes)

    def action_findings(self) -> None:
        self._once_open(self._show_findings, "the findings")

    def _show_findings(self) -> None:
        if self._screens:
            self._screens.show_findings()

    @on(OpenFile)
    def _open_file(self, message: OpenFile) -> None:
        self._once_open(lambda: self._show_file(message), "the file")

    def _show_file(self, message: OpenFile) -> None:
        if self._screens:
            self._screens.show_file(message.path, message.line)

    def _read_names(self) -> WorkspaceNames:
        from punie_tui.app.workspace_names import read_workspace_names

        return read_workspace_names(self._folder)

    def action_open_place(self) -> None:
        """Any file or symbol of the workspace, found by its name."""
        from punie_tui.app.place_rows import PlaceRows
        from punie_tui.app.screens.palette import Palette

        app_of(self).push_screen(Palette((PlaceRows,), placeholder="A file or a symbol, by name"))

    @on(OpenHistory)
    def _open_history(self, message: OpenHistory) -> None:
        from punie_tui.app.screens.file_history import FileHistoryScreen

        app_of(self).push_screen(FileHistoryScreen(self._folder, message.path, is_blame=message.is_blame))

    @on(ShowRevision)
    def _show_revision(self, message: ShowRevision) -> None:
        self._with_git(lambda git_work: git_work.review_revision(message.revision, message.path), "the review")

    def on_repo_panel_review_wanted(self, message: RepoPanel.ReviewWanted) -> None:
        self._with_git(lambda git_work: git_work.review(message.part), "the review")

    def on_repo_panel_nothing_to_do(self, message: RepoPanel.NothingToDo) -> None:
        self.note(message.why)

    def on_repo_panel_search_wanted(self) -> None:
        self.action_open_place()

    def on_repo_panel_branch_read(self, message: RepoPanel.BranchRead) -> None:
        self.query_one(TabRow).show_branch(message.branch)
        self.query_one(StatusLine).show_branch(message.branch)

    def on_repo_panel_commit_wanted(self) -> None:
        self._with_git(lambda git_work: git_work.commit(), "the commit")

    def _with_git(self, do: Callable[[GitWork], object], what: str) -> None:
        def work() -> None:
            if self._git_work:
                do(self._git_work)

        self._once_open(work, what)

    def on_repo_panel_polling_began(self) -> None:
        self.query_one(StatusLine).show_polling()

    @on(WorkspaceChanged)
    def _tell_screens(self, message: WorkspaceChanged) -> None:
        self.query_one(Chat).transcript.forget_missing_files()
        if self._screens:
            self._screens.workspace_changed(message.paths)

    # What may be done, and whether it goes on.

    def action_next_mode(self) -> None:
        """The next policy; it counts from the next call on."""
        self._once_open(self._take_next_mode, "the next mode", takes_keys=False)

    def _take_next_mode(self) -> None:
        if self._session:
            self._session.next_policy()
            self.show_session()

    def change_mode(self, policy: Policy) -> None:
        """From the next call on."""
        if self._session:
            self._session.policy = policy
            self.show_session()

    def action_step(self) -> None:
        """Pause before each call of a turn, or no longer; it counts from the next call on."""
        self._once_open(self._change_stepping, "steps", takes_keys=False)

    def _change_stepping(self) -> None:
        if self._session:
            self._session.is_stepping = not self._session.is_stepping
            self.show_session()

    def action_trust(self) -> None:
        """Say what trust means here, and ask for it or offer to take it back; not above another question."""
        self._once_open(self._ask_for_trust, "the trust")

    def _ask_for_trust(self) -> None:
        if self._session and self._questions.are_waiting:
            app_of(self).notify("A question waits; trust can be asked for once it is answered.", markup=False)
        elif self._session:
            ask_for_trust(self, self._folder, self._session.trust, self._trust_changed)

    def _trust_changed(self, problem: str) -> None:
        self.show_session()
        if self._screens:
            self._screens.trust_changed()
        if problem:
            self.query_one(Chat).add("error", problem)

    def action_answer(self) -> None:
        """Give the keys to the question that waits."""
        if panel := self.query_one(AskingArea).waiting:
            panel.focus()

    def on_trace_pane_bring_wanted(self, message: TracePane.BringWanted) -> None:
        self._bring(message.attachment)

    def on_trace_pane_run_wanted(self, message: TracePane.RunWanted) -> None:
        if self._reruns:
            self._reruns.ask(message.tool, message.arguments)

    def action_stop(self) -> None:
        """Stop the person's command or call if one runs, else the running turn."""
        if self._shell.is_running:
            self._shell.stop()
            return
        if self._reruns and self._reruns.is_running:
            self._reruns.stop()
            return
        self._runner.stop()
        self.query_one(StatusLine).show_activity("stopping", is_busy=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stop is there while something runs, Go on while a session is offered, Answer while a question lacks the keys.

        The footer then shows them.
        """
        if action == "go_on":
            return self._offered is not None
        if action == "answer":
            return self.query_one(AskingArea).waiting is not None
        if action == "stop":
            return bool(self.what_runs) and not self._is_escape_taken
        return True

    @property
    def _is_escape_taken(self) -> bool:
        """Whether it closes or leaves something first, where the focus is."""
        focused = self.focused
        is_left_first = focused is not None and (focused.id == "trace-filter" or focused is self._outbox.panel)
        return is_left_first or self.query_one(Prompt).takes_escape or self._is_chat_left_first

    @property
    def _is_chat_left_first(self) -> bool:
        """Whether a search or a selection that is seen in the chat goes before anything that runs is stopped."""
        chat = self.query_one(Chat)
        return chat.display and chat.takes_escape

    @property
    def what_runs(self) -> str:
        """What the person would stop by quitting; empty where nothing runs."""
        if self._outbox.is_turn_running:
            return "A turn"
        return "Your command" if self._shell.is_running else "Your call" if self._is_rerunning else ""

    @property
    def _is_rerunning(self) -> bool:
        return self._reruns is not None and self._reruns.is_running

    # Sessions.

    @property
    def is_replaying(self) -> bool:
        """Whether earlier parts of a session are still to be shown."""
        return self._panes.is_replaying

    @property
    def _offered(self) -> SessionSummary | None:
        return self._panes.offered if self.is_ready else None

    def action_go_on(self) -> None:
        """Go on with the session that a crash cut off."""
        if offered := self._offered:
            self._go_to_session(lambda session: session.resume(offered.session_id))

    def _go_to_session(self, change: Callable[[Session], object]) -> None:
        self._leave_session(lambda: self._outbox.change_session(change))

    def _leave_session(self, leave: Callable[[], object]) -> None:
        """At once, unless something is lost by it: then if the person says so."""
        from punie_tui.app.screens.confirm import leave_or_ask

        told = self.look_what_is_unsaved()
        leave_or_ask(self, f"{told} Leave it?" if told else "", "leave it", leave)

    def look_what_is_unsaved(self) -> str:
        """What of this session would be lost now, after another try to save it; empty where nothing is."""
        if self._session is None:
            return ""
        self._session.save_again()
        if not (reason := self._session.unsaved_because):
            return ""
        return f"What came last in this session is not saved: {reason}. `/export FILE` writes it elsewhere."

    def action_sessions(self) -> None:
        self._once_open(self._show_sessions, "the sessions")

    def _show_sessions(self) -> None:
        from punie_tui.app.screens.sessions import SessionsScreen

        if self._session:
            screen = SessionsScreen(self._session, lambda: self._outbox.is_turn_running)
            app_of(self).push_screen(screen, self._change_session)

    def change_session(self, name: str) -> None:
        """Go on with a session of this folder, after the turns that wait; an empty text begins a new one."""
        self._change_session(name)

    def _change_session(self, name: str | None) -> None:
        if name is not None:
            self._go_to_session(lambda session: session.resume(name) if name else session.start_anew())

    def action_turns(self) -> None:
        """The turns of this session, to go back to one, or forward."""
        # The same key goes on with what a crash cut off, which is known once the session is open.
        self._once_open(self._show_turns if self.is_ready else self._go_on_or_show_turns, "the turns")

    def _go_on_or_show_turns(self) -> None:
        (self.action_go_on if self._offered else self._show_turns)()

    def _show_turns(self) -> None:
        from punie_tui.app.screens.turns import TurnsScreen

        if self._session and self._outbox.is_turn_running:
            self.query_one(Chat).add(
                "note", f"A turn is running; Esc stops it. Then {key_shown(self, TURNS)} leads back."
            )
        elif self._session and self._session.has_turns:
            app_of(self).push_screen(TurnsScreen(self._session), self._go_to_turn)
        else:
            self.note("No turn ran in this session yet, so there is none to go back to.")

    def _go_to_turn(self, choice: TurnChoice | None) -> None:
        if choice and choice.wants_fork:
            self._go_to_session(lambda session: session.fork(choice.to_turn))
        elif choice:
            # Where it is refused the reason stands there, whichever pane was seen before.
            self._go_to_prompt()
            self.query_one(Chat).follow_end()
            self._taken_back = choice.request
            self._runner.rewind(choice.to_turn)

    # Panes.

    def action_pane(self, pane: str) -> None:
        """Show a pane and put the keys there; `chat` means its prompt. The side panes come after the first frame."""
        if not self.query(f"#{pane}"):
            self._early_pane = pane
            return
        self._early_pane = ""
        for name in _PANES:
            self.set_class(name == pane, f"-pane-{name}")
        self.query_one(TabRow).show(pane)
        target: Widget = self.query_one(Prompt) if pane == "chat" else self.query_one(f"#{pane}")
        focusable = target if target.can_focus else next(iter(target.query("*:can-focus")), target)
        focusable.focus()

    def action_said(self) -> None:
        """Put the keys to what was said."""
        self.action_pane("chat")
        if (chat := self.query_one(Chat)).has_begun:
            chat.transcript.focus()

    def _go_to_prompt(self) -> None:
        """What the chat was searched for is done with."""
        self.query_one(Chat).end_search()
        if self.focused is not self.query_one(Prompt):
            self.action_pane("chat")

    def action_prompt(self) -> None:
        """The key: to the prompt. In an empty one, twice: to the turns."""
        prompt = self.query_one(Prompt)
        was_elsewhere, was_searched = self.focused is not prompt, self.query_one(Chat).is_searched
        self._go_to_prompt()
        if not (was_elsewhere or was_searched or prompt.text) and self._session and self._session.has_turns:
            self._ask_for_turns(prompt)

    def _ask_for_turns(self, prompt: Prompt) -> None:
        if prompt.asks_again(f"{key_shown(self, TO_PROMPT)} again: go back to a turn"):
            self._show_turns()

    @on(Prompt.PageWanted)
    def _page(self, message: Prompt.PageWanted) -> None:
        chat = self.query_one(Chat)
        if chat.has_begun:
            chat.transcript.scroll_page(message.step)

    def action_resize(self, step: int) -> None:
        self._width_share = min(max(self._width_share + step, _SPLIT_STEPS[0]), _SPLIT_STEPS[-1])
        self.query_one("#chat").styles.width = f"{self._width_share}fr"

    def action_whole_width(self) -> None:
        """Give the pane that has the keys all the room, as on a narrow screen, and back; the prompt's is the chat."""
        for name in _PANES:
            self.set_class(bool(self.query(f"#{name}:focus-within, #{name}:focus")), f"-pane-{name}")
        if not any(self.has_class(f"-pane-{name}") for name in _PANES):
            self.add_class("-pane-chat")
        self.toggle_class("-whole-width")

    def action_resize_side(self, step: int) -> None:
        self._height_share = min(max(self._height_share + step, _SPLIT_STEPS[0]), _SPLIT_STEPS[-1])
        self.query_one("#trace").styles.height = f"{self._height_share}fr"

    # What the turn thread tells.

    def session_opened(self, session: Session) -> None:
        from punie_tui.app.git_work import GitWork
        from punie_tui.app.reruns import Reruns

        if self._session is None:
            # Later ones are opened with the same settings, which the person may have changed since.
            self._notices.follow(session.settings)
            self._screens = OtherScreens(self, session, self._folder, self._request)
            self._reruns = Reruns(self, session, self._show_rerun, self._own_work_changed, self.note)
        self._session = session
        self.query_one(Prompt).take_session(session)
        self._git_work = self._git_work or GitWork(self, session, self.note, self._repo.refresh_state, self._request)
        self.show_session()
        self._panes.draw(session)
        self._tell_early_problems()
        self._outbox.take_session(session)
        while self._early_commands:
            session.keep_command(self._early_commands.pop(0))
        self.refresh_bindings()
        self._tell_own_work()
        self._early_key.do()
        self._outbox.send_next()
        command, self._begin_with = self._begin_with, ""
        if command and not self._run_command(command):
            self.query_one(Prompt).send(command)

    def session_failed(self, error: str) -> None:
        from punie_tools.safe_text import safe_text

        self._failed_to_open = safe_text(error, single_line=True)
        self._tell_early_problems()
        self.query_one(Chat).add("error", safe_text(error))
        self.query_one(StatusLine).show_activity("cannot start", is_busy=False)
        for waiting in reversed(self._outbox.queue.unsent):
            if self._outbox.queue.remove(waiting):
                self._outbox.change(waiting)

    def events_arrived(self, events: Sequence[Event]) -> None:
        for event in events:
            self._panes.handle(event)
            self._follow(event)

    def approval_wanted(self, pending: PendingApproval) -> None:
        self._questions.ask(pending)

    def approval_settled(self, pending: PendingApproval) -> None:
        self._questions.settle(pending)

    def choice_wanted(self, pending: PendingChoice) -> None:
        self._questions.ask_which(pending)

    def choice_settled(self, pending: PendingChoice) -> None:
        self._questions.settle_choice(pending)

    def on_approval_panel_decided(self, message: ApprovalPanel.Decided) -> None:
        self._questions.take_decision(message)

    def on_choice_panel_chosen(self, message: ChoicePanel.Chosen) -> None:
        self._questions.take_choice(message)

    def on_asking_panel_typed_ahead(self, message: AskingPanel.TypedAhead) -> None:
        self._questions.type_ahead(message.letter)

    def on_asking_panel_typed_on(self, message: AskingPanel.TypedOn) -> None:
        self._questions.type_on(message.key, message.letter)

    def _find_effects(self, proposal: Sequence[FileChange]) -> EffectFinder | None:
        if self._session is None or not self._session.settings.check_reviews:
            return None
        from punie_tools.effects.effects import EffectFinder

        return EffectFinder(self._session.context_of_person(), proposal)

    def _follow(self, event: Event) -> None:
        """What the event means beside what the panes show of it."""
        if activity := activity_of(event):
            self.query_one(StatusLine).show_activity(*activity, is_busy=event.kind != "turn_finished")
        match event.kind:
            case "turn_started":
                self._outbox.turn_started()
                self._notices.turn_began()
            case "turn_steered":
                self._outbox.turn_steered(event.text)
            case "notice_given":
                self.show_session()
            case "approval_requested":
                self.show_session()
                self._questions.tell_state(is_asking=True)
            case "tool_approved":
                self.show_session()
                self._questions.tell_state(is_asking=self._questions.is_approval_waiting)
            case "tool_denied":
                self._questions.tell_state(is_asking=self._questions.is_approval_waiting)
            case "turn_finished":
                self.show_session()
                self._questions.tell_state(is_asking=False)
                self._finish_turn(event)
            case "session_rewound":
                if self._session:
                    self._panes.draw(self._session)
                    self.query_one(Prompt).put_back(self._taken_back)
            case _:
                pass

    def _finish_turn(self, event: TurnFinished) -> None:
        self._outbox.turn_finished(is_stopped=event.reason == "stopped")
        if not self._outbox.is_turn_running:
            self._notices.turns_ended(_NOTICED[event.reason])
            self._tell_own_work()
        self.turns_finished += 1
        self.call_after_refresh(self._look_for_garbage)
        if self._session:
            self.query_one(StatusLine).show_usage(event.usage, self._session.engine.context_length)

    # What is shown.

    def note(self, sentence: str) -> None:
        """Below what was said so far, and for a moment above the prompt where the chat is not seen. It is safe text."""
        chat = self.query_one(Chat)
        chat.add("note", sentence)
        if not chat.display:
            app_of(self).notify(sentence, markup=False)

    def tell_problem(self, sentence: str) -> None:
        """A note on how punie was started: below the session that stands here then, where it is seen. Safe text."""
        if self.is_ready:
            self.note(sentence)
        else:
            self._early_problems.append(sentence)

    def _tell_early_problems(self) -> None:
        while self._early_problems:
            self.note(self._early_problems.pop(0))

    def _bring(self, attachment: Attachment) -> None:
        self.query_one(Prompt).bring(attachment)

    def _keep_command(self, ran: PersonRan) -> None:
        """On the command's thread, unless it ended before the session was open."""
        if self._session is None:
            call_on_screen(self, lambda: self._keep_early_command(ran))
        else:
            self._session.keep_command(ran)

    def _keep_early_command(self, ran: PersonRan) -> None:
        if self._session is None:
            self._early_commands.append(ran)
        else:
            self._session.keep_command(ran)

    def _show_rerun(self, event: Event) -> None:
        self._trace.handle(event, is_of_person=True)

    def _own_work_changed(self) -> None:
        """What the person runs beside the turns began or ended, and was saved, or could not be."""
        self.refresh_bindings()
        self.show_session()
        self._tell_own_work()

    def _tell_own_work(self) -> None:
        """Unless a turn runs, which is then what is told."""
        if not self._outbox.is_turn_running:
            told = self.what_runs.lower()
            self.query_one(StatusLine).show_activity(told or "ready", is_busy=bool(told))

    def show_session(self) -> None:
        """Show model, mode and trust again, and whether what was said is saved."""
        from punie_tools.safe_text import safe_text

        if self._session is None:
            return
        trust = self._session.trust
        self.query_one(StatusLine).show_session(
            safe_text(self._session.engine.model_name, single_line=True),
            self._session.policy.value,
            is_trusted=trust.is_trusted,
            is_stepping=self._session.is_stepping,
            is_saved=not self._session.unsaved_because,
        )
        if trust.lapse and trust.lapse != self._told_lapse:
            told = safe_text(f"{trust.lapse} {key_shown(self, TRUST)} asks for it again.", single_line=True)
            self.note(told)
        self._told_lapse = trust.lapse


def _titled(pane: Widget) -> Widget:
    pane.border_title = pane.id
    return pane
