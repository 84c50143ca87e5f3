"""Which backend confines commands on this machine: one decision, made once, with its reason."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from punie_tools.commands.bubblewrap import Bubblewrap, find_bubblewrap
from punie_tools.commands.confinement import Confinement
from punie_tools.commands.landlock import find_landlock
from punie_tools.commands.private_places import secrets_inside
from punie_tools.commands.seatbelt import PROGRAM, find_seatbelt
from punie_tools.workspace import Workspace


def confinement_for(root: Path) -> Confinement:
    """How a command in this tree is confined. A tree that holds the whole system leaves nothing to confine to."""
    if root == Path(root.anchor):
        return Confinement(None, "the workspace is the whole file system")
    here = confinement_here()
    if here.name == "landlock" and secrets_inside(root):
        return Confinement(None, "Landlock cannot hide the keys in a home that is the workspace")
    return here


def has_sandbox(workspace: Workspace) -> bool:
    """Whether a command in this workspace is confined."""
    return confinement_for(workspace.root).backend is not None


@cache
def confinement_here() -> Confinement:
    """The best backend that works on this machine; its programs are tried once in the life of the process."""
    return choose_confinement(sys.platform, find_bubblewrap)


def choose_confinement(platform: str, find_strictest: Callable[[], Bubblewrap | str]) -> Confinement:
    """bubblewrap, the strictest, on Linux, else Landlock; sandbox-exec on macOS."""
    if platform == "darwin":
        seatbelt = find_seatbelt()
        return (
            Confinement(None, seatbelt) if isinstance(seatbelt, str) else Confinement(seatbelt, f"{PROGRAM} is there")
        )
    if platform != "linux":
        return Confinement(None, f"there is no sandbox for {platform}")
    strictest = find_strictest()
    if not isinstance(strictest, str):
        return Confinement(strictest, f"{strictest.program} works")
    fallback = find_landlock()
    if not isinstance(fallback, str):
        return Confinement(fallback, f"the kernel has it, and bubblewrap does not work ({strictest})")
    return Confinement(None, f"{strictest}; {fallback}")
