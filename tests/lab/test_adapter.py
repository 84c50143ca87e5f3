"""From chat examples to an adapter, a fused model and a quantised one, on tiny models of real architectures."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import pytest

from punie_tui.commands import lab
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.classifiers import FILE_NAME
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Message, Request, Sampling, TextDelta, ToolCall, ToolSpec
from punie_tui.lab.adapter import AdapterProgress, AdapterRecipe, train_adapter
from punie_tui.lab.bases import Base, identify
from punie_tui.lab.chat_data import read_chat_examples
from tests.engine.conftest import tiny_directory as tiny_directory

TinyDirectory = Callable[..., Path]


def chat(said: str, reply: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": said}, {"role": "assistant", "content": reply}]}


def calling(arguments: object) -> dict[str, Any]:
    call = {"type": "function", "function": {"name": "git_status", "arguments": arguments}}
    user, reply = chat("what changed", "")["messages"]
    return {"messages": [user, {**reply, "tool_calls": [call]}]}


def nested(levels: int) -> dict[str, Any]:
    return {"in": nested(levels - 1)} if levels else {}


def write_data(folder: Path) -> Path:
    folder.mkdir()
    call = {"type": "function", "function": {"name": "git_status", "arguments": {}}}
    tool = {"type": "function", "function": {"name": "git_status", "parameters": {"type": "object", "properties": {}}}}
    routed = {**chat("what changed", ""), "tools": [tool]}
    routed["messages"][1]["tool_calls"] = [call]
    lines = [chat("name a bird", "swan"), chat("name a tree", "oak"), chat("name a fish", "cod"), routed]
    for name, chosen in (("train", lines), ("valid", lines[:2])):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, chosen)), encoding="utf-8")
    return folder


def readied(model: Path, copy: Path) -> Path:
    """The tiny models are so random that no change of their layers could make them sure of a token."""
    shutil.copytree(model, copy)
    arrays = cast("dict[str, mx.array]", mx.load(str(copy / "model.safetensors")))
    for name, array in arrays.items():
        arrays[name] = mx.ones_like(array) if "norm" in name else array * 3 if "lm_head" in name else array
    mx.save_safetensors(str(copy / "model.safetensors"), arrays, metadata={"format": "mlx"})
    return copy


def adapt(run: Path, base: Path, data: Path, *options: str) -> int:
    sizes = ["--batch", "2", "--scale", "2", "--peak", "0.003", "--warmup", "5"]
    return lab.run(["train", str(run), "--base", str(base), "--data", str(data), *sizes, *options])


def reply_of(model: Path, said: str) -> str:
    engine = MlxEngine(model)
    try:
        request = Request((Message("user", said),), sampling=Sampling(temperature=0.0, max_tokens=8))
        return "".join(delta.text for delta in engine.generate(request, lambda: False) if isinstance(delta, TextDelta))
    finally:
        engine.close()


@pytest.mark.parametrize("architecture", ["qwen3", "qwen3_moe"])
def test_an_adapter_learns_and_what_it_learned_outlives_fusing_and_quantising(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str], architecture: str
) -> None:
    base = readied(tiny_directory(architecture), tmp_path / "base")
    data, run = write_data(tmp_path / "data"), tmp_path / "run"
    assert reply_of(base, "name a bird") != "swan"
    assert adapt(run, base, data, "--iterations", "120", "--checks", "2") == 0
    assert "exact replies 100.0%" in capsys.readouterr().out
    assert lab.run(["fuse", str(base), str(run / "best"), str(tmp_path / "fused")]) == 0
    assert [reply_of(tmp_path / "fused", f"name a {kind}") for kind in ("bird", "tree")] == ["swan", "oak"]
    sizes = {"full": (tmp_path / "fused" / "model.safetensors").stat().st_size}
    # mlx_lm groups the weights of a mixture's router by 64, and the tiny one has 32.
    widths = ("mixed",) if architecture == "qwen3_moe" else ("4", "5", "6", "mixed", "8")
    for bits in widths:
        made = tmp_path / bits
        assert lab.run(["quantize", str(tmp_path / "fused"), str(made), "--bits", bits, "--group", "32"]) == 0
        sizes[bits] = (made / "model.safetensors").stat().st_size
    assert all(sizes["full"] > sizes[bits] for bits in widths)
    if architecture == "qwen3":
        assert sizes["4"] < sizes["5"] < sizes["6"] < sizes["8"]
        assert sizes["4"] < sizes["mixed"] < sizes["8"]
        assert reply_of(tmp_path / "8", "name a bird") == "swan"


def test_a_stopped_run_goes_on_and_another_recipe_is_refused(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, data, run = (
        readied(tiny_directory("qwen3"), tmp_path / "base"),
        write_data(tmp_path / "data"),
        tmp_path / "run",
    )
    recipe = AdapterRecipe(iterations=8, batch=2)
    examples = read_chat_examples(data / "train.jsonl")

    def stop(progress: AdapterProgress) -> None:
        if progress.exact is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_adapter(recipe, base, examples, examples, run, stop, checks=2)
    told: list[AdapterProgress] = []
    train_adapter(recipe, base, examples, examples, run, told.append, checks=2)
    assert [progress.iteration for progress in told if progress.exact is not None] == [8]
    assert adapt(run, base, data, "--iterations", "9") == 1
    assert "holds a run with another recipe" in capsys.readouterr().err


def test_an_adapter_warms_up_another_run_of_its_base(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, data, run = (
        readied(tiny_directory("qwen3"), tmp_path / "base"),
        write_data(tmp_path / "data"),
        tmp_path / "run",
    )
    assert adapt(run, base, data, "--iterations", "120", "--checks", "1") == 0
    assert adapt(tmp_path / "more", base, data, "--iterations", "2", "--earlier", str(run / "best")) == 0
    assert "iteration 2 " in (told := capsys.readouterr().out)
    assert "exact replies 100.0%" in told.splitlines()[-1]


def without_its_base(adapter: Path) -> None:
    """As mlx_lm itself writes an adapter."""
    path = adapter / "adapter_config.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({key: value for key, value in kept.items() if not key.startswith("base")}), "utf-8")


def test_what_was_trained_on_another_base_is_refused_also_where_the_shapes_are_the_same(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, data, run = tiny_directory("qwen3"), write_data(tmp_path / "data"), tmp_path / "run"
    moved = Path(shutil.copytree(base, tmp_path / "moved"))
    other = Path(shutil.copytree(base, tmp_path / "other"))
    arrays = cast("dict[str, mx.array]", mx.load(str(other / "model.safetensors")))
    arrays["model.layers.1.mlp.up_proj.weight"] *= 1.01
    mx.save_safetensors(str(other / "model.safetensors"), arrays)
    adapter, sizes = run / "best", ("--iterations", "2", "--checks", "1")
    assert adapt(run, base, data, *sizes) == 0

    def all_uses(model: Path, name: str) -> list[int]:
        fused = lab.run(["fuse", str(model), str(adapter), str(tmp_path / f"fused-{name}")])
        earlier = adapt(tmp_path / f"more-{name}", model, data, *sizes, "--earlier", str(adapter))
        return [fused, earlier, adapt(run, model, data, *sizes)]

    assert all_uses(moved, "moved") == [0, 0, 0]
    capsys.readouterr()
    assert all_uses(other, "other") == [1, 1, 1]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    for line in told:
        assert re.search(
            r"was made for another base: for \S+ \([0-9a-f]{12}\), and not for other \([0-9a-f]{12}\)\.", line
        )
    assert not (tmp_path / "fused-other").exists()
    without_its_base(adapter)
    assert all_uses(other, "unknown")[:2] == [0, 0]
    mixture = tiny_directory("qwen3_moe")
    capsys.readouterr()
    assert all_uses(mixture, "mixture")[:2] == [1, 1]
    assert capsys.readouterr().err.count("made for another base.") == 2


@pytest.mark.parametrize("settings", ["{", "[]", "{}", '{"num_layers": 2, "lora_parameters": {"rank": 8}}'])
def test_an_adapter_with_broken_settings_is_told(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str
) -> None:
    (tmp_path / "adapter_config.json").write_text(settings, encoding="utf-8")
    base, data = tiny_directory("qwen3"), write_data(tmp_path / "data")
    assert adapt(tmp_path / "run", base, data, "--earlier", str(tmp_path)) == 1
    assert lab.run(["fuse", str(base), str(tmp_path), str(tmp_path / "fused")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(f"The adapter in {tmp_path} is broken: " in line for line in told)


def test_a_base_is_the_same_wherever_it_lies_and_however_its_weights_are_split(
    tiny_directory: TinyDirectory, tmp_path: Path
) -> None:
    base = tiny_directory("qwen3")
    cached = tmp_path / "models--org--tiny" / "snapshots" / "0123abcd"
    shutil.copytree(base, cached)
    arrays = cast("dict[str, mx.array]", mx.load(str(base / "model.safetensors")))
    (cached / "model.safetensors").unlink()
    for number in range(2):
        part = {name: arrays[name] for name in sorted(arrays)[number::2]}
        mx.save_safetensors(str(cached / f"model-{number}.safetensors"), part)
    assert identify(cached) == Base("org/tiny", identify(base).fingerprint)
    settings = json.loads((cached / "config.json").read_text(encoding="utf-8"))
    (cached / "config.json").write_text(json.dumps({**settings, "rope_theta": 5000.0}), encoding="utf-8")
    assert identify(cached).fingerprint != identify(base).fingerprint


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "train.jsonl:2: "),
        ("[]", "train.jsonl:2: "),
        ('{"messages": []}', "train.jsonl:2: the last message has to be the assistant's"),
        ('{"prompt": "x"}', "train.jsonl:2: lacks 'messages'"),
        ('{"messages": [{"role": "robot", "content": ""}]}', "train.jsonl:2: there is no role 'robot'"),
        (json.dumps(chat("x" * 9000, "y")), "train.jsonl:2: "),
        (json.dumps(chat("x" * 9000, "y")), "raise --longest"),
        (json.dumps(calling([1])), "train.jsonl:2: the arguments of a call must be an object, not [1]"),
        (json.dumps(calling("[1]")), "train.jsonl:2: the arguments of a call must be an object, not [1]"),
        (json.dumps(calling(nested(70))), "train.jsonl:2: it is nested too deeply"),
        ('{"messages": ' + "[" * 100_000, "train.jsonl:2: it is nested too deeply"),
        ('{"messages": "hello there"}', "train.jsonl:2: 'messages' must be a list"),
        ('{"messages": ["hello"]}', "train.jsonl:2: a message must be an object"),
        (json.dumps({"messages": [{"role": "user", "content": [1]}]}), "train.jsonl:2: a message's content must be"),
        (json.dumps(chat("\ud800", "y")), "train.jsonl:2: "),
        (json.dumps({**chat("x", "y"), "tools": [{"function": {"name": "f", "parameters": [1]}}]}), "parameters of"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    data = write_data(tmp_path / "data")
    first, *others = (data / "train.jsonl").read_text(encoding="utf-8").splitlines()
    (data / "train.jsonl").write_text("\n".join([first, line, *others]), encoding="utf-8")
    assert adapt(tmp_path / "run", tiny_directory("qwen3"), data) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_a_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(chat("one\u2028two", "swan"), ensure_ascii=False), encoding="utf-8")
    (example,) = read_chat_examples(path)
    assert example.messages[0].content == "one\u2028two"


def with_settings(model: Path, copy: Path, changes: Mapping[str, Mapping[str, object]]) -> Path:
    """A copy with other settings in some of its files; None takes one away."""
    shutil.copytree(model, copy)
    for name, values in changes.items():
        settings = {**json.loads((copy / name).read_text(encoding="utf-8")), **values}
        kept = {key: value for key, value in settings.items() if value is not None}
        (copy / name).write_text(json.dumps(kept), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"config.json": {"eos_token_id": None}, "tokenizer_config.json": {"eos_token": None}},
            "base names no end-of-sequence token, so no reply would ever end",
        ),
        (
            {"config.json": {"eos_token_id": 5}, "tokenizer_config.json": {"eos_token": "!"}},
            "train.jsonl:1: the base's chat template ends the reply with '<|im_end|>', which no eos_token_id names",
        ),
        ({"tokenizer_config.json": {"chat_template": None}}, "The model has no chat template"),
        ({"tokenizer_config.json": {"chat_template": ""}}, "chat template writes nothing for the reply"),
        (
            {"tokenizer_config.json": {"chat_template": "{{ raise_exception('no') }}"}},
            "train.jsonl:1: The model's chat",
        ),
    ],
)
def test_a_base_that_could_not_end_a_reply_is_told_before_anything_is_trained(
    tiny_directory: TinyDirectory,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: Mapping[str, Mapping[str, object]],
    message: str,
) -> None:
    base = with_settings(tiny_directory("qwen3"), tmp_path / "base", changes)
    assert adapt(tmp_path / "run", base, write_data(tmp_path / "data")) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert list((tmp_path / "run").iterdir()) == []


def test_models_that_cannot_be_used_are_told_in_one_line(
    tiny_directory: TinyDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, base, odd = write_data(tmp_path / "data"), tiny_directory("qwen3"), tmp_path / "odd"
    shutil.copytree(base, odd)
    settings = json.loads((odd / "config.json").read_text(encoding="utf-8"))
    (odd / "config.json").write_text(json.dumps({**settings, "model_type": "perceptron"}), encoding="utf-8")
    taken = tmp_path / "taken"
    taken.mkdir()
    for arguments, message in (
        (["train", str(tmp_path / "run"), "--base", str(odd), "--data", str(data)], "the architecture 'perceptron'"),
        (
            ["train", str(tmp_path / "run"), "--base", str(base), "--data", str(taken)],
            "needs train.jsonl and valid.jsonl",
        ),
        (["fuse", str(base), str(taken), str(tmp_path / "fused")], "holds no adapter"),
        (["quantize", str(base), str(taken)], "exists already"),
        (["quantize", str(tiny_directory("qwen3", is_quantised=True)), str(tmp_path / "small")], "quantised already"),
    ):
        assert lab.run(arguments) == 1, arguments
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1


def two_free_ports() -> int:
    """The first of two neighbours, as the launcher counts on from it."""
    while True:
        with socket.socket() as first, socket.socket() as second, suppress(OSError):
            first.bind(("127.0.0.1", 0))
            port = cast("int", first.getsockname()[1])
            second.bind(("127.0.0.1", port + 1))
            return port


def launched(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script as two processes that find each other."""
    launcher = [str(Path(sys.executable).parent / "mlx.launch"), "--backend", "ring", "-n", "2"]
    launcher += ["--starting-port", str(two_free_ports()), "--python", sys.executable, "--", str(script)]
    return subprocess.run([*launcher, *arguments], capture_output=True, text=True, timeout=150, check=False)


EACH = """
import sys
import mlx.core as mx
from punie_tui.commands import lab
verb, run, *options = sys.argv[1:]
sys.exit(lab.run([verb, f'{run}-{mx.distributed.init().rank()}', *options]))
"""
EACH_STOPPED = """
import sys
from pathlib import Path
import mlx.core as mx
from punie_tui.lab.adapter import AdapterRecipe, train_adapter
from punie_tui.lab.chat_data import read_chat_examples
from punie_tui.lab.stopping import StoppedError
run, base, data = map(Path, sys.argv[1:])
rank = mx.distributed.init().rank()
polls = iter(range(45))
examples = read_chat_examples(data / "train.jsonl")
recipe = AdapterRecipe(iterations=120, batch=2, scale=2.0, peak=0.003, warmup=5)
try:
    train_adapter(
        recipe, base, examples, examples[:2], run.with_name(f"{run.name}-{rank}"), lambda _: None,
        checks=2, is_stopped=lambda: rank == 1 and next(polls, None) is None,
    )
except StoppedError as stopped:
    print(f"rank {rank} stopped at {stopped.step}")
"""


def test_two_processes_stop_and_go_on_as_one_run_under_the_launcher(
    tiny_directory: TinyDirectory, tmp_path: Path
) -> None:
    """The second process has another folder, as on a machine of its own, and no part of the run in it; it is stopped,
    and the first one, which nobody stopped, stops at the same step and keeps the run."""
    base, data = readied(tiny_directory("qwen3"), tmp_path / "base"), write_data(tmp_path / "data")
    each, stopped = tmp_path / "each.py", tmp_path / "each_stopped.py"
    each.write_text(EACH, encoding="utf-8")
    stopped.write_text(EACH_STOPPED, encoding="utf-8")
    ended = launched(stopped, str(tmp_path / "run"), str(base), str(data))
    assert sorted(ended.stdout.splitlines()) == ["rank 0 stopped at 45", "rank 1 stopped at 45"], ended.stderr
    sizes = ["--iterations", "120", "--batch", "2", "--scale", "2", "--peak", "0.003", "--warmup", "5", "--checks", "2"]
    ended = launched(each, "train", str(tmp_path / "run"), "--base", str(base), "--data", str(data), *sizes)
    told = [line for line in ended.stdout.splitlines() if line.startswith("iteration ")]
    assert told, ended.stderr
    assert told[0].startswith("iteration 55 ")
    assert told[-1].startswith("iteration 120 ")
    assert "exact replies 100.0%" in told[-1]
    assert [path.name for path in (tmp_path / "run-1").iterdir()] in ([], ["last"])


EACH_WITH_ITS_BASE = """
import sys
import mlx.core as mx
from punie_tui.commands import lab
run, base, data = sys.argv[1:]
rank = mx.distributed.init().rank()
sizes = ["--iterations", "4", "--batch", "2"]
sys.exit(lab.run(["train", f"{run}-{rank}", "--base", f"{base}-{rank}", "--data", data, *sizes]))
"""


def test_processes_with_different_bases_name_them(tiny_directory: TinyDirectory, tmp_path: Path) -> None:
    for rank in range(2):
        shutil.copytree(tiny_directory("qwen3", seed=rank), tmp_path / f"base-{rank}")
    each = tmp_path / "each.py"
    each.write_text(EACH_WITH_ITS_BASE, encoding="utf-8")
    ended = launched(each, str(tmp_path / "run"), str(tmp_path / "base"), str(write_data(tmp_path / "data")))
    told = sorted(line.split(" (")[0] for line in ended.stderr.splitlines() if line.startswith("punie: "))
    message = "punie: The processes have different bases; the one of process {0} is base-{0}"
    assert told == [message.format(rank) for rank in range(2)], ended.stderr
    assert ended.stdout == ""


def test_training_of_nano_in_two_processes_is_refused_in_one_line(tmp_path: Path) -> None:
    each = tmp_path / "each.py"
    each.write_text(EACH, encoding="utf-8")
    ended = launched(each, "train", str(tmp_path / "run"))
    told = [line for line in ended.stderr.splitlines() if line.startswith("punie: ")]
    assert told == ["punie: nano trains in one process; LoRA training (--base MODEL) is what runs on several."]
    assert ended.stdout == ""
    assert not list(tmp_path.glob("run*"))


@pytest.mark.parametrize("bits", ["5", "mixed"])
def test_the_embedded_model_keeps_its_classifier_with_fewer_bits(bits: str, tmp_path: Path) -> None:
    made = tmp_path / "small"
    assert lab.run(["quantize", str(MODEL_DIRECTORY), str(made), "--bits", bits]) == 0
    assert (made / FILE_NAME).read_bytes() == (MODEL_DIRECTORY / FILE_NAME).read_bytes()
    engine = open_engine(str(made))
    try:
        request = Request((Message("user", "git status"),), (ToolSpec("git_status", "", {}),))
        calls = [delta.tool for delta in engine.generate(request, lambda: False) if isinstance(delta, ToolCall)]
    finally:
        engine.close()
    assert calls == ["git_status"]


def test_the_mean_of_checkpoints_lies_between_them_by_their_shares(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(MODEL_DIRECTORY, other)
    weights = cast("dict[str, mx.array]", mx.load(str(other / "model.safetensors")))
    moved = {name: array + 1 for name, array in weights.items()}
    mx.save_safetensors(str(other / "model.safetensors"), moved)

    def average(output: str, *options: str) -> int:
        return lab.run(["average", str(MODEL_DIRECTORY), str(other), "--output", str(tmp_path / output), *options])

    assert average("mean", "--shares", "3,1") == 0
    assert {path.name for path in (tmp_path / "mean").iterdir()} == {path.name for path in MODEL_DIRECTORY.iterdir()}
    made = cast("dict[str, mx.array]", mx.load(str(tmp_path / "mean" / "model.safetensors")))
    for name, array in weights.items():
        assert made[name].dtype == array.dtype
        assert mx.allclose(made[name], array + 0.25, atol=5e-3).item()
    assert average("mean") == 1
    assert "exists already" in capsys.readouterr().err
    assert average("uneven", "--shares", "1,2,3") == 1
    assert "2 models need as many shares, not 3." in capsys.readouterr().err
    assert average("none", "--shares", "1,0") == 1
    assert "Every share must be above 0." in capsys.readouterr().err
    name = next(iter(moved))
    mx.save_safetensors(str(other / "model.safetensors"), {**moved, name: moved[name][:1]})
    assert average("shapes") == 1
    assert "networks of different shapes" in capsys.readouterr().err
    (other / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert average("tokens") == 1
    assert "Only models of one tokenizer have a mean." in capsys.readouterr().err
