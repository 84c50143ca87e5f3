"""The classifiers beside the transformer: what they say, and that a reply follows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.classifiers import (
    FILE_NAME,
    Classifier,
    Classifiers,
    load_classifiers,
    save_classifiers,
    with_few_bits,
)
from punie_tui.engine.nano.programs import PROGRAMS, recognise
from punie_tui.engine.protocol import Message, Request, ToolCall, ToolSpec

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)


def certain(choice: str, *others: str) -> Classifier:
    """Sure of one choice, whatever the words."""
    choices = [choice, *others]
    offset = np.array([30.0] + [0.0] * len(others), dtype=np.float32)
    return with_few_bits(choices, np.zeros((8, len(choices))), offset, np.ones(8, np.float32))


def calls_for(directory: Path, prompt: str) -> list[ToolCall]:
    engine = MlxEngine(directory, "nano")
    try:
        deltas = list(engine.generate(Request((Message("user", prompt),), SPECS), lambda: False))
    finally:
        engine.close()
    return [delta for delta in deltas if isinstance(delta, ToolCall)]


def shipped() -> Classifiers:
    found = load_classifiers(MODEL_DIRECTORY)
    assert found is not None
    return found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_DIRECTORY, tmp_path / "model"))


@pytest.mark.parametrize(
    ("shown", "likeliest"),
    [
        (" any type errors in <|folder1|> ?", "typecheck"),
        (" thanks a lot !", "answer"),
        (" who calls <|symbol1|>", "call_hierarchy"),
    ],
)
def test_likelihoods_are_those_of_one_choice_and_the_obvious_is_likeliest(shown: str, likeliest: str) -> None:
    likelihoods = shipped().first_action.log_likelihoods(shown, ())
    assert max(likelihoods, key=lambda action: likelihoods[action]) == likeliest
    assert sum(np.exp(list(likelihoods.values()))) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("shown", "likeliest"),
    [
        (" how many commits did each author make", "commits by author"),
        (" the slowest tests please", "pytest slowest tests"),
        (" which functions in <|path1|> have no docstring", "symbols without docstring"),
    ],
)
def test_the_obvious_program_is_the_likeliest(shown: str, likeliest: str) -> None:
    program = shipped().program
    assert program is not None
    assert set(program.choices) == set(PROGRAMS)
    likelihoods = program.log_likelihoods(shown, ())
    assert max(likelihoods, key=lambda name: likelihoods[name]) == likeliest


def test_the_turn_before_counts() -> None:
    first = shipped().first_action
    alone, after = (first.log_likelihoods(" and in <|folder1|> ?", names) for names in ((), ("typecheck",)))
    assert after["typecheck"] > alone["typecheck"]


@pytest.mark.parametrize("action", ["git_log", "git_status"])
def test_a_reply_follows_it_where_it_is_certain(model: Path, action: str) -> None:
    save_classifiers(Classifiers(certain(action, "git_blame")), model)
    assert calls_for(model, "hello")[0].tool == action


@pytest.mark.parametrize("name", ["branches by author", "branches newest", "commits by month"])
def test_a_program_is_the_one_that_the_classifier_is_certain_of(model: Path, name: str) -> None:
    others = [other for other in PROGRAMS if other != name]
    save_classifiers(Classifiers(certain("execute_code", "git_blame"), certain(name, *others)), model)
    (call,) = calls_for(model, "which branches are there, by the person who made them?")
    assert call.tool == "execute_code"
    found = recognise(str(call.arguments["code"]))
    assert found is not None
    assert found[0] == name


def test_a_model_without_any_answers_by_itself(model: Path) -> None:
    (model / FILE_NAME).unlink()
    assert [call.tool for call in calls_for(model, "git status")] == ["git_status"]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made = Classifiers(certain("grep", "hover"), certain("branches newest", "branches count"))
    save_classifiers(made, tmp_path)
    loaded = load_classifiers(tmp_path)
    assert loaded is not None
    assert loaded.program is not None
    assert made.program is not None
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert loaded.first_action.log_likelihoods(" x", ()) == made.first_action.log_likelihoods(" x", ())
    assert loaded.program.log_likelihoods(" x", ()) == made.program.log_likelihoods(" x", ())


def test_weights_of_few_bits_say_nearly_what_they_said() -> None:
    rng = np.random.default_rng(1)
    weights, idf = rng.normal(size=(64, 3)), np.ones(64, np.float32)
    kept = with_few_bits(["a", "b", "c"], weights, np.zeros(3), idf)
    assert kept.weights.dtype == np.int8
    assert np.abs(kept.weights * kept.scale - weights).max() < np.abs(weights).max() / 200
