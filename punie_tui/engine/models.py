"""Which models exist on this machine, what a model's name means, fetching and removing models.

Models from the hub lie in the hub's own cache layout, so other programs share them: in the person's hub cache, or
below `PUNIE_HOME` if that is set.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from punie_tui.engine.machine import OVERHEAD, free_memory_bytes, readable_size
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.protocol import EngineError

NANO = "nano"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILES_NEEDED = ("*.json", "model*.safetensors", "tokenizer.model", "*.tiktoken", "*.txt", "*.jinja")


@dataclass(frozen=True)
class LocalModel:
    """A model on this machine, `size` in bytes; `problem` says in a sentence why it cannot be used, if so."""

    name: str
    path: Path
    size: int
    architecture: str = ""
    context_length: int = 0
    problem: str = ""


def resolve_model(name: str) -> Path:
    """The directory that `nano`, a path or a hub id means. Raises EngineError that says how to get the model."""
    if name == NANO:
        return MODEL_DIRECTORY
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if not _HUB_ID.fullmatch(name):
        raise EngineError(f"There is no model {name!r}.{_nearest(name)} Give nano, a directory, or a hub id ORG/NAME.")
    snapshot = _snapshot(_hub_folder(name))
    if snapshot is None:
        raise EngineError(f"{name} is not on this machine.{_nearest(name)} Get it with: punie models pull {name}")
    return snapshot


def local_models() -> list[LocalModel]:
    """The embedded model first, then all that the hub cache holds, by name."""
    found = [_describe(NANO, MODEL_DIRECTORY)]
    for folder in sorted(models_folder().glob("models--*--*")):
        if (snapshot := _snapshot(folder)) is not None:
            found.append(_describe(folder.name.removeprefix("models--").replace("--", "/", 1), snapshot))
    return found


def describe_model(name: str) -> LocalModel:
    """One model. Raises EngineError when there is none of that name."""
    return _describe(name, resolve_model(name))


def remove_model(name: str) -> int:
    """Delete a pulled model and return the bytes freed. Raises EngineError for what was never pulled."""
    if name == NANO:
        raise EngineError("nano is part of punie and cannot be removed.")
    folder = _hub_folder(name) if _HUB_ID.fullmatch(name) else None
    if folder is None or not folder.is_dir():
        raise EngineError(f"{name} was not pulled, so there is nothing to remove.{_nearest(name)}")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    shutil.rmtree(folder)
    return size


def free_disk_bytes() -> int:
    """What the disk that models are pulled to has left."""
    folder = models_folder()
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


def models_folder() -> Path:
    """Where pulled models lie."""
    if home := os.environ.get("PUNIE_HOME"):
        return Path(home).expanduser().absolute() / "models"
    if hub_cache := os.environ.get("HF_HUB_CACHE"):
        return Path(hub_cache).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or f"{cache}/huggingface").expanduser() / "hub"


ReportProgress = Callable[[str, int, int], None]
"""Is told what is being fetched, the bytes done, and their total."""


def pull_model(hub_id: str, report: ReportProgress, *, must_fit: bool = True) -> Path:
    """Fetch what running the model needs; what an interrupted pull had fetched is kept. Raises EngineError.

    With `must_fit`, a model that this machine has no memory for is refused before anything is fetched.
    """
    if not _HUB_ID.fullmatch(hub_id):
        raise EngineError(f"{hub_id!r} is no hub id; a hub id looks like mlx-community/Qwen3-4B-4bit.")
    from punie_tui.engine.hub_adapter import HubDownload

    download = HubDownload(hub_id, models_folder())
    files = download.list_files(_FILES_NEEDED)
    missing = [file for file in files if not file.is_here]
    sizes = {file.name: file.size for file in files}
    _check_pull(hub_id, sizes, sum(file.size for file in missing), must_fit=must_fit)
    total = sum(file.size for file in files)
    done = total - sum(file.size for file in missing)
    for file in missing:
        download.fetch(file, partial(_report_part, report, file.name, done, total))
        done += file.size
    download.finish()
    return inspect_directory(download.snapshot).path


def _report_part(report: ReportProgress, name: str, before: int, total: int, part: int) -> None:
    report(name, before + part, total)


def _check_pull(hub_id: str, sizes: dict[str, int], missing: int, *, must_fit: bool) -> None:
    """Say what cannot work before gigabytes are fetched for nothing."""
    weights = sum(size for name, size in sizes.items() if name.endswith(".safetensors"))
    if "config.json" not in sizes or not weights:
        raise EngineError(f"{hub_id} holds no model that punie can run: it needs config.json and model*.safetensors.")
    if must_fit and (problem := _memory_problem(weights)):
        raise EngineError(f"{hub_id} does not fit this machine. {problem} To fetch it all the same, add --force.")
    if missing > (free := free_disk_bytes()):
        raise EngineError(f"{hub_id} takes {readable_size(missing)}, but the disk has {readable_size(free)} left.")


def _describe(name: str, path: Path) -> LocalModel:
    try:
        directory = inspect_directory(path)
    except EngineError as error:
        return LocalModel(name, path, 0, problem=str(error))
    return LocalModel(
        name,
        path,
        directory.weight_bytes,
        directory.architecture,
        directory.context_length,
        problem=_memory_problem(directory.weight_bytes),
    )


def _memory_problem(weight_bytes: int) -> str:
    needed, offered = int(weight_bytes * OVERHEAD), free_memory_bytes()
    if needed <= offered:
        return ""
    return f"It needs about {readable_size(needed)} of memory, and {readable_size(offered)} are free."


def _hub_folder(hub_id: str) -> Path:
    return models_folder() / f"models--{hub_id.replace('/', '--')}"


def _snapshot(folder: Path) -> Path | None:
    """The files of the revision that was pulled last."""
    try:
        snapshot = folder / "snapshots" / (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return snapshot if snapshot.is_dir() else None


def _nearest(name: str) -> str:
    matches = difflib.get_close_matches(name, list(_local_names()), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]}?" if matches else ""


def _local_names() -> Iterator[str]:
    yield NANO
    for folder in models_folder().glob("models--*--*"):
        yield folder.name.removeprefix("models--").replace("--", "/", 1)
