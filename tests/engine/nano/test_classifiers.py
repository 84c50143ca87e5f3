"""The classifiers beside the transformer: what they say, and that a reply follows them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.array_file import ArrayFile
from punie_tui.engine.nano.classifiers import FILE_NAME, Classifiers, load_classifiers
from punie_tui.engine.nano.programs import PROGRAMS, recognise
from punie_tui.engine.protocol import Message, Request, ToolCall, ToolSpec
from punie_tui.lab.classifiers import FittedClassifier, FittedClassifiers, save_classifiers, with_few_bits

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)


def certain(choice: str, *others: str) -> FittedClassifier:
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
    save_classifiers(FittedClassifiers(certain(action, "git_blame")), model)
    assert calls_for(model, "hello")[0].tool == action


@pytest.mark.parametrize("name", ["branches by author", "branches newest", "commits by month"])
def test_a_program_is_the_one_that_the_classifier_is_certain_of(model: Path, name: str) -> None:
    others = [other for other in PROGRAMS if other != name]
    save_classifiers(FittedClassifiers(certain("execute_code", "git_blame"), certain(name, *others)), model)
    (call,) = calls_for(model, "which branches are there, by the person who made them?")
    assert call.tool == "execute_code"
    found = recognise(str(call.arguments["code"]))
    assert found is not None
    assert found[0] == name


def test_a_model_without_any_answers_by_itself(model: Path) -> None:
    (model / FILE_NAME).unlink()
    assert [call.tool for call in calls_for(model, "git status")] == ["git_status"]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    choices, idf = ["grep", "ruff_check", "hover"], rng.random(64).astype(np.float32)
    # A transposed array is laid out by columns.
    made = with_few_bits(choices, rng.normal(size=(3, 64)).T, rng.normal(size=3), idf)
    save_classifiers(FittedClassifiers(certain("grep", "hover"), made), tmp_path)
    loaded = load_classifiers(tmp_path)
    assert loaded is not None
    assert loaded.program is not None
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert loaded.first_action.choices == ["grep", "hover"]
    assert loaded.program.choices == choices
    rows = loaded.program.weights.at([63, 0, 7]).tolist()
    assert rows == [*made.weights[63], *made.weights[0], *made.weights[7]]
    for kept, written in ((loaded.program.scale, made.scale), (loaded.program.offset, made.offset)):
        assert list(kept) == written.tolist()
    assert list(loaded.program.idf) == idf.tolist()


def test_rows_are_those_of_the_file_that_was_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "first.npz", rows=np.full((2, 3), -5, np.int8))
    np.savez(tmp_path / "second.npz", rows=np.full((2, 3), 7, np.int8))
    rows = ArrayFile(tmp_path / "first.npz").rows("rows")
    (tmp_path / "second.npz").replace(tmp_path / "first.npz")
    assert rows.at([1]).tolist() == [-5, -5, -5]


def test_a_file_of_other_arrays_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez(path, rows=np.zeros((2, 3), np.int8, order="F"))
    with pytest.raises(ValueError, match=r"rows.npy is stored by columns"):
        ArrayFile(path)
    np.savez_compressed(path, rows=np.zeros((2, 3), np.int8))
    with pytest.raises(ValueError, match=r"rows.npy is compressed"):
        ArrayFile(path)
    np.savez(path, rows=np.zeros((2, 3)), numbers=np.zeros(2), texts=np.zeros(2))
    arrays = ArrayFile(path)
    for read, name in ((arrays.rows, "rows"), (arrays.numbers, "numbers"), (arrays.texts, "texts")):
        with pytest.raises(ValueError, match=f"{name} holds no"):
            read(name)


def test_a_reply_by_the_classifiers_needs_no_numpy() -> None:
    # Its import takes ten megabytes.
    script = (
        "import sys; from punie_tui.engine.mlx_engine import MlxEngine;"
        "from punie_tui.engine.nano import MODEL_DIRECTORY;"
        "from punie_tui.engine.protocol import Message, Request;"
        "engine = MlxEngine(MODEL_DIRECTORY, 'nano');"
        "list(engine.generate(Request((Message('user', 'git status'),)), lambda: False));"
        "engine.close(); print([name for name in ('numpy', 'transformers') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


def test_weights_of_few_bits_say_nearly_what_they_said() -> None:
    rng = np.random.default_rng(1)
    weights, idf = rng.normal(size=(64, 3)), np.ones(64, np.float32)
    kept = with_few_bits(["a", "b", "c"], weights, np.zeros(3), idf)
    assert kept.weights.dtype == np.int8
    assert np.abs(kept.weights * kept.scale - weights).max() < np.abs(weights).max() / 200
