"""The one adapter over `huggingface_hub`: what a model on the hub consists of, and fetching it file by file.

The hub's own downloader throws a file away when it is interrupted. Here a part stays beside the finished files, and the
next pull asks for the rest.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx2
import huggingface_hub.utils as hub_headers
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import get_session, hf_raise_for_status

from punie_tui.engine.protocol import EngineError

_HUB = "https://huggingface.co"
_REVISION = "main"


@dataclass(frozen=True)
class HubFile:
    """A file of a model, `size` in bytes. `sha256` is known for large files only; `is_here`: it need not be fetched."""

    name: str
    size: int
    blob: str
    sha256: str | None
    is_here: bool


class HubDownload:
    """Fetches one model at its present revision into a folder of the hub's cache layout."""

    def __init__(self, hub_id: str, cache: Path) -> None:
        self._hub_id = hub_id
        self._endpoint = (os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
        self._folder = cache / f"models--{hub_id.replace('/', '--')}"
        with self._explained():
            commit = HfApi(endpoint=self._endpoint).model_info(hub_id, revision=_REVISION).sha
        self._commit = _safe_name(commit or _REVISION)
        self.snapshot = self._folder / "snapshots" / self._commit

    def list_files(self, patterns: Iterable[str]) -> list[HubFile]:
        """The files at the top of the model that match a pattern, the small ones first."""
        with self._explained():
            tree = HfApi(endpoint=self._endpoint).list_repo_tree(self._hub_id, revision=self._commit)
            entries = [entry for entry in tree if isinstance(entry, RepoFile)]
        at_top = [entry for entry in entries if "/" not in entry.path and not entry.path.startswith(".")]
        wanted = [entry for entry in at_top if any(fnmatch(entry.path, pattern) for pattern in patterns)]
        return sorted(map(self._file, wanted), key=lambda file: file.size)

    def fetch(self, file: HubFile, report: Callable[[int], None]) -> None:
        """Fetch what is missing of a file and put it in its place; `report` is told the bytes done."""
        blob = self._folder / "blobs" / file.blob
        part = blob.with_name(f"{blob.name}.incomplete")
        part.parent.mkdir(parents=True, exist_ok=True)
        with self._explained():
            self._fetch_rest(file, part, report)
        self._check(file, part)
        part.replace(blob)
        self._link(file.name, blob)

    def finish(self) -> None:
        """Make this revision the one that the model's name means."""
        reference = self._folder / "refs" / _REVISION
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(self._commit, encoding="utf-8")

    def _file(self, entry: RepoFile) -> HubFile:
        sha256 = entry.lfs.sha256 if entry.lfs else None
        place = self.snapshot / entry.path
        is_here = place.is_file() and place.stat().st_size == entry.size
        return HubFile(entry.path, entry.size, _safe_name(sha256 or entry.blob_id), sha256, is_here)

    def _fetch_rest(self, file: HubFile, part: Path, report: Callable[[int], None]) -> None:
        done = part.stat().st_size if part.exists() else 0
        if done > file.size:
            part.unlink()
            done = 0
        if done == file.size and part.exists():
            return
        url = f"{self._endpoint}/{self._hub_id}/resolve/{self._commit}/{file.name}"
        headers = {**_headers(), "Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        with get_session().stream("GET", url, headers=headers, follow_redirects=True) as response:
            hf_raise_for_status(response)
            # A server that does not know ranges sends the whole file again.
            is_continued = response.status_code == HTTPStatus.PARTIAL_CONTENT
            done = done if is_continued else 0
            with part.open("ab" if is_continued else "wb") as opened:
                for chunk in response.iter_bytes():
                    opened.write(chunk)
                    done += len(chunk)
                    report(done)

    def _check(self, file: HubFile, part: Path) -> None:
        """A part of the right size with the wrong content is of no use to any later pull."""
        size = part.stat().st_size
        if size < file.size:
            raise EngineError(f"{file.name} came only in part; pull {self._hub_id} again, it goes on where it stopped.")
        if size > file.size or (file.sha256 and _sha256(part) != file.sha256):
            part.unlink()
            raise EngineError(f"{file.name} came damaged and was thrown away; pull {self._hub_id} again.")

    def _link(self, name: str, blob: Path) -> None:
        place = self.snapshot / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(os.path.relpath(blob, place.parent))

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Turn what the hub and the network raise into one sentence each."""
        try:
            yield
        except GatedRepoError as error:
            raise EngineError(
                f"{self._hub_id} asks for its licence to be accepted: visit {self._endpoint}/{self._hub_id},"
                " then log in with `hf auth login`."
            ) from error
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise EngineError(
                f"{self._endpoint} has no model {self._hub_id}, or it is private; check the spelling."
            ) from error
        except OfflineModeIsEnabled as error:
            raise EngineError("The hub may not be asked: HF_HUB_OFFLINE is set.") from error
        except HfHubHTTPError as error:
            raise EngineError(f"{self._endpoint} answered: {str(error).splitlines()[0]}") from error
        except httpx2.HTTPError as error:
            raise EngineError(
                f"{self._endpoint} cannot be reached ({error or type(error).__name__}); pull {self._hub_id} again"
                " when the network is back, it goes on where it stopped."
            ) from error


def _headers() -> dict[str, str]:
    """The hub's own headers; they carry the person's token, which a redirect to another host drops."""
    return cast("Any", hub_headers).build_hf_headers()


def _safe_name(name: str) -> str:
    """A name that the hub gave, as it may be used in a path. Raises EngineError for one that leads elsewhere."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise EngineError(f"The hub names a file or revision {name!r}, which cannot be right.")
    return name


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
