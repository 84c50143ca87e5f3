"""`punie tools`: what tools there are."""

from __future__ import annotations

import argparse
import json
import sys

from punie_tools.registry import TOOLS
from punie_tools.safe_text import safe_text
from punie_tools.tool import Tool


def run(argv: list[str]) -> int:
    """List the tools, one a line, or with their schemas as JSON."""
    parser = argparse.ArgumentParser(prog="punie tools", description="List the tools.")
    parser.add_argument("--json", action="store_true", help="with the schemas of arguments and results")
    options = parser.parse_args(argv)
    if options.json:
        sys.stdout.write(json.dumps([_described(tool) for tool in TOOLS], indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{_line(tool)}\n" for tool in TOOLS))
    return 0


def _described(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "summary": tool.summary,
        "risk": tool.risk.value,
        "arguments": tool.arguments_schema,
        "result": tool.result_schema,
    }


def _line(tool: Tool) -> str:
    arguments = ", ".join(tool.arguments_type.model_fields)
    return safe_text(f"{tool.name:<15} {tool.risk.value:<6} ({arguments}) {tool.summary}", single_line=True)
