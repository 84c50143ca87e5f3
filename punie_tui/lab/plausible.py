"""Small plausible results of any tool, made from its result type: programs are observed working on these."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from punie_tools.tool import Tool, ToolResult

_ITEMS = 3
_TEXTS = {
    "file": ("src/app.py", "src/models.py", "tests/test_app.py"),
    "path": ("src/app.py", "src/models.py", "tests/test_app.py"),
    "files": ("src/app.py", "src/models.py", "tests/test_app.py"),
    "code": ("F401", "E501", "reportMissingImports"),
    "severity": ("error", "warning", "error"),
    "outcome": ("failed", "passed", "error"),
    "status": ("modified", "added", "untracked"),
    "kind": ("class", "function", "method"),
    "name": ("tests/test_app.py::test_post", "Ledger", "balance"),
    "author": ("Ada Example", "Grace Sample", "Ada Example"),
    "date": ("2026-01-05T09:30:00+01:00", "2026-01-04T18:00:00+01:00", "2025-12-30T08:15:00+01:00"),
    "hash": ("4f1c2d9", "a83be01", "77d0c5e"),
}


def plausible_result(tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
    """A result whose lists are not empty; fields that echo an argument hold it."""
    values = _fields(tool.result_type, 0)
    values |= {name: value for name, value in arguments.items() if name in values and isinstance(value, str)}
    return tool.result_type.model_validate(values | {"success": True})


def _fields(model: type[BaseModel], index: int) -> dict[str, Any]:
    return {name: _value(name, field.annotation, index) for name, field in model.model_fields.items()}


def _value(name: str, annotation: Any, index: int) -> Any:
    origin = get_origin(annotation)
    if origin is Literal:
        choices = get_args(annotation)
        preferred = _TEXTS.get(name, ())
        return preferred[index] if preferred and preferred[index] in choices else choices[index % len(choices)]
    if origin in (Union, types.UnionType):
        return _value(name, next(choice for choice in get_args(annotation) if choice is not types.NoneType), index)
    if origin in (tuple, list):
        return [_value(name, get_args(annotation)[0], number) for number in range(_ITEMS)]
    if origin is dict:
        return {}
    return _plain_value(name, annotation, index)


def _plain_value(name: str, annotation: Any, index: int) -> Any:
    if not isinstance(annotation, type):
        return "text"
    if issubclass(annotation, BaseModel):
        return _fields(annotation, index)
    if issubclass(annotation, bool):
        return index % 2 == 0
    if issubclass(annotation, int):
        return 3 + 4 * index
    if issubclass(annotation, float):
        return 0.5 + index
    if issubclass(annotation, datetime):
        return datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    return _TEXTS.get(name, ("first text", "second text", "third text"))[index]
