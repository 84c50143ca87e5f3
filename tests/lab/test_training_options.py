"""What `punie lab train` refuses before it begins, in words that say what is allowed."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from punie_tui.commands import lab
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.lab import adapter, train

WRONG = ("nan", "inf", "-1", "x")
BOTH = {f"--{name}": ("0", *WRONG) for name in ("layers", "peak", "checks")} | {"--dropout": ("1", *WRONG)}
SCRATCH = {
    **BOTH,
    **{f"--{name}": ("0", *WRONG) for name in ("tokens", "hidden", "heads", "key-value-heads", "feed-forward")},
    **{f"--{name}": ("0", *WRONG) for name in ("vocabulary", "batch-tokens")},
    **{f"--{name}": WRONG for name in ("decay", "prompt-weight")},
    **{f"--{name}": ("1.5", *WRONG) for name in ("piece-dropout", "evenness")},
    "--average": ("1", *WRONG),
    "--seed": ("4294967296", *WRONG),
}
LORA = {
    **BOTH,
    **{f"--{name}": ("0", *WRONG) for name in ("iterations", "batch", "rank", "longest", "scale")},
    "--layers": ("0", "-2", "1.5", "x"),
    "--warmup": WRONG,
    "--prompt-weight": ("0.5", *WRONG),
    "--seed": ("4294967296", *WRONG),
}


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        pytest.param(["--base", "nowhere", "--data", "nothing"], LORA, id="lora"),
        pytest.param(["--data", "nothing"], SCRATCH, id="scratch"),
    ],
)
def test_numbers_that_make_no_training_are_wrong_usage(
    capsys: pytest.CaptureFixture[str], options: list[str], refused: dict[str, tuple[str, ...]]
) -> None:
    for option, values in refused.items():
        for value in values:
            with pytest.raises(SystemExit) as ended:
                lab.run(["train", "run", *options, f"{option}={value}"])
            told = capsys.readouterr().err
            assert ended.value.code == 2, (option, value)
            assert told.startswith("usage: punie lab train")
            assert f"error: argument {option}: " in told
            assert value in told.splitlines()[-1]


def test_every_number_of_a_recipe_has_its_limits() -> None:
    numbers = {field.name for field in fields(train.Recipe)} - {"start"}
    assert train.LIMITS.keys() == numbers
    assert adapter.LIMITS.keys() == {field.name for field in fields(adapter.AdapterRecipe)}
    for limits, recipe in ((train.LIMITS, train.Recipe), (adapter.LIMITS, adapter.AdapterRecipe)):
        assert all(each.allow(getattr(recipe, name)) for name, each in limits.items())


def test_heads_that_cannot_be_shared_and_a_start_that_is_no_nano_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab.run(["train", str(tmp_path / "run"), "--heads", "3"]) == 1
    assert capsys.readouterr().err == (
        "punie: 3 heads cannot share 2 key-value heads evenly; change --heads or --key-value-heads.\n"
    )
    settings = (MODEL_DIRECTORY / "config.json").read_text(encoding="utf-8")
    (tmp_path / "config.json").write_text(settings.replace("punie_format", "other_format"), encoding="utf-8")
    assert lab.run(["train", str(tmp_path / "run"), "--start", str(tmp_path)]) == 1
    assert f"The model in {tmp_path} is no nano" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
