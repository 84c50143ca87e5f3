"""The command line: parses, and hands over to one file of commands/."""

from __future__ import annotations


def main() -> int:
    return 0
