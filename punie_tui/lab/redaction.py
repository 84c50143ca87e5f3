"""Takes out of a text what nobody should train a model on: secrets, addresses of people, and who sits here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(r"(?i)key|token|secret|passw|credential")
_SHORTEST_SECRET = 8
_SHORTEST_NAME = 3
# A tool's result is JSON in a message's text: a line in it begins after an escape, and its quotes have a backslash.
_START = r"(?:(?<=\\[nrt])|(?<![\w\\]))"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"), REDACTED),
    # Tokens that say by their beginning whose they are: GitHub, GitLab, AWS, Slack, Google, npm, PyPI, model services.
    (re.compile(_START + r"(?:gh[pousr]|github_pat|glpat|npm|hf)[_-][A-Za-z0-9_-]{16,}"), REDACTED),
    (re.compile(_START + r"(?:(?:AKIA|ASIA)[0-9A-Z]{16}\b|AIza[\w-]{30,}|xox[abeprs]-[\w-]{10,})"), REDACTED),
    (re.compile(_START + r"(?:(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|pypi-[\w-]{30,})"), REDACTED),
    (re.compile(_START + r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"), REDACTED),
    (re.compile(r"(?i)(bearer\s+)[\w.~+/=-]{16,}"), rf"\1{REDACTED}"),
    (
        re.compile(
            r"(?i)((?:passw(?:or)?d|secret(?:[_-]?key)?|(?:api|access|auth|private)[_-]?(?:key|token)|token)"
            r"\\*[\"']?\s*[:=]\s*)"
            r"(?:(?P<quote>\\*[\"'])(?:(?!(?P=quote)|\\n)[^\n]){6,}(?P=quote)|[^\s\"',;)\\]{6,})"
        ),
        rf"\g<1>\g<quote>{REDACTED}\g<quote>",
    ),
    (re.compile(r"(?:(?<=\\[nrt])|(?<![\w.+\\-]))[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "person@example.org"),
)


class Redactor:
    """Counts what it took out; the same value is always replaced by the same text."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        """`home` is the person's own folder; secrets of the `environment` (this process's) are known by value."""
        self.count = 0
        environment = os.environ if environment is None else environment
        secrets = [
            value for name, value in environment.items() if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
        ]
        self._known = [(re.compile(re.escape(secret)), REDACTED) for secret in sorted(secrets, key=len, reverse=True)]
        if len(home.parts) > 1:
            self._known.append((re.compile(re.escape(str(home)) + r"(?![\w.-])"), "~"))
        if len(home.parts) > 2 and len(home.name) >= _SHORTEST_NAME:
            self._known.append((re.compile(rf"(?:(?<=\\[nrt])|(?<![\w\\-])){re.escape(home.name)}(?![\w-])"), "user"))

    def text(self, text: str) -> str:
        """The text without."""
        for pattern, replacement in (*self._known, *_PATTERNS):
            text, count = pattern.subn(replacement, text)
            self.count += count
        return text

    def value(self, value: Any) -> Any:
        """Every text in lists and mappings, and the names in mappings."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(name): self.value(each) for name, each in cast("dict[str, Any]", value).items()}
            case list() | tuple():
                return [self.value(each) for each in cast("list[Any]", value)]
            case _:
                return value
