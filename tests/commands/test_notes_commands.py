"""`punie notes` and `punie init` without the app."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tui.commands import init, notes, undo

MakeRepository = Callable[..., Path]


def test_notes_in_force_with_their_price(make_repository: MakeRepository, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository({"AGENTS.md": "x" * 400, "shop/CLAUDE.md": "y"})
    (root / "shop" / "AGENTS.md").symlink_to("/etc/hostname")
    assert notes.run([str(root / "shop")]) == 0
    assert capsys.readouterr().out == (
        "../AGENTS.md  about 104 tokens\n"
        "AGENTS.md  not used: leads out of the tree, or to no file\n"
        "CLAUDE.md  about 4 tokens\n"
    )
    assert notes.run(["--json", str(root)]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"path": "AGENTS.md", "tokens": 103, "left_out_bytes": 0, "problem": None}
    ]
    assert notes.run([str(root / "no such")]) == 2


def test_init_writes_only_when_told_to(make_repository: MakeRepository, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_repository({"pyproject.toml": '[project]\nname = "till"\n'})
    written = root / "AGENTS.md"
    assert init.run([str(root)]) == 0
    told = capsys.readouterr()
    assert "+# till" in told.out
    assert told.err == "Nothing was written: `punie init --yes` does.\n"
    assert not written.exists()

    assert init.run([str(root), "--yes"]) == 0
    assert capsys.readouterr().out.endswith("Wrote AGENTS.md; `punie undo` takes it back.\n")
    written.write_text(f"{written.read_text()}\n## Ours\n")
    before = written.read_text()
    assert init.run([str(root), "--yes"]) == 0
    assert capsys.readouterr().out == "AGENTS.md has all that a draft would say.\n"
    assert written.read_text() == before

    written.write_text("# Ours\n")
    assert init.run([str(root), "--yes"]) == 0
    assert written.read_text().startswith("# Ours\n\n## ")
    assert undo.run(["--cwd", str(root)]) == 0
    assert written.read_text() == "# Ours\n"
