"""Labels that are found doubtful by training on the other half."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from punie_tui.commands import lab
from punie_tui.lab.phrasings import PHRASINGS

SINGLE = {"git_status": "git_status()", "typecheck": "typecheck()", "pytest_run": "pytest_run()"}


def write_planted(folder: Path, wrong: int) -> list[str]:
    """Real lines of three tools, of which so many get a label of another; the requests of these."""
    lines: list[dict[str, str]] = []
    for label in SINGLE.values():
        fitting = (
            line
            for path in sorted(PHRASINGS.glob("k*.jsonl"))
            for line in map(json.loads, path.read_text(encoding="utf-8").splitlines())
            if line["t"] == label and "h" not in line
        )
        lines += islice(fitting, 200)
    planted = lines[7 : 7 + 40 * wrong : 40]
    for line in planted:
        line["t"] = next(label for label in SINGLE.values() if label != line["t"])
    folder.mkdir()
    (folder / "one.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return [line["p"] for line in planted]


def test_planted_wrong_labels_are_among_the_least_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planted = write_planted(tmp_path / "data", 12)
    assert lab.run(["data", "doubts", "--data", str(tmp_path / "data"), "--count", "40"]) == 0
    *shown, summary = capsys.readouterr().out.splitlines()
    assert len(shown) <= 40
    found = [prompt for prompt in planted if any(line.endswith(f"? {prompt}") for line in shown)]
    assert len(found) >= 10
    assert "labels are not what a classifier of the other half would say" in summary


def test_one_tool_alone_leaves_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "one.jsonl").write_text('{"p": "status", "t": "git_status()"}\n', encoding="utf-8")
    assert lab.run(["data", "doubts", "--data", str(folder)]) == 1
    assert "Labels are compared on two tools or more" in capsys.readouterr().err
