"""The checks on the code itself, one test each, so that `pytest` is the whole check."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sysconfig.get_path("scripts"))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([SCRIPTS / "ruff", "format", "--check", "."], id="ruff-format"),
        pytest.param([SCRIPTS / "ruff", "check", "."], id="ruff-check"),
        pytest.param([SCRIPTS / "pyright", "--pythonpath", sys.executable], id="pyright-strict"),
        pytest.param([SCRIPTS / "lint-imports", "--no-cache"], id="import-contracts"),
    ],
)
def test_house_rule(command: list[str | Path]) -> None:
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-2000:]
