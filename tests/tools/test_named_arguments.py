"""The one list of what arguments name: every text that a tool takes is decided on, as held or as free."""

from __future__ import annotations

import json

from punie_tools.named_arguments import named_arguments
from punie_tools.registry import TOOLS

FREE = {
    *("pattern", "glob", "query", "keyword"),
    *("content", "old", "new", "edits", "patch", "message", "command"),
    *("expressions", "arguments", "breakpoints"),
    *("new_name", "name", "start", "base", "revision", "id", "rules"),
}


def test_every_text_is_held_or_free() -> None:
    undecided = {
        (tool.name, name)
        for tool in TOOLS
        for name, schema in tool.arguments_schema.get("properties", {}).items()
        if '"string"' in json.dumps(schema) and "enum" not in json.dumps(schema)
        if name not in named_arguments(tool) and name not in FREE
    }
    assert undecided == {("write_file", "path")}


def test_what_is_held_is_what_it_says() -> None:
    named = {tool.name: named_arguments(tool) for tool in TOOLS if named_arguments(tool)}
    assert named["read_file"] == {"path": "path"}
    assert named["rename_symbol"] == {"symbol": "symbol", "path": "path"}
    assert named["git_stage"] == {"paths": "path"}
    assert named["pytest_run"] == {"target": "test"}
    assert named["execute_code"] == {"code": "program"}
    assert "write_file" not in named
