"""What the engine is held against: mlx_lm's own loading and drawing, called as its documentation says."""

# mlx_lm is not typed at all.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

# Asked about code that the model brings, transformers would put the question to stdin.
_SETTINGS = {"local_files_only": True, "trust_remote_code": False}


def load(directory: Path) -> tuple[Any, Any]:
    """The network and its tokenizer, without any of punie's code; raises whatever mlx_lm raises."""
    import mlx_lm

    return cast("tuple[Any, Any]", mlx_lm.load(str(directory), tokenizer_config=_SETTINGS))


def load_tokenizer(directory: Path) -> Any:
    """The tokenizer alone; raises whatever transformers raises."""
    from punie_tui.engine.tokenizer_adapter import quieten_transformers

    quieten_transformers()
    from mlx_lm import tokenizer_utils

    return cast("Any", tokenizer_utils).load(directory, _SETTINGS)


def seconds_a_token(network: Any, tokenizer: Any, prompt: list[int], count: int) -> float:
    """Draw so many tokens, at least two, whatever they are; the first, for which the prompt is read, does not count."""
    from mlx_lm import stream_generate

    tokenizer.eos_token_ids = []
    drawn = stream_generate(network, tokenizer, prompt, max_tokens=count)
    next(drawn)
    begun = time.perf_counter()
    for _ in drawn:
        pass
    return (time.perf_counter() - begun) / (count - 1)
