"""Large pastes: one short mark stands for each in the prompt, and becomes its text when the prompt is sent."""

from __future__ import annotations

import re

MOST_CHARACTERS = 200_000
_FEW_LINES, _FEW_CHARACTERS = 10, 1_000
_MOST_KEPT = 4_000_000
_MARK = re.compile(r"\[pasted [\d,]+ (?:lines|characters)(?: #\d+)?\]")


class PasteTooLongError(Exception):
    """The text says how long it is, and what to do."""


class PastedTexts:
    """What the marks stand for. The oldest are forgotten when they are very many; their marks then stay as they are."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def folded(self, text: str) -> str:
        """The text itself if it is short, else a mark for it; the same mark for the same text."""
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines <= _FEW_LINES and len(text) <= _FEW_CHARACTERS:
            return text
        for mark, kept in self._texts.items():
            if kept == text:
                return mark
        size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
        # No mark is given twice, not even after its text was forgotten.
        self._counts[size] = number = self._counts.get(size, 0) + 1
        mark = f"[pasted {size} #{number}]" if number > 1 else f"[pasted {size}]"
        self._texts[mark] = text
        while sum(map(len, self._texts.values())) > _MOST_KEPT:
            del self._texts[next(iter(self._texts))]
        return mark

    def unfolded(self, prompt: str) -> str:
        """The prompt with the text in place of each mark; what a pasted text itself says of marks stays."""
        return _MARK.sub(lambda match: self._texts.get(match.group(), match.group()), prompt)

    def mark_at(self, line: str, column: int, *, is_before: bool) -> tuple[int, int] | None:
        """The columns of the mark that ends (`is_before`) or begins at a column, so that it goes as a whole."""
        for match in _MARK.finditer(line):
            if match.group() in self._texts and (match.end() if is_before else match.start()) == column:
                return match.span()
        return None


def check_length(text: str) -> None:
    """Raise PasteTooLongError for a paste that is no prompt."""
    if len(text) > MOST_CHARACTERS:
        raise PasteTooLongError(
            f"The paste has {len(text):,} characters, and {MOST_CHARACTERS:,} fit; nothing was pasted. "
            "Save it in a file of the project and name that with @."
        )
