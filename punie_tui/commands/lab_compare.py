"""`punie lab compare`: a table, or JSON, and a picture over several models."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from punie_tools.safe_text import safe_text
from punie_tui.commands.terminal import print_error
from punie_tui.engine.machine import readable_size
from punie_tui.lab.history import SUITES

if TYPE_CHECKING:
    from punie_tui.lab.compare import Scored


def add_compare(parser: argparse.ArgumentParser) -> None:
    """`punie lab compare`."""
    parser.add_argument("models", nargs="+", metavar="MODEL", help="nano, a model's folder, a hub id or a server")
    parser.add_argument(
        "--suite", type=Path, default=SUITES / "natural.jsonl", metavar="FILE", help="default: natural, 400 requests"
    )
    parser.add_argument("--temperature", type=float, default=0.0, help="how freely tokens are drawn (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same tokens")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw the categories as well")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.set_defaults(act=_compare)


def _compare(options: argparse.Namespace) -> int:
    from punie_tui.lab.compare import CompareError, Conditions, compare
    from punie_tui.lab.comparison_picture import draw_comparison

    conditions = Conditions(options.suite, options.temperature, options.seed)
    try:
        scored = list(compare(options.models, conditions, _report))
    except CompareError as error:
        print_error(str(error))
        return 1
    if options.picture is not None:
        options.picture.write_text(draw_comparison(scored), encoding="utf-8")
    print(json.dumps([one.as_json() for one in scored]) if options.json else _as_table(scored))
    return 0


def _report(model: str) -> None:
    if sys.stderr.isatty():
        print(f"scoring {safe_text(model)} …", file=sys.stderr)


def _as_table(scored: Sequence[Scored]) -> str:
    rows: list[tuple[str, list[str]]] = [
        ("all", [f"{one.share:.1%}" for one in scored]),
        *((name, [_passed(*one.by_category[name]) for one in scored]) for name in scored[0].by_category),
        ("weights", [_size(one.weight_bytes) for one in scored]),
        ("memory", [_size(one.peak_memory_bytes) for one in scored]),
        ("load", [f"{one.load_seconds:.2f} s" for one in scored]),
        ("a request", [f"{one.median_seconds:.3f} s" for one in scored]),
    ]
    names = [safe_text(one.model) for one in scored]
    width = max(12, *(len(name) + 2 for name in names))
    lines = [f"{'':<16}" + "".join(f"{name:>{width}}" for name in names)]
    lines += [f"{safe_text(title):<16}" + "".join(f"{value:>{width}}" for value in values) for title, values in rows]
    return "\n".join(lines)


def _passed(passed: int, total: int) -> str:
    return f"{passed}/{total}"


def _size(count: int | None) -> str:
    return "elsewhere" if count is None else readable_size(count)
