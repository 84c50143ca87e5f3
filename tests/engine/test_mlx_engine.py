"""MlxEngine over tiny models of real architectures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.model_thread import MODEL_THREAD
from punie_tui.engine.protocol import EngineError, Message, Progress, Request, Sampling, TextDelta, Usage

PROMPT = "one two three " * 120


def never() -> bool:
    return False


def request(*texts: str, **sampling) -> Request:
    roles = ("user", "assistant")
    messages = tuple(Message(roles[place % 2], text) for place, text in enumerate(texts))
    return Request(messages, sampling=Sampling(**{"max_tokens": 12, **sampling}))


def text_of(deltas) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


@pytest.mark.parametrize(
    ("architecture", "options"), [("qwen3", {}), ("qwen3_moe", {}), ("llama", {}), ("qwen3", {"is_quantised": True})]
)
def test_reply_streams_and_ends_with_usage(architecture, options, open_tiny) -> None:
    deltas = list(open_tiny(architecture, **options).generate(request("Hello"), never))
    progress = [delta for delta in deltas if isinstance(delta, Progress)]
    usage = deltas[-1]
    assert isinstance(usage, Usage)
    assert progress[0].done == 0
    assert progress[-1].done == progress[-1].total == usage.prompt_tokens
    assert usage.generated_tokens <= 12
    assert 0 < usage.seconds_to_first_token <= usage.seconds
    assert text_of(deltas)


def test_same_seed_gives_the_same_text(open_tiny) -> None:
    engine = open_tiny("qwen3")
    texts = [
        text_of(engine.generate(request("Hello", temperature=1.0, top_p=0.95, seed=seed), never)) for seed in (7, 7, 8)
    ]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize("architecture", ["qwen3", "llama"])
def test_kept_cache_changes_nothing_but_the_work(architecture, open_tiny, tiny_directory) -> None:
    first = request(PROMPT)
    kept = open_tiny(architecture)
    answer = text_of(kept.generate(first, never))
    later = request(PROMPT, answer, "And four?", max_tokens=40)
    reused = list(kept.generate(later, never))
    fresh = list(open_tiny(architecture).generate(later, never))
    assert text_of(reused) == text_of(fresh)
    assert reused[-1].cached_tokens > 300
    assert fresh[-1].cached_tokens == 0
    shorter = list(kept.generate(request("one two"), never))
    assert text_of(shorter) == text_of(open_tiny(architecture).generate(request("one two"), never))


def test_cancel_between_prefill_chunks(open_tiny) -> None:
    engine = open_tiny("qwen3")
    is_cancelled = threading.Event()
    seen = []
    for delta in engine.generate(request(PROMPT * 6), lambda: is_cancelled.is_set() or len(seen) > 1):
        seen.append(delta)
        if isinstance(delta, Progress) and delta.done:
            is_cancelled.set()
    assert seen[-1].stop_reason == "cancelled"
    assert seen[-1].generated_tokens == 0
    assert not any(isinstance(delta, TextDelta) for delta in seen)
    assert list(engine.generate(request("Hello"), never))[-1].stop_reason in ("end", "limit")


def test_cancel_while_drawing(open_tiny) -> None:
    engine = open_tiny("qwen3")
    polls = iter(range(10_000))
    deltas = list(engine.generate(request("Hello", max_tokens=5000), lambda: next(polls) > 20))
    assert deltas[-1].stop_reason == "cancelled"
    assert 0 < deltas[-1].generated_tokens <= 20


def test_cancel_does_not_wait_for_loading(open_tiny) -> None:
    """What holds the model thread here is a job of the test's own; a large model takes as long."""
    engine = open_tiny("qwen3")
    is_loaded = threading.Event()
    MODEL_THREAD.submit(lambda: bool(is_loaded.wait(60)))
    deltas = list(engine.generate(request("Hello"), lambda: True))
    is_loaded.set()
    assert [delta.stop_reason for delta in deltas] == ["cancelled"]
    assert text_of(engine.generate(request("Hello"), never))


def test_closing_the_iterator_stops_the_reply(open_tiny) -> None:
    engine = open_tiny("qwen3")
    deltas = engine.generate(request("Hello", max_tokens=8000), never)
    next(deltas)
    deltas.close()
    # The next reply waits for the model thread; it could not finish this soon behind 8000 tokens.
    usage = list(engine.generate(request("Hello"), never))[-1]
    assert usage.stop_reason in ("end", "limit")
    assert usage.cached_tokens > 0


def test_replies_asked_from_two_threads_come_one_after_the_other(open_tiny) -> None:
    engine = open_tiny("qwen3")
    alone = text_of(engine.generate(request("Hello"), never))
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(text_of(engine.generate(request("Hello"), never)))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [alone, alone]


def test_too_long_prompt_is_refused(open_tiny) -> None:
    engine = open_tiny("qwen3")
    with pytest.raises(EngineError, match=r"takes \d+ tokens, but the model reads at most 8191"):
        list(engine.generate(request("word " * 9000), never))
    assert list(engine.generate(request("Hello"), never))


def test_closed_engine_says_so(open_tiny) -> None:
    engine = open_tiny("qwen3")
    engine.start()
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        list(engine.generate(request("Hello"), never))


@pytest.fixture
def copied_model(tiny_directory, tmp_path):
    return shutil.copytree(tiny_directory("qwen3"), tmp_path / "copy")


def break_config(path):
    (path / "config.json").write_text("{")


def forget_type(path):
    (path / "config.json").write_text("{}")


def remove_config(path):
    (path / "config.json").unlink()


def cut_weights(path):
    weights = path / "model.safetensors"
    os.truncate(weights, weights.stat().st_size - 100)


def scramble_weights(path):
    (path / "model.safetensors").write_bytes(b"\x05\0\0\0\0\0\0\0hello and more")


def remove_weights(path):
    (path / "model.safetensors").unlink()


def lose_a_shard(path):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))


def remove_tokenizer(path):
    (path / "tokenizer.json").unlink()
    (path / "tokenizer_config.json").unlink()


def scramble_tokenizer(path):
    (path / "tokenizer.json").write_text('{"version": 1')


def rename_architecture(path):
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "model_type": "warp9"}))


def shrink_layers(path):
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))


def remove_template(path):
    config = json.loads((path / "tokenizer_config.json").read_text())
    del config["chat_template"]
    (path / "tokenizer_config.json").write_text(json.dumps(config))


def grow_weights(path):
    """A sparse file that claims to be four terabytes."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    weights = path / "model.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(weights, 8 + len(header) + (1 << 42))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (break_config, r"config\.json is broken"),
        (forget_type, "does not name a model_type"),
        (remove_config, "no config.json"),
        (cut_weights, "cut short"),
        (scramble_weights, "cut short|no safetensors file"),
        (remove_weights, "holds no weights"),
        (lose_a_shard, "lacks 1 of its weight files, such as model-00001-of-00002"),
        (remove_tokenizer, "holds no tokenizer"),
        (scramble_tokenizer, "cannot be loaded"),
        (rename_architecture, "does not know its architecture 'warp9'"),
        (shrink_layers, "cannot be loaded"),
        (remove_template, "no chat template"),
        (grow_weights, r"needs about 4837\.9 GB of memory and this machine offers"),
    ],
)
def test_damage_is_told_in_one_sentence_each_time(damage, said, copied_model) -> None:
    damage(copied_model)
    engine = MlxEngine(copied_model)
    engine.start()
    for _ in range(2):
        with pytest.raises(EngineError, match=said) as raised:
            list(engine.generate(request("Hello"), never))
        assert "\n" not in str(raised.value)
    engine.close()


@pytest.fixture
def traced_code(copied_model, tmp_path):
    """Code in the model's directory that leaves a trace when it is run; the trace."""
    trace = tmp_path / "was-run"
    (copied_model / "brought.py").write_text(f"open({str(trace)!r}, 'w')\nclass Model: ...\n")
    return trace


def add_settings(file, **settings):
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


def test_network_that_a_model_brings_as_code_is_refused(copied_model, traced_code) -> None:
    add_settings(copied_model / "config.json", model_file="brought.py")
    engine = MlxEngine(copied_model)
    with pytest.raises(EngineError, match="cannot be loaded"):
        list(engine.generate(request("Hello"), never))
    assert not traced_code.exists()
    engine.close()


def test_tokenizer_that_a_model_brings_as_code_is_left_out(copied_model, traced_code) -> None:
    auto_map = {"AutoTokenizer": [None, "brought.Model"]}
    add_settings(copied_model / "tokenizer_config.json", auto_map=auto_map, tokenizer_class="BroughtTokenizer")
    engine = MlxEngine(copied_model)
    assert text_of(engine.generate(request("Hello"), never))
    assert not traced_code.exists()
    engine.close()


def test_mended_directory_works_without_a_new_engine(copied_model, tmp_path) -> None:
    (copied_model / "config.json").rename(tmp_path / "aside.json")
    engine = MlxEngine(copied_model)
    with pytest.raises(EngineError):
        list(engine.generate(request("Hello"), never))
    (tmp_path / "aside.json").rename(copied_model / "config.json")
    assert text_of(engine.generate(request("Hello"), never))
    engine.close()


def test_importing_the_engine_imports_no_model_library() -> None:
    code = (
        "import sys; import punie_tui.engine.open_engine;"
        "print([name for name in ('mlx', 'mlx.core', 'mlx_lm', 'transformers', 'tokenizers', 'llguidance', 'numpy')"
        " if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_loading_leaves_terminal_limits_and_environment_alone(tiny_directory) -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (1500, 3000)); from pathlib import Path;"
        "from punie_tui.engine.mlx_engine import MlxEngine;"
        "from punie_tui.engine.protocol import Message, Request, Sampling;"
        "engine = MlxEngine(Path(sys.argv[1]));"
        "list(engine.generate(Request((Message('user', 'Hi'),), sampling=Sampling(max_tokens=3)), lambda: False));"
        "engine.close();"
        "import os; assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1500, 3000);"
        "assert 'TRANSFORMERS_VERBOSITY' not in os.environ"
    )
    finished = subprocess.run([sys.executable, "-c", code, tiny_directory("qwen3")], capture_output=True, text=True)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


@pytest.mark.parametrize("is_quantised", [False, True])
def test_lean_loading_leaves_transformers_out_and_gives_the_same_logits(is_quantised, tiny_directory) -> None:
    code = (
        "import sys; from pathlib import Path; from punie_tui.engine.mlx_adapter import *;"
        "from punie_tui.engine.model_directory import inspect_directory;"
        "from punie_tui.engine.tokenizer_adapter import load_lean_tokenizer;"
        "found = inspect_directory(Path(sys.argv[1]));"
        "lean = load_lean_network(found.path, found.config);"
        "tokenizer = load_lean_tokenizer(found.path, [0], lean.vocabulary_size);"
        "lean_logits = lean.feed([5, 6, 7], lean.new_cache());"
        "is_lean = not {'transformers', 'numpy', 'huggingface_hub'} & set(sys.modules);"
        "full = load_network(found.path, found.config);"
        "full_logits = full.feed([5, 6, 7], full.new_cache());"
        # Weights of fewer bits are spread out where there is no GPU, which rounds otherwise.
        "print(is_lean, mx.allclose(lean_logits, full_logits, rtol=0, atol=float(sys.argv[2])).item());"
        "print(tokenizer.token_bytes(tokenizer.encode('a b')[1]))"
    )
    command = [sys.executable, "-c", code, tiny_directory("qwen3", is_quantised=is_quantised)]
    finished = subprocess.run([*command, "1e-3" if is_quantised else "0"], capture_output=True, text=True)
    assert (finished.stdout, finished.stderr) == ("True True\nb' b'\n", "")


@pytest.mark.parametrize("moment", ["while loading", "while drawing"])
def test_process_may_exit_at_any_moment(moment, tiny_directory) -> None:
    code = (
        "import sys; from pathlib import Path; from punie_tui.engine.mlx_engine import MlxEngine;"
        "from punie_tui.engine.protocol import Message, Request, Sampling;"
        "engine = MlxEngine(Path(sys.argv[1])); engine.start();"
        "request = Request((Message('user', 'Hi'),), sampling=Sampling(max_tokens=8000));"
        "deltas = engine.generate(request, lambda: False);"
        "sys.argv[2] == 'while drawing' and [next(deltas) for _ in range(9)]"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, tiny_directory("qwen3"), moment], capture_output=True, text=True, timeout=60
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_check_waits_for_the_model_or_tells_what_is_wrong_with_it(open_tiny, tmp_path: Path) -> None:
    engine = open_tiny()
    engine.check()
    assert list(engine.generate(Request((Message("user", "hi"),), sampling=Sampling(max_tokens=2)), lambda: False))
    (tmp_path / "config.json").write_text('{"model_type": "unheard-of"}')
    broken = MlxEngine(tmp_path)
    with pytest.raises(EngineError):
        broken.check()
    broken.close()
