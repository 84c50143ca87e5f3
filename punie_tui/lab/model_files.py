"""Fuse an adapter into its base, and quantise a model, with mlx_lm's own code; a model appears whole or not at all."""

# mlx_lm is not typed at all.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
from mlx.utils import tree_unflatten

from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano.classifiers import FILE_NAME as CLASSIFIERS
from punie_tui.engine.tokenizer_adapter import quieten_transformers
from punie_tui.lab.bases import check_base, identify, read_adapter_settings
from punie_tui.lab.network import save_arrays

BITS = {"4": 4, "5": 5, "6": 6, "8": 8, "mixed": None}
"""`mixed`: 6 bits where they matter most (values, down projections of some layers, the output), 4 elsewhere."""

_MIXED = "mixed_4_6"


class ModelFilesError(Exception):
    """A model cannot be made; the text says why."""


def fuse(base: Path, adapter: Path, output: Path) -> int:
    """Write `base` with the adapter added to its weights; the bytes of the new weights.

    Raises ModelFilesError, and EngineError where the two do not belong together.
    """
    check_base(f"The adapter in {adapter}", read_adapter_settings(adapter), identify(base))
    with _whole(base, output) as place:
        from mlx_lm.utils import load, save

        network, tokenizer, config = cast(
            "tuple[Any, Any, dict[str, Any]]", load(str(base), adapter_path=str(adapter), return_config=True)
        )
        fused = [(name, module.fuse()) for name, module in network.named_modules() if hasattr(module, "fuse")]
        network.update_modules(tree_unflatten(fused))
        save(place, str(base), network, tokenizer, config)
    return inspect_directory(output).weight_bytes


def quantise(model: Path, output: Path, bits: str, group: int = 64) -> int:
    """Write `model` with that many bits a weight (a key of BITS); its bytes. Raises ModelFilesError."""
    if "quantization" in inspect_directory(model).config:
        raise ModelFilesError(f"{model} is quantised already; start from the full weights.")
    with _whole(model, output) as place:
        from mlx_lm.convert import convert

        recipe = None if BITS[bits] else _MIXED
        convert(str(model), str(place), quantize=True, q_bits=BITS[bits], q_group_size=group, quant_predicate=recipe)
    return inspect_directory(output).weight_bytes


def average(models: Sequence[Path], shares: Sequence[float], output: Path) -> int:
    """Write the mean of models of one kind, each weight by its model's share; the bytes. Raises ModelFilesError.

    All but the weights is the first one's. Checkpoints of one run, or of runs that went on from one model, are often
    better in the mean than each alone (Izmailov et al., 2018; Wortsman et al., 2022).
    """
    if any(share <= 0 for share in shares):
        raise ModelFilesError("Every share must be above 0.")
    tokenizers = {(model / "tokenizer.json").read_bytes() for model in models if inspect_directory(model)}
    if len(tokenizers) > 1:
        raise ModelFilesError("Only models of one tokenizer have a mean.")
    with _whole(models[0], output) as place:
        found = [_arrays(model) for model in models]
        if any(_shapes(arrays) != _shapes(found[0]) for arrays in found):
            raise ValueError("the models have networks of different shapes.")
        total = sum(shares)
        means = {
            name: sum(
                (share / total * arrays[name].astype(mx.float32) for arrays, share in zip(found, shares, strict=True)),
                start=mx.array(0.0),
            ).astype(kind.dtype)
            for name, kind in found[0].items()
        }
        shutil.copytree(models[0], place, ignore=shutil.ignore_patterns("*.safetensors*"))
        save_arrays(place / "model.safetensors", means, {"format": "mlx"})
    return inspect_directory(output).weight_bytes


def _arrays(model: Path) -> dict[str, mx.array]:
    arrays: dict[str, mx.array] = {}
    for path in sorted(model.glob("model*.safetensors")):
        arrays |= cast("dict[str, mx.array]", mx.load(str(path)))
    if any(name.endswith(".scales") for name in arrays):
        raise ModelFilesError(f"{model} is quantised; a mean needs full weights.")
    return arrays


def _shapes(arrays: Mapping[str, mx.array]) -> Mapping[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items()}


@contextmanager
def _whole(source: Path, output: Path) -> Generator[Path]:
    """A place beside `output` that becomes it when all is written; what mlx_lm raises becomes one line."""
    quieten_transformers()
    inspect_directory(source)
    if output.exists():
        raise ModelFilesError(f"{output} exists already; choose another folder.")
    output.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        with redirect_stdout(io.StringIO()):
            yield folder / "model"
        _keep_own(source, folder / "model")
        (folder / "model").rename(output)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "incompatible" in reason:
            reason = "the adapter was made for another base."
        raise ModelFilesError(f"{output} was not made: {reason}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep_own(source: Path, made: Path) -> None:
    """mlx_lm leaves out what it does not know: nano's classifiers, and the setting that tells its kind of model."""
    if (source / CLASSIFIERS).is_file():
        shutil.copyfile(source / CLASSIFIERS, made / CLASSIFIERS)
    path = made / "config.json"
    before = json.loads((source / "config.json").read_text(encoding="utf-8"))
    after = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**before, **after}, indent=2) + "\n", encoding="utf-8")
