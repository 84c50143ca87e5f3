"""From what a person calls a model to its engine."""

from __future__ import annotations

import json

import pytest

from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import EngineError


def test_nano_needs_no_path() -> None:
    engine = open_engine("nano")
    assert engine.model_name == "nano"
    engine.close()


def test_small_models_of_our_own_write_no_answers(tmp_path) -> None:
    config = {"model_type": "qwen3", "punie_format": "nano", "max_position_embeddings": 1024}
    (tmp_path / "config.json").write_text(json.dumps(config))
    engine = open_engine(str(tmp_path))
    assert (engine.writes_answers, engine.context_length) == (False, 1024)
    engine.close()


def test_path_is_named_after_its_folder(tiny_directory) -> None:
    directory = tiny_directory("qwen3")
    engine = open_engine(str(directory))
    assert (engine.model_name, engine.writes_answers, engine.context_length) == (directory.name, True, 8192)
    engine.close()


def test_server_is_asked_for_nothing_yet() -> None:
    assert open_engine("http://127.0.0.1:9/v1").model_name == "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nanno", r"There is no model 'nanno'\. Did you mean nano\?"),
        ("org/model", "punie models pull org/model"),
        ("/no/such/folder", "There is no model '/no/such/folder'"),
    ],
)
def test_unknown_model_says_how_to_get_one(name, said) -> None:
    with pytest.raises(EngineError, match=said):
        open_engine(name)
