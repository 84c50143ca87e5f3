"""What to write instead: a hint for each thing of Python that a program in the sandbox does not have."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

MODULES = (
    "asyncio, base64, bisect, collections, copy, csv, dataclasses, datetime, decimal, functools, hashlib, itertools, "
    "json, math, os.path, pathlib, random, re, sys, time, tomllib, typing, unicodedata"
)

_SYNTAX: Mapping[str, str] = {
    "yield": "append to a list and return it",
    "the 'del'": "write `d.pop(key)`, `items.pop(index)`, or make a new list without it",
    "class inheritance": "write a class without a base, and raise RuntimeError for an error of your own",
    "method decorators": "write a plain method, or a function beside the class",
    "class bodies": "give a class only methods and lines of `name = value`",
    "complex class variable": "give a class only methods and lines of `name = value`",
    "exception groups": "write `except` without the star",
    "type aliases": "leave it out, annotations are not needed",
    "template strings": "write an f-string",
    "async": "tools are called without await, in plain loops",
}
_MODULES: Mapping[str, str] = {
    **dict.fromkeys(("subprocess", "shutil", "tempfile"), "run_command(command=…) runs a command"),
    **dict.fromkeys(("glob", "fnmatch"), "list_files(pattern=…) finds files"),
    **dict.fromkeys(("contextlib", "traceback", "warnings", "logging"), "write try, except and print()"),
    **dict.fromkeys(
        ("threading", "multiprocessing", "concurrent", "queue"), "calls run one after the other, in a loop"
    ),
    **dict.fromkeys(("requests", "urllib", "http", "httpx", "socket", "aiohttp"), "a program has no network"),
    **dict.fromkeys(("ast", "inspect", "tokenize", "importlib"), "document_symbols(path=…) lists what a file defines"),
    **dict.fromkeys(("git", "pygit2"), "the tools git_log, git_diff, git_show and others are there without an import"),
    **dict.fromkeys(("pytest", "unittest"), "pytest_run(target=…) runs tests"),
    **dict.fromkeys(("numpy", "pandas", "statistics"), "write it with sum(), len(), sorted() and max()"),
    "operator": "write `lambda item: item.name`",
    "string": "write the letters out",
    "enum": "write plain constants",
    "textwrap": "write it with splitlines() and join()",
    "io": "collect texts in a list and join them",
}
_NAMES: Mapping[str, str] = {
    "ToolError": "a tool that fails raises RuntimeError",
    "input": "nobody can be asked from a program",
    **dict.fromkeys(("exit", "quit"), "a program ends after its last line, or where it raises RuntimeError"),
    **dict.fromkeys(("__import__", "compile"), "write `import NAME` at the top"),
    **dict.fromkeys(("globals", "locals", "vars", "dir"), "keep what you need in a dict of your own"),
    "callable": "ask with isinstance() for what you expect",
    "help": "a wrong argument or field is told with the right ones",
    "suppress": "write try and except",
}
_PARTS: Mapping[str, str] = {
    "OrderedDict": "a dict keeps its order",
    "asdict": "make a dict of the fields that you need",
}
_CALLS: Mapping[str, str] = {
    "callable replacement": "loop over re.finditer() and join the pieces",
    "JSONEncoder": "make dicts of plain values first",
}
_READING = "list_files(pattern=…, path=…) lists files, and read_file(path=…) reads one"
_WRITING = "write_file(path=…, content=…) and edit_file(path=…, old=…, new=…) change files"
_FILE_READS = frozenset({"Path.read_text", "Path.read_bytes"})
_FILE_LOOKS = ("Path.exists", "Path.is_", "Path.iterdir", "Path.scan", "Path.stat")
_VARIABLES = frozenset({"os.getenv", "os.environ"})


def syntax_hint(construct: str) -> str:
    """For what the sandbox's own parser names."""
    found = next((hint for start, hint in _SYNTAX.items() if construct.startswith(start)), "")
    return found or "write it with plain functions, loops, lists and dicts"


def module_hint(module: str, tools: Sequence[str]) -> str:
    """For an import of what is not there."""
    if module in ("punie", "punie_tools", "tools", "functions") or module in tools:
        return "the tools are there without an import"
    return _MODULES.get(module, f"there are {MODULES}")


def name_hint(name: str, tools: Sequence[str], result_classes: Sequence[str] = ()) -> str:
    """For a name that is not defined, empty where there is nothing to say."""
    if name in _NAMES:
        return _NAMES[name]
    if name in result_classes:
        return f"write type(x).__name__ == {name!r}"
    if nearest := get_close_matches(name, tools, n=1, cutoff=0.5):
        return f"did you mean `{nearest[0]}`?"
    return "it is not among the built-in functions here" if hasattr(builtins, name) else ""


def attribute_hint(owner: str, name: str, source: str) -> str:
    """For an attribute of a built-in type or module; `source` is the line of the program."""
    if (owner, name) == ("sys", "exit"):
        return _NAMES["exit"]
    if not callable(getattr(getattr(builtins, owner, None), name, None)):
        return ""
    if re.search(rf"\.{re.escape(name)}\s*\(", source):
        return f"`{owner}.{name}` is not there in a program; write it with other methods"
    return f"a method can only be called here, not passed on: write `lambda x: x.{name}(…)`"


def part_hint(module: str, name: str) -> str:
    """For a name that a module of the sandbox lacks."""
    return _PARTS.get(name, f"`{module}` has only its commonest parts here; write it with plain functions")


def call_hint(message: str) -> str:
    """For a TypeError of a function that takes less here than elsewhere."""
    return next((hint for part, hint in _CALLS.items() if part in message), "")


def system_hint(operation: str, arguments: Sequence[object]) -> str:
    """For a use of files or of the system, by monty's name of it; empty for what is no use of either."""
    if operation in _VARIABLES:
        return "a program sees no environment variables."
    if operation.startswith(_FILE_LOOKS):
        return f"a program reaches files only through the tools: {_READING}."
    if operation in _FILE_READS or (operation == "open" and not set(str(arguments[1:])) & set("wax+")):
        return f"a program reaches files only through the tools: {_READING}."
    if operation == "open" or operation.startswith("Path."):
        return f"a program reaches files only through the tools: {_WRITING}."
    return ""
