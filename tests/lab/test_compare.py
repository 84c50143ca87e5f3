"""`punie lab compare` on the real nano and on a copy of it without its classifier."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from punie_tui.commands import lab
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.classifiers import FILE_NAME
from tests.engine.conftest import tiny_directory as tiny_directory

CASES = (
    {"id": "a", "category": "git", "prompt": "git status", "expect": {"kind": "tools", "all": ["git_status"]}},
    {"id": "b", "category": "git", "prompt": "git status", "expect": {"kind": "tools", "all": ["hover"]}},
    {"id": "c", "category": "<talk>", "prompt": "hello", "expect": {"kind": "answer"}},
)


def write_suite(path: Path) -> Path:
    path.write_text("\n".join(map(json.dumps, CASES)), encoding="utf-8")
    return path


def test_models_are_compared_by_category_cost_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite, picture, other = write_suite(tmp_path / "suite.jsonl"), tmp_path / "c.svg", tmp_path / "other"
    shutil.copytree(MODEL_DIRECTORY, other, ignore=shutil.ignore_patterns(FILE_NAME))
    options = ["--suite", str(suite), "--picture", str(picture)]
    assert lab.run(["compare", "nano", str(other), *options, "--json"]) == 0
    nano, copy = json.loads(capsys.readouterr().out)
    assert nano["by_category"] == {"git": {"passed": 1, "total": 2}, "<talk>": {"passed": 1, "total": 1}}
    assert (nano["passed"], nano["total"], copy["model"]) == (2, 3, str(other))
    weights = sum(path.stat().st_size for path in other.glob("*.safetensors"))
    assert copy["weight_bytes"] == weights
    for one in (nano, copy):
        assert one["peak_memory_bytes"] > one["weight_bytes"]
        assert one["load_seconds"] > 0
        assert one["median_seconds"] > 0
    drawn = "".join(ElementTree.fromstring(picture.read_text(encoding="utf-8")).itertext())
    assert "<talk>" in drawn
    assert "2/3" in drawn


def test_each_cell_of_the_table_is_what_that_model_has_right_of_that_category(
    tiny_directory: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = write_suite(tmp_path / "suite.jsonl")
    # It reads all tools and ends at once.
    silent = tiny_directory("qwen3", favourites="<|im_end|>", sizes={"max_position_embeddings": 32768})
    assert lab.run(["compare", "nano", str(silent), "--suite", str(suite)]) == 0
    titles, *rows = capsys.readouterr().out.splitlines()
    assert titles.split() == ["nano", str(silent)]
    cells = {row.split()[0]: row.split()[1:] for row in rows}
    assert cells["all"] == ["66.7%", "33.3%"]
    assert cells["git"] == ["1/2", "0/2"]
    assert cells["<talk>"] == ["1/1", "1/1"]


def test_a_missing_model_is_told_before_any_other_takes_its_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = write_suite(tmp_path / "suite.jsonl")
    assert lab.run(["compare", "nano", "nonesuch", "--suite", str(suite)]) == 1
    assert "There is no model 'nonesuch'" in capsys.readouterr().err
    assert lab.run(["compare", "nano", "--suite", str(tmp_path / "none.jsonl")]) == 1
    assert "none.jsonl" in capsys.readouterr().err
