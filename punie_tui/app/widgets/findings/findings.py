"""What pyright and ruff find, in one form: filtered by words, grouped by file or by rule, and as rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from punie_tools.quality.ruff_check import RuffCheckResult
from punie_tools.quality.typecheck import TypeCheckResult
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.widgets.outline import OutlineRow

if TYPE_CHECKING:
    from punie_tui.app.widgets.trace.rows import Role

Grouping = Literal["file", "rule"]

_MOST_UNFOLDED = 500
_NO_RULE = "syntax"


@dataclass(frozen=True)
class Finding:
    """One of pyright's or ruff's. `rule` is what the source calls it; `is_fixable` that ruff has a safe fix."""

    source: Literal["pyright", "ruff"]
    file: str
    line: int
    column: int
    severity: str
    rule: str
    message: str
    is_fixable: bool

    @property
    def key(self) -> str:
        return f"{self.file}:{self.line}:{self.column}:{self.source}:{self.rule}:{self.message}"

    def holds(self, words: Sequence[str]) -> bool:
        """Whether each word, in lower case, stands in it somewhere."""
        text = f"{self.file}:{self.line} {self.source} {self.severity} {self.rule} {self.message}".lower()
        return all(word in text for word in words)


def findings_of(result: TypeCheckResult | RuffCheckResult) -> list[Finding]:
    """In the result's own order."""
    if isinstance(result, TypeCheckResult):
        return [
            Finding(
                "pyright",
                found.file,
                found.line,
                found.column,
                found.severity,
                found.code or _NO_RULE,
                found.message,
                False,
            )
            for found in result.errors
        ]
    return [
        Finding("ruff", found.file, found.line, found.column, "lint", found.code, found.message, found.fixable)
        for found in result.violations
    ]


def filtered(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Those that hold every word of the text, in the order of files and lines."""
    words = text.lower().split()
    kept = [finding for finding in findings if finding.holds(words)]
    return sorted(kept, key=lambda each: (each.file, each.line, each.column, each.source, each.rule))


def rows_of_findings(
    findings: Sequence[Finding], by: Grouping, chosen: Mapping[str, bool]
) -> dict[OutlineRow, Finding | None]:
    """Each row with its finding, None for a group's. By rule the most frequent one stands first.

    `chosen` says which groups the person folded or unfolded.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.file if by == "file" else f"{finding.source} {finding.rule}", []).append(finding)
    ordered = list(groups.items())
    if by == "rule":
        ordered.sort(key=lambda group: -len(group[1]))
    rows: dict[OutlineRow, Finding | None] = {}
    for name, found in ordered:
        is_folded = chosen.get(name, len(findings) > _MOST_UNFOLDED)
        shown = safe_text(name, single_line=True)
        label: tuple[tuple[str, Role], ...] = ((shown, "strong"), (f"  {_counts(found)}", "muted"))
        rows[OutlineRow(name, 0, label, is_folded=is_folded)] = None
        if not is_folded:
            rows |= _rows(found, by)
    return rows


def _rows(findings: Sequence[Finding], by: Grouping) -> dict[OutlineRow, Finding]:
    rows: dict[OutlineRow, Finding] = {}
    met: Counter[str] = Counter()
    for finding in findings:
        # Two findings may be equal to the letter; their rows are not.
        met[finding.key] += 1
        place = f"{finding.line}:{finding.column}" if by == "file" else f"{finding.file}:{finding.line}"
        first_line = finding.message.partition("\n")[0]
        role: Role = "bad" if finding.severity == "error" else ""
        parts: list[tuple[str, Role]] = [
            (f"{safe_text(place, single_line=True)} ", "muted"),
            (safe_text(first_line, single_line=True), role),
        ]
        if by == "file":
            parts.append((f"  {safe_text(finding.rule, single_line=True)}", "muted"))
        key = finding.key if met[finding.key] == 1 else f"{finding.key} {met[finding.key]}"
        rows[OutlineRow(key, 1, tuple(parts), "fixable" if finding.is_fixable else "")] = finding
    return rows


def told_counts(findings: Sequence[Finding], sources: Collection[str]) -> list[str]:
    """How much each of the sources found, in words; pyright's warnings are no errors."""
    types = [finding.severity for finding in findings if finding.source == "pyright"]
    errors, lint = types.count("error"), len(findings) - len(types)
    told: list[str] = []
    if "pyright" in sources:
        told += [counted(errors, "type error")] if errors or not types else []
        told += [counted(len(types) - errors, "type warning")] if len(types) > errors else []
    return [*told, f"{lint} lint"] if "ruff" in sources else told


def _counts(findings: Sequence[Finding]) -> str:
    fixable = sum(finding.is_fixable for finding in findings)
    told = told_counts(findings, {finding.source for finding in findings})
    return ", ".join([*told, f"{fixable} fixable"] if fixable else told)
