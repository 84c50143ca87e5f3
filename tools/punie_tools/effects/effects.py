"""What a proposal adds and cures: type errors, lint, and the tests that it reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Literal

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.renames import renames_in
from punie_tools.effects.overlay import Overlay, of_copy
from punie_tools.effects.reached_names import KnownCode
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.imports.reached_code import Place
from punie_tools.quality.pytest_affected import affected_selection
from punie_tools.quality.pytest_run import DetailedOutcome, TestOutcome, run_selection
from punie_tools.quality.ruff_check import ruff_check
from punie_tools.quality.typecheck import typecheck
from punie_tools.tool import ToolContext

Kind = Literal["types", "lint", "tests"]
Line = tuple[str, int]
"""A file of the tree, and a line of it, counted from 1."""

SECONDS_FOR_TESTS = 120.0
MOST_FILES_TRACED = 200
"""Of a proposal with more files it is not looked which tests reach which of them."""

_BROKEN = ("failed", "error")


@dataclass(frozen=True)
class Finding:
    """Something wrong at a place: a type error, a violation, or a test that fails."""

    kind: Kind
    file: str
    line: int
    code: str
    message: str

    def identity(self, new_names: Mapping[str, str]) -> tuple[str, str, str, str]:
        """One that only moved to another line, or with its file to another name, is the same."""
        file, code = new_names.get(self.file, self.file), self.code
        if self.kind == "tests":
            return self.kind, file, renamed_test(code, new_names), ""
        return self.kind, file, code, self.message


@dataclass(frozen=True)
class State:
    """What is wrong in a tree, and which tests pass. `missing` says of each kind that could not be looked at why.

    `passing` has the file of each test; `reaching` has the test files that can reach each file of the proposal, and
    `reached` what each test reaches in them by name, both as far as that is known. `ways` are the lines of the tree
    that the failure of a test came through.
    """

    findings: tuple[Finding, ...] = ()
    tests_run: int = 0
    passing: Mapping[str, str] = field(default_factory=dict[str, str])
    reaching: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    reached: Mapping[str, frozenset[Place]] = field(default_factory=dict[str, frozenset[Place]])
    ways: Mapping[str, tuple[Line, ...]] = field(default_factory=dict[str, tuple[Line, ...]])
    missing: dict[Kind, str] = field(default_factory=dict[Kind, str])

    def of(self, kind: Kind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == kind]


@dataclass(frozen=True)
class Effect:
    """Two states of a tree against each other; `new_names` has those of renamed files by the old ones."""

    before: State
    after: State
    new_names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def added(self) -> list[Finding]:
        return _more(self.after.findings, self.before.findings, self.new_names)

    @property
    def cured(self) -> list[Finding]:
        """A test that failed is cured where it passes, not where it no longer runs."""
        gone = _more(self.before.findings, self.after.findings, self.new_names)
        passing = self.after.passing
        return [found for found in gone if found.kind != "tests" or renamed_test(found.code, self.new_names) in passing]

    @property
    def is_no_worse(self) -> bool:
        """Whether types and tests are no worse, as far as they were known before; lint is left to taste."""
        unknown_now = self.after.missing.keys() - self.before.missing.keys()
        return unknown_now <= {"lint"} and all(finding.kind == "lint" for finding in self.added)

    @property
    def summary(self) -> str:
        """In short: `types +1 -2 · lint ok · tests 12 run, 1 broken`."""
        parts: list[str] = []
        for kind in ("types", "lint", "tests"):
            added = sum(finding.kind == kind for finding in self.added)
            cured = sum(finding.kind == kind for finding in self.cured)
            parts.append(f"{kind} {self._in_short(kind, added, cured)}")
        return " · ".join(parts)

    def _in_short(self, kind: Kind, added: int, cured: int) -> str:
        if kind in self.after.missing:
            return self.after.missing[kind]
        if kind != "tests":
            return " ".join([*([f"+{added}"] if added else []), *([f"-{cured}"] if cured else [])]) or "same"
        ran = f"{self.after.tests_run} run" if self.after.tests_run else "none reached"
        still = len(self.after.of("tests")) - added
        counts = ((added, "broken"), (cured, "cured"), (still, "failed before as well"))
        return ", ".join([ran, *(f"{count} {what}" for count, what in counts if count)])


class EffectFinder:
    """Looks at proposals on a copy of the tree, made when it is first needed. Threads wait for each other."""

    def __init__(self, context: ToolContext, proposal: Sequence[FileChange], *, is_made: bool = False) -> None:
        """With `is_made` the tree holds the proposal already, and is compared with what it was before."""
        self._context = context
        self._proposal = list(proposal)
        self._is_made = is_made
        self._overlay: Overlay | None = None
        self._known: dict[tuple[FileChange, ...], State] = {}
        self._lock = Lock()
        self._code = KnownCode()
        self._is_closed = False

    def effect_of(self, changes: Sequence[FileChange], cancelled: Event, told: Callable[[str], None]) -> Effect:
        """Of a part of the proposal. Raises ToolError, ToolCancelledError, OSError; `told` hears what is being done."""
        with self._lock:
            if self._is_closed:
                raise ToolCancelledError("Stopped.")
            new_names = {old.path: new for new, old in renames_in(changes).items()}
            return Effect(self._state([], cancelled, told), self._state(changes, cancelled, told), new_names)

    def close(self) -> None:
        """Waits for a running look, which the caller has cancelled."""
        with self._lock:
            self._is_closed = True
            if self._overlay:
                self._overlay.close()

    def _state(self, changes: Sequence[FileChange], cancelled: Event, told: Callable[[str], None]) -> State:
        key = tuple(changes)
        if key not in self._known:
            if self._overlay is None:
                told("copying the tree")
                self._overlay = Overlay(replace(self._context, cancelled=cancelled))
            if self._is_made:
                self._overlay.show_part(self._proposal, changes)
            else:
                self._overlay.show(changes)
            self._known[key] = _look(self._overlay.context(cancelled), self._proposal, self._code, told)
        return self._known[key]


def _look(context: ToolContext, proposal: Sequence[FileChange], code: KnownCode, told: Callable[[str], None]) -> State:
    """All three kinds; one that cannot be had is no reason to lose the others."""
    paths = [change.path for change in proposal]
    findings: list[Finding] = []
    missing: dict[Kind, str] = {}
    tests_run = 0
    passing: dict[str, str] = {}
    reaching: dict[str, frozenset[str]] = {}
    reached: dict[str, frozenset[Place]] = {}
    ways: dict[str, tuple[Line, ...]] = {}

    def attempt(kind: Kind, work: Callable[[], Iterable[Finding]]) -> None:
        told(f"checking {kind}")
        try:
            findings.extend(work())
        except ToolCancelledError:
            raise
        except ToolError as error:
            missing[kind] = f"not known ({str(error).removesuffix('.')})"

    def tests() -> list[Finding]:
        nonlocal tests_run
        selection, affected = affected_selection(context, paths)
        for path in paths if len(paths) <= MOST_FILES_TRACED else ():
            if (files := affected.reaching(path)) is not None:
                reaching[path] = files
        if selection is None:
            return []
        told("running the tests that it reaches")
        selection = replace(of_copy(selection, context), wants_details=True)
        ran = run_selection(context, selection, timeout=SECONDS_FOR_TESTS)
        tests_run = ran.passed + ran.failed + ran.errors + ran.xfailed + ran.xpassed
        passing.update((test.name, test.file) for test in ran.tests if test.outcome == "passed")
        if ran.incomplete:
            raise ToolError(f"{ran.incomplete}.")
        ways.update((test.name, _way(test)) for test in ran.tests if test.outcome in _BROKEN)
        if affected.graph and len(paths) <= MOST_FILES_TRACED:
            told("reading which tests reach which hunk")
            named = [(test.name, test.file) for test in ran.tests]
            reached.update(code.reached_by_tests(context, affected.graph, named, proposal))
        return [
            Finding("tests", test.file, test.line or 1, test.name, test.message.split("\n", 1)[0])
            for test in ran.tests
            if test.outcome in _BROKEN
        ]

    attempt("lint", lambda: _lint(context, paths))
    attempt("types", lambda: _types(context))
    if context.workspace.is_trusted:
        attempt("tests", tests)
    else:
        missing["tests"] = "not run (folder not trusted)"
    return State(tuple(findings), tests_run, passing, reaching, reached, ways, missing)


def _way(test: TestOutcome) -> tuple[Line, ...]:
    """The lines of the tree that a failure came through."""
    frames = test.stack if isinstance(test, DetailedOutcome) else ()
    return tuple((frame.file, frame.line) for frame in frames if frame.is_project)


def _lint(context: ToolContext, paths: Sequence[str]) -> Iterable[Finding]:
    for path in paths:
        if path.endswith((".py", ".pyi")) and (context.workspace.root / path).is_file():
            for found in ruff_check(context, path).violations:
                yield Finding("lint", found.file, found.line, found.code, found.message)


def _types(context: ToolContext) -> Iterable[Finding]:
    for found in typecheck(context).errors:
        if found.severity == "error":
            yield Finding("types", found.file, found.line, found.code, found.message)


def renamed_test(node_id: str, new_names: Mapping[str, str]) -> str:
    """The same test where its file has another name now."""
    path, separator, inside = node_id.partition("::")
    return f"{new_names.get(path, path)}{separator}{inside}"


def _more(findings: Sequence[Finding], than: Sequence[Finding], new_names: Mapping[str, str]) -> list[Finding]:
    known = Counter(finding.identity(new_names) for finding in than)
    more: list[Finding] = []
    for finding in findings:
        identity = finding.identity(new_names)
        if known[identity]:
            known[identity] -= 1
        else:
            more.append(finding)
    return more
