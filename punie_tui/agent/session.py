"""A session: one folder, one engine, the conversation so far, and the file that keeps its events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from punie_tools.changes.journal import Journal, JournalTurn, journal_folder
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.changes.three_way import ChangedSinceError
from punie_tools.commands.backends import has_sandbox
from punie_tools.commands.bubblewrap import remove_left_stand_ins
from punie_tools.commands.scratch_folder import remove_left_folders
from punie_tools.errors import ToolError
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import TOOLS
from punie_tools.symbols.tree_names import TreeNameReader
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui import __version__
from punie_tui.agent.approval import AskPerson, Policy, PolicyApprover
from punie_tui.agent.approval_store import ApprovalStore, approvals_file
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.beside_turns import BesideTurns
from punie_tui.agent.by_hand import run_by_hand
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import (
    BesideTurnsEvent,
    Event,
    MessageQueued,
    NoticeGiven,
    PersonActed,
    PersonCalled,
    PersonRan,
    SessionClosed,
    SessionRenamed,
    SessionStarted,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolRequested,
)
from punie_tui.agent.kept_message import KeptMessage, kept_message_file
from punie_tui.agent.known_results import KNOWN_FROM, KnownResults
from punie_tui.agent.meant import AskWhich
from punie_tui.agent.mentioned_notes import attached_notes, notes_of_places
from punie_tui.agent.person_calls import PersonCalls
from punie_tui.agent.project_notes import ProjectNotes, read_project_notes
from punie_tui.agent.rewind import FORGOTTEN_EDITS, has_forgotten_edits, rewind_files, told_place, told_refusal
from punie_tui.agent.session_list import LAST, SessionList, SessionSummary, clean_name
from punie_tui.agent.session_log import SessionInUseError, SessionLog, sessions_folder
from punie_tui.agent.session_record import SessionError, SessionRecord, read_record
from punie_tui.agent.steering import SteeringBox, SteeringMessage
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.trust import folder_trust
from punie_tui.agent.turn import TurnLimits, new_turn_id, run_turn
from punie_tui.agent.waiting_messages import WaitingMessages
from punie_tui.engine.protocol import Engine, ToolCall
from punie_tui.own_files import home_directory
from punie_tui.settings import Settings

_LOG = logging.getLogger(__name__)


class Session:
    """Runs turns one after the other. `run` and `stop` may be called from different threads."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        settings: Settings,
        *,
        ask_person: AskPerson | None = None,
        ask_which: AskWhich | None = None,
        allow_all: bool = False,
        seed: int | None = None,
    ) -> None:
        """`folder` is resolved. What asks is None where nobody can be asked; `allow_all` is `--yes`.

        With a `seed` the same prompt gets the same reply, which then may take some seconds more.
        """
        self.engine = engine
        self.model = settings.model
        """What a person calls the model that answers, as `--model` takes it."""
        self.settings = settings
        self.earlier_events: tuple[Event, ...] = ()
        self.name = ""
        self.log: SessionLog | None = None
        self.interrupted: SessionSummary | None = None
        self.has_turns = False
        """Whether a turn began in it, also one that was gone back from."""
        self._log_change = threading.RLock()
        self._is_saved = True
        self._notices: list[str] = []
        self._conversation = Conversation()
        self._steering = SteeringBox()
        self._attached_notes: set[str] = set()
        remove_left_stand_ins(folder)
        remove_left_folders()
        workspace = Workspace.at(folder, python=settings.python, confine_tests=settings.confine_tests)
        self._policy_at_start = Policy.ALLOW_ALL if allow_all else _that_works(Policy(settings.policy), workspace)
        self.trust = folder_trust(workspace)
        self.trust.look()
        self._approver = PolicyApprover(
            self._policy_at_start,
            trust=self.trust,
            ask_person=ask_person,
            policy_name="--yes" if allow_all else "policy",
            store=ApprovalStore(approvals_file(), folder),
        )
        tools = {tool.name: tool for tool in TOOLS}
        self._language_server = LanguageServer(workspace)
        self._names = TreeNameReader(workspace.root)
        self._beside = BesideTurns()
        self.changes = self._open_changes(workspace.root)
        self._bench = ToolBench(
            workspace,
            tools,
            self._approver,
            language_server=self._language_server,
            changes=self.changes,
            names=self._names,
        )
        self.known = KnownResults()
        self.commit_message = KeptMessage(kept_message_file(home_directory("state"), workspace.root))
        self._waiting = WaitingMessages()
        self._offered_messages: tuple[MessageQueued, ...] = ()
        self._staying: tuple[MessageQueued, ...] = ()
        self._left_behind: frozenset[str] = frozenset()
        self.person_calls = PersonCalls(self._bench, self.known)
        self._ask_which = ask_which
        self._limits = TurnLimits(
            max_calls=settings.max_calls_per_turn,
            max_tokens=settings.max_tokens_per_turn,
            temperature=settings.temperature,
            seed=seed or 0,
            ask_below=settings.ask_below,
            waits_for_names=seed is not None,
        )

    @property
    def workspace(self) -> Workspace:
        """As the last look at the folder's trust saw it."""
        return replace(self._bench.workspace, is_trusted=self.trust.is_trusted)

    def change_engine(self, engine: Engine, model: str) -> None:
        """Let another engine answer from the next turn on, which knows what was said; not while a turn runs."""
        before, self.engine, self.model = self.engine, engine, model
        # A model that writes is given them anew with each turn, and no other reads them.
        self._conversation.notes = ProjectNotes()
        before.close()

    def read_notes(self) -> ProjectNotes:
        """The project's notes as they are now; may be called from any thread."""
        return read_project_notes(self.workspace.root)

    @property
    def policy(self) -> Policy:
        return self._approver.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        """Counts from the next call on."""
        self._approver.policy = policy

    @property
    def is_stepping(self) -> bool:
        """Whether the person is asked before each call of a turn, also those that only read."""
        return self._approver.is_stepping

    @is_stepping.setter
    def is_stepping(self, is_stepping: bool) -> None:
        """Counts from the next call on."""
        self._approver.is_stepping = is_stepping

    @cached_property
    def offered_policies(self) -> tuple[Policy, ...]:
        """Those that the person may change to; the sandbox's only where one works. May start a program to find out."""
        offered = [Policy.PLAN, Policy.ASK, Policy.ACCEPT_EDITS]
        if has_sandbox(self.workspace):
            offered.append(Policy.SANDBOX)
        # Everything is for those who started with it.
        return (*offered, *([Policy.ALLOW_ALL] if self._policy_at_start is Policy.ALLOW_ALL else []))

    def next_policy(self) -> None:
        """Change to the next offered one, and from the last to the first."""
        offered = self.offered_policies
        place = offered.index(self.policy) if self.policy in offered else -1
        self.policy = offered[(place + 1) % len(offered)]

    @property
    def sessions(self) -> SessionList:
        """All sessions of this folder."""
        return SessionList(sessions_folder(home_directory("state"), self.workspace.root))

    @property
    def session_id(self) -> str:
        """The name of what is written now; empty before the first turn, or whatever else is kept."""
        return self.log.session_id if self.log else ""

    @property
    def unsaved_because(self) -> str:
        """Why what came last in this session is not in its file yet; empty where all is."""
        return self.log.problem if self.log else ""

    def save_again(self) -> None:
        """Write what could not be written, if that works by now; may be called from any thread."""
        if self.unsaved_because and self.log:
            self.log.try_again()

    @property
    def has_saved_events(self) -> bool:
        """Whether who goes on with it later finds anything in it."""
        try:
            return self.log is not None and bool(read_record(self.log.path).events)
        except SessionError:
            return False

    def take_notices(self) -> list[str]:
        """What the person should know of how the session was opened; each is told once."""
        notices, self._notices = self._notices, []
        return notices

    def take_waiting(self) -> tuple[MessageQueued, ...]:
        """The messages that waited in the session that was gone on with; each is had once."""
        taken, self._offered_messages = self._offered_messages, ()
        return taken

    def keep_waiting(self, messages: Sequence[MessageQueued]) -> bool:
        """Know that these wait now; whether `write_waiting` has something to write. For the UI thread."""
        return self._waiting.keep(messages)

    def let_stay(self, messages: Sequence[MessageQueued]) -> None:
        """Where another session is gone to, these go on waiting in the file of this one. For the UI thread."""
        self._staying = tuple(messages)

    def take_left_behind(self) -> frozenset[str]:
        """The ids of the messages that wait in the session that was left; each is told once."""
        taken, self._left_behind = self._left_behind, frozenset()
        return taken

    def write_waiting(self) -> None:
        """Keep in the session's file what waits; may be called from any thread."""
        self._waiting.write()

    def look_for_interrupted(self) -> None:
        """Find out whether the program that wrote the last session died; `interrupted` then offers it."""
        self.interrupted = self.sessions.interrupted()

    def resume(self, name: str = LAST) -> bool:
        """Go on with an earlier session, the last one unless it is named; not while a turn runs.

        Returns whether that worked; if not, all stays as it is and a notice says why. One that another program has
        open is copied first.
        """
        sessions = self.sessions
        try:
            path = sessions.find(name)
            if path.stem == self.session_id:
                return True
            try:
                record, log = read_record(path), SessionLog(path)
            except SessionInUseError:
                path = sessions.fork(path)
                record, log = read_record(path), SessionLog(path)
                self._notices.append("That session is open in another punie; this one goes on with a copy of it.")
        except SessionError as error:
            self._notices.append(str(error))
            return False
        self._go_to(log, record.waiting)
        self._offered_messages = tuple(record.waiting)
        if record.unreadable_lines:
            lines = "1 line" if record.unreadable_lines == 1 else f"{record.unreadable_lines} lines"
            self._notices.append(f"{lines} of this session cannot be read; the rest is here, and the file keeps all.")
        if end := record.end_of_cut_off_turn():
            log.append(end)
            record.add(end)
        self._take(record)
        return True

    def start_anew(self) -> None:
        """Leave the session as it is; what is done next begins another."""
        self._go_to(None)
        self._take(SessionRecord())

    def _go_to(self, log: SessionLog | None, waiting: Sequence[MessageQueued] = ()) -> None:
        with self._log_change:
            # Without a file to wait in they come along.
            staying, self._staying = self._staying if self.log else (), ()
            self._left_behind |= {message.message_id for message in staying}
            self._waiting.go_to(log, waiting, staying)
            self._beside.go_to(log)
            self._close_log()
            self.log = log

    def rename(self, name: str) -> None:
        """Give what is written now a name."""
        if self.log is not None:
            self.name = clean_name(name)
            self.log.append(SessionRenamed(name=self.name))

    def record(self) -> SessionRecord:
        """What was written so far. Raises SessionError."""
        if self.log is None:
            return SessionRecord(self._beside.early)
        return read_record(self.log.path, self.log.waiting_lines())

    def rewind(self, to_turn: str) -> Iterator[Event]:
        """Go back, or forward again, to the end of a turn, with its files; empty is before the first turn.

        Files that somebody changed since are not touched: then all stays as it is, and a notice shows them.
        """
        try:
            record = self.record()
            event = rewind_files(record, to_turn, self.changes.journal)
        except ChangedSinceError as error:
            yield NoticeGiven(text=told_refusal(error))
            return
        except (SessionError, ToolError, OSError) as error:
            yield NoticeGiven(text=f"The session stays where it is. {error}")
            return
        if self.log is None or event is None:
            yield NoticeGiven(text="The session stands there already; nothing was done.")
            return
        start = record.kept
        self.log.append(event)
        record.add(event)
        self._take(record)
        self._notices.append(told_place(record, self.changes.journal, redo="/redo"))
        yield event
        if has_forgotten_edits(record.turns_between(start, record.kept), self.changes.journal):
            yield NoticeGiven(text=FORGOTTEN_EDITS)

    def undo(self, turn: str = "") -> JournalTurn:
        """Take back what the last turn of this session did to files, or a named turn of any session.

        Raises ToolError, SessionError and OSError.
        """
        journal, own = self._journal_of_session(turn, is_undo=True)
        return journal.undo(turn) if turn else journal.undo(among=own)

    def request_of(self, turn: str) -> str:
        """What the person asked for in a turn of this session; empty for what is no turn of it. Raises SessionError."""
        return next((each.prompt for each in self.record().turns if each.turn_id == turn), "")

    def left_since(self, turn: str) -> tuple[str, ...]:
        """What runs of this session made since a turn that nobody wanted, and that so is not taken back before it."""
        journal = self.changes.journal
        return journal.by_products_since(turn, self.record().journal_turns) if journal else ()

    def redo(self, turn: str = "") -> JournalTurn:
        """Make again what was taken back last of this session, or a named turn of any session. Raises like undo."""
        journal, own = self._journal_of_session(turn, is_undo=False)
        return journal.redo(turn) if turn else journal.redo(among=own)

    def _journal_of_session(self, turn: str, *, is_undo: bool) -> tuple[Journal, set[str]]:
        """The journal, unless only turns of other sessions can be moved and none of them is named.

        With it this session's turns, which are read from its file, where none is named.
        """
        journal = self.changes.journal
        if journal is None:
            raise ToolError("Nothing is remembered here, for punie's own files cannot be written.")
        if turn:
            return journal, set()
        own = self.record().journal_turns
        movable = {each.turn for each in journal.turns() if each.is_undone is not is_undo}
        if movable and movable.isdisjoint(own):
            verb, done = ("undo", "take one back") if is_undo else ("redo", "make one again")
            raise ToolError(
                f"This session has nothing left to {verb}. `punie {verb} --list` names the turns of other sessions; "
                f"/{verb} with the name of a turn will {done}."
            )
        return journal, own

    def fork(self, to_turn: str) -> None:
        """Go on in a copy that stands at the end of a turn; files stay as they are."""
        if self.log is None:
            return
        try:
            path = self.sessions.fork(self.log.path, to_turn)
        except SessionError as error:
            self._notices.append(str(error))
            return
        if self.resume(path.stem):
            self._notices.append("This is a copy; the session that it was made of stays as it is.")

    def _take(self, record: SessionRecord) -> None:
        self.name = record.name
        self.has_turns = bool(record.turns)
        self.earlier_events = tuple(record.events)
        self._conversation = Conversation.from_events(self.earlier_events)
        self._attached_notes = attached_notes(self.earlier_events)

    def run(self, prompt: str, attachments: Sequence[Attachment] = (), mentions: Sequence[str] = ()) -> Iterator[Event]:
        """Run one turn on the calling thread; each event is in the session's file before it is yielded.

        What the mentions mean is read first, and comes after the given attachments.
        """
        self._bench = replace(self._bench, cancelled=threading.Event())
        self._open_log()
        self.has_turns = True
        attached = (*attachments, *self._read_mentions(mentions))
        if self.engine.writes_answers:
            # A model that only routes reads neither.
            self._conversation.notes = self.read_notes()
            notes = notes_of_places(self.workspace.root, attached, self._attached_notes)
            self._attached_notes |= {note.name for note in notes}
            attached = (*attached, *notes)
        steps = self._ask_which, self._take_steering
        turn = run_turn(prompt, self.engine, self._conversation, self._bench, self._limits, attached, *steps)
        for event in turn:
            self.changes.turn = event.turn_id
            if notice := self._keep(event):
                yield NoticeGiven(turn_id=event.turn_id, text=notice)
            yield event

    def steer(self, message: SteeringMessage) -> bool:
        """Let the running turn read it at its next step; False where the model only routes, and reads one request."""
        if self.engine.writes_answers:
            self._steering.put(message)
        return self.engine.writes_answers

    def take_back_steering(self, message: SteeringMessage) -> bool:
        """Whether no turn had read it yet; now none will."""
        return self._steering.take_back(message)

    def _take_steering(self) -> list[tuple[str, tuple[Attachment, ...]]]:
        messages = self._steering.take()
        return [(each.text, (*each.attachments, *self._read_mentions(each.mentions))) for each in messages]

    def call_by_hand(self, prompt: str, calls: Sequence[ToolCall]) -> Iterator[Event]:
        """Run the person's own calls like a turn; they are asked of nothing but the folder's trust."""
        self._bench = replace(self._bench, cancelled=threading.Event())
        self._open_log()
        self.has_turns = True
        for event in run_by_hand(prompt, calls, self.engine.model_name, self._conversation, self._bench):
            self.changes.turn = event.turn_id
            if notice := self._keep(event):
                yield NoticeGiven(turn_id=event.turn_id, text=notice)
            yield event

    def keep_person_call(self, requested: ToolRequested, end: ToolFinished | ToolFailed | ToolDenied) -> None:
        """Let whoever goes on with this session see a call that the person ran beside its turns. From any thread."""
        call_id, tool, arguments = requested.call_id, requested.tool, requested.arguments
        self._keep_beside(PersonCalled(call_id=call_id, tool=tool, arguments=arguments, end=end))

    def keep_act(self, told: str) -> None:
        """Let whoever goes on with this session see a sentence on what the person did beside its turns, likewise."""
        self._keep_beside(PersonActed(text=told))

    def keep_command(self, ran: PersonRan) -> None:
        """Let whoever goes on with this session see a command of the person's shell, likewise."""
        self._keep_beside(ran)

    def _keep_beside(self, event: BesideTurnsEvent) -> None:
        """A session of which no turn is part is one as well."""
        self._open_log()
        self._beside.keep(event)

    def context_of_person(self) -> ToolContext:
        """For what the person does by hand in the app: a turn of its own for undo, and nobody is asked."""
        changes = self._open_changes(self._bench.workspace.root).for_turn(new_turn_id())
        return ToolContext(self.workspace, language_server=self._language_server, changes=changes)

    def _read_mentions(self, mentions: Sequence[str]) -> Sequence[Attachment]:
        if not mentions:
            return ()
        from punie_tui.agent.mention_reader import read_mentions

        bench = self._bench
        context = ToolContext(
            self.workspace, bench.cancelled, language_server=bench.language_server, changes=bench.changes
        )
        return read_mentions(mentions, context, self.known)

    def open_mention_reader(self) -> Callable[[str], Attachment]:
        """Reads what a mention would bring; both may be called from any thread."""
        from punie_tui.agent.mention_reader import read_mention

        context = self.context_of_person()
        return lambda mention: read_mention(mention, context, self.known)

    def stop(self) -> None:
        """Stop the running turn: the model and every running tool."""
        self._bench.cancelled.set()

    @property
    def is_stopping(self) -> bool:
        return self._bench.cancelled.is_set()

    def close(self) -> None:
        """Stop, free the engine, end the language server and close the file."""
        self.stop()
        self._names.stop()
        self._language_server.close()
        self.engine.close()
        self.write_waiting()
        self.commit_message.write()
        self._close_log()

    def _open_changes(self, root: Path) -> SessionChanges:
        return SessionChanges(root, self._open_journal(root), before_hand_change=self._beside.files_change)

    def _open_journal(self, root: Path) -> Journal | None:
        try:
            return Journal(journal_folder(home_directory("state"), root), root)
        except OSError as error:
            # A home that cannot be written costs undo, not the edits.
            _LOG.warning("edits cannot be taken back: %s", error)
            return None

    def _open_log(self) -> None:
        with self._log_change:
            if self.log is None:
                started = SessionStarted(
                    punie_version=__version__, workspace=str(self.workspace.root), model=self.engine.model_name
                )
                self.log = SessionLog.create(self.sessions.folder, started)
                self._beside.begin(self.log)
                self._waiting.begin(self.log)

    def _close_log(self) -> None:
        if self.log is not None:
            self.log.append(SessionClosed())
            self.log.close()
            if reason := self.log.problem:
                self._notices.append(f"What came last in the session that you left could not be saved: {reason}.")
            self._is_saved = True

    def _keep(self, event: Event) -> str:
        """Write the event; what the person should know of that, once for each time that it begins or ends."""
        if isinstance(event, ToolFinished) and event.tool in KNOWN_FROM:
            self.known.note(self._bench.tools[event.tool].revive(event.result))
        if self.log is None:
            return ""
        self.log.append(event)
        was_saved, self._is_saved = self._is_saved, not self.log.problem
        if was_saved and self.log.problem:
            _LOG.warning("the session is not saved: %s", self.log.problem)
            return f"The session cannot be saved now: {self.log.problem}. It goes on, and is saved once that works."
        return "The session is saved again, with nothing lost." if self._is_saved and not was_saved else ""


def _that_works(policy: Policy, workspace: Workspace) -> Policy:
    """Without a sandbox, what is left of "all in sandbox" are the edits."""
    return Policy.ACCEPT_EDITS if policy is Policy.SANDBOX and not has_sandbox(workspace) else policy
