"""How a command is confined on this machine: which backend, and why that one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from punie_tools.commands.git_directories import GitPlaces

SETTINGS_FILE = ".punie.toml"


BackendName = Literal["bubblewrap", "landlock", "sandbox-exec", "none"]


@dataclass(frozen=True)
class Allowance:
    """What a program may do beyond what every command may: see places that lie in hidden ones, and talk to itself.

    `loopback`: bind and connect on this machine. Namespaces give each command a loopback of its own anyway.
    """

    readable: tuple[Path, ...] = ()
    loopback: bool = False


NOTHING_MORE = Allowance()


class Backend(Protocol):
    """Starts programs so that they write inside a tree only."""

    @property
    def name(self) -> BackendName: ...

    @property
    def locks_git(self) -> bool:
        """Whether hooks and configuration of git cannot be written; if not, they are put back after the run."""
        ...

    def confine(
        self, argv: list[str], root: Path, places: GitPlaces, allowance: Allowance = NOTHING_MORE
    ) -> AbstractContextManager[list[str]]:
        """The argv that runs `argv` confined to the root, for as long as the context is open."""
        ...


@dataclass(frozen=True)
class Confinement:
    """The backend that works here, if any, and the reason in words that a person can read."""

    backend: Backend | None
    reason: str

    @property
    def name(self) -> BackendName:
        return self.backend.name if self.backend else "none"
