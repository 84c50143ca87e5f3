"""The small real projects of the quality tools."""

from tests.tools.quality.conftest import environment, files_of, write

__all__ = ["environment", "files_of", "write"]
