"""One run of the project's pytest, told by our plugin inside it: records in, tests and their outcomes out."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ValidationError

from punie_tools.commands.change_watch import ChangeWatch
from punie_tools.commands.runner import CommandRun, run_confined
from punie_tools.errors import ToolError
from punie_tools.process import FinishedProcess, project_environment, run_process
from punie_tools.quality.interpreter import Interpreter
from punie_tools.quality.tests_in_sandbox import allowance_for_tests, confinement_for_tests, without_secrets
from punie_tools.sentences import counted, shortened
from punie_tools.tool import ProgressCallback, ToolContext

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

PLUGIN = "punie_pytest_plugin"

_PLUGIN_FOLDER = Path(__file__).parent / "pytest_plugin"
_SELECTION_VARIABLE = "PUNIE_PYTEST_SELECTION"
_DETAILS_VARIABLE = "PUNIE_PYTEST_DETAILS"
_SECONDS_BETWEEN_PROGRESS = 0.1
_MOST_TOLD_EACH = 2_000
_OUTPUT_LIMIT = 1 << 20
_INTERNAL_ERROR = 3
_USAGE_ERROR = 4
_SIGNALS = frozenset(map(int, signal.valid_signals()))
_NO_PYTEST = re.compile(r": No module named pytest$", re.MULTILINE)
_CONFTEST = re.compile(r"^ImportError while loading conftest '(.+)'", re.MULTILINE)
_REASON = re.compile(r"^E   (.+)$", re.MULTILINE)
_USAGE = (re.compile(r"^.*: error: (.+)$", re.MULTILINE), re.compile(r"^ERROR: (.+)$", re.MULTILINE))


@dataclass(frozen=True)
class Selection:
    """What to run: pytest's arguments, and the names that only the plugin can match exactly.

    With `is_one_test` nothing runs unless all that is selected is one test, with whichever parameters.
    `wants_details` has each failure tell its local values and the difference of what it compared.
    """

    arguments: tuple[str, ...] = ()
    names: str = ""
    file: str = ""
    is_one_test: bool = False
    import_first: tuple[Path, ...] = ()
    """Folders whose modules win over installed ones, as those of a project that is installed in place."""
    wants_details: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """How the plugin is told."""
        details = {_DETAILS_VARIABLE: "1"} if self.wants_details else {}
        if not self.names and not self.is_one_test:
            return details
        told = {"names": self.names, "file": self.file or None, "is_one_test": self.is_one_test}
        return {_SELECTION_VARIABLE: json.dumps(told), **details}


@dataclass(frozen=True)
class AddedPlugin:
    """A module in a folder that pytest loads beside ours.

    `readable` are the folders that it needs; `channel` is what pytest gets as its stdin, and it is ended once `until`
    is set.
    """

    module: str
    folder: Path
    variables: Mapping[str, str]
    readable: tuple[Path, ...]
    channel: socket.socket
    until: threading.Event


@dataclass(frozen=True)
class Report:
    """A test that has an outcome, in the words of pytest itself. `file` is absolute."""

    node_id: str
    outcome: Outcome
    file: str
    line: int | None
    message: str
    output: str
    diff: str = ""
    locals: tuple[tuple[str, str], ...] = ()
    stack: tuple[tuple[str, int, str, str], ...] = ()
    is_of_collection: bool = False
    """Whether it is about a file or class that was collected, and not about a test that ran."""


TellTest = Callable[[str, Sequence[Report] | None, float], None]
"""Is told a test's node id as it begins, with None, and as it ends, with its reports and its seconds."""


class _Record(BaseModel):
    """A line of the plugin; each kind fills the fields that it needs."""

    kind: str
    id: str = ""
    outcome: str = ""
    seconds: float = 0.0
    file: str = ""
    line: int | None = None
    message: str = ""
    output: str = ""
    diff: str = ""
    locals: tuple[tuple[str, str], ...] = ()
    stack: tuple[tuple[str, int, str, str], ...] = ()
    is_of_collection: bool = False
    total: int = 0
    nearest: str = ""
    matches: tuple[str, ...] = ()
    exit_code: int = 0


class PytestSession:
    """Takes the plugin's records, and knows at any time what is done and what runs."""

    def __init__(self, report_progress: ProgressCallback, tell_test: TellTest | None = None) -> None:
        self._tell_test = tell_test
        self._reports_of_running: dict[str, list[Report]] = {}
        self.reports: list[Report] = []
        self.seconds_by_test: dict[str, float] = {}
        self.running: dict[str, None] = {}
        self.total: int | None = None
        self.is_configured = False
        self.exit_code: int | None = None
        self.seconds: float | None = None
        self.stopped = ""
        self.not_imported: list[str] = []
        self.is_unknown = False
        self.nearest = ""
        self.ambiguous: tuple[str, ...] = ()
        """The tests that were meant by a name that should mean one."""
        self._report_progress = report_progress
        self._finished: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._next_progress_at = 0.0

    @property
    def done(self) -> int:
        return len(self._finished)

    @property
    def has_ended(self) -> bool:
        """Whether pytest itself came to its end; a test that ends the process takes pytest with it."""
        return self.exit_code is not None and self.exit_code != _INTERNAL_ERROR

    def receive(self, line: str) -> None:
        """Take one line from the plugin; anything else that got onto its channel is no record."""
        try:
            record = _Record.model_validate_json(line)
        except ValidationError:
            return
        match record.kind:
            case "configured":
                self.is_configured = True
            case "collected":
                self.total = record.total
                self._tell_progress("", at_once=True)
            case "unknown":
                self.is_unknown, self.nearest = True, record.nearest
            case "ambiguous":
                self.ambiguous = record.matches
            case "started":
                self.running[record.id] = None
                if self._tell_test:
                    self._tell_test(record.id, None, 0.0)
            case "report":
                self._keep(record)
            case "not imported":
                self.not_imported.append(record.id)
            case "finished":
                self.running.pop(record.id, None)
                self._finished.add(record.id)
                self._tell_outcome(record.id)
                reports = self._reports_of_running.pop(record.id, [])
                if self._tell_test:
                    self._tell_test(record.id, reports, self.seconds_by_test.get(record.id, 0.0))
            case "interrupted":
                self.stopped = record.message
            case "ended":
                self.exit_code, self.seconds = record.exit_code, record.seconds
                self.stopped = self.stopped or record.message
            case _:
                """A record of no kind that the plugin writes."""

    def _keep(self, record: _Record) -> None:
        self.seconds_by_test[record.id] = self.seconds_by_test.get(record.id, 0.0) + record.seconds
        # pytest gives no category to a phase that went well, and plugins invent their own, such as "rerun".
        if record.outcome in OUTCOMES:
            report = Report(
                record.id,
                record.outcome,
                record.file,
                record.line,
                record.message,
                record.output,
                record.diff,
                record.locals,
                record.stack,
                record.is_of_collection,
            )
            self.reports.append(report)
            if record.id in self.running:
                self._reports_of_running.setdefault(record.id, []).append(report)
            self._outcomes[record.id] = record.outcome

    def _tell_outcome(self, node_id: str) -> None:
        """Every one; of very many tests those that pass are told a few times a second."""
        outcome = self._outcomes.get(node_id, "")
        is_wanted = outcome != "passed" or self.done == self.total or (self.total or 0) <= _MOST_TOLD_EACH
        self._tell_progress(f"{outcome} {node_id}".strip(), at_once=is_wanted)

    def _tell_progress(self, text: str, *, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now >= self._next_progress_at:
            self._next_progress_at = now + _SECONDS_BETWEEN_PROGRESS
            self._report_progress(self.done, self.total, text)


def command_line(interpreter: Interpreter, selection: Selection, *added: str) -> list[str]:
    """The command that runs; `-m pytest` puts the working directory on the path, as people's own calls do.

    `added` are the modules of further plugins.
    """
    plugins = [part for module in (PLUGIN, *added) for part in ("-p", module)]
    return [str(interpreter.path), "-m", "pytest", *plugins, "--color=no", *selection.arguments]


def run_session(
    context: ToolContext,
    interpreter: Interpreter,
    selection: Selection,
    timeout: float,
    added: AddedPlugin | None = None,
    session: PytestSession | None = None,
) -> tuple[PytestSession, CommandRun]:
    """Run pytest to its end, for `timeout` seconds, or to the person's stop. Raises ToolError if it could not begin.

    Without a `session` to fill it makes one.
    """
    session = session or PytestSession(context.report_progress)
    root = context.workspace.root
    confinement = confinement_for_tests(context.workspace)
    variables = {
        **_python_path(added, selection.import_first),
        **(added.variables if added else {}),
        **selection.variables,
    }
    environment = {**project_environment(), **variables}

    def run(argv: list[str]) -> FinishedProcess:
        return run_process(
            argv,
            cwd=root,
            timeout=timeout,
            cancelled=context.cancelled,
            environment=without_secrets(environment) if confinement.backend else environment,
            output_limit=_OUTPUT_LIMIT,
            on_stdout_line=session.receive,
            sweep=True,
            channel=added.channel if added else None,
            until=added.until if added else None,
        )

    is_journalled = context.changes is not None and context.changes.journal is not None
    ran = run_confined(
        root,
        command_line(interpreter, selection, *([added.module] if added else [])),
        run,
        confinement,
        ChangeWatch(context, wants_changes=False) if is_journalled else None,
        allowance_for_tests(root, interpreter, _PLUGIN_FOLDER, *(added.readable if added else ())),
    )
    ran = replace(ran, process=_as_of_pytest_itself(ran.process))
    _raise_if_it_could_not_begin(session, ran.process, interpreter)
    return session, ran


def _as_of_pytest_itself(finished: FinishedProcess) -> FinishedProcess:
    """What stands between us and pytest ends with 128 and the number of the signal that ended pytest."""
    signal_number = finished.exit_code - 128
    if signal_number in _SIGNALS:
        return replace(finished, exit_code=-signal_number)
    return finished


def _python_path(added: AddedPlugin | None, import_first: Sequence[Path]) -> dict[str, str]:
    """The plugins' folders, before what the person's own PYTHONPATH lists."""
    own = os.environ.get("PYTHONPATH")
    folders = [str(_PLUGIN_FOLDER), *([str(added.folder)] if added else []), *map(str, import_first)]
    return {"PYTHONPATH": os.pathsep.join([*folders, *([own] if own else [])])}


def _raise_if_it_could_not_begin(session: PytestSession, finished: FinishedProcess, interpreter: Interpreter) -> None:
    is_hanging = finished.timed_out and session.exit_code is None
    if session.exit_code != _USAGE_ERROR and (session.is_configured or is_hanging):
        return
    output = finished.stderr.decode("utf-8", "replace")
    if _NO_PYTEST.search(output):
        raise ToolError(
            f"The project's Python {interpreter.path} has no pytest; install it: {how_to_install(interpreter)}"
        )
    if conftest := _CONFTEST.search(output):
        reasons = _REASON.findall(output)
        raise ToolError(f"pytest cannot load {conftest[1]}: {shortened(reasons[-1]) if reasons else 'it fails'}.")
    raise ToolError(f"pytest could not start: {shortened(_complaint(output), 400)}.")


def _complaint(output: str) -> str:
    found = [text for pattern in _USAGE for text in pattern.findall(output)]
    return next(iter(found or output.strip().splitlines()[-1:]), "it says nothing")


def how_to_install(interpreter: Interpreter) -> str:
    """The command that gives a project pytest; the machine's own Python is left as it is."""
    if interpreter.environment is None:
        return "python3 -m venv .venv && .venv/bin/python -m pip install pytest"
    if any((path / "pip").is_dir() for path in interpreter.search_paths):
        return f"{interpreter.path} -m pip install pytest"
    return f"uv pip install --python {interpreter.environment} pytest"


def why_incomplete(session: PytestSession, finished: FinishedProcess, timeout: float) -> str:
    """Why not all tests ran to their end, as a clause; empty if they did."""
    if session.stopped:
        return f"stopped early: {shortened(session.stopped.removeprefix('Interrupted: '))}"
    if not session.has_ended:
        total = counted(session.total, "test") if session.total is not None else "an unknown number"
        return f"{why_ended(finished, timeout)}, after {session.done:,} of {total}"
    return ""


def why_ended(finished: FinishedProcess, timeout: float) -> str:
    """What ended the process before pytest came to its end."""
    if finished.timed_out:
        return f"stopped at the deadline of {timeout:g} s"
    how = f"signal {-finished.exit_code}" if finished.exit_code < 0 else f"exit code {finished.exit_code}"
    return f"pytest's process ended with {how}"
