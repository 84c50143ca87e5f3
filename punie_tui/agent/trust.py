"""Which folders the person trusts, so that code of the repository may be started there, and when that trust lapses."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from punie_tools.files.atomic import replace_file
from punie_tools.workspace import Workspace
from punie_tui.agent.executable_configuration import executable_configuration
from punie_tui.own_files import home_directory

TRUST_QUESTION = (
    "Do you trust the code in {folder}? Its tests, its Python interpreter and its git hooks can then be started "
    "without asking; they can do whatever you can."
)

_LOG = logging.getLogger(__name__)
_FOLDERS = TypeAdapter(dict[str, dict[str, str] | None])
_NAMED = 3

Fingerprint = Mapping[str, str]


class TrustStore:
    """A JSON file of trusted folders by resolved path, each with its executable configuration as it was then.

    A file that cannot be read trusts nothing. An earlier format had no configuration: there it is None.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def folders(self) -> dict[str, dict[str, str] | None]:
        try:
            kept: Any = json.loads(self._path.read_text(encoding="utf-8"))["trusted"]
            if isinstance(kept, list):
                return {folder: None for folder in cast("list[object]", kept) if isinstance(folder, str)}
            return _FOLDERS.validate_python(kept, strict=True)
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return {}

    def trust(self, folder: Path, fingerprint: Fingerprint) -> None:
        """Remember that the person trusts this folder (not those below or above it). Raises OSError."""
        self._save(self.folders() | {str(folder): dict(fingerprint)})

    def revoke(self, folder: Path) -> None:
        """Forget it. Raises OSError."""
        self._save({name: kept for name, kept in self.folders().items() if name != str(folder)})

    def _save(self, folders: Mapping[str, Fingerprint | None]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps({"trusted": folders}, indent=1, sort_keys=True).encode(), 0o600)


class FolderTrust:
    """The trust in one workspace. `is_trusted` and `lapse` tell what the last look saw; only `look` reads files.

    `lapse` is a sentence on what changed since the person trusted the folder; empty if nothing did, or they never did.
    """

    def __init__(self, store: TrustStore, workspace: Workspace) -> None:
        self._store = store
        self._workspace = workspace
        self.is_trusted = False
        self.lapse = ""

    def look(self) -> bool:
        """Whether the folder is trusted as it is now. Called before each call that changes or runs something."""
        folders, folder = self._store.folders(), str(self._workspace.root)
        if folder not in folders:
            self.is_trusted, self.lapse = False, ""
            return False
        kept, now = folders[folder], executable_configuration(self._workspace)
        if kept is None:
            kept = now
            self._complete(now)
        self.lapse = _lapse(kept, now)
        self.is_trusted = not self.lapse
        return self.is_trusted

    def trust(self) -> None:
        """Trust the folder as it is now. Raises OSError."""
        self._store.trust(self._workspace.root, executable_configuration(self._workspace))
        self.is_trusted, self.lapse = True, ""

    def revoke(self) -> None:
        """Raises OSError."""
        self._store.revoke(self._workspace.root)
        self.is_trusted, self.lapse = False, ""

    def _complete(self, fingerprint: Fingerprint) -> None:
        """Trust of the earlier format begins to depend on the configuration that is seen first."""
        try:
            self._store.trust(self._workspace.root, fingerprint)
        except OSError as error:
            _LOG.warning("the folder's configuration is not kept: %s", error)


def trust_store() -> TrustStore:
    """The person's own."""
    return TrustStore(home_directory("data") / "trust.json")


def folder_trust(workspace: Workspace) -> FolderTrust:
    """What the person's own store says about a workspace; nothing is looked at yet."""
    return FolderTrust(trust_store(), workspace)


def _lapse(kept: Fingerprint, now: Fingerprint) -> str:
    changes = [
        f"{name} {'is new' if name not in kept else 'is gone' if name not in now else 'changed'}"
        for name in sorted(kept.keys() | now.keys())
        if kept.get(name) != now.get(name)
    ]
    if not changes:
        return ""
    more = f", and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
    return f"Trust in this folder has lapsed: {', '.join(changes[:_NAMED])}{more} since you trusted it."
