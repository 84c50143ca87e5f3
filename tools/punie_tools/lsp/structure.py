"""The protocol's JSON as lsprotocol's types; the one file that knows its converter."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from lsprotocol import converters

from punie_tools.lsp.connection import Json

Structure = TypeVar("Structure")


def structured(value: Json, kind: type[Structure]) -> Structure:
    """The value as one of `lsprotocol.types`, or a union or list of them. Raises what cattrs raises."""
    return _converter().structure(value, kind)


def unstructured(value: object) -> Json:
    """One of `lsprotocol.types` as JSON."""
    return _converter().unstructure(value)


@cache
def _converter() -> Any:
    """Made once, for it is slow to make."""
    return converters.get_converter()
