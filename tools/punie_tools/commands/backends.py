"""Which backend confines commands on this machine: one decision, made once, with its reason."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from punie_tools.commands.bubblewrap import find_bubblewrap
from punie_tools.commands.confinement import Confinement


def confinement_for(root: Path) -> Confinement:
    """How a command in this tree is confined. A tree that holds the whole system leaves nothing to confine to."""
    if root == Path(root.anchor):
        return Confinement(None, "the workspace is the whole file system")
    return confinement_here()


@cache
def confinement_here() -> Confinement:
    """The best backend that works on this machine; its programs are tried once in the life of the process."""
    return choose_confinement(sys.platform)


def choose_confinement(platform: str) -> Confinement:
    """bubblewrap, the strictest, on Linux."""
    if platform != "linux":
        return Confinement(None, f"there is no sandbox for {platform}")
    found = find_bubblewrap()
    if isinstance(found, str):
        return Confinement(None, found)
    return Confinement(found, f"{found.program} works")
