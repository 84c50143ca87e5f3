"""`punie bench`: speed as ratios, measured side by side in one run."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from punie_tools.errors import ToolError
from punie_tui.bench.first_frame import FirstFrameError
from punie_tui.bench.tools import BenchError, Figures, measure_tools, rows_named
from punie_tui.commands.terminal import common_options, existing_folder, print_error

_LARGE = 5_000
_COLUMNS = "{:<27}{:>9}{:>9}{:>9}{:>8}{:>8}  {}"


def run(argv: list[str]) -> int:
    """Run one bench and print its figures."""
    options = _parser().parse_args(argv)
    bench: Callable[[argparse.Namespace], None] = options.bench
    try:
        bench(options)
    except (NotADirectoryError, FirstFrameError, BenchError, ToolError) as error:
        print_error(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="punie bench", description="Speed as ratios.")
    shared = argparse.ArgumentParser(add_help=False, parents=[common_options(model=False)])
    shared.add_argument("--json", action="store_true", help="print one JSON object")
    benches = parser.add_subparsers(metavar="app|tools", required=True)
    app = benches.add_parser("app", parents=[shared], help="the first frame against a bare Textual program")
    app.add_argument("--runs", type=_positive, default=9, help="interleaved runs of each program (default: 9)")
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


def _bench_app(options: argparse.Namespace) -> None:
    from punie_tui.bench.app import measure_first_frame

    frames = measure_first_frame(str(existing_folder(options.cwd)), options.runs)
    figures = {
        "runs": frames.runs,
        "first_frame_seconds": round(frames.punie_seconds, 4),
        "bare_textual_seconds": round(frames.bare_seconds, 4),
        "ratio": round(frames.ratio, 3),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print(
            f"first frame    punie {frames.punie_seconds:.3f} s   bare Textual {frames.bare_seconds:.3f} s   "
            f"ratio {frames.ratio:.2f}   (medians of {frames.runs} interleaved runs)"
        )


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
