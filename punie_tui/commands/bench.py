"""`punie bench`: speed as ratios, measured side by side in one run."""

from __future__ import annotations

import argparse
import json

from punie_tui.bench.app import measure_first_frame
from punie_tui.bench.first_frame import FirstFrameError
from punie_tui.commands.terminal import common_options, existing_folder, print_error


def run(argv: list[str]) -> int:
    """Run one bench and print its figures."""
    parser = argparse.ArgumentParser(
        prog="punie bench", description="Speed as ratios.", parents=[common_options(model=False)]
    )
    parser.add_argument("what", choices=["app"], help="app: the first frame against a bare Textual program")
    parser.add_argument("--runs", type=int, default=9, help="interleaved runs of each program (default: 9)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    try:
        frames = measure_first_frame(str(existing_folder(options.cwd)), options.runs)
    except (NotADirectoryError, FirstFrameError) as error:
        print_error(str(error))
        return 1
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
    return 0
