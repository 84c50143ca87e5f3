"""Which interpreter is a project's: found from files alone, never punie's own by accident."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.quality.interpreter import Interpreter, find_interpreter, interpreter_of
from punie_tools.workspace import Workspace
from tests.conftest import write_files


def test_the_persons_choice_wins(root: Path, environment: Path) -> None:
    other = make_environment(root / "elsewhere")
    for choice in ("elsewhere", "elsewhere/bin/python"):
        interpreter = interpreter_of(Workspace.at(root, python=choice))
        assert interpreter is not None
        assert interpreter.environment == other
        assert interpreter.version == (3, 9, 2)
    chosen = interpreter_of(Workspace.at(root, python=str(make_program(root / "opt/python3"))))
    assert chosen is not None
    assert chosen.path == root / "opt/python3"
    with pytest.raises(ToolError, match="which is neither an interpreter nor an environment"):
        interpreter_of(Workspace.at(root, python="nowhere"))
    assert found(root).environment == environment


def found(root: Path, **variables: str | Path) -> Interpreter:
    interpreter = find_interpreter(root, {name: str(value) for name, value in variables.items()})
    assert interpreter is not None
    return interpreter


def make_environment(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion_info = 3.9.2.final.0\n")
    program = folder / "bin" / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return folder


def make_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_search_paths_are_those_of_the_real_interpreter(root: Path, environment: Path) -> None:
    interpreter = found(root)
    code = "import json, sys; print(json.dumps([sys.path, sys.version_info[:3]]))"
    answer = subprocess.run([interpreter.path, "-I", "-c", code], capture_output=True, check=True, text=True).stdout
    search_path, version = json.loads(answer)
    assert interpreter.environment == environment
    assert interpreter.version == tuple(version)
    assert {str(path) for path in interpreter.search_paths} == {path for path in search_path if Path(path).is_dir()}


def test_search_paths_of_a_machines_interpreter_are_those_of_the_real_one(root: Path) -> None:
    base = Path(sys.base_prefix) / "bin"
    interpreter = found(root, PATH=base)
    code = "import json, sys; print(json.dumps(sys.path))"
    answer = subprocess.run([interpreter.path, "-I", "-c", code], capture_output=True, check=True, text=True).stdout
    assert interpreter.environment is None
    assert {str(path) for path in interpreter.search_paths} >= {p for p in json.loads(answer) if Path(p).is_dir()}


@pytest.mark.parametrize("name", [".venv", "venv"])
def test_an_environment_in_the_project_comes_first(root: Path, tmp_path: Path, name: str) -> None:
    inside, active = make_environment(root / name), make_environment(tmp_path / "active")
    interpreter = found(root, VIRTUAL_ENV=active, PATH="/usr/bin")
    assert (interpreter.environment, interpreter.version) == (inside, (3, 9, 2))


def test_of_two_in_the_project_the_active_one_counts(root: Path) -> None:
    make_environment(root / ".venv")
    active = make_environment(root / "envs" / "py39")
    assert found(root, VIRTUAL_ENV=active).environment == active


def test_an_environment_kept_elsewhere_counts_while_it_is_active(root: Path, tmp_path: Path) -> None:
    active = make_environment(tmp_path / "elsewhere")
    assert found(root, VIRTUAL_ENV=active).environment == active


def test_the_environment_of_the_whole_repository_counts_in_its_folders(root: Path) -> None:
    (root / ".git").mkdir()
    whole = make_environment(root / ".venv")
    service = root / "services" / "api"
    service.mkdir(parents=True)
    assert found(service).environment == whole


def test_an_environment_above_the_repository_does_not_count(root: Path) -> None:
    make_environment(root / ".venv")
    repository = root / "checkout"
    (repository / ".git").mkdir(parents=True)
    assert find_interpreter(repository, {"PATH": ""}) is None


def test_poetrys_environment_is_found_by_the_digest_of_the_path(root: Path, tmp_path: Path) -> None:
    (root / "poetry.lock").touch()
    digest = base64.urlsafe_b64encode(hashlib.sha256(bytes(root)).digest()).decode()[:8]
    kept = make_environment(tmp_path / "home/.cache/pypoetry/virtualenvs" / f"project-{digest}-py3.9")
    assert found(root, HOME=tmp_path / "home").environment == kept


def test_punies_own_environment_is_not_the_projects(root: Path, tmp_path: Path) -> None:
    other = make_program(tmp_path / "bin" / "python3")
    search_path = os.pathsep.join([str(Path(sys.prefix) / "bin"), str(other.parent)])
    assert found(root, VIRTUAL_ENV=sys.prefix, PATH=search_path).path == other


def test_punies_own_environment_is_the_projects_where_it_lies_in_it() -> None:
    assert found(Path(sys.prefix).parent, VIRTUAL_ENV=sys.prefix).environment == Path(sys.prefix)


def test_programs_that_the_tree_puts_on_the_path_do_not_count(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(root / "bin" / "python3")
    make_program(root / "python3")
    monkeypatch.chdir(root)
    assert find_interpreter(root, {"PATH": f".::bin:{root}/bin"}) is None


def test_a_shim_of_pyenv_stands_for_the_version_that_the_project_names(root: Path, tmp_path: Path) -> None:
    shim = make_program(tmp_path / "pyenv" / "shims" / "python3")
    for version in ("3.9.1", "3.12.4", "3.12.10"):
        prefix = tmp_path / "pyenv" / "versions" / version
        make_program(prefix / "bin" / "python3")
        (prefix / "lib" / f"python{version.rpartition('.')[0]}" / "site-packages").mkdir(parents=True)
    (root / ".python-version").write_text("3.12\n")
    interpreter = found(root, PATH=shim.parent)
    assert interpreter.path == shim
    assert interpreter.version == (3, 12, 0)
    assert tmp_path / "pyenv/versions/3.12.10/lib/python3.12/site-packages" in interpreter.search_paths


def test_a_hostile_version_file_leads_nowhere(root: Path, tmp_path: Path) -> None:
    shim = make_program(tmp_path / "pyenv" / "shims" / "python3")
    (root / ".python-version").write_text("../../workspace\n")
    assert found(root, PATH=shim.parent).search_paths == ()


def test_an_environment_whose_python_is_gone_is_told_from_one_that_works(root: Path) -> None:
    environment = make_environment(root / ".venv")
    assert found(root).is_startable
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to("/nowhere/python3")
    assert not found(root).is_startable


def test_path_files_are_read_and_not_run(root: Path) -> None:
    folder = root / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    (root / "src").mkdir()
    marker = root / "marker"
    (site_packages / "a.pth").write_text(f"# comment\n{root}/src\nimport os; open({str(marker)!r}, 'w')\nmissing\n")
    assert root / "src" in found(root).search_paths
    assert not marker.exists()


def test_hostile_files_neither_hang_nor_break_it(root: Path) -> None:
    environment = make_environment(root / ".venv")
    (environment / "pyvenv.cfg").write_bytes(b"home = /no\0where\nversion = 3." + b"9" * 9000 + b"\n\xff = \xff\n")
    site_packages = environment / "lib" / "python3.9" / "site-packages"
    site_packages.mkdir(parents=True)
    os.mkfifo(site_packages / "endless.pth")
    (site_packages / "broken.pth").write_bytes(b"a\0b\n\xff\n/" + b"x" * 9000)
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to("python")
    assert found(root).search_paths == (site_packages,)


def test_without_any_python_there_is_none(root: Path) -> None:
    assert find_interpreter(root, {"PATH": ""}) is None


def test_an_active_conda_environment_counts(root: Path, tmp_path: Path) -> None:
    conda = tmp_path / "conda"
    (conda / "conda-meta").mkdir(parents=True)
    make_program(conda / "bin" / "python")
    site_packages = conda / "lib" / "python3.10" / "site-packages"
    site_packages.mkdir(parents=True)
    interpreter = found(root, CONDA_PREFIX=conda)
    assert (interpreter.environment, interpreter.version) == (conda, (3, 10, 0))
    assert interpreter.search_paths == (site_packages.parent, site_packages)


POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'


def poetry_name(root: Path, version: str = "3.9") -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(bytes(root)).digest()).decode()[:8]
    return f"project-{digest}-py{version}"


@pytest.mark.parametrize(
    "files",
    [
        {"poetry.lock": ""},
        {"pyproject.toml": POETRY},
        {"pyproject.toml": "[tool.poetry]\nname = 'x'\n"},
        {"poetry.toml": ""},
    ],
)
def test_poetrys_environment_is_found_with_and_without_a_lock(
    root: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    home = tmp_path / "home"
    kept = make_environment(home / ".cache/pypoetry/virtualenvs" / poetry_name(root))
    assert find_interpreter(root, {"HOME": str(home), "PATH": ""}) is None
    write_files(root, files)
    assert found(root, HOME=home).environment == kept


@pytest.mark.parametrize(
    ("variables", "settings", "expected"),
    [
        ({}, {}, "home/.cache/pypoetry/virtualenvs"),
        ({"XDG_CACHE_HOME": "{}/xdg"}, {}, "xdg/pypoetry/virtualenvs"),
        ({"POETRY_CACHE_DIR": "{}/cache"}, {}, "cache/virtualenvs"),
        ({}, {"home/.config/pypoetry/config.toml": "cache-dir = '{}/set'\n"}, "set/virtualenvs"),
        ({}, {"home/.config/pypoetry/config.toml": "[virtualenvs]\npath = '{}/kept'\n"}, "kept"),
        (
            {"POETRY_CACHE_DIR": "{}/cache"},
            {"home/.config/pypoetry/config.toml": "[virtualenvs]\npath = '{{cache-dir}}/mine'\n"},
            "cache/mine",
        ),
        ({"XDG_CONFIG_HOME": "{}/conf"}, {"conf/pypoetry/config.toml": "[virtualenvs]\npath = '{}/kept'\n"}, "kept"),
        ({"POETRY_CONFIG_DIR": "{}/conf"}, {"conf/config.toml": "[virtualenvs]\npath = '{}/kept'\n"}, "kept"),
        ({}, {"home/Library/Application Support/pypoetry/config.toml": "[virtualenvs]\npath = '{}/kept'\n"}, "kept"),
        ({}, {"workspace/poetry.toml": "[virtualenvs]\npath = 'inside'\n"}, "workspace/inside"),
        (
            {"POETRY_VIRTUALENVS_PATH": "{}/told"},
            {"home/.config/pypoetry/config.toml": "[virtualenvs]\npath = '{}/kept'\n"},
            "told",
        ),
        ({}, {"home/.config/pypoetry/config.toml": "[virtualenvs\n"}, "home/.cache/pypoetry/virtualenvs"),
        ({}, {}, "home/Library/Caches/pypoetry/virtualenvs"),
    ],
)
def test_poetry_may_keep_environments_anywhere(
    root: Path, tmp_path: Path, variables: dict[str, str], settings: dict[str, str], expected: str
) -> None:
    write_files(root, {"pyproject.toml": POETRY})
    write_files(tmp_path, {name: text.format(tmp_path) for name, text in settings.items()})
    kept = make_environment(tmp_path / expected / poetry_name(root))
    make_environment(tmp_path / expected / poetry_name(tmp_path, "3.12"))
    told = {name: value.format(tmp_path) for name, value in variables.items()}
    assert found(root, HOME=tmp_path / "home", **told).environment == kept


def test_of_poetrys_environments_the_chosen_one_counts_and_else_the_newest(root: Path, tmp_path: Path) -> None:
    write_files(root, {"pyproject.toml": POETRY})
    virtualenvs = tmp_path / "home/.cache/pypoetry/virtualenvs"
    by_version = {minor: make_environment(virtualenvs / poetry_name(root, minor)) for minor in ("3.9", "3.10", "3.8")}
    assert found(root, HOME=tmp_path / "home").environment == by_version["3.10"]
    chosen = poetry_name(root).removesuffix("-py3.9")
    (virtualenvs / "envs.toml").write_text(f'[{chosen}]\nminor = "3.8"\npatch = "3.8.1"\n')
    assert found(root, HOME=tmp_path / "home").environment == by_version["3.8"]
    (virtualenvs / "envs.toml").write_text(f'{chosen} = 3\n[other]\nminor = "3.9"\n')
    assert found(root, HOME=tmp_path / "home").environment == by_version["3.10"]


@pytest.mark.parametrize(("in_project", "is_inside"), [(None, True), ("true", True), ("false", False)])
def test_poetry_may_leave_an_environment_in_the_project_alone(
    root: Path, tmp_path: Path, in_project: str | None, is_inside: bool
) -> None:
    write_files(root, {"pyproject.toml": POETRY})
    inside = make_environment(root / ".venv")
    kept = make_environment(tmp_path / "home/.cache/pypoetry/virtualenvs" / poetry_name(root))
    if in_project:
        write_files(root, {"poetry.toml": f"[virtualenvs]\nin-project = {in_project}\n"})
    assert found(root, HOME=tmp_path / "home").environment == (inside if is_inside else kept)
    told = {} if in_project is None else {"POETRY_VIRTUALENVS_IN_PROJECT": in_project}
    write_files(root, {"poetry.toml": ""})
    assert found(root, HOME=tmp_path / "home", **told).environment == (inside if is_inside else kept)


def make_conda_environment(folder: Path) -> Path:
    (folder / "conda-meta").mkdir(parents=True)
    make_program(folder / "bin" / "python")
    return folder


@pytest.mark.parametrize("place", ["home/miniconda3/envs", "home/.conda/envs", "home/miniforge3/envs", "mamba/envs"])
@pytest.mark.parametrize("file", ["environment.yml", "environment.yaml"])
def test_a_conda_environment_is_found_by_the_name_in_its_file(
    root: Path, tmp_path: Path, place: str, file: str
) -> None:
    named = make_conda_environment(tmp_path / place / "shop-2")
    base = make_conda_environment(tmp_path / "base")
    variables = {"HOME": tmp_path / "home", "CONDA_PREFIX": base, "MAMBA_ROOT_PREFIX": tmp_path / "mamba"}
    assert found(root, **variables).environment == base
    write_files(root, {file: "# Made by hand\nchannels: [x]\nname: 'shop-2'  # ours\ndependencies:\n  - name: other\n"})
    assert found(root, **variables).environment == named


def test_a_conda_environment_is_found_wherever_conda_wrote_that_it_made_it(root: Path, tmp_path: Path) -> None:
    write_files(root, {"environment.yml": "name: shop\n"})
    elsewhere = make_conda_environment(tmp_path / "disk" / "shop")
    write_files(tmp_path, {"home/.conda/environments.txt": f"{tmp_path}/disk/other\n{elsewhere}\n"})
    assert found(root, HOME=tmp_path / "home").environment == elsewhere
    by_program = make_conda_environment(tmp_path / "conda" / "envs" / "shop")
    assert found(root, HOME=tmp_path / "home", CONDA_EXE=tmp_path / "conda/bin/conda").environment == by_program
    listed = make_conda_environment(tmp_path / "listed" / "shop")
    assert found(root, HOME=tmp_path / "home", CONDA_ENVS_PATH=tmp_path / "listed").environment == listed


@pytest.mark.parametrize("name", ["..", ".", "../base", "", "a b", "x" * 5000])
def test_a_hostile_conda_name_leads_nowhere(root: Path, tmp_path: Path, name: str) -> None:
    make_conda_environment(tmp_path / "home/miniconda3")
    make_conda_environment(tmp_path / "home/miniconda3/base")
    write_files(root, {"environment.yml": f"name: {name}\n"})
    assert find_interpreter(root, {"HOME": str(tmp_path / "home"), "PATH": ""}) is None


def test_the_environment_that_uv_was_told_of_counts(root: Path, tmp_path: Path) -> None:
    make_environment(root / ".venv")
    inside, outside = make_environment(root / "envs" / "uv"), make_environment(tmp_path / "uv")
    assert found(root, UV_PROJECT_ENVIRONMENT="envs/uv").environment == inside
    assert found(root, UV_PROJECT_ENVIRONMENT=outside).environment == outside
    # So it is when punie itself was started by `uv run`.
    assert found(root, UV_PROJECT_ENVIRONMENT=sys.prefix).environment == root / ".venv"


def test_a_file_that_never_ends_is_no_settings_file(root: Path, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "poetry.toml", "environment.yml"):
        os.mkfifo(root / name)
    (root / "poetry.lock").touch()
    deep = tmp_path / "home/.config/pypoetry/config.toml"
    write_files(tmp_path, {"home/.config/pypoetry/config.toml": "a = " + "[" * 60_000})
    assert deep.is_file()
    assert find_interpreter(root, {"HOME": str(tmp_path / "home"), "PATH": ""}) is None
