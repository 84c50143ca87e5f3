"""The README's screenshots can be made again by their command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = Path(__file__).parents[2] / "screenshots" / "make.py"
SHOWN = {
    "types.svg": "typecheck",
    "tests-light.svg": "5&#160;passed",
    "diff-80x24.svg": "All&#160;balances",
    "review.svg": "types&#160;",
}


def test_every_screenshot_shows_a_whole_turn(tmp_path: Path) -> None:
    made = subprocess.run([sys.executable, COMMAND, tmp_path], capture_output=True, text=True, timeout=240)
    assert made.returncode == 0, made.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(SHOWN)
    for name, text in SHOWN.items():
        assert text in (tmp_path / name).read_text(encoding="utf-8"), name
