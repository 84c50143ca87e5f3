"""A mixture of experts at every width: quantised, and compared with its full weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tui.commands import lab
from tests.engine.conftest import tiny_directory as tiny_directory

WIDTHS = ("4", "5", "6", "8", "mixed")
CASES = (
    {"id": "a", "category": "git", "prompt": "git status", "expect": {"kind": "tools", "all": ["git_status"]}},
    {"id": "b", "category": "talk", "prompt": "hello", "expect": {"kind": "answer"}},
)


def test_a_mixture_is_quantised_to_each_width_and_compared(
    tiny_directory: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # mlx_lm groups the weights of the router by 64, so no dimension may be smaller; the tools have to fit the context.
    widths = {"hidden_size": 64, "moe_intermediate_size": 64}
    sizes = {**widths, "num_hidden_layers": 1, "max_position_embeddings": 32768}
    full = tiny_directory("qwen3_moe", favourites="<|im_end|>", sizes=sizes)
    for bits in WIDTHS:
        assert lab.run(["quantize", str(full), str(tmp_path / bits), "--bits", bits]) == 0
    suite = tmp_path / "suite.jsonl"
    suite.write_text("\n".join(map(json.dumps, CASES)), encoding="utf-8")
    capsys.readouterr()
    models = [str(full), *(str(tmp_path / bits) for bits in WIDTHS)]
    assert lab.run(["compare", *models, "--suite", str(suite), "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert [one["model"] for one in compared] == models
    weights = dict(zip(("full", *WIDTHS), (one["weight_bytes"] for one in compared), strict=True))
    assert weights["4"] < weights["5"] < weights["6"] < weights["8"] < weights["full"]
    assert weights["4"] < weights["mixed"] < weights["8"]
    for one in compared:
        assert one["by_category"] == {"git": {"passed": 0, "total": 1}, "talk": {"passed": 1, "total": 1}}
