"""A tool's argument schema as the grammars need it: every argument by itself, self-contained and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from punie_tui.engine.protocol import HeldTo, ToolSpec

_INTEGER_BOUND = 2**53 - 1
_NUMBER_BOUND = 1e15
_SAID_FOR_PEOPLE = ("title", "description", "default", "examples")

ArgumentKind = Literal["text", "choice", "boolean", "json"]


@dataclass(frozen=True)
class Argument:
    """One argument. `schema` stands alone: references are kept beside it in `$defs`."""

    name: str
    schema: Mapping[str, Any]
    is_required: bool
    held: HeldTo | None = None

    @property
    def is_list(self) -> bool:
        """Whether it is an array."""
        return self.bare_schema.get("type") == "array"

    @property
    def is_nullable(self) -> bool:
        """Whether null is a value of it."""
        return any(option.get("type") == "null" for option in self._options)

    @property
    def bare_schema(self) -> Mapping[str, Any]:
        """The schema without null, where that leaves exactly one alternative."""
        options = [option for option in self._options if option.get("type") != "null"]
        if len(options) != 1:
            return self.schema
        return {**options[0], **({"$defs": self.schema["$defs"]} if "$defs" in self.schema else {})}

    @property
    def kind(self) -> ArgumentKind:
        """How its value is written where values are not quoted."""
        schema = self.bare_schema
        values = self.choices
        if values and all(isinstance(value, str) and "\n" not in value for value in values):
            return "choice"
        if schema.get("type") == "boolean":
            return "boolean"
        is_plain = not any(key in schema for key in ("pattern", "format", "minLength", "maxLength", "enum", "const"))
        return "text" if schema.get("type") == "string" and is_plain else "json"

    @property
    def choices(self) -> tuple[Any, ...]:
        """The only values it can have, if the schema names them."""
        schema = self.bare_schema
        return (schema["const"],) if "const" in schema else tuple(schema.get("enum", ()))

    @property
    def _options(self) -> list[Mapping[str, Any]]:
        return list(self.schema.get("anyOf", (self.schema,)))


def arguments_of(tool: ToolSpec) -> tuple[Argument, ...]:
    """The arguments in the order of the tool's schema."""
    definitions = cast("Mapping[str, Any]", tool.parameters.get("$defs", {}))
    required = frozenset(cast("list[str]", tool.parameters.get("required", [])))
    properties = cast("Mapping[str, Mapping[str, Any]]", tool.parameters.get("properties", {}))
    shared = {"$defs": _bound_each(definitions)} if definitions else {}
    return tuple(
        Argument(name, {**_resolved(_bound(schema), shared), **shared}, name in required, tool.held.get(name))
        for name, schema in properties.items()
    )


def _resolved(schema: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """A bare reference to a named schema, replaced by what it names."""
    if set(schema) != {"$ref"}:
        return schema
    return dict(shared["$defs"][str(schema["$ref"]).rsplit("/", 1)[-1]])


def _bound(schema: Any) -> Any:
    """The schema without prose, its numbers held to what every JSON reader reads back as the same number."""
    if isinstance(schema, list):
        return [_bound(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, Mapping):
        return schema
    given = cast("Mapping[str, Any]", schema)
    bounded = {
        key: _bound_each(value) if key in ("properties", "$defs") else _bound(value)
        for key, value in given.items()
        if key not in _SAID_FOR_PEOPLE
    }
    bound = {"integer": _INTEGER_BOUND, "number": _NUMBER_BOUND}.get(str(given.get("type")))
    if bound is not None and not {"enum", "const"} & set(given):
        if not {"minimum", "exclusiveMinimum"} & set(given):
            bounded["minimum"] = -bound
        if not {"maximum", "exclusiveMaximum"} & set(given):
            bounded["maximum"] = bound
    return bounded


def _bound_each(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _bound(schema) for name, schema in schemas.items()}
