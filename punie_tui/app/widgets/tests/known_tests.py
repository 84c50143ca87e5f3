"""What is known of each test of the project: that it is written, that it runs, how it ended last."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from punie_tools.quality.pytest_run import DetailedOutcome, TestOutcome
from punie_tools.quality.pytest_session import OUTCOMES

if TYPE_CHECKING:
    from punie_tools.debug.debug_test import DebugTestResult
    from punie_tools.quality.pytest_session import Outcome
    from punie_tools.quality.written_tests import WrittenTest

FAILURES = ("failed", "error", "collection error")

State = Literal["not run", "running", "passed", "failed", "error", "collection error", "skipped", "xfailed", "xpassed"]

_WORST_FIRST: tuple[Outcome, ...] = ("error", "failed", "xpassed", "xfailed", "skipped", "passed")


@dataclass
class KnownTest:
    """A test by its node id. `outcomes` are those of its last run: more than one where its fixtures failed too.

    Also what is no test: a file or class that could not be collected, while that is so.
    """

    name: str
    file: str
    line: int | None
    outcomes: tuple[TestOutcome, ...] = ()
    is_running: bool = False
    debugged: DebugTestResult | None = None

    @property
    def state(self) -> State:
        if self.is_running:
            return "running"
        return self.last_state

    @property
    def last_state(self) -> State:
        """How it ended last, also while it runs again."""
        if not self.outcomes:
            return "not run"
        return "collection error" if not self.is_test and self.worst.outcome == "error" else self.worst.outcome

    @property
    def is_test(self) -> bool:
        """Whether it is one that can run, and counts."""
        return not any(outcome.is_of_collection for outcome in self.outcomes)

    def holds(self, text: str) -> bool:
        """Whether each word of the text stands in its name, or begins a word of how it ended.

        Nothing vanishes because it runs, and `failed` is not the end of `xfailed`.
        """
        name, states = self.name.lower(), f"{self.last_state} {self.state}".split()
        return all(word in name or any(state.startswith(word) for state in states) for word in text.lower().split())

    @property
    def worst(self) -> TestOutcome:
        """The outcome that counts; there is one."""
        return min(self.outcomes, key=lambda each: _WORST_FIRST.index(each.outcome))

    @property
    def has_failed(self) -> bool:
        return self.state in FAILURES

    @property
    def place(self) -> tuple[str, int | None]:
        """Where to look: the failing line, else where the test begins."""
        if self.outcomes and self.worst.line and (self.has_failed or self.line is None):
            return self.worst.file, self.worst.line
        return self.file, self.line


class KnownTests:
    """Tests by file and node id. Only the UI thread uses it; it draws nothing."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, KnownTest]] = {}

    def __len__(self) -> int:
        return sum(test.is_test for test in self.known())

    @property
    def files(self) -> dict[str, dict[str, KnownTest]]:
        """By the file that their node ids begin with, in order."""
        return self._files

    def known(self) -> Iterator[KnownTest]:
        """All of them in order, also what could not be collected."""
        for tests in self._files.values():
            yield from tests.values()

    def find(self, name: str) -> KnownTest | None:
        return self._files.get(file_of(name), {}).get(name)

    def below(self, key: str) -> list[KnownTest]:
        """The tests that a file, a class or a test stands for, its parameters included, and what is not collected."""
        tests = self._files.get(file_of(key), {})
        return [test for name, test in tests.items() if key == file_of(key) or is_below(name, key)]

    def take_written(self, written: Iterable[WrittenTest], files: Sequence[str] | None = None) -> None:
        """What stands in the files now: of these files, or of all. A test that stands there no more is forgotten."""
        found: dict[str, list[WrittenTest]] = {}
        for test in written:
            found.setdefault(test.file, []).append(test)
        for file in dict.fromkeys([*found, *(self._files if files is None else files)]):
            known = self._files.pop(file, {})
            kept = {name: test for each in found.get(file, []) for name, test in _kept_or_new(each, known)}
            # What only a run could find, such as tests of a base class, stays until a run finds it no more.
            kept |= {name: test for name, test in known.items() if name not in kept and test.line is None}
            if kept:
                self._files[file] = kept
        self._files = dict(sorted(self._files.items()))

    def begin(self, name: str) -> None:
        """A test runs now, so what holds it could be collected."""
        self._known(name).is_running = True
        self._forget_holders(name)

    def take(self, outcome: TestOutcome) -> None:
        """An outcome of a test that has just ended; the first one of a run replaces those of the run before."""
        test = self._known(outcome.name)
        self._put(outcome, replaces=test.is_running)

    def take_debugged(self, test: KnownTest, result: DebugTestResult) -> None:
        """What a debugger saw of it; a run has told more than that of the same outcome."""
        by_word: dict[str, Outcome] = {each: each for each in OUTCOMES}
        outcome = by_word.get(result.outcome)
        if outcome is not None and outcome != test.state:
            told = TestOutcome(
                name=test.name,
                outcome=outcome,
                duration=result.duration,
                file=test.file,
                line=None,
                message=result.reason if result.stopped == "exception" else "",
            )
            self._put(told, replaces=True)
        test.debugged = result

    def end(self, outcomes: Sequence[TestOutcome], *, was_everything: bool) -> None:
        """A run has ended; after a whole run of everything what it did not meet has no outcome any more."""
        met = {outcome.name for outcome in outcomes}
        seen: set[str] = set()
        for outcome in outcomes:
            test = self._known(outcome.name)
            # What was told as it happened has more detail than the result.
            if not any(isinstance(each, DetailedOutcome) and _are_same(each, outcome) for each in test.outcomes):
                self._put(outcome, replaces=outcome.name not in seen)
            seen.add(outcome.name)
            self._forget_holders(outcome.name, met)
        for test in self.known():
            test.is_running = False
        if was_everything:
            for test in [test for test in self.known() if test.name not in met]:
                test.outcomes = ()
                if test.line is None:
                    del self._files[file_of(test.name)][test.name]
            self._files = {file: tests for file, tests in self._files.items() if tests}

    def _forget_holders(self, name: str, met: Container[str] = ()) -> None:
        """A file or class that could not be collected has an outcome like a test, until one of its tests runs."""
        tests = self._files[file_of(name)]
        parts = name.partition("[")[0].split("::")
        for count in range(1, len(parts)):
            holder = "::".join(parts[:count])
            if holder not in met:
                tests.pop(holder, None)

    def _put(self, outcome: TestOutcome, *, replaces: bool) -> None:
        test = self._known(outcome.name)
        test.is_running = False
        test.outcomes = (outcome,) if replaces else (*test.outcomes, outcome)
        test.debugged = None
        if outcome.is_of_collection:
            for each in self.below(outcome.name):
                each.outcomes = each.outcomes if each is test else ()

    def _known(self, name: str) -> KnownTest:
        """The test, made if need be; one with parameters takes the place of what was only written."""
        file = file_of(name)
        if file not in self._files:
            self._files[file] = {}
            self._files = dict(sorted(self._files.items()))
        tests = self._files[file]
        if name not in tests:
            base = name.partition("[")[0]
            written = tests.get(base)
            line = next((test.line for test in tests.values() if test.name.partition("[")[0] == base), None)
            tests[name] = KnownTest(name, file, line)
            if written is not None and not written.outcomes:
                self._files[file] = _with_in_place_of(tests, written.name, name)
        return self._files[file][name]


def file_of(name: str) -> str:
    """What a node id begins with."""
    return name.partition("::")[0]


def is_below(name: str, key: str) -> bool:
    """Whether a node id is this one, or belongs to this class or to this test with parameters."""
    return name == key or name.startswith((f"{key}::", f"{key}["))


def _kept_or_new(written: WrittenTest, known: dict[str, KnownTest]) -> Iterator[tuple[str, KnownTest]]:
    same = {name: test for name, test in known.items() if name.partition("[")[0] == written.name}
    for name, test in same.items():
        test.line = written.line
        yield name, test
    if not same:
        yield written.name, KnownTest(written.name, written.file, written.line)


def _with_in_place_of(tests: dict[str, KnownTest], written: str, name: str) -> dict[str, KnownTest]:
    """The new test stands where the written one stood."""
    new = tests[name]
    return {name if each == written else each: new if each == written else test for each, test in tests.items()}


def _are_same(told: TestOutcome, outcome: TestOutcome) -> bool:
    return (told.outcome, told.line, told.message) == (outcome.outcome, outcome.line, outcome.message)
