"""What pyright found, in the form that its command and its language server share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class PyrightFinding:
    """An error or a warning. Lines count from 1, `utf16_units` are those before it on its line."""

    file: Path
    line: int
    utf16_units: int
    severity: Severity
    rule: str
    message: str


@dataclass(frozen=True)
class PyrightReport:
    """The findings in the order of files and places, and how many files were looked at for them."""

    findings: tuple[PyrightFinding, ...]
    files_checked: int
    files_rechecked: int
    """Of those, the files that were checked for this call; the others' findings were known."""
    is_warm: bool

    @classmethod
    def of(
        cls, findings: Iterable[PyrightFinding], *, files_checked: int, files_rechecked: int, is_warm: bool
    ) -> PyrightReport:
        """Put the findings in order."""
        ordered = sorted(findings, key=lambda found: (str(found.file), found.line, found.utf16_units, found.message))
        return cls(tuple(ordered), files_checked, files_rechecked, is_warm)
