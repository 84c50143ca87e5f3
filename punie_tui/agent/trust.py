"""Which folders the person trusts, so that code of the repository may be started there."""

from __future__ import annotations

import json
from pathlib import Path

from punie_tools.files.atomic import replace_file

TRUST_QUESTION = (
    "Do you trust the code in {folder}? Its tests and its Python interpreter can then be started "
    "without asking; they can do whatever you can."
)


class TrustStore:
    """A JSON file of trusted folders, each by its resolved path. A file that cannot be read trusts nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_trusted(self, folder: Path) -> bool:
        return str(folder.resolve()) in self._load()

    def trust(self, folder: Path) -> None:
        """Remember that the person trusts this folder (not those below or above it)."""
        self._save(self._load() | {str(folder.resolve())})

    def revoke(self, folder: Path) -> None:
        self._save(self._load() - {str(folder.resolve())})

    def _load(self) -> frozenset[str]:
        try:
            folders = json.loads(self._path.read_text(encoding="utf-8"))["trusted"]
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()
        return frozenset(folder for folder in folders if isinstance(folder, str))

    def _save(self, folders: frozenset[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path, json.dumps({"trusted": sorted(folders)}, indent=1).encode())
