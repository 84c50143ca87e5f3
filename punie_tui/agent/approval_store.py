"""What the person always allows in a folder: calls of a tool exactly as they were shown, and no others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from punie_tools.files.atomic import replace_file

_RULES = TypeAdapter(dict[str, list[str]])


class ApprovalStore:
    """A JSON file among punie's own, so that no repository can set a rule. One that cannot be read allows nothing."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = str(folder)

    def holds(self, tool: str, detail: str) -> bool:
        """Whether the person said that this call of the tool, shown with this detail, is always allowed here."""
        return _rule(tool, detail) in self._load().get(self._folder, [])

    def add(self, tool: str, detail: str) -> None:
        """Remember it. Raises OSError."""
        rules = self._load()
        rules[self._folder] = sorted({*rules.get(self._folder, []), _rule(tool, detail)})
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps(rules, indent=1).encode(), 0o600)

    def _load(self) -> dict[str, list[str]]:
        try:
            rules = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        try:
            return _RULES.validate_python(rules, strict=True)
        except ValidationError:
            return {}


def _rule(tool: str, detail: str) -> str:
    return f"{tool} {hashlib.sha256(detail.encode('utf-8', 'surrogatepass')).hexdigest()}"
