"""A typed result as a person reads it outside the trace: the summary, then rows and texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from pydantic import BaseModel

from punie_tools.safe_text import safe_text
from punie_tools.tool import ResultRow, Tool, ToolResult


def result_as_text(tool: Tool, result: ToolResult) -> str:
    """The summary, then rows of findings and the texts that it does not hold; numbers and arguments are in it."""
    echoes = tool.arguments_type.model_fields.keys()
    fields: dict[str, object] = {
        name: getattr(result, name)
        for name in type(result).model_fields
        if name not in echoes or _is_table(getattr(result, name))
    }
    lists = {
        name: cast("Sequence[object]", value) for name, value in fields.items() if isinstance(value, (list, tuple))
    }
    told = {cell for rows in lists.values() for row in rows for cell in _cells(row)}
    blocks = [safe_text(result.summary, single_line=True)]
    for name, rows in lists.items():
        # A plain list may only repeat what a table beside it says.
        if rows and not all(isinstance(row, str) and row in told for row in rows):
            blocks.append("\n".join([f"{name}:", *(f"  {_row(row)}" for row in rows)]))
    texts = {name: value for name, value in fields.items() if isinstance(value, str) and value not in blocks[0]}
    short = [safe_text(f"{name}: {value}", single_line=True) for name, value in texts.items() if "\n" not in value]
    blocks += ["\n".join(short)] if short else []
    blocks += [safe_text(value.rstrip("\n")) for value in texts.values() if "\n" in value]
    return "\n\n".join(blocks) + "\n"


def _is_table(value: object) -> bool:
    """Rows that bear an argument's name are what became of it, not what was given."""
    return isinstance(value, tuple) and any(isinstance(row, BaseModel) for row in cast("Sequence[object]", value))


def _row(item: object) -> str:
    if isinstance(item, ResultRow):
        text = item.as_row()
    else:
        text = "  ".join(_cells(item)) if isinstance(item, BaseModel) else str(item)
    return safe_text(text, single_line=True)


def _cells(item: object) -> Iterator[str]:
    """A model's `file:line:column` first where there is one, then every other field."""
    if not isinstance(item, BaseModel):
        return
    fields = {name: getattr(item, name) for name in type(item).model_fields}
    place = [str(fields.pop(name)) for name in ("file", "line", "column") if fields.get(name) is not None]
    if place:
        yield ":".join(place)
    for name, value in fields.items():
        if isinstance(value, bool):
            if value:
                yield name
        elif isinstance(value, tuple):
            if value:
                yield ", ".join(map(str, cast("tuple[object, ...]", value)))
        elif value is not None and value != "":
            yield str(value)
