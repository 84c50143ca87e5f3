"""punie: a terminal pair programmer that runs on your own machine."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """`__version__`, read when asked for: the package metadata costs more to open than the rest of the start."""
    if name == "__version__":
        from importlib.metadata import version

        return version("punie")
    raise AttributeError(name)
