"""What the first frame may cost: it is there before anything heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = [
    "pydantic",
    "mlx",
    "mlx_lm",
    "transformers",
    "tokenizers",
    "git",
    "watchfiles",
    "punie_tools.tool",
    "rich.markdown",
    "punie_tui.app.widgets.trace",
    "punie_tui.app.widgets.repo",
    "punie_tui.app.widgets.chat.queue_panel",
    "punie_tui.app.widgets.chat.approval",
]
SCRIPT = f"""
import asyncio, json, sys
from pathlib import Path
from punie_tui.app.app import PunieApp
from punie_tui.app.screens.main import MainScreen

seen = []
begin = MainScreen._begin

def looking(self):
    seen.extend(name for name in {HEAVY!r} if name in sys.modules)
    seen.append("frame")

MainScreen._begin = looking

async def main():
    app = PunieApp(Path(sys.argv[1]), lambda ask: None)
    async with app.run_test() as pilot:
        while "frame" not in seen:
            await pilot.pause()

asyncio.run(main())
print(json.dumps(seen))
"""


def test_nothing_heavy_is_imported_before_the_first_frame(tmp_path: Path) -> None:
    started = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert started.returncode == 0, started.stderr
    assert json.loads(started.stdout.splitlines()[-1]) == ["frame"]


def test_the_core_does_not_load_textual() -> None:
    script = "import sys, punie_tui.agent.session, punie_tui.engine.open_engine; print('textual' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=60)
    assert loaded.stdout == "False\n", loaded.stderr


def test_asking_for_help_imports_neither_textual_nor_pydantic() -> None:
    script = (
        "import sys; sys.argv = ['punie', '--help']\n"
        "from punie_tui.__main__ import main\n"
        "main(); print([name for name in ('textual', 'pydantic', 'mlx') if name in sys.modules])"
    )
    helped = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=60)
    assert helped.stdout.endswith("[]\n"), helped.stdout + helped.stderr
