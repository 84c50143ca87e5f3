"""A model in a process of its own, by punie or by mlx_lm: `python -m punie_tui.bench.model_process BY DIRECTORY COUNT`.

Loads it, draws so many tokens, and prints how many seconds the loading took, its imports included, and the peak of
memory in bytes.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

PROMPT = (
    "The shop keeps its orders in a ledger. Each order has a number, a customer, some items and a date, and each item "
    "has a price. At the end of a month the prices of all items are added up, for each customer and for all of them. "
    "What follows is what the tests of the ledger say about this, one after the other:"
)


def _run_punie(directory: Path, count: int) -> float:
    started = time.perf_counter()
    from punie_tui.engine.loading import load
    from punie_tui.engine.model_directory import inspect_directory

    loaded = load(inspect_directory(directory))
    seconds = time.perf_counter() - started
    if count:
        from punie_tui.bench.free_drawing import seconds_a_token

        seconds_a_token(loaded, loaded.tokenizer.encode(PROMPT), count)
    return seconds


def _run_mlx_lm(directory: Path, count: int) -> float:
    started = time.perf_counter()
    from punie_tui.bench.plain_mlx_lm import load, seconds_a_token

    network, tokenizer = load(directory)
    seconds = time.perf_counter() - started
    if count:
        seconds_a_token(network, tokenizer, tokenizer.encode(PROMPT, add_special_tokens=False), count)
    return seconds


def main() -> None:
    by, directory, count = sys.argv[1:]
    run = {"punie": _run_punie, "mlx_lm": _run_mlx_lm}[by]
    try:
        seconds = run(Path(directory), int(count))
    except Exception as error:
        # Loaders raise anything at all; who started this process passes the line on.
        sys.exit((str(error).strip() or type(error).__name__).splitlines()[0])
    from punie_tui.engine.machine import peak_memory_bytes

    sys.stdout.write(json.dumps({"load_seconds": seconds, "peak_memory_bytes": peak_memory_bytes()}) + "\n")


if __name__ == "__main__":
    main()
