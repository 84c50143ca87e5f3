"""The programs nano may write: a closed set of shapes with slots, kept in `programs.toml`, so that every one runs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from punie_tui.engine.nano.catalogue import Argument, Kind


@dataclass(frozen=True)
class Program:
    """A shape. In `code`, `ARGUMENTS` becomes the given arguments as keywords, `$name` one argument's literal."""

    name: str
    arguments: Mapping[str, Argument]
    code: str

    def write(self, values: Mapping[str, str | int | bool | list[str]]) -> str:
        """The program with literals in its slots."""
        keywords = ", ".join(f"{name}={value!r}" for name, value in values.items() if f"${name}" not in self.code)
        code = self.code.replace("(ARGUMENTS)", f"({keywords})").replace(
            ", ARGUMENTS)", f", {keywords})" if keywords else ")"
        )
        for name, value in values.items():
            code = code.replace(f"${name}", repr(value))
        return code


def _load() -> Mapping[str, Program]:
    entries = tomllib.loads((Path(__file__).parent / "programs.toml").read_text(encoding="utf-8"))["program"]
    return {
        entry["name"]: Program(
            entry["name"],
            {
                name.removesuffix("?"): Argument(Kind(kind), is_required=not name.endswith("?"))
                for name, kind in entry.get("arguments", {}).items()
            },
            entry["code"].strip() + "\n",
        )
        for entry in entries
    }


PROGRAMS: Mapping[str, Program] = _load()
