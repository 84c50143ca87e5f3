"""Which arguments name something that is there already, so that a model can be held to what there is to name.

A string argument that is not here is free: text, patterns, globs, revisions, and names of what is yet to be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from punie_tools.tool import Tool

Named = Literal["path", "symbol", "test", "program"]
"""A list's items are what its argument names. A `test` is a path, a node id (`path::name`), or a test's bare name.

A `program` names nothing, but is held too: to the syntax that `execute_code` takes.
"""

_BY_ARGUMENT: Mapping[str, Named] = {
    "path": "path",
    "paths": "path",
    "symbol": "symbol",
    "target": "test",
    "code": "program",
}
_MAKES_WHAT_IT_NAMES = frozenset({("write_file", "path")})


def named_arguments(tool: Tool) -> dict[str, Named]:
    """What each of the tool's arguments names, without those that are free."""
    return {
        argument: _BY_ARGUMENT[argument]
        for argument in tool.arguments_type.model_fields
        if argument in _BY_ARGUMENT and (tool.name, argument) not in _MAKES_WHAT_IT_NAMES
    }
