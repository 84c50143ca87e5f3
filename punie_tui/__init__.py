"""punie: a terminal pair programmer that runs on your own machine."""

from importlib.metadata import version

__version__ = version("punie")
