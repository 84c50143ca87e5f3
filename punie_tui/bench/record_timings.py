"""When a real model's tokens come: `python -m punie_tui.bench.record_timings MODEL COUNT > token_timings.json`.

The benches of the app replay what it prints; take it on a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import textwrap
from itertools import pairwise

from punie_tui.bench.free_drawing import moments_of_tokens
from punie_tui.bench.model_process import PROMPT
from punie_tui.engine.loading import load
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.models import resolve_model
from punie_tui.engine.protocol import EngineError


def recording(model: str, count: int) -> dict[str, object]:
    """The gaps of one reply in the engine's own loop, the first token aside. Raises EngineError."""
    loaded = load(inspect_directory(resolve_model(model)))
    moments = moments_of_tokens(loaded, loaded.tokenizer.encode(PROMPT), count + 1)
    return {
        "about": "Microseconds from each token of a reply to the next one, in punie's own loop, as they came.",
        "command": f"python -m punie_tui.bench.record_timings {model} {count}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_average": round(os.getloadavg()[0], 1),
        "microseconds": [round(1e6 * (after - before)) for before, after in pairwise(moments)],
    }


def main(arguments: list[str]) -> None:
    """Print the recording of a model."""
    model, count = arguments
    try:
        recorded = recording(model, int(count))
    except EngineError as error:
        sys.exit(str(error))
    # The numbers stand side by side, which json would not do in an indented object.
    lines = (textwrap.fill(f"{json.dumps(name)}: {json.dumps(value)}", 118) for name, value in recorded.items())
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
