"""How the project's tests are confined: what they may see and use beyond what a command may."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from punie_tools.commands.backends import confinement_for
from punie_tools.commands.confinement import Allowance, Confinement
from punie_tools.commands.private_places import hidden_folders, home_folder
from punie_tools.quality.environments import project_folders
from punie_tools.quality.interpreter import Interpreter
from punie_tools.workspace import Workspace

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE|_KEY$|_PAT$|_PWD$|_DSN$|COOKIE|^AWS_|^AZURE_"
    r"|^GOOGLE_|^GCP_|^GH_|^GITHUB_|^GITLAB_|^CI_JOB_|_SOCK$|_BUS_ADDRESS$|^SSH_|^GPG_|^KUBECONFIG$|^DOCKER_|^NETRC$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]+@")
_QUOTED_PATH = re.compile(r"""['"](/[^'"\n]+)['"]""")


def confinement_for_tests(workspace: Workspace, here: Confinement | None = None) -> Confinement:
    """As for commands, but none where the person said so, or where a test could open no socket at all."""
    if not workspace.confine_tests:
        return Confinement(None, "the setting `confine_tests` is off")
    here = here or confinement_for(workspace.root)
    if here.name == "landlock":
        return Confinement(None, "Landlock would leave the tests no sockets")
    return here


def are_tests_confined(workspace: Workspace) -> bool:
    """Whether a sandbox holds what tests do in this workspace."""
    return confinement_for_tests(workspace).backend is not None


def allowance_for_tests(root: Path, interpreter: Interpreter, *lent: Path) -> Allowance:
    """The interpreter and its packages, and what it is lent, wherever they lie; the repository around; a loopback."""
    wanted = [*lent, *_program_and_packages(interpreter), *_from_variable("PYTHONPATH"), project_folders(root)[-1]]
    return Allowance(readable=tuple(_shown(wanted, root)), loopback=True)


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The person's variables, less what is named like a secret or a way to one, and addresses that hold a password."""
    return {
        name: value
        for name, value in variables.items()
        if not _SECRET_NAME.search(name) and not _SECRET_VALUE.search(value)
    }


def _program_and_packages(interpreter: Interpreter) -> Iterator[Path]:
    program = Path(os.path.realpath(interpreter.path))
    yield program
    yield program.parents[1]
    if interpreter.environment:
        yield interpreter.environment
    for folder in interpreter.search_paths:
        yield folder
        yield from _linked_from(folder)


def _linked_from(folder: Path) -> Iterator[Path]:
    """Where the links of a folder of packages lead, and what its editable installs name."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    yield Path(os.path.realpath(entry.path)).parent
                elif entry.name.startswith("__editable__") and entry.name.endswith(".py"):
                    text = Path(entry.path).read_text(encoding="utf-8", errors="replace")
                    yield from map(Path, _QUOTED_PATH.findall(text))
    except OSError:
        return


def _from_variable(name: str) -> list[Path]:
    return [Path(entry) for entry in os.environ.get(name, "").split(os.pathsep) if entry.startswith("/")]


def _shown(wanted: Iterable[Path], root: Path) -> Iterator[Path]:
    """Those that lie in hidden folders, links resolved; never what holds a hidden folder, such as the home."""
    hidden = hidden_folders(root)
    for place in sorted({Path(os.path.realpath(place)) for place in wanted}):
        is_hidden = any(place.is_relative_to(folder) for folder in hidden)
        if is_hidden and place.exists() and not place.is_relative_to(root) and not _holds_hidden(place, hidden):
            yield place


def _holds_hidden(place: Path, hidden: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(place) for folder in (*hidden, home_folder()))
