"""`punie doctor`: what is there, what is missing, what mends it, and nothing of the project starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.workspace import Workspace
from punie_tui.agent.trust import folder_trust
from punie_tui.commands import doctor
from punie_tui.own_files import settings_file

Examine = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture
def checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Examine:
    """The checks on `tmp_path` by name, as `--json` prints them."""

    def examine() -> dict[str, dict[str, Any]]:
        code = doctor.run(["--json", "--cwd", str(tmp_path)])
        printed = json.loads(capsys.readouterr().out)
        essential = [check for check in printed["checks"] if check["is_essential"]]
        assert printed["works"] == all(check["status"] == "ok" for check in essential) == (code == 0)
        return {check["name"]: check for check in printed["checks"]}

    return examine


def test_what_punie_brings_along_is_found_with_its_version(checks: Examine) -> None:
    found = checks()
    for name in ("python", "platform", "mlx", "pyright", "ruff", "ripgrep", "git"):
        assert found[name]["status"] == "ok", found[name]
        assert found[name]["is_essential"]
    assert "node v" in found["pyright"]["detail"]
    git = subprocess.run(["git", "--version"], capture_output=True, check=True, text=True).stdout.strip()
    assert found["git"]["detail"].startswith(git)


def test_what_is_missing_comes_with_what_mends_it(checks: Examine, tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    python = tmp_path / ".venv" / "bin" / "python"
    found = checks()
    assert found["project"]["detail"].endswith(f"at {python}")
    assert (found["pytest"]["status"], found["pytest"]["is_essential"]) == ("missing", False)
    assert found["pytest"]["mend"] == f"uv pip install --python {tmp_path / '.venv'} pytest"


def test_a_projects_pytest_is_found_without_starting_anything(
    checks: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    (site_packages,) = (tmp_path / ".venv").glob("lib/python3*/site-packages")
    (site_packages / "pytest").mkdir()
    (site_packages / "pytest-9.9.9.dist-info").mkdir()
    marker = tmp_path / "marker"
    for name in ("python", "python3", "git", "node", "ruff", "rg", "../../git"):
        program = tmp_path / ".venv" / "bin" / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
        program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path}/.venv/bin:{os.environ['PATH']}")
    assert checks()["pytest"]["detail"].startswith("pytest-9.9.9 in ")
    assert not marker.exists()


def test_trust_is_told(checks: Examine, tmp_path: Path) -> None:
    assert "is not trusted" in checks()["trust"]["detail"]
    folder_trust(Workspace.at(tmp_path)).trust()
    assert "is trusted" in checks()["trust"]["detail"]


def test_broken_settings_are_essential_and_named(checks: Examine) -> None:
    assert checks()["settings"]["status"] == "ok"
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("policy = \n")
    settings = checks()["settings"]
    assert (settings["status"], settings["is_essential"]) == ("missing", True)
    assert settings["mend"] == f"mend or remove {settings_file()}"


def test_a_home_that_cannot_be_written_is_named(
    checks: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PUNIE_HOME", str(tmp_path / "file" / "home"))
    assert checks()["home"]["status"] == "missing"
    assert "PUNIE_HOME" in checks()["home"]["mend"]


def test_git_missing_from_the_path_is_essential(
    checks: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    found = checks()
    assert (found["git"]["status"], found["project"]["status"]) == ("missing", "missing")
    assert found["ruff"]["status"] == found["pyright"]["status"] == "ok"


def test_the_text_has_a_line_for_each_check_and_hides_no_escape_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a\x1b[31m\nb"
    folder.mkdir()
    doctor.run(["--cwd", str(folder)])
    lines = capsys.readouterr().out.splitlines()
    assert "\x1b" not in "".join(lines)
    for name in ("python", "ruff", "trust", "terminal"):
        assert sum(line[9:].startswith(f"{name} ") for line in lines) == 1
    assert lines[-1].endswith(".")


def test_a_missing_folder_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(["--cwd", str(tmp_path / "nowhere")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_the_model_libraries_are_not_loaded(tmp_path: Path) -> None:
    code = (
        "import sys; from punie_tui.commands import doctor; "
        f"doctor.run(['--cwd', {str(tmp_path)!r}]); "
        "sys.exit(bool({'mlx', 'mlx_lm', 'textual', 'transformers'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
