"""What ruff offers for lines of a file: its fixes, and comments that turn a finding off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from punie_tools.actions.offer import Lines, Offer
from punie_tools.changes.replacements import Replacement
from punie_tools.changes.text_edit import ANY_LINE_END, DecodedText
from punie_tools.quality.ruff_process import RuffFailedError, run_ruff
from punie_tools.tool import ToolContext

_ORDER_OF_IMPORTS = "I001"
_CODE = re.compile(r"[A-Z]+[0-9]+")
_NOQA = re.compile(r"#\s*noqa\s*:\s*([A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)", re.IGNORECASE)


def ruff_offers(context: ToolContext, file: Path, data: bytes, decoded: DecodedText, lines: Lines) -> list[Offer]:
    """Each once, whatever the findings that it serves. Raises ToolError."""
    # A project's configuration may turn each of these on; what a call does must not depend on it.
    only_tell = ("--no-fix", "--no-fix-only", "--no-unsafe-fixes")
    arguments = ["check", *only_tell, "--output-format=json", "--stdin-filename", file, "-"]
    finished = run_ruff(context, arguments, accepted=(0, 1), stdin=data)
    try:
        found = _FINDINGS.validate_python(json.loads(finished.stdout or "[]"))
    except (ValueError, ValidationError):
        raise RuffFailedError(finished) from None
    asked = [each for each in found if each.is_on(lines)]
    fixes = [each.offer(decoded) for each in asked if each.fix and each.fix.applicability in ("safe", "unsafe")]
    return list(dict.fromkeys([*fixes, *_comments(asked, decoded)]))


class _Place(BaseModel):
    row: int
    column: int


class _Edit(BaseModel):
    content: str
    location: _Place
    end_location: _Place


class _Fix(BaseModel):
    applicability: str
    message: str | None
    edits: list[_Edit]


class _Finding(BaseModel):
    """An element of what `ruff check --output-format=json` prints."""

    location: _Place
    end_location: _Place
    code: str | None
    message: str
    fix: _Fix | None
    noqa_row: int | None = None

    def is_on(self, lines: Lines) -> bool:
        """A finding that ends before a line's first character is not on that line."""
        last = self.end_location.row - (self.end_location.column == 1)
        return lines.meet(self.location.row, max(last, self.location.row))

    def offer(self, decoded: DecodedText) -> Offer:
        assert self.fix is not None
        replacements = tuple(
            Replacement(
                decoded.offset(edit.location.row, edit.location.column),
                decoded.offset(edit.end_location.row, edit.end_location.column),
                edit.content,
            )
            for edit in self.fix.edits
        )
        return Offer(
            source="ruff",
            kind="source.organizeImports" if self.code == _ORDER_OF_IMPORTS else "quickfix",
            title=f"{self.code}: {self.fix.message or self.message}",
            line=self.location.row,
            replacements=replacements,
            is_safe=self.fix.applicability == "safe",
        )


_FINDINGS = TypeAdapter(list[_Finding])


def _comments(found: list[_Finding], decoded: DecodedText) -> Iterator[Offer]:
    texts = ANY_LINE_END.split(decoded.text)
    for each in found:
        row = each.noqa_row
        if each.code and _CODE.fullmatch(each.code) and row and row <= len(texts):
            replacement = _comment(each.code, texts[row - 1], decoded.offset(row, 1))
            title = f"{each.code}: Disable for this line (# noqa)"
            yield Offer("ruff", "quickfix.suppress", title, each.location.row, (replacement,), is_safe=True)


def _comment(code: str, line: str, start: int) -> Replacement:
    """The code in the comment that the line has, or in a new one at its end."""
    if there := _NOQA.search(line):
        codes = sorted({code, *_CODE.findall(there[1].upper())})
        return Replacement(start + there.start(1), start + there.end(1), ", ".join(codes))
    return Replacement(start + len(line.rstrip()), start + len(line), f"  # noqa: {code}")
