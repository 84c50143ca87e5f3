"""`punie models` against a local server that speaks the hub's protocol."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_hub import LocalHub

from punie_tui.commands import models
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.models import models_folder, resolve_model
from punie_tui.engine.protocol import EngineError

HUB_ID = "tiny-org/Tiny-Chat-4bit"


def write_model(folder: Path, size: int = 5_000_000) -> None:
    """A directory that is whole, with weights that no test runs."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen3", "max_position_embeddings": 4096}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "README.md").write_text("not needed")
    (folder / "pytorch_model.bin").write_bytes(b"not needed")
    header = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    content = bytes(range(256)) * (size // 256 + 1)
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + content[:size])


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    write_model(tmp_path / "hub" / HUB_ID)
    with LocalHub(tmp_path / "hub") as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server
        server.shutdown()


@pytest.fixture
def punie_models(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command; its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = models.run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_pull_fetches_what_running_needs_and_nothing_else(hub, punie_models) -> None:
    code, out, err = punie_models("pull", HUB_ID)
    assert code == 0
    assert "100%" in err
    assert HUB_ID in out
    folder = resolve_model(HUB_ID)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    source = hub.root / HUB_ID / "model.safetensors"
    assert (folder / "model.safetensors").read_bytes() == source.read_bytes()
    assert inspect_directory(folder).architecture == "qwen3"


def test_pull_lies_where_other_programs_look(hub, punie_models) -> None:
    """The layout is the hub library's own: it finds the files without asking anybody."""
    from huggingface_hub import snapshot_download

    punie_models("pull", HUB_ID)
    found = snapshot_download(HUB_ID, cache_dir=models_folder(), local_files_only=True, allow_patterns=["config.json"])
    assert Path(found).resolve() == resolve_model(HUB_ID).resolve()


def test_interrupted_pull_goes_on_where_it_stopped(hub, punie_models) -> None:
    hub.cut_after = 2_000_000
    code, _, err = punie_models("pull", HUB_ID)
    assert code == 1
    assert "it goes on where it stopped" in err
    assert err.strip().splitlines()[-1].startswith("punie: ")
    with pytest.raises(EngineError, match="punie models pull"):
        resolve_model(HUB_ID)

    hub.cut_after = None
    hub.fetched.clear()
    code, _, err = punie_models("pull", HUB_ID)
    assert code == 0
    shown = re.findall(r"(\d+)% +\S+ \S+ of \S+ \S+  model\.safetensors", err)
    assert shown
    assert min(map(int, shown)) >= 40
    assert hub.ranges == ["bytes=2000000-"]
    assert hub.fetched == ["model.safetensors"]
    source = hub.root / HUB_ID / "model.safetensors"
    assert (resolve_model(HUB_ID) / "model.safetensors").read_bytes() == source.read_bytes()


def test_server_without_ranges_starts_the_file_again(hub, punie_models) -> None:
    hub.cut_after = 2_000_000
    punie_models("pull", HUB_ID)
    hub.cut_after, hub.knows_ranges = None, False
    assert punie_models("pull", HUB_ID)[0] == 0
    source = hub.root / HUB_ID / "model.safetensors"
    assert (resolve_model(HUB_ID) / "model.safetensors").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("behind", "fetched"), [(b"", []), (b"more", ["model.safetensors"])], ids=["whole", "too long"]
)
def test_a_part_that_cannot_grow_is_the_file_or_begun_anew(hub, punie_models, behind, fetched) -> None:
    """As a pull that is killed before it names the file leaves it, or two at once do."""
    hub.cut_after = 2_000_000
    punie_models("pull", HUB_ID)
    hub.cut_after = None
    hub.fetched.clear()
    (part,) = models_folder().rglob("*.incomplete")
    whole = (hub.root / HUB_ID / "model.safetensors").read_bytes()
    part.write_bytes(whole + behind)
    assert punie_models("pull", HUB_ID)[0] == 0
    assert hub.fetched == fetched
    assert (resolve_model(HUB_ID) / "model.safetensors").read_bytes() == whole


def test_a_file_that_the_hub_ends_too_early_is_gone_on_with(hub, punie_models) -> None:
    path = hub.root / HUB_ID / "model.safetensors"
    whole = path.read_bytes()
    hub.claimed_size = len(whole) + 1000
    code, _, err = punie_models("pull", HUB_ID)
    assert (code, "came only in part; pull" in err) == (1, True)
    (part,) = models_folder().rglob("*.incomplete")
    assert part.read_bytes() == whole


def test_a_file_that_lost_its_end_since_is_fetched_again(hub, punie_models) -> None:
    punie_models("pull", HUB_ID)
    weights = resolve_model(HUB_ID) / "model.safetensors"
    whole = weights.read_bytes()
    os.truncate(weights, 1000)
    hub.fetched.clear()
    assert punie_models("pull", HUB_ID)[0] == 0
    assert hub.fetched == ["model.safetensors"]
    assert (resolve_model(HUB_ID) / "model.safetensors").read_bytes() == whole


def test_second_pull_fetches_nothing(hub, punie_models) -> None:
    punie_models("pull", HUB_ID)
    hub.fetched.clear()
    assert punie_models("pull", HUB_ID)[0] == 0
    assert hub.fetched == []


def test_damaged_file_is_thrown_away(hub, punie_models) -> None:
    hub.damaged.add("model.safetensors")
    code, _, err = punie_models("pull", HUB_ID)
    assert (code, "came damaged" in err) == (1, True)
    hub.damaged.clear()
    assert punie_models("pull", HUB_ID)[0] == 0


def test_unknown_gated_and_unfit_models_are_named(hub, punie_models) -> None:
    assert "has no model tiny-org/Nope" in punie_models("pull", "tiny-org/Nope")[2]
    hub.gated.add(HUB_ID)
    assert "licence" in punie_models("pull", HUB_ID)[2]
    (hub.root / "tiny-org" / "gguf").mkdir()
    (hub.root / "tiny-org" / "gguf" / "model.gguf").write_bytes(b"x")
    assert "holds no model that punie can run" in punie_models("pull", "tiny-org/gguf")[2]
    assert "is no hub id" in punie_models("pull", "tiny")[2]


def test_hub_out_of_reach(hub, punie_models, monkeypatch) -> None:
    hub.server_close()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, out, err = punie_models("pull", HUB_ID)
    assert (code, out) == (1, "")
    assert "http://127.0.0.1:9 cannot be reached" in err
    assert len(err.splitlines()) == 1


def test_names_from_the_hub_never_lead_out_of_the_cache(hub, punie_models) -> None:
    hub.commit = "../../escape"
    code, _, err = punie_models("pull", HUB_ID)
    assert (code, "cannot be right" in err) == (1, True)


def test_list_info_and_remove(hub, punie_models) -> None:
    punie_models("pull", HUB_ID)
    code, out, _ = punie_models("list", "--json")
    listed = {model["name"]: model for model in json.loads(out)}
    assert code == 0
    assert set(listed) == {"nano", HUB_ID}
    assert listed[HUB_ID]["is_usable"]
    assert listed[HUB_ID]["size"] > 5_000_000
    assert HUB_ID in punie_models("list")[1]

    facts = json.loads(punie_models("info", HUB_ID, "--json")[1])
    assert (facts["architecture"], facts["context_length"]) == ("qwen3", 4096)
    assert "4096" in punie_models("info", HUB_ID)[1]

    assert "5.0 GB" not in punie_models("remove", HUB_ID)[1]
    assert not (models_folder() / "models--tiny-org--Tiny-Chat-4bit").exists()
    assert "was not pulled" in punie_models("remove", HUB_ID)[2]
    assert "cannot be removed" in punie_models("remove", "nano")[2]


def test_too_large_model_is_listed_with_what_it_needs(hub, punie_models) -> None:
    punie_models("pull", HUB_ID)
    blob = (resolve_model(HUB_ID) / "model.safetensors").resolve()
    os.truncate(blob, 1 << 42)
    _, out, _ = punie_models("list", "--json")
    model = next(model for model in json.loads(out) if model["name"] == HUB_ID)
    assert not model["is_usable"]
    assert "needs about 4837.9 GB" in model["problem"]


def test_too_large_model_is_not_fetched(hub, punie_models) -> None:
    source = hub.root / HUB_ID / "model.safetensors"
    hub.claimed_size = 1 << 42
    code, _, err = punie_models("pull", HUB_ID)
    assert (code, hub.fetched) == (1, [])
    assert "needs about 4837.9 GB of memory" in err
    assert "--force" in err
    code, _, err = punie_models("pull", HUB_ID, "--force")
    assert (code, hub.fetched) == (1, [])
    assert "but the disk has" in err
    hub.claimed_size = None
    assert punie_models("pull", HUB_ID, "--force")[0] == 0
    assert (resolve_model(HUB_ID) / "model.safetensors").stat().st_size == source.stat().st_size


def test_unknown_name_gets_the_nearest(hub, punie_models) -> None:
    punie_models("pull", HUB_ID)
    with pytest.raises(EngineError, match=rf"Did you mean {HUB_ID}\?"):
        resolve_model("tiny-org/Tiny-Chat-8bit")
    with pytest.raises(EngineError, match="punie models pull tiny-org/Tiny-Chat-8bit"):
        resolve_model("tiny-org/Tiny-Chat-8bit")
    assert "There is no model 'nanoo'. Did you mean nano?" in punie_models("info", "nanoo")[2]


def test_path_wins_over_hub_id(tmp_path, monkeypatch) -> None:
    write_model(tmp_path / "org" / "name", size=10)
    monkeypatch.chdir(tmp_path)
    assert resolve_model("org/name").resolve() == (tmp_path / "org" / "name").resolve()


def test_models_lie_below_punie_home_or_in_the_hub_cache(punie_home, tmp_path, monkeypatch) -> None:
    assert models_folder() == punie_home / "models"
    monkeypatch.delenv("PUNIE_HOME")
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert models_folder() == Path.home() / ".cache/huggingface/hub"
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert models_folder() == tmp_path / "hf" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert models_folder() == tmp_path / "cache"
