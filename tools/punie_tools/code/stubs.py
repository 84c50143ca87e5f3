"""The tools as a program's type checker sees them: a Python stub made from their signatures and result models."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from punie_tools.code.frozen_results import STUB as GUARD_STUB
from punie_tools.tool import Tool

# A result may have a field called `date`, which would hide the type.
_HEADER = "import datetime as _datetime\nfrom typing import Any, Literal\n"
_PLAIN = (str, bool, int, float, bytes)


@dataclass(frozen=True)
class SandboxStub:
    """The stub's text, and the names in it, for messages that suggest the right one."""

    text: str
    fields: Mapping[str, Mapping[str, str]]
    """Of each result class: its fields and their types."""
    arguments: Mapping[str, Sequence[str]]
    """Of each tool."""


@cache
def stub_of(tools: tuple[Tool, ...]) -> SandboxStub:
    """The stub of these tools. Raises ValueError if two different result classes have one name."""
    models: dict[str, type[BaseModel]] = {}
    for tool in tools:
        _collect(tool.result_type, models)
    fields = {name: _fields(model) for name, model in models.items()}
    classes = [_class(name, fields[name]) for name in models]
    functions = [_function(tool) for tool in tools]
    return SandboxStub(
        "\n".join([_HEADER, GUARD_STUB, *classes, *functions]),
        fields,
        {tool.name: tuple(tool.arguments_type.model_fields) for tool in tools},
    )


def argument_types(tool: Tool) -> dict[str, str]:
    """Of each argument, the type as a person reads it."""
    hints = get_type_hints(tool.function, include_extras=True)
    return {name: _read_type(hints[name]) for name in tool.arguments_type.model_fields}


def _collect(model: type[BaseModel], models: dict[str, type[BaseModel]]) -> None:
    """The model and every one that its fields hold."""
    known = models.setdefault(model.__name__, model)
    if known is not model:
        raise ValueError(f"{model.__name__} names two result classes: {known.__module__} and {model.__module__}.")
    for annotation in _annotations(model).values():
        for held in _models_in(annotation):
            if models.get(held.__name__) is not held:
                _collect(held, models)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    declared = {name: field.annotation for name, field in model.model_fields.items()}
    computed = {name: field.return_type for name, field in model.model_computed_fields.items()}
    return declared | computed


def _fields(model: type[BaseModel]) -> dict[str, str]:
    return {name: _read_type(annotation) for name, annotation in _annotations(model).items()}


def _class(name: str, fields: Mapping[str, str]) -> str:
    lines = [f"    {field}: {type_name}" for field, type_name in fields.items()]
    return "\n".join([f"class {name}:", *lines, ""])


def _function(tool: Tool) -> str:
    hints = get_type_hints(tool.function, include_extras=True)
    parameters = list(inspect.signature(tool.function).parameters.values())[1:]
    arguments = ", ".join(
        f"{parameter.name}: {_written_type(hints[parameter.name])}"
        + ("" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}")
        for parameter in parameters
    )
    return f"def {tool.name}({arguments}) -> {tool.result_type.__name__}:\n    {tool.summary!r}\n"


def _read_type(annotation: Any) -> str:
    """How a program gets a value: every sequence is a list to it."""
    if get_origin(annotation) in (list, tuple):
        items = [_read_type(argument) for argument in get_args(annotation) if argument is not Ellipsis]
        return f"list[{' | '.join(dict.fromkeys(items))}]"
    return _type(annotation, _read_type)


def _written_type(annotation: Any) -> str:
    """What an argument may be: a list does for any sequence."""
    if get_origin(annotation) in (list, tuple, Sequence, set, frozenset):
        items = [_written_type(argument) for argument in get_args(annotation) if argument is not Ellipsis]
        item = " | ".join(dict.fromkeys(items))
        return f"list[{item}] | tuple[{item}, ...] | set[{item}]"
    return _type(annotation, _written_type)


def _type(annotation: Any, inner: Callable[[Any], str]) -> str:
    """What is neither plain nor made of plain parts is Any, so that nothing valid is called wrong."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (None, types.NoneType):
        return "None"
    if origin is Annotated:
        return inner(arguments[0])
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(inner(choice) for choice in arguments))
    if origin in (dict, Mapping):
        return f"dict[{', '.join(inner(argument) for argument in arguments)}]"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "str" if issubclass(annotation, str) else "Any"
    if annotation in (date, datetime):
        return f"_datetime.{annotation.__name__}"
    if isinstance(annotation, type) and (annotation in _PLAIN or issubclass(annotation, BaseModel)):
        return annotation.__name__
    return "Any"
