"""Confinement by macOS's `sandbox-exec`: a profile that forbids writing, sockets and secrets, and allows all else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from punie_tools.commands.confinement import NOTHING_MORE, SETTINGS_FILE, Allowance, BackendName
from punie_tools.commands.git_directories import FILES_THAT_REDIRECT, FILES_THAT_RUN, FOLDERS_THAT_RUN, GitPlaces
from punie_tools.commands.private_places import OWN_ENVIRONMENT, home_folder, secrets_inside, visible_toolchains
from punie_tools.commands.scratch_folder import scratch_folder

PROGRAM = Path("/usr/bin/sandbox-exec")

# Unlike a namespace this is the machine's own loopback, with whatever else listens there.
_LOOPBACK = (
    '(allow network-bind network-inbound (local ip "localhost:*"))',
    '(allow network-outbound (remote ip "localhost:*"))',
)
_DEVICES = ("null", "zero", "dtracehelper", "tty")


@dataclass(frozen=True)
class Seatbelt:
    """Runs a program under a profile of its own. Paths are matched as the kernel sees them, after all links."""

    name: BackendName = field(default="sandbox-exec", init=False)
    locks_git: bool = field(default=True, init=False)

    @contextmanager
    def confine(
        self, argv: list[str], root: Path, places: GitPlaces, allowance: Allowance = NOTHING_MORE
    ) -> Generator[list[str]]:
        """The command gets a temporary folder of its own, for as long as it runs."""
        with scratch_folder() as folder:
            scratch = Path(os.path.realpath(folder))
            rules = profile(root, scratch, places, allowance)
            yield [str(PROGRAM), "-p", rules, "/usr/bin/env", f"TMPDIR={scratch}", *argv]


def find_seatbelt() -> Seatbelt | str:
    """The backend, or the reason why there is none."""
    return Seatbelt() if os.access(PROGRAM, os.X_OK) else f"there is no {PROGRAM}"


def profile(root: Path, scratch: Path, places: GitPlaces, allowance: Allowance = NOTHING_MORE) -> str:
    """The rules; a later one wins. What git runs is forbidden by pattern, so that it is where nothing is yet."""
    devices = " ".join(f'(literal "/dev/{name}")' for name in _DEVICES)
    return "\n".join(
        (
            "(version 1)",
            "(allow default)",
            "(deny network*)",
            *(_LOOPBACK if allowance.loopback else ()),
            "(deny file-write*)",
            f"(allow file-write* {_below(root)} {_below(scratch)} {devices})",
            f"(deny file-write* {_own_files_of_git(root, places)} (literal {_quoted(root / SETTINGS_FILE)}))",
            *([f"(deny file-write* {_below(OWN_ENVIRONMENT)})"] if root in OWN_ENVIRONMENT.parents else ()),
            f"(deny file-read* {_below(home_folder())} {_below(Path('/private/var/run'))})",
            f"(allow file-read-metadata {_below(home_folder())})",
            f"(allow file-read* {_below(root)} {_below(scratch)})",
            *(f"(allow file-read* {_below(place)})" for place in (*visible_toolchains(root), *allowance.readable)),
            *(f"(deny file-read* file-write* {_below(secret)})" for secret in secrets_inside(root)),
            "(deny process-info* (target others))",
            "(deny signal)",
            "(allow signal (target same-sandbox))",
            "(deny mach-task-name)",
            "(deny appleevent-send)",
            "",
        )
    )


def _own_files_of_git(root: Path, places: GitPlaces) -> str:
    """Below any `.git`, and in the bare directories that are there; the directories themselves cannot be renamed."""
    names = "|".join(re.escape(name) for name in (*FOLDERS_THAT_RUN, *FILES_THAT_RUN, *FILES_THAT_REDIRECT))
    anywhere = f'(regex #"^{_pattern(root)}/(.*/)?\\.git/(.*/)?({names})(/|$)")'
    known = [
        f"(subpath {_quoted(directory / name)})"
        for directory in places.directories
        for name in (*FOLDERS_THAT_RUN, *FILES_THAT_RUN, *FILES_THAT_REDIRECT)
    ]
    paths = (*places.directories, *places.pointers, *places.included_files, *places.links)
    fixed = [f"(literal {_quoted(path)})" for path in paths]
    return " ".join((anywhere, *known, *fixed, *map(_below, places.hook_folders)))


def _below(folder: Path) -> str:
    return f"(subpath {_quoted(folder)})"


def _quoted(path: Path) -> str:
    """A string of the profile's language, whose escapes are those of JSON without `\\u`."""
    return json.dumps(str(path), ensure_ascii=False)


def _pattern(path: Path) -> str:
    return re.escape(str(path)).replace('"', '\\"')
