"""`punie bench`: speed as ratios, measured side by side in one run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from punie_tools.errors import ToolError, reason_of
from punie_tui.bench.figure import Figure
from punie_tui.bench.program_on_terminal import BenchProgramError
from punie_tui.bench.tools import BenchError, Figures, measure_tools, rows_named
from punie_tui.commands.terminal import common_options, print_error
from punie_tui.engine.models import NANO
from punie_tui.engine.protocol import EngineError

_LARGE = 5_000
_COLUMNS = "{:<27}{:>9}{:>9}{:>9}{:>8}{:>8}  {}"


def run(argv: list[str]) -> int:
    """Run one bench and print its figures."""
    options = _parser().parse_args(argv)
    bench: Callable[[argparse.Namespace], None] = options.bench
    try:
        bench(options)
    except (BenchProgramError, BenchError, EngineError, ToolError) as error:
        print_error(str(error))
        return 1
    except OSError as error:
        print_error(f"the picture cannot be written: {reason_of(error)}.")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="punie bench", description="Speed as ratios.")
    shared = argparse.ArgumentParser(add_help=False, parents=[common_options(model=False)])
    shared.add_argument("--json", action="store_true", help="print one JSON object")
    benches = parser.add_subparsers(metavar="engine|app|tools", required=True)
    engine = benches.add_parser(
        "engine", parents=[shared], help="a model's loading, drawing and memory, against mlx_lm"
    )
    engine.add_argument("--model", default=NANO, metavar="nano|PATH|HUB_ID", help="the model (default: nano)")
    engine.add_argument("--runs", type=_positive, default=5, help="interleaved runs of each kind (default: 5)")
    engine.add_argument("--only", nargs="+", default=[], metavar="NAME", help="take these measurements alone")
    engine.add_argument("--quick", action="store_true", help="tiny sizes: whether all can be measured here")
    engine.set_defaults(bench=_bench_engine)
    app = benches.add_parser("app", parents=[shared], help="speed and memory of the app, against plain Textual")
    app.add_argument("--runs", type=_positive, default=9, help="interleaved runs of each program (default: 9)")
    app.add_argument("--only", nargs="+", default=[], metavar="NAME", help="take these measurements alone")
    app.add_argument("--quick", action="store_true", help="tiny sizes: whether all can be measured here")
    app.add_argument("--svg", type=Path, metavar="FILE", help="draw cost against transcript length and repository size")
    app.set_defaults(bench=_bench_app)
    tools = benches.add_parser("tools", parents=[shared], help="each tool against the program that it stands on")
    tools.add_argument("--files", type=_positive, default=300, help="size of the generated tree (default: 300)")
    tools.add_argument("--rounds", type=_positive, default=5, help="interleaved calls of each kind (default: 5)")
    tools.add_argument("--only", nargs="+", default=[], metavar="NAME", help="measure these tools alone")
    tools.set_defaults(bench=_bench_tools)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a number of at least 1")
    return int(text)


def _bench_engine(options: argparse.Namespace) -> None:
    from punie_tui.bench.engine import MEASUREMENTS, QUICK, Sizes, measure_engine

    _check_names(options.only, MEASUREMENTS)
    sizes = QUICK if options.quick else Sizes(runs=options.runs)
    figures = list(measure_engine(options.model, options.only, sizes, _tell))
    if options.json:
        told = [figure.as_json for figure in figures]
        print(json.dumps({"model": options.model, "runs": sizes.runs, "figures": told}))
    else:
        _print_figures(figures)


def _bench_app(options: argparse.Namespace) -> None:
    from punie_tui.bench.app import MEASUREMENTS, QUICK, Sizes, measure_app
    from punie_tui.bench.cost_picture import cost_picture

    _check_names(options.only, MEASUREMENTS)
    sizes = QUICK if options.quick else Sizes(runs=options.runs)
    figures = list(measure_app(options.only, sizes, _tell))
    if options.svg:
        options.svg.write_text(cost_picture(figures), encoding="utf-8")
    if options.json:
        print(json.dumps({"runs": sizes.runs, "figures": [figure.as_json for figure in figures]}))
    else:
        _print_figures(figures)


def _check_names(names: Sequence[str], known: Collection[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise BenchError(f"{unknown[0]} is not measured; these are: {', '.join(known)}.")


def _print_figures(figures: Sequence[Figure]) -> None:
    for figure in figures:
        at = f" at {figure.at:,}" if figure.at is not None else ""
        goal = f"goal {figure.goal:g}: {'met' if figure.is_met else 'missed'}" if figure.goal is not None else ""
        value = f"{figure.value:,.0f}" if figure.unit == "bytes" else f"{figure.value:.3f}"
        print(f"{figure.name + at:<54}{value:>14} {figure.unit:<8}{goal}".rstrip())


def _bench_tools(options: argparse.Namespace) -> None:
    rows = rows_named(options.only)
    if options.files >= _LARGE:
        minutes = options.files / 120_000 + sum(row.tool == "typecheck" for row in rows) * options.rounds * 0.7
        _tell(f"{options.files:,} files: this takes about {max(1, round(minutes))} minutes")
    measured = measure_tools(options.files, options.rounds, rows, report=_tell)
    if options.json:
        figures = [_as_json(row) for row in measured]
        print(json.dumps({"files": options.files, "rounds": options.rounds, "rows": figures}))
    else:
        print(_table(measured))
        print(f"\nMedians of {options.rounds} interleaved rounds on {options.files:,} files; ratios to the command.")


def _tell(text: str) -> None:
    print(f"punie bench: {text}", file=sys.stderr, flush=True)


def _as_json(row: Figures) -> dict[str, object]:
    figures = {
        "cold_seconds": row.cold_seconds,
        "warm_seconds": row.warm_seconds,
        "command_seconds": row.command_seconds,
        "cold_ratio": row.cold_ratio,
        "warm_ratio": row.warm_ratio,
    }
    rounded = {name: None if value is None else round(value, 4) for name, value in figures.items()}
    return {"name": row.name, "tool": row.tool, "command": row.command or None, **rounded}


def _table(rows: Sequence[Figures]) -> str:
    """Cold is a process of its own, warm a later call in one that stays."""
    head = _COLUMNS.format("tool", "cold s", "warm s", "plain s", "cold x", "warm x", "plain command")
    lines = [
        _COLUMNS.format(
            row.name,
            _number(row.cold_seconds, 3),
            _number(row.warm_seconds, 3),
            _number(row.command_seconds, 3),
            _number(row.cold_ratio, 2),
            _number(row.warm_ratio, 2),
            row.command or "-",
        ).rstrip()
        for row in rows
    ]
    return "\n".join([head, *lines])


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
