"""`punie tool NAME key=value …`: the person runs one typed tool, and is asked nothing."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from punie_tools.errors import ToolError, reason_of
from punie_tools.registry import find_tool
from punie_tools.result_text import result_as_text
from punie_tools.spelling import spelled
from punie_tools.tool import Tool, ToolContext, ToolResult
from punie_tools.workspace import Workspace
from punie_tui.commands.own_call import as_json, print_printable, run_own_call
from punie_tui.commands.terminal import common_options, existing_folder, print_error, stdin_text
from punie_tui.commands.tool_help import help_text
from punie_tui.own_files import log_to_file
from punie_tui.settings import Settings, SettingsError, load_settings


class _UsageError(Exception):
    """The command line is wrong; the text says how."""


def run(argv: list[str]) -> int:
    """Run the tool and print its result as JSON, or as text with `--text`."""
    parser = _parser()
    options = parser.parse_intermixed_args(argv)
    if options.name is None:
        if not options.help:
            parser.error("the following arguments are required: NAME")
        parser.print_help()
        return 0
    log_to_file()
    cancelled = threading.Event()
    try:
        tool = find_tool(options.name)
        if options.help:
            print_printable(help_text(tool))
            return 0
        arguments = _arguments(tool, options.arguments)
        folder = existing_folder(options.cwd)
        settings = load_settings(folder)
        context = ToolContext(
            Workspace.at(folder, is_trusted=True, python=settings.python, confine_tests=settings.confine_tests),
            cancelled=cancelled,
        )
    except (ToolError, _UsageError, SettingsError, NotADirectoryError) as error:
        print_error(str(error))
        return 2
    shown = partial(result_as_text, tool) if options.text else as_json
    return run_own_call(tool, cancelled, lambda: _run(tool, context, arguments, settings), shown)


def _run(tool: Tool, context: ToolContext, arguments: dict[str, Any], settings: Settings) -> ToolResult:
    """With the language server that an earlier call left, where the tool has a use for it, or a new one that stays.

    An edit starts none, and the person may have said no.
    """
    idle_minutes = settings.keep_warm_minutes
    if idle_minutes and (tool.wants_language_server or tool.tells_type_errors):
        from punie_tui.background import UnavailableError, run_in_background

        with suppress(UnavailableError):
            return run_in_background(
                tool,
                arguments,
                context.workspace,
                idle_minutes=idle_minutes if tool.wants_language_server else None,
                cancelled=context.cancelled,
            )
    return tool.function(context, **arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie tool",
        description="Run one typed tool. `punie tools` lists them.",
        epilog="key=@FILE and key=- take the text from a file or from stdin; key=@@text begins with an at sign.",
        parents=[common_options(model=False)],
        add_help=False,
    )
    parser.add_argument("name", metavar="NAME", nargs="?")
    parser.add_argument("arguments", nargs="*", metavar="key=value")
    parser.add_argument("--text", action="store_true", help="print the result as a person would read it")
    parser.add_argument("-h", "--help", action="store_true", help="with NAME: that tool's arguments, and an example")
    return parser


def _arguments(tool: Tool, words: Sequence[str]) -> dict[str, Any]:
    """Raises _UsageError or ToolError for words that are no arguments of the tool."""
    properties: dict[str, Any] = tool.arguments_schema.get("properties", {})
    arguments: dict[str, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise _UsageError(f"{word!r} is not of the form key=value; try: punie tool {tool.name} {_example(tool)}")
        if key in arguments:
            raise _UsageError(f"{key} is given twice.")
        arguments[key] = _value(_text(value), properties.get(key, {}))
    return tool.validate(arguments)


def _example(tool: Tool) -> str:
    return " ".join(f"{name}=…" for name in tool.arguments_type.model_fields)


def _text(value: str) -> str:
    """The text that a word stands for. `@@` at its beginning is an at sign that names no file."""
    if value == "-":
        return stdin_text()
    if value.startswith("@@"):
        return value[1:]
    if value.startswith("@"):
        try:
            return Path(value[1:]).read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise _UsageError(f"{value[1:]} cannot be read: {reason_of(error)}.") from None
    return spelled(value)


def _value(text: str, schema: dict[str, Any]) -> object:
    """Read by the argument's type: text as it is, lists, objects and null as JSON; validation reads the rest."""
    types = {schema.get("type"), *(choice.get("type") for choice in schema.get("anyOf", []))}
    if "string" in types:
        return text
    try:
        return json.loads(text) if types.intersection(("array", "object", "null")) else text.strip()
    except ValueError:
        return text.strip()
