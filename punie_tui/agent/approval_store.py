"""What the person always allows in a folder: calls of a tool exactly as they were shown, and no others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from punie_tools.files.atomic import replace_file
from punie_tui.own_files import home_directory


class AllowedCall(BaseModel):
    """One rule; `detail` is the whole command, as it is."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    tool: str
    detail: str
    time: datetime = Field(default_factory=lambda: datetime.now().astimezone())

    @property
    def name(self) -> str:
        """By which it is forgotten."""
        exact = f"{self.tool}\0{self.detail}".encode("utf-8", "surrogatepass")
        return hashlib.sha256(exact).hexdigest()[:8]


def approvals_file() -> Path:
    """Where the rules of all folders are kept."""
    return home_directory("data") / "approvals.json"


_RULES = TypeAdapter(dict[str, list[AllowedCall]])


class ApprovalStore:
    """A JSON file among punie's own, so that no repository can set a rule. One that cannot be read allows nothing."""

    def __init__(self, path: Path, folder: Path | str) -> None:
        self._path = path
        self._folder = str(folder)

    def holds(self, tool: str, detail: str) -> bool:
        """Whether the person said that this call of the tool, shown with this detail, is always allowed here."""
        return any((rule.tool, rule.detail) == (tool, detail) for rule in self.rules())

    def rules(self) -> list[AllowedCall]:
        """What is always allowed in this folder, oldest first."""
        return self._load().get(self._folder, [])

    def folders(self) -> list[str]:
        """Every folder that has rules."""
        return sorted(self._load())

    def add(self, tool: str, detail: str) -> None:
        """Remember it, unless it is no text that a file could keep. Raises OSError."""
        is_text = detail == detail.encode("utf-8", "replace").decode()
        if is_text and not self.holds(tool, detail):
            self._save([*self.rules(), AllowedCall(tool=tool, detail=detail)])

    def forget(self, names: Collection[str]) -> None:
        """Ask about these calls again. Raises OSError."""
        self._save([rule for rule in self.rules() if rule.name not in names])

    def _save(self, rules: list[AllowedCall]) -> None:
        kept = self._load() | {self._folder: rules}
        dumped = _RULES.dump_python({folder: each for folder, each in kept.items() if each}, mode="python")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps(dumped, indent=1, default=datetime.isoformat).encode(), 0o600)

    def _load(self) -> dict[str, list[AllowedCall]]:
        try:
            return _RULES.validate_python(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return {}
