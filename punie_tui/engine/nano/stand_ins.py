"""What nano does when the tool it wants is not offered: another tool that comes near, or one honest sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping

from punie_tui.engine.nano.answers import missing_tool_sentence

_BY_TEXT = {"goto_definition": "symbol", "find_references": "symbol", "hover": "symbol", "workspace_symbols": "query"}
_BY_FILE = {"document_symbols": ("path",), "git_blame": ("path", "start_line", "end_line")}


def stand_in(
    tool: str, arguments: Mapping[str, object], offered: frozenset[str]
) -> tuple[str, Mapping[str, object]] | str:
    """The call to make instead, or the sentence to say; the call itself where its tool is offered."""
    if tool in offered:
        return tool, arguments
    if tool in _BY_TEXT and "grep" in offered:
        return "grep", _text_search(str(arguments[_BY_TEXT[tool]]), arguments)
    if tool in _BY_FILE and "read_file" in offered:
        return "read_file", {name: arguments[name] for name in _BY_FILE[tool] if name in arguments}
    if tool == "git_show" and "git_log" in offered:
        return "git_log", {"count": 1}
    return missing_tool_sentence(tool)


def _text_search(symbol: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
    """Search for the last part of a dotted name: `Class.method` is rarely written so."""
    name = re.split(r"\.", symbol)[-1] or symbol
    return {"pattern": name, "literal": True, **({"path": arguments["path"]} if "path" in arguments else {})}
