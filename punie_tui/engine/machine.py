"""What this machine can hold."""

from __future__ import annotations

import re
import resource
import sys
from pathlib import Path

import psutil

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CGROUP_USE = Path("/sys/fs/cgroup/memory.current")
_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)

OVERHEAD = 1.1
"""Weights take this much of their own size once a prompt is read beside them."""


def free_memory_bytes() -> int:
    """Memory that a model could take now. On Apple silicon, the share that the system lets the GPU use."""
    if sys.platform == "darwin":
        return psutil.virtual_memory().total * 3 // 4
    return min(psutil.virtual_memory().available, _container_memory())


def _container_memory() -> int:
    """What a container's limit leaves; as good as endless outside of one."""
    try:
        return int(_CGROUP_LIMIT.read_text()) - int(_CGROUP_USE.read_text())
    except (OSError, ValueError):
        return sys.maxsize


def readable_size(count: int) -> str:
    """Bytes as a person reads them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far. On Apple silicon the GPU's share counts as well."""
    # Elsewhere `ru_maxrss` begins with what the program held that started this one.
    if found := _read_peak():
        return found
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _read_peak() -> int | None:
    """As Linux tells it; None elsewhere."""
    try:
        match = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None
