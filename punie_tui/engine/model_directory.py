"""What a model directory holds, and whether it is whole, found out from its files alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from punie_tui.engine.protocol import EngineError

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "tiktoken.model", "tokenizer_config.json")
_DEFAULT_CONTEXT = 8192


@dataclass(frozen=True)
class ModelConfig:
    """What config.json says."""

    path: Path
    config: dict[str, Any]

    @property
    def architecture(self) -> str:
        """The model type, such as `qwen3`."""
        return str(self.config["model_type"])

    @property
    def is_nano(self) -> bool:
        """Whether it is one of punie's own small models, with their own prompt format."""
        return self.config.get("punie_format") == "nano"

    @property
    def context_length(self) -> int:
        """The longest prompt and reply together, in tokens."""
        text_config = cast("dict[str, Any]", self.config.get("text_config") or {})
        for source in (self.config, text_config):
            length: object = source.get("max_position_embeddings")
            if isinstance(length, int) and length > 0:
                return length
        return _DEFAULT_CONTEXT


@dataclass(frozen=True)
class ModelDirectory(ModelConfig):
    """A directory whose files are there and complete; whether mlx_lm can run them is seen when loading."""

    weight_files: tuple[Path, ...]

    @property
    def weight_bytes(self) -> int:
        """What the weights take on disk, and about what they take in memory."""
        return sum(path.stat().st_size for path in self.weight_files)


def inspect_directory(path: Path) -> ModelDirectory:
    """Read what is there. Raises EngineError that names the first thing that is missing or broken."""
    config = read_config(path).config
    weight_files = _find_weights(path)
    for file in weight_files:
        _check_weights(file)
    if not any((path / name).is_file() for name in _TOKENIZER_FILES):
        raise EngineError(f"{path} holds no tokenizer (tokenizer.json is missing); download the model again.")
    return ModelDirectory(path, config, weight_files)


def read_config(path: Path) -> ModelConfig:
    """Read the configuration alone. Raises EngineError when the directory has none."""
    if not path.is_dir():
        raise EngineError(f"There is no model directory {path}.")
    file = path / "config.json"
    if not file.is_file():
        raise EngineError(f"{path} is not a model directory: it has no config.json.")
    config = _read_json_object(file)
    if not isinstance(config.get("model_type"), str):
        raise EngineError(f"{file} does not name a model_type, so nobody can tell how to run the model.")
    return ModelConfig(path, config)


def _read_json_object(file: Path) -> dict[str, Any]:
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{file} is broken: {error}. Download the model again.") from error
    if not isinstance(content, dict):
        raise EngineError(f"{file} is broken: it holds no JSON object. Download the model again.")
    return cast("dict[str, Any]", content)


def _find_weights(path: Path) -> tuple[Path, ...]:
    files = sorted(path.glob("model*.safetensors"))
    index = path / "model.safetensors.index.json"
    if index.is_file():
        named = set(cast("dict[str, str]", _read_json_object(index).get("weight_map") or {}).values())
        if missing := sorted(named - {file.name for file in files}):
            raise EngineError(f"{path} lacks {len(missing)} of its weight files, such as {missing[0]}; pull it again.")
    if not files:
        raise EngineError(f"{path} holds no weights as model*.safetensors, the only form that punie reads.")
    return tuple(files)


def _check_weights(file: Path) -> None:
    """A safetensors file says at its start how long it is; a download cut short is shorter."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        header_size = int.from_bytes(opened.read(8), "little")
        if size < 8 or header_size > size - 8:
            raise EngineError(f"{file} is cut short; download the model again.")
        try:
            header = cast("dict[str, dict[str, Any]]", json.loads(opened.read(header_size)))
            tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
            end = max((cast("int", tensor["data_offsets"][1]) for tensor in tensors), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise EngineError(f"{file} is no safetensors file; download the model again.") from error
    if 8 + header_size + end > size:
        raise EngineError(f"{file} is cut short: {size} of {8 + header_size + end} bytes; download the model again.")
