"""The data of punie-nano, and a training run in small."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from punie_tui.commands import lab
from punie_tui.lab.data_check import find_faults, find_scarce
from punie_tui.lab.examples import ExampleStream
from punie_tui.lab.phrasings import PHRASINGS, Phrasing, PhrasingError, load_phrasings, read_phrasings
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


def test_the_shipped_data_has_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """Every label can be said, nothing contradicts, repeats or leaks, each tool and program has enough lines."""
    assert lab.run(["data", "check"]) == 0, capsys.readouterr().out


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
        ('{"p": "x"}', "it lacks 't'"),
        ('{"p": " ", "t": "git_status()"}', "the request is empty"),
        ('{"p": "x", "t": "git_status()", "h": [["a"]]}', "it is no"),
        ("[1]", "it is no"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(PhrasingError, match=r"broken\.jsonl:1") as raised:
        list(read_phrasings(path))
    assert problem in str(raised.value)


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_bytes('{"p": "für"}'.encode("latin-1"))
    with pytest.raises(PhrasingError, match=r"broken\.jsonl is no UTF-8: byte 8"):
        list(read_phrasings(tmp_path / "broken.jsonl"))


Line = dict[str, object]


def phrasings_of(folder: Path, name: str, *lines: Line) -> list[Phrasing]:
    path = folder / name
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return list(read_phrasings(path))


STATUS: Line = {"p": "so tell me the state of the tree", "t": "git_status()"}
AFTER_GREP: Line = {"p": "and now only in the tests", "t": "grep(pattern=x)", "h": [["", "grep(pattern=x)"]]}


@pytest.mark.parametrize(
    ("line", "held_out", "problem"),
    [
        (STATUS, "So tell me the state of the tree!", "is a case of suite"),
        (STATUS, "tell me the state of the tree so", "nearly the words of a case of suite"),
        (AFTER_GREP, "And now only in the tests?", "is a case of suite"),
        (
            {"p": "all that ruff says about {P}", "t": "ruff_check(path={P})"},
            "all that ruff says about x.py",
            "is a case",
        ),
    ],
)
def test_what_is_held_out_is_in_no_data_also_not_after_other_turns(
    tmp_path: Path, line: Line, held_out: str, problem: str
) -> None:
    lines = phrasings_of(tmp_path, "hand.jsonl", line)
    for training, validation in ((lines, []), ([], lines)):
        faults = find_faults(training, validation, {"suite": [held_out]})
        assert faults
        assert problem in faults[0].problem
        assert faults[0].source == "hand.jsonl:1"


@pytest.mark.parametrize("line", [STATUS, AFTER_GREP])
def test_validation_is_no_training(tmp_path: Path, line: Line) -> None:
    training = phrasings_of(tmp_path, "hand.jsonl", line)
    same = phrasings_of(tmp_path, "validation.jsonl", line)
    assert "is validation line" in find_faults(training, same, {})[0].problem
    near = phrasings_of(tmp_path, "validation.jsonl", {**line, "p": " ".join(reversed(str(line["p"]).split()))})
    assert "nearly the words of validation line" in find_faults(training, near, {})[0].problem


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (STATUS, "stands in hand.jsonl:1 already"),
        ({**STATUS, "p": "So tell me the `state` of the tree?"}, "stands in hand.jsonl:1 already"),
        ({**STATUS, "t": "git_log()"}, "another label in hand.jsonl:1"),
        ({"p": "read it to me", "t": "read_file(path=elsewhere.py)"}, "elsewhere.py"),
    ],
)
@pytest.mark.parametrize("is_validation", [False, True])
def test_lines_that_repeat_contradict_or_cannot_be_said_are_found(
    tmp_path: Path, second: Line, problem: str, is_validation: bool
) -> None:
    lines = phrasings_of(tmp_path, "hand.jsonl", STATUS, second)
    faults = find_faults(*(([], lines) if is_validation else (lines, [])), {})
    assert [fault.source for fault in faults if problem in fault.problem] == ["hand.jsonl:2"]


def test_a_leak_is_found(tmp_path: Path) -> None:
    training = load_phrasings(write_data(tmp_path / "data"))
    faults = find_faults(training, (), {"suite": ["please lint it", "search everything now"]})
    assert faults == []
    long = next(phrasing for phrasing in load_phrasings(PHRASINGS) if len(phrasing.prompt.split()) > 7)
    assert find_faults([long], (), {"suite": [long.prompt]})


WHO_MOVED: Line = {"p": "so who on earth moved {S} out of there", "t": "find_references(symbol={S})"}
TALK: Line = {"p": "hm", "t": "answer(help)"}


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (STATUS, {**STATUS, "p": "SO, tell me the state of the tree."}, "stands in one.jsonl:1 already"),
        (
            WHO_MOVED,
            {**WHO_MOVED, "p": "So who on earth moved {S} out of there, please?"},
            "hardly other than one.json",
        ),
        (TALK, {**TALK, "t": "answer(thanks)"}, "another label in one.jsonl:1"),
    ],
)
def test_two_hands_may_not_say_the_same(tmp_path: Path, first: Line, second: Line, problem: str) -> None:
    lines = [*phrasings_of(tmp_path, "one.jsonl", first), *phrasings_of(tmp_path, "two.jsonl", second)]
    (fault,) = find_faults(lines, (), {})
    assert fault.source == "two.jsonl:1"
    assert problem in fault.problem


@pytest.mark.parametrize(
    "second",
    [
        {**AFTER_GREP, "h": [["", "grep(pattern=x, path=src)"]], "t": "grep(pattern=x, path=tests)"},
        {"p": "and now only in the tests please", "t": "pytest_run()", "h": [["", "grep(pattern=x)"]]},
        {"p": "?", "t": "answer(help)"},
    ],
)
def test_what_is_said_after_other_turns_or_wants_something_else_is_no_copy(tmp_path: Path, second: Line) -> None:
    lines = phrasings_of(tmp_path, "hand.jsonl", AFTER_GREP, {"p": ":)", "t": "answer(thanks)"}, second)
    assert not [fault for fault in find_faults(lines, (), {}) if "hand.jsonl:" in fault.problem]


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
    state = (run / "state.safetensors").read_bytes()
    (run / "state_before").hardlink_to(run / "state.safetensors")
    train(SMALL, phrasings, validation, run, done.append, checks=4)
    assert done[0].step == first[1].step
    assert done[-1].tokens >= SMALL.tokens
    assert (run / "best" / "model.safetensors").is_file()
    assert json.loads((run / "recipe.json").read_text(encoding="utf-8")) == before
    # Each state takes the one before it whole: none is ever written into a file that a stop could leave half full.
    assert (run / "state_before").read_bytes() == state
    with pytest.raises(TrainingError, match="another recipe"):
        train(Recipe(), phrasings, validation, run, done.append)


LIMITED = """
import resource, sys
from punie_tui.commands import lab
# What is imported later would be kept as bytecode that ends in its middle.
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(lab.run(sys.argv[2:]))
"""


@pytest.mark.parametrize("most_bytes", [200, 60_000], ids=["its tokenizer", "its weights"])
def test_a_run_on_a_full_disk_says_so_and_goes_on_once_there_is_room(tmp_path: Path, most_bytes: int) -> None:
    sizes = {name: getattr(SMALL, name) for name in ("tokens", "vocabulary", "hidden", "layers", "heads")}
    options = [f"--{name}={value}" for name, value in sizes.items()]
    options += ["--key-value-heads=1", "--feed-forward=32", "--batch-tokens=200", "--checks=2"]
    command = ["train", str(tmp_path / "run"), "--data", str(write_data(tmp_path / "data")), *options]
    stopped = subprocess.run(
        [sys.executable, "-P", "-c", LIMITED, str(most_bytes), *command], capture_output=True, text=True, timeout=120
    )
    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    assert str(tmp_path / "run") in stopped.stderr or "too large" in stopped.stderr
    assert len(stopped.stderr.splitlines()) == 1
    assert lab.run(command) == 0
    assert (tmp_path / "run" / "best" / "model.safetensors").is_file()


@pytest.mark.parametrize("kept", [b"", b"\xff" * 20, b"\x02" + bytes(7) + b"{}", b"\x02" + bytes(7) + b"[]"])
def test_a_run_that_kept_nothing_readable_says_so(tmp_path: Path, kept: bytes) -> None:
    phrasings = load_phrasings(write_data(tmp_path / "data"))
    train(SMALL, phrasings, phrasings, tmp_path / "run", lambda _: None, checks=1)
    (tmp_path / "run" / "state.safetensors").write_bytes(kept)
    with pytest.raises(TrainingError, match="cannot go on"):
        train(SMALL, phrasings, phrasings, tmp_path / "run", lambda _: None, checks=1)


def test_a_run_without_a_check_or_without_anything_to_validate_with_is_refused(tmp_path: Path) -> None:
    phrasings = load_phrasings(write_data(tmp_path / "data"))
    with pytest.raises(TrainingError, match="validated once at least"):
        train(SMALL, phrasings, phrasings, tmp_path / "run", lambda _: None, checks=0)
    with pytest.raises(TrainingError, match="no phrasing to validate with"):
        train(SMALL, phrasings, [], tmp_path / "run", lambda _: None)
    assert not (tmp_path / "run").exists()


def test_exporting_a_folder_without_a_checkpoint_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.run(["export", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert "no checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
