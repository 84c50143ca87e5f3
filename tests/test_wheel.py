"""The wheel, installed as a stranger installs it: in a fresh environment, used outside the clone, without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tui.engine.nano.classifiers import FILE_NAME

ROOT = Path(__file__).parents[1]
CLOSED = "http://127.0.0.1:9"


def uv() -> str:
    """The uv that runs the tests, or the one that the set-up line installed."""
    return os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scratch = tmp_path_factory.mktemp("wheel")
    built = run(uv(), "build", "--wheel", "-o", scratch, ROOT, cwd=scratch)
    assert built.returncode == 0, built.stderr
    return next(scratch.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what it depends on, nothing else."""
    scratch = tmp_path_factory.mktemp("installed")
    assert run(uv(), "venv", "-q", scratch / "env", cwd=scratch).returncode == 0
    done = run(uv(), "pip", "install", "-q", "--python", scratch / "env" / "bin" / "python", wheel, cwd=scratch)
    assert done.returncode == 0, done.stderr
    return scratch / "env" / "bin"


@pytest.fixture
def offline(tmp_path: Path) -> dict[str, str]:
    """An environment with git and nothing else: no compiler, no node, no way out."""
    programs = tmp_path / "programs"
    programs.mkdir()
    git = shutil.which("git")
    assert git is not None
    (programs / "git").symlink_to(git)
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), CLOSED)
    return {"PATH": str(programs), "HOME": str(tmp_path), "PUNIE_HOME": str(tmp_path / "home"), "LANG": "C", **proxies}


def test_a_fresh_install_answers_offline(
    installed: Path, offline: dict[str, str], make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"src/app.py": "x: int = 'one'\n"})
    asked = run(installed / "punie", "ask", "any type errors?", cwd=root, env=offline)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("1 type error in 1 of 1 file"), asked.stdout
    assert "note:" not in asked.stdout
    assert asked.stderr == ""


def test_the_embedded_model_is_in_the_wheel_and_takes_16_mb_at_most(wheel: Path) -> None:
    folder = "punie_tui/engine/nano/model/"
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist() if entry.filename.startswith(folder)}
    assert {f"{folder}model.safetensors", f"{folder}{FILE_NAME}", f"{folder}tokenizer.json"} <= set(sizes)
    assert sum(sizes.values()) <= 16_000_000, sizes


def test_no_module_called_tools_is_installed(installed: Path, tmp_path: Path) -> None:
    found = run(installed / "python", "-c", "import tools", cwd=tmp_path)
    assert "ModuleNotFoundError" in found.stderr


def test_the_tools_are_listed_from_the_installed_package(
    installed: Path, offline: dict[str, str], tmp_path: Path
) -> None:
    listed = run(installed / "punie", "tools", "--json", cwd=tmp_path, env=offline)
    assert listed.returncode == 0, listed.stderr
    assert {"typecheck", "execute_code"} <= {tool["name"] for tool in json.loads(listed.stdout)}
