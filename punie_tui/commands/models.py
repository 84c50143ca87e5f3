"""`punie models`: list, info, pull, remove; what fits this machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from punie_tools.safe_text import safe_text
from punie_tui.commands.terminal import print_error
from punie_tui.engine.machine import free_memory_bytes, readable_size
from punie_tui.engine.models import (
    LocalModel,
    describe_model,
    free_disk_bytes,
    local_models,
    models_folder,
    pull_model,
    remove_model,
)
from punie_tui.engine.protocol import EngineError

_SECONDS_BETWEEN_LINES = 5.0


def run(argv: list[str]) -> int:
    """Do what the first word says."""
    options = _parser().parse_args(argv)
    try:
        options.action(options)
    except EngineError as error:
        print_error(str(error))
        return 1
    except OSError as error:
        print_error(f"{error.filename or models_folder()}: {error.strerror or error}")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="punie models", description="The models on this machine.")
    parser.set_defaults(action=_list, json=False)
    verbs = parser.add_subparsers(metavar="list | info MODEL | pull HUB_ID | remove HUB_ID")
    _add_verb(verbs, "list", _list, "what is here, and whether it fits")
    _add_verb(verbs, "info", _info, "one model in detail").add_argument("model", metavar="MODEL")
    pull = _add_verb(verbs, "pull", _pull, "fetch a model from the hub")
    pull.add_argument("model", metavar="HUB_ID")
    pull.add_argument("--force", action="store_true", help="even if this machine has too little memory to run it")
    _add_verb(verbs, "remove", _remove, "delete a fetched model").add_argument("model", metavar="HUB_ID")
    return parser


def _add_verb(
    verbs: Any, name: str, action: Callable[[argparse.Namespace], None], summary: str
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    verb.set_defaults(action=action)
    if name in ("list", "info"):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return verb


def _list(options: argparse.Namespace) -> None:
    models = local_models()
    if options.json:
        print(json.dumps([_as_json(model) for model in models], indent=2))
        return
    width = max(len(model.name) for model in models)
    for model in models:
        state = model.problem or "ready"
        print(safe_text(f"{model.name:<{width}}  {readable_size(model.size):>8}  {model.architecture:<12}  {state}"))
    print(
        f"\n{readable_size(free_memory_bytes())} of memory and {readable_size(free_disk_bytes())} of disk are free."
        f" Models lie in {safe_text(str(models_folder()))}"
    )


def _info(options: argparse.Namespace) -> None:
    facts = _as_json(describe_model(options.model))
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        print(safe_text(f"{name.replace('_', ' '):<15} {value}"))


def _as_json(model: LocalModel) -> dict[str, Any]:
    return {**asdict(model), "path": str(model.path), "is_usable": not model.problem}


def _pull(options: argparse.Namespace) -> None:
    path = pull_model(options.model, _ProgressLine(), must_fit=not options.force)
    print(safe_text(f"{options.model} is here: {path}"))
    print(safe_text(f"Use it with: punie --model {options.model}"))


def _remove(options: argparse.Namespace) -> None:
    print(f"Removed {safe_text(options.model)}, {readable_size(remove_model(options.model))} are free again.")


class _ProgressLine:
    """How far a pull is, on stderr: one line that changes on a terminal, a new line now and then elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._last_told = 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        is_due = now - self._last_told > (0.1 if self._is_terminal else _SECONDS_BETWEEN_LINES)
        if not is_due and done < total:
            return
        self._last_told = now
        line = safe_text(f"{100 * done // max(total, 1):>3}%  {readable_size(done)} of {readable_size(total)}  {name}")
        ending = "\r" if self._is_terminal and done < total else "\n"
        print(f"\x1b[2K{line}" if self._is_terminal else line, end=ending, file=sys.stderr, flush=True)
