"""What `punie tool NAME --help` prints: all of it read from the tool's function and its result model."""

from __future__ import annotations

import shlex
from typing import Any

from pydantic.fields import FieldInfo

from punie_tools.code.stubs import argument_types, stub_of
from punie_tools.tool import Tool

_EXAMPLES = {
    "code": "print(git_status().branch)",
    "new": "new text",
    "new_name": "AccountBook",
    "old": "old text",
    "path": "src/app.py",
    "pattern": "TODO",
    "query": "Ledger",
    "symbol": "Ledger",
    "target": "tests",
}
_BY_TYPE = {"bool": "true", "int": "10", "float": "10"}


def help_text(tool: Tool) -> str:
    """The usage, the docstring, the arguments, what comes back, and a call that can be typed as it stands."""
    fields = tool.arguments_type.model_fields
    words = [f"{name}=…" if field.is_required() else f"[{name}=…]" for name, field in fields.items()]
    parts = [
        f"usage: {' '.join(['punie tool', tool.name, *words])} [--text] [--cwd DIR]",
        tool.description,
        _section("arguments", _argument_rows(tool)),
        f"risk: {tool.risk.value}   result: {tool.result_type.__name__}",
        *(_section(name, list(held.items())) for name, held in stub_of((tool,)).fields.items()),
        f"example:\n  {shlex.join(example(tool))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def example(tool: Tool) -> list[str]:
    """A call with the arguments that must be there, or with the first one that may."""
    fields = tool.arguments_type.model_fields
    shown = [name for name, field in fields.items() if field.is_required()] or list(fields)[:1]
    types = argument_types(tool)
    return ["punie", "tool", tool.name, *(f"{name}={_example_value(name, types[name])}" for name in shown)]


def _example_value(name: str, type_name: str) -> str:
    """JSON for a list, the first choice of several, and otherwise what such an argument is likely to be."""
    if type_name.startswith("Literal["):
        return type_name.split("'")[1]
    value = _EXAMPLES.get(name) or _BY_TYPE.get(type_name.split(" | ")[0]) or _EXAMPLES["path"]
    return f'["{value}"]' if type_name.startswith("list[") else value


def _argument_rows(tool: Tool) -> list[tuple[str, str]]:
    types = argument_types(tool)
    return [
        (name, f"{types[name]}, {_default(field)}{f': {field.description}' if field.description else ''}")
        for name, field in tool.arguments_type.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    return "required" if field.is_required() else f"default {value!r}"


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([f"{title}:", *(f"  {name:<{width}}  {text}" for name, text in rows)]) if rows else ""
