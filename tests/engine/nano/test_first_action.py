"""The classifier of first actions: what it says beside the transformer, and that a reply follows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.first_action import FILE_NAME, FirstAction, load_first_action, save_first_action
from punie_tui.engine.protocol import Message, Request, ToolCall, ToolSpec

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)


def certain(action: str) -> FirstAction:
    """Sure of one action, whatever the words."""
    offset = np.array([30.0, 0.0], dtype=np.float32)
    other = "git_blame" if action != "git_blame" else "hover"
    return FirstAction([action, other], np.zeros((8, 2), np.float16), offset, np.ones(8, np.float32))


def called_tools(directory: Path, prompt: str) -> list[str]:
    engine = MlxEngine(directory, "nano")
    try:
        deltas = list(engine.generate(Request((Message("user", prompt),), SPECS), lambda: False))
    finally:
        engine.close()
    return [delta.tool for delta in deltas if isinstance(delta, ToolCall)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_DIRECTORY, tmp_path / "model"))


def test_likelihoods_are_those_of_one_choice_and_the_obvious_is_likeliest() -> None:
    shipped = load_first_action(MODEL_DIRECTORY)
    assert shipped is not None
    for shown, likeliest in (
        (" any type errors in <|folder1|> ?", "typecheck"),
        (" thanks a lot !", "answer"),
        (" who calls <|symbol1|>", "call_hierarchy"),
    ):
        likelihoods = shipped.log_likelihoods(shown, ())
        assert max(likelihoods, key=lambda action: likelihoods[action]) == likeliest
        assert sum(np.exp(list(likelihoods.values()))) == pytest.approx(1, abs=1e-4)


def test_the_turn_before_counts() -> None:
    shipped = load_first_action(MODEL_DIRECTORY)
    assert shipped is not None
    alone, after = (shipped.log_likelihoods(" and in <|folder1|> ?", tools) for tools in ((), ("typecheck",)))
    assert after["typecheck"] > alone["typecheck"]


@pytest.mark.parametrize("action", ["git_log", "git_status"])
def test_a_reply_follows_it_where_it_is_certain(model: Path, action: str) -> None:
    save_first_action(certain(action), model)
    assert called_tools(model, "hello")[0] == action


def test_a_model_without_one_answers_by_itself(model: Path) -> None:
    (model / FILE_NAME).unlink()
    assert called_tools(model, "git status") == ["git_status"]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    save_first_action(certain("grep"), tmp_path)
    loaded = load_first_action(tmp_path)
    assert loaded is not None
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert loaded.log_likelihoods(" x", ()) == certain("grep").log_likelihoods(" x", ())
