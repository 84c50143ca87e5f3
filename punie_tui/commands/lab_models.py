"""The verbs of `punie lab` for models with a chat template: adapters, fusing, quantising."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from punie_tui.commands.limited_numbers import limited
from punie_tui.commands.stop_signals import train_until_stopped
from punie_tui.engine.models import resolve_model
from punie_tui.lab.chat_data import read_chat_examples
from punie_tui.lab.limits import COUNT
from punie_tui.lab.stopping import IsStopped

if TYPE_CHECKING:
    from punie_tui.lab.adapter import AdapterProgress

_HELP = {
    "layers": "how many layers from the last one get an adapter; -1 for all",
    "prompt_weight": "1 learns the prompt as well, 0 the reply only",
    "longest": "the most tokens of an example",
    "peak": "the highest learning rate, after the warm-up",
}


def add_train_adapter(parser: argparse.ArgumentParser) -> None:
    """`punie lab train --base`."""
    from punie_tui.lab.adapter import LIMITS, AdapterRecipe

    parser.add_argument("output", type=Path, metavar="RUN", help="folder of the run; an unfinished run there goes on")
    parser.add_argument("--base", required=True, metavar="MODEL", help="a model's folder or hub id")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds train.jsonl and valid.jsonl")
    parser.add_argument(
        "--earlier",
        type=Path,
        metavar="ADAPTER",
        help="an adapter of the same base to start from; it keeps its own layers, rank, scale and dropout",
    )
    parser.add_argument(
        "--checks", type=limited(int, COUNT), default=5, metavar="N", help="how often to evaluate and keep"
    )
    for field in fields(AdapterRecipe):
        default: int | float = getattr(AdapterRecipe, field.name)
        text = f"{_HELP[field.name]}; default: {default}" if field.name in _HELP else f"default: {default}"
        number = limited(type(default), LIMITS[field.name])
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=number, default=default, help=text)
    parser.set_defaults(act=_train_adapter)


def add_fuse(parser: argparse.ArgumentParser) -> None:
    """`punie lab fuse`."""
    parser.add_argument("base", metavar="MODEL", help="the model that the adapter was trained on")
    parser.add_argument("adapter", type=Path, metavar="ADAPTER", help="such as RUN/best")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="a folder that does not exist yet")
    parser.set_defaults(act=_fuse)


def add_quantize(parser: argparse.ArgumentParser) -> None:
    """`punie lab quantize`."""
    parser.add_argument("base", metavar="MODEL", help="a model with full weights")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="a folder that does not exist yet")
    parser.add_argument("--bits", choices=("4", "5", "6", "8", "mixed"), default="5", help="a weight; default: 5")
    parser.add_argument("--group", type=int, choices=(32, 64, 128), default=64, help="weights that share a scale")
    parser.set_defaults(act=_quantize)


def add_average(parser: argparse.ArgumentParser) -> None:
    """`punie lab average`."""
    parser.add_argument("models", nargs="+", metavar="MODEL", help="folders or hub ids, such as RUN/best")
    parser.add_argument("--output", type=Path, required=True, metavar="OUTPUT", help="a folder that does not exist yet")
    parser.add_argument("--shares", type=_shares, metavar="N,N,...", help="of each model; default: the same of all")
    parser.set_defaults(act=_average)


def _shares(text: str) -> list[float]:
    return [float(share) for share in text.split(",")]


def _train_adapter(options: argparse.Namespace) -> int:
    from punie_tui.lab.adapter import AdapterRecipe, train_adapter

    recipe = AdapterRecipe(**{field.name: getattr(options, field.name) for field in fields(AdapterRecipe)})

    def train(is_stopped: IsStopped) -> None:
        train_adapter(
            recipe,
            resolve_model(options.base),
            read_chat_examples(options.data / "train.jsonl"),
            read_chat_examples(options.data / "valid.jsonl"),
            options.output,
            _report,
            checks=options.checks,
            earlier=options.earlier,
            is_stopped=is_stopped,
        )

    return train_until_stopped(options.output, train)


def _report(progress: AdapterProgress) -> None:
    line = (
        f"iteration {progress.iteration}  loss {progress.loss:.3f}  {progress.tokens_per_second:.0f} tokens/s  "
        f"{progress.seconds_left / 60:.0f} min left"
    )
    if progress.exact is not None:
        line += f"  exact replies {progress.exact:.1%}"
        line += "  best so far" if progress.is_best else ""
    print(line, flush=True)


def _fuse(options: argparse.Namespace) -> int:
    from punie_tui.lab.model_files import fuse

    return _tell_size(options, fuse(resolve_model(options.base), options.adapter, options.output))


def _quantize(options: argparse.Namespace) -> int:
    from punie_tui.lab.model_files import quantise

    return _tell_size(options, quantise(resolve_model(options.base), options.output, options.bits, options.group))


def _average(options: argparse.Namespace) -> int:
    from punie_tui.lab.model_files import average

    shares = options.shares or [1.0] * len(options.models)
    if len(shares) != len(options.models):
        raise ValueError(f"{len(options.models)} models need as many shares, not {len(shares)}.")
    return _tell_size(options, average([resolve_model(model) for model in options.models], shares, options.output))


def _tell_size(options: Any, size: int) -> int:
    print(f"{size / 1e6:.1f} MB in {options.output}.")
    return 0
