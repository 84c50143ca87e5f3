"""Where a project's environment may lie, by the rules of venv, uv, poetry and conda; nothing is started for it."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

_ENVIRONMENT_NAMES = (".venv", "venv", "env", ".env")
_LARGEST_SETTINGS = 65_536
_LARGEST_PROJECT_FILE = 1 << 20
_CONDA_FILES = ("environment.yml", "environment.yaml")
_CONDA_NAME = re.compile(r"name\s*:\s*['\"]?([\w.+-]+)['\"]?\s*(?:#.*)?")
_CONDA_ROOTS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "miniconda", "anaconda", ".conda")
_CONDA_ROOTS_OF_THE_MACHINE = ("/opt/conda", "/opt/miniconda3", "/opt/anaconda3", "/opt/miniforge3")
_MINOR = re.compile(r"-py3\.(\d{1,3})$")


def environments(root: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    """Folders that may hold the environment of the project at `root`, most certain first.

    An active one counts first if it lies in the project and last if not, and then never if it is punie's own.
    """
    folders = project_folders(root)
    active = [Path(variables[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if variables.get(name)]
    named = variables.get("UV_PROJECT_ENVIRONMENT", "")
    yield from (environment for environment in active if environment.is_relative_to(folders[-1]))
    for folder in folders:
        if named and not is_own(folder / named):
            yield folder / named
        poetry = _Poetry(folder, variables)
        if poetry.is_used and poetry.keeps_outside:
            yield from poetry.environments()
        yield from (folder / name for name in _ENVIRONMENT_NAMES)
        if poetry.is_used:
            yield from poetry.environments()
        yield from _conda_environments(folder, variables)
    yield from (environment for environment in active if not is_own(environment))


def project_folders(root: Path) -> list[Path]:
    """The root, and the folders above it up to that of the repository it lies in."""
    folders = [root, *root.parents]
    for number, folder in enumerate(folders):
        if (folder / ".git").exists():
            return folders[: number + 1]
    return [root]


def is_own(environment: Path) -> bool:
    """Whether it is the one that punie itself runs in."""
    return os.path.realpath(environment) == os.path.realpath(sys.prefix)


def lines_of(file: Path, limit: int = _LARGEST_SETTINGS) -> list[str]:
    """The lines of a small text file; none of one that cannot be read, or that is a pipe and would not end."""
    try:
        if not file.is_file():
            return []
        with file.open(encoding="utf-8", errors="replace") as text:
            return text.read(limit).splitlines()
    except (OSError, ValueError):
        return []


@dataclass(frozen=True)
class _Poetry:
    """poetry keeps environments in one folder, each named after a digest of its project's path."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def is_used(self) -> bool:
        if (self.folder / "poetry.lock").is_file() or (self.folder / "poetry.toml").is_file():
            return True
        project = _toml(self.folder / "pyproject.toml")
        backend = _table(project, "build-system").get("build-backend")
        return "poetry" in _table(project, "tool") or str(backend).startswith("poetry.")

    @property
    def keeps_outside(self) -> bool:
        """Whether it was told to leave a `.venv` in the project alone."""
        return self._setting("in-project").lower() == "false"

    def environments(self) -> list[Path]:
        """The one that was chosen with `poetry env use`, then those of newer versions first."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(os.path.realpath(self.folder))).digest()).decode()
        ending = f"-{digest[:8]}"
        return [path for kept in self._kept() for path in _newest_first(kept, ending)]

    def _kept(self) -> list[Path]:
        """Where environments lie; what a variable says wins, then the project's file, then the person's."""
        caches = [self.variables.get("POETRY_CACHE_DIR", "")]
        caches += [str(file["cache-dir"]) for file in self._files() if isinstance(file.get("cache-dir"), str)]
        home = Path(self.variables.get("HOME", "/nonexistent"))
        cache = Path(self.variables.get("XDG_CACHE_HOME") or home / ".cache")
        chosen = [Path(each) for each in caches if each][:1]
        chosen = chosen or [cache / "pypoetry", home / "Library" / "Caches" / "pypoetry"]
        if path := self._setting("path"):
            return [self.folder / path.replace("{cache-dir}", str(each)) for each in chosen]
        return [each / "virtualenvs" for each in chosen]

    def _setting(self, name: str) -> str:
        """A setting of `virtualenvs` as text; empty where nobody has set it."""
        variable = self.variables.get(f"POETRY_VIRTUALENVS_{name.upper().replace('-', '_')}", "")
        values = (_table(file, "virtualenvs").get(name) for file in self._files())
        return variable or next((str(value) for value in values if value is not None), "")

    def _files(self) -> list[dict[str, Any]]:
        home = Path(self.variables.get("HOME", "/nonexistent"))
        config = Path(self.variables.get("XDG_CONFIG_HOME") or home / ".config") / "pypoetry"
        own = self.variables.get("POETRY_CONFIG_DIR")
        places = [Path(own)] if own else [config, home / "Library" / "Application Support" / "pypoetry"]
        return [_toml(self.folder / "poetry.toml"), *(_toml(place / "config.toml") for place in places)]


def _newest_first(kept: Path, ending: str) -> list[Path]:
    """The environments in poetry's folder whose names end so, but for the version."""
    known = _toml(kept / "envs.toml")
    chosen = [
        f"{name}-py{entry.get('minor')}" for name in known if name.endswith(ending) if (entry := _table(known, name))
    ]
    found = [(_MINOR.search(path.name), path) for path in _listed(kept) if ending in path.name]
    fitting = [(int(minor[1]), path) for minor, path in found if minor and path.name[: minor.start()].endswith(ending)]
    return [path for _, path in sorted(fitting, key=lambda each: (each[1].name in chosen, each[0]), reverse=True)]


def _conda_environments(folder: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    """The environment that `environment.yml` names, wherever conda usually keeps them."""
    lines = (line for file in _CONDA_FILES for line in lines_of(folder / file))
    name = next((found[1] for line in lines if (found := _CONDA_NAME.fullmatch(line.rstrip()))), "")
    if not name or name in (".", ".."):
        return
    home = Path(variables.get("HOME", "/nonexistent"))
    listed = variables.get("CONDA_ENVS_PATH") or variables.get("CONDA_ENVS_DIRS") or ""
    yield from (Path(each) / name for each in listed.split(os.pathsep) if each)
    roots = [Path(variables[each]) for each in ("MAMBA_ROOT_PREFIX", "CONDA_ROOT") if variables.get(each)]
    roots += [Path(variables["CONDA_EXE"]).parent.parent] if variables.get("CONDA_EXE") else []
    roots += [*(home / each for each in _CONDA_ROOTS), *map(Path, _CONDA_ROOTS_OF_THE_MACHINE)]
    yield from (root if name == "base" else root / "envs" / name for root in roots)
    # conda writes down each environment that it makes, wherever that is.
    known = (Path(line.strip()) for line in lines_of(home / ".conda" / "environments.txt"))
    yield from (path for path in known if path.name == name)


def _toml(file: Path) -> dict[str, Any]:
    """A file's tables; none if it is missing or broken."""
    try:
        return tomllib.loads("\n".join(lines_of(file, _LARGEST_PROJECT_FILE)))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = parent.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (OSError, ValueError):
        return []
