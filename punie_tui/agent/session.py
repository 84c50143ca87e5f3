"""A session: one folder, one engine, the conversation so far, and the file that keeps its events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from punie_tools.changes.journal import Journal, journal_folder
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.commands.backends import has_sandbox
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import TOOLS
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui import __version__
from punie_tui.agent.approval import AskPerson, Policy, PolicyApprover
from punie_tui.agent.approval_store import ApprovalStore, approvals_file
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import Event, SessionStarted
from punie_tui.agent.session_log import SessionLog, latest_session, load_session, sessions_folder
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.trust import folder_trust
from punie_tui.agent.turn import TurnLimits, new_turn_id, run_turn
from punie_tui.engine.protocol import Engine
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
        allow_all: bool = False,
        seed: int = 0,
    ) -> None:
        """`folder` is resolved. `ask_person` None means that nobody can be asked; `allow_all` is `--yes`."""
        self.engine = engine
        self.checks_reviews = settings.check_reviews
        self.earlier_events: tuple[Event, ...] = ()
        self.log: SessionLog | None = None
        self._conversation = Conversation()
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
        self.changes = SessionChanges(workspace.root, self._open_journal(workspace.root))
        self._bench = ToolBench(
            workspace, tools, self._approver, language_server=self._language_server, changes=self.changes
        )
        self._limits = TurnLimits(
            max_calls=settings.max_calls_per_turn,
            max_tokens=settings.max_tokens_per_turn,
            temperature=settings.temperature,
            seed=seed,
        )

    @property
    def workspace(self) -> Workspace:
        """As the last look at the folder's trust saw it."""
        return replace(self._bench.workspace, is_trusted=self.trust.is_trusted)

    @property
    def policy(self) -> Policy:
        return self._approver.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        """Counts from the next call on."""
        self._approver.policy = policy

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

    def resume(self) -> bool:
        """Go on with the folder's newest session, if there is one; call it before the first turn."""
        path = latest_session(self._log_folder())
        if path is None:
            return False
        self.earlier_events = tuple(load_session(path))
        self._conversation = Conversation.from_events(self.earlier_events)
        self.log = SessionLog(path)
        return True

    def run(self, prompt: str) -> Iterator[Event]:
        """Run one turn on the calling thread; each event is in the session's file before it is yielded."""
        self._bench = replace(self._bench, cancelled=threading.Event())
        self._open_log()
        for event in run_turn(prompt, self.engine, self._conversation, self._bench, self._limits):
            self.changes.turn = event.turn_id
            self._keep(event)
            yield event

    def context_of_person(self) -> ToolContext:
        """For what the person does by hand in the app: a turn of its own for undo, and nobody is asked."""
        root = self._bench.workspace.root
        changes = SessionChanges(root, self._open_journal(root))
        changes.turn = new_turn_id()
        return ToolContext(self.workspace, language_server=self._language_server, changes=changes)

    def stop(self) -> None:
        """Stop the running turn: the model and every running tool."""
        self._bench.cancelled.set()

    @property
    def is_stopping(self) -> bool:
        return self._bench.cancelled.is_set()

    def close(self) -> None:
        """Stop, free the engine, end the language server and close the file."""
        self.stop()
        self._language_server.close()
        self.engine.close()
        if self.log:
            self.log.close()

    def _open_journal(self, root: Path) -> Journal | None:
        try:
            return Journal(journal_folder(home_directory("state"), root), root)
        except OSError as error:
            # A home that cannot be written costs undo, not the edits.
            _LOG.warning("edits cannot be taken back: %s", error)
            return None

    def _log_folder(self) -> Path:
        return sessions_folder(home_directory("state"), self.workspace.root)

    def _open_log(self) -> None:
        if self.log is not None:
            return
        started = SessionStarted(
            punie_version=__version__, workspace=str(self.workspace.root), model=self.engine.model_name
        )
        try:
            self.log = SessionLog.create(self._log_folder(), started)
        except OSError as error:
            # A home that cannot be written costs the record, not the answer.
            _LOG.warning("the session is not saved: %s", error)

    def _keep(self, event: Event) -> None:
        if self.log is None:
            return
        try:
            self.log.append(event)
        except OSError as error:
            _LOG.warning("an event is not saved: %s", error)


def _that_works(policy: Policy, workspace: Workspace) -> Policy:
    """Without a sandbox, what is left of "all in sandbox" are the edits."""
    return Policy.ACCEPT_EDITS if policy is Policy.SANDBOX and not has_sandbox(workspace) else policy
