"""The data of punie-nano, and a training run in small."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from punie_tui.commands import lab
from punie_tui.lab.data_check import find_faults, find_scarce
from punie_tui.lab.examples import ExampleStream
from punie_tui.lab.phrasings import PHRASINGS, PhrasingError, load_phrasings, read_phrasings
from punie_tui.lab.train import Progress, Recipe, TrainingError, train

SMALL = Recipe(
    tokens=1200, vocabulary=500, hidden=32, layers=1, heads=1, key_value_heads=1, feed_forward=32, batch_tokens=200
)


def write_data(folder: Path) -> Path:
    folder.mkdir()
    lines = [{"p": "lint {P}", "t": "ruff_check(path={P})"}, {"p": "hello", "t": "answer(greeting)"}]
    lines += [{"p": "status now", "t": "git_status()"}, {"p": "search {Q} now", "t": "grep(pattern={Q})"}]
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "one.jsonl").write_text(text, encoding="utf-8")
    (folder / "validation.jsonl").write_text(
        json.dumps({"p": "ruff {P}", "t": "ruff_check(path={P})"}), encoding="utf-8"
    )
    return folder


def test_every_label_can_be_said_and_none_contradicts_another() -> None:
    assert find_faults(load_phrasings(PHRASINGS), load_phrasings(PHRASINGS, validation=True), {}) == []


def test_the_same_seed_gives_the_same_examples() -> None:
    phrasings = load_phrasings(PHRASINGS)[:200]
    first, second = (list(itertools.islice(ExampleStream(phrasings, 3), 50)) for _ in range(2))
    assert [example.prompt for example in first] == [example.prompt for example in second]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"p": "x", "t": "grep(patern={Q})"}', "no argument 'patern'"),
        ('{"p": "x", "t": "grep()"}', "lacks 'pattern'"),
        ('{"p": "x", "t": "dig(path={P})"}', "no tool 'dig'"),
        ('{"p": "x", "t": "typecheck(path={P})"}', "lacks {P}"),
        ('{"p": "x", "t": "execute_code(program=fly)"}', "no program 'fly'"),
        ("{", "broken.jsonl:1"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(PhrasingError, match=r"broken\.jsonl:1") as raised:
        list(read_phrasings(path))
    assert problem in str(raised.value)


def test_a_leak_is_found(tmp_path: Path) -> None:
    training = load_phrasings(write_data(tmp_path / "data"))
    faults = find_faults(training, (), {"suite": ["please lint it", "search everything now"]})
    assert faults == []
    long = next(phrasing for phrasing in load_phrasings(PHRASINGS) if len(phrasing.prompt.split()) > 7)
    assert find_faults([long], (), {"suite": [long.prompt]})


def test_a_line_of_one_hand_that_hardly_differs_from_another_is_found(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    prompts = ("so who on earth moved {S} out of there", "So who on earth moved {S} out of there, please?")
    path.write_text(
        "\n".join(json.dumps({"p": prompt, "t": "find_references(symbol={S})"}) for prompt in prompts), "utf-8"
    )
    (fault,) = find_faults(list(read_phrasings(path)), (), {})
    assert fault.source == "hand.jsonl:2"
    assert "hand.jsonl:1" in fault.problem


def test_an_evaluation_request_with_nearly_the_same_words_is_a_leak(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    path.write_text(json.dumps({"p": "show me everything that {S} is used for", "t": "find_references(symbol={S})"}))
    training = list(read_phrasings(path))
    near, far = "that everything is used for, show me", "where do the callers of the parser live"
    assert "a case of suite" in find_faults(training, (), {"suite": [near]})[0].problem
    assert find_faults(training, (), {"suite": [far]}) == []


def test_a_tool_with_few_phrasings_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data")
    faults = {fault.source: fault.problem for fault in find_scarce(load_phrasings(data), 1)}
    assert "grep" not in faults
    assert faults["hover"] == faults["branches count"] == "0 phrasings, fewer than 1"
    assert lab.run(["data", "check", "--data", str(data), "--at-least", "0"]) == 0
    assert lab.run(["data", "check", "--data", str(data)]) == 1
    assert "grep: 1 phrasings, fewer than 150" in capsys.readouterr().out


def test_a_stopped_run_goes_on_and_keeps_its_recipe(tmp_path: Path) -> None:
    data, run = write_data(tmp_path / "data"), tmp_path / "run"
    phrasings, validation = load_phrasings(data), load_phrasings(data, validation=True)

    class StoppedError(Exception):
        pass

    first: list[Progress] = []

    def stop_at_second_check(progress: Progress) -> None:
        first.append(progress)
        if len(first) == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(SMALL, phrasings, validation, run, stop_at_second_check, checks=4)
    done: list[Progress] = []
    before = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    place = json.loads((run / "place.json").read_text(encoding="utf-8"))
    (run / "place_before.json").hardlink_to(run / "place.json")
    train(SMALL, phrasings, validation, run, done.append, checks=4)
    assert done[0].step == first[1].step
    assert done[-1].tokens >= SMALL.tokens
    assert (run / "best" / "model.safetensors").is_file()
    assert json.loads((run / "recipe.json").read_text(encoding="utf-8")) == before
    # Each place takes the one before it whole: none is ever written into a file that a stop could leave half full.
    assert json.loads((run / "place_before.json").read_text(encoding="utf-8")) == place
    with pytest.raises(TrainingError, match="another recipe"):
        train(Recipe(), phrasings, validation, run, done.append)


def test_exporting_a_folder_without_a_checkpoint_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["export", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert "no checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
