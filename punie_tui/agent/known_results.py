"""What the checkers and the tests said last, whoever asked them: a prompt can bring it along."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from punie_tools.moment import Moment
from punie_tools.quality.pytest_run import PytestRunResult, TestOutcome
from punie_tools.quality.ruff_check import RuffCheckResult, RuffViolation
from punie_tools.quality.typecheck import TypeCheckResult, TypeFinding
from punie_tools.tool import ToolResult

Checker = Literal["types", "lint"]
Finding = TypeFinding | RuffViolation

KNOWN_FROM = frozenset({"typecheck", "ruff_check", "pytest_run", "pytest_affected"})
"""The tools whose results are known afterwards."""

_FAILURES = ("failed", "error")


@dataclass(frozen=True)
class KnownFindings:
    """What one checker found, in the order of files and lines, and when it was asked last."""

    found: Sequence[Finding]
    at: datetime
    moment: Moment = field(default_factory=Moment)

    def of(self, path: str) -> list[Finding]:
        """Those in a file or below a folder."""
        return [each for each in self.found if is_in(each.file, path)]


@dataclass(frozen=True)
class KnownFailures:
    """The tests that failed when they ran last, by node id, and when the last run ended."""

    tests: Mapping[str, TestOutcome]
    at: datetime
    moment: Moment = field(default_factory=Moment)


class KnownResults:
    """Told by any thread, and read by any. Nothing in it is older than the program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._findings: dict[Checker, KnownFindings] = {}
        self.failures: KnownFailures | None = None
        self.last_run: PytestRunResult | None = None

    def findings(self, checker: Checker) -> KnownFindings | None:
        """None where it was not asked yet."""
        return self._findings.get(checker)

    def note(self, result: ToolResult | None) -> None:
        """Take what a result says in place of what was known of the same files."""
        with self._lock:
            match result:
                case TypeCheckResult():
                    self._note_findings("types", result.path, result.errors)
                case RuffCheckResult(rules=()):  # of a few rules it does not tell what the files hold
                    self._note_findings("lint", result.path, result.violations)
                case PytestRunResult():
                    self._note_tests(result)
                case _:
                    pass

    def _note_findings(self, checker: Checker, path: str, found: Sequence[Finding]) -> None:
        known = self._findings.get(checker)
        others = [each for each in known.found if not is_in(each.file, path)] if known else []
        ordered = sorted([*others, *found], key=lambda each: (each.file, each.line, each.column))
        self._findings[checker] = KnownFindings(ordered, datetime.now().astimezone())

    def _note_tests(self, result: PytestRunResult) -> None:
        self.last_run = result
        known = dict(self.failures.tests) if self.failures else {}
        met = {outcome.name for outcome in result.tests}
        files = {_file_of(name) for name in met}
        target = result.target.removeprefix("./").rstrip("/")
        is_partial = bool(result.keyword or result.incomplete or result.truncated)
        for name in list(known):
            # Of a file or a class that ran whole, a test that was not met is gone.
            was_asked_for = is_in(name, target) or name.startswith((f"{target}::", f"{target}["))
            if name in met or (not is_partial and _file_of(name) in files and was_asked_for):
                del known[name]
        known |= {outcome.name: outcome for outcome in result.tests if outcome.outcome in _FAILURES}
        self.failures = KnownFailures(dict(sorted(known.items())), datetime.now().astimezone())


def is_in(file: str, path: str) -> bool:
    """Whether a file is this one, or below this folder."""
    folder = path.removeprefix("./").rstrip("/")
    return folder in ("", ".", file) or file.startswith(f"{folder}/")


def _file_of(name: str) -> str:
    return name.partition("::")[0]
