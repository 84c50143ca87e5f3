"""Which base an adapter belongs to: models are told apart by a fingerprint that reads little of their weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.protocol import EngineError
from punie_tui.lab.weight_files import read_header

_SAMPLES_A_TENSOR = 3
_BYTES_A_SAMPLE = 1024
_CHARACTERS_SHOWN = 12
_LORA_SETTINGS = ("rank", "scale", "dropout")


@dataclass(frozen=True)
class Base:
    """`name` is for people and may change; models with one fingerprint have one configuration and the same weights."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} ({self.fingerprint[:_CHARACTERS_SHOWN]})"

    @property
    def as_settings(self) -> dict[str, str]:
        """How an adapter and a run keep it; mlx_lm passes over what it does not know."""
        return {"base": self.name, "base_fingerprint": self.fingerprint}


def identify(model: Path) -> Base:
    """The model as a base, from its configuration and a few bytes of every tensor, however they are split over files.

    Raises EngineError for what is no whole model.
    """
    directory = inspect_directory(model)
    digest = hashlib.sha256(json.dumps(directory.config, sort_keys=True).encode())
    for sample in sorted(sample for file in directory.weight_files for sample in _samples(file)):
        digest.update(sample)
    return Base(_name_of(model), digest.hexdigest())


def read_adapter_settings(adapter: Path) -> dict[str, Any]:
    """What adapter_config.json says. Raises EngineError for a folder without an adapter, or with a broken one."""
    try:
        found: object = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except OSError:
        raise EngineError(f"{adapter} holds no adapter (adapter_config.json and adapters.safetensors).") from None
    except (ValueError, RecursionError) as error:
        raise EngineError(f"The adapter in {adapter} is broken: {error}") from None
    settings = cast("dict[str, Any]", found if isinstance(found, dict) else {})
    lora: object = settings.get("lora_parameters")
    has_layers = isinstance(settings.get("num_layers"), int)
    has_lora = isinstance(lora, dict) and all(name in cast("dict[str, Any]", lora) for name in _LORA_SETTINGS)
    if settings.get("fine_tune_type", "lora") != "full" and not (has_layers and has_lora):
        raise EngineError(f"The adapter in {adapter} is broken: its settings lack num_layers or lora_parameters.")
    return settings


def check_base(what: str, settings: Mapping[str, object], base: Base) -> None:
    """Raises EngineError where `what` was made for another base; what mlx_lm made itself names none, and passes."""
    fingerprint = settings.get("base_fingerprint")
    if isinstance(fingerprint, str) and fingerprint != base.fingerprint:
        made_for = Base(str(settings.get("base", "")), fingerprint)
        raise EngineError(f"{what} was made for another base: for {made_for}, and not for {base}.")


def _name_of(model: Path) -> str:
    """The hub id of what lies in the hub's cache, whose own folder is called by its revision alone."""
    folder = model.resolve()
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/", 1)
    return folder.name


def _samples(file: Path) -> Iterator[bytes]:
    """For each tensor its name, type and shape, and bytes from its beginning, middle and end."""
    header, weights = read_header(file)
    with file.open("rb") as opened:
        for name, tensor in header.items():
            if name != "__metadata__":
                start, end = cast("list[int]", tensor["data_offsets"])
                told = json.dumps([name, tensor["dtype"], tensor["shape"]]).encode()
                yield told + _sample(opened, weights + start, end - start)


def _sample(opened: IO[bytes], start: int, size: int) -> bytes:
    if size <= _SAMPLES_A_TENSOR * _BYTES_A_SAMPLE:
        opened.seek(start)
        return opened.read(size)
    taken = b""
    for number in range(_SAMPLES_A_TENSOR):
        opened.seek(start + (size - _BYTES_A_SAMPLE) * number // (_SAMPLES_A_TENSOR - 1))
        taken += opened.read(_BYTES_A_SAMPLE)
    return taken
