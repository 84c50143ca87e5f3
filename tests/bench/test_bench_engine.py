"""`punie bench engine`: every measurement at a tiny size gives its figures. How large they are is no matter here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from punie_tui.commands import bench
from tests.engine.conftest import tiny_directory as tiny_directory
from tests.engine.tiny_models import write_json

COMPARED = {
    "loading": ("punie", "mlx_lm", "s"),
    "peak memory": ("punie", "mlx_lm", "bytes"),
    "token": ("punie", "mlx_lm", "ms"),
    "reply token": ("by grammar", "free", "ms"),
    "first token": ("prefix cached", "cold", "ms"),
}
ROUTED = ("median", "90th centile")


def check_compared(told: dict[str, dict[str, object]], compared: Mapping[str, tuple[str, str, str]] = COMPARED) -> None:
    for what, (own, other, unit) in compared.items():
        value, other_value = told[f"{what}, {own}"], told[f"{what}, {other}"]
        ratio = told[f"{what}, {own} against {other}"]
        assert (value["unit"], other_value["unit"], ratio["unit"]) == (unit, unit, "times")
        assert value["value"] > 0
        assert ratio["value"] == pytest.approx(value["value"] / other_value["value"], rel=0.01)


def test_every_figure_of_nano_is_a_ratio_beside_what_it_is_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["engine", "--quick", "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (found["model"], found["runs"]) == ("nano", 1)
    assert all({"name", "value", "unit", "goal", "is_met", "at"} == figure.keys() for figure in found["figures"])
    told = {figure["name"]: figure for figure in found["figures"]}
    assert len(told) == len(found["figures"]) == 3 * len(COMPARED) + 1 + 2 * len(ROUTED)
    check_compared(told)
    for how in ROUTED:
        ratio = told[f"request, {how} against goal"]
        assert (ratio["goal"], told["request, goal"]["value"]) == (1.0, 0.5)
        assert ratio["value"] == pytest.approx(told[f"request, {how}"]["value"] / 0.5, rel=0.01)
    assert "punie bench: loading\n" in printed.err


def test_a_model_that_writes_is_measured_but_routes_nothing(
    tiny_directory: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = str(tiny_directory("qwen3_moe", "json"))
    assert bench.run(["engine", "--quick", "--json", "--model", model]) == 0
    told = {figure["name"]: figure for figure in json.loads(capsys.readouterr().out)["figures"]}
    assert len(told) == 3 * (len(COMPARED) + 1) + 1
    check_compared(told, {**COMPARED, "call token": ("held to names", "by schema", "ms")})
    assert told["names, read and compiled"]["value"] > 0
    assert bench.run(["engine", "--model", model, "--only", "routing"]) == 1
    assert "does not only route" in capsys.readouterr().err


def test_the_table_tells_bytes_as_whole_numbers_and_goals(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.run(["engine", "--quick", "--only", "routing", "memory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    goal, memory = lines[2].split(), lines[-2].split()
    assert goal[:4] == ["request,", "median", "against", "goal"]
    assert goal[5:8] == ["times", "goal", "1:"]
    assert memory[:3] == ["peak", "memory,", "punie"]
    assert memory[3].replace(",", "").isdecimal()
    assert memory[4] == "bytes"


def test_what_cannot_be_measured_is_one_line(
    tiny_directory: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    unknown = shutil.copytree(tiny_directory("qwen3"), tmp_path / "unknown")
    write_json(unknown / "config.json", {**json.loads((unknown / "config.json").read_text()), "model_type": "warp9"})
    for options, reason in (
        (["--model", "http://127.0.0.1:8080/v1"], "is a server, whose speed is not punie's"),
        (["--model", "no-such-model"], "There is no model 'no-such-model'"),
        (["--model", str(unknown), "--only", "loading"], "mlx-lm does not know its architecture 'warp9'"),
        (["--model", str(unknown), "--only", "decoding"], "mlx-lm does not know its architecture 'warp9'"),
        (["--only", "names"], "nano chooses names and spells none"),
        (
            ["--only", "speed"],
            "speed is not measured; these are: loading, memory, decoding, grammar, names, prefix, routing",
        ),
    ):
        assert bench.run(["engine", "--quick", *options]) == 1
        printed = capsys.readouterr()
        told = [line for line in printed.err.splitlines() if not line.startswith("punie bench: ")]
        assert len(told) == 1
        assert reason in told[0]
        assert printed.out == ""
