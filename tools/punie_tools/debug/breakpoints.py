"""Where a debugged program is to stop: `file:line` or a function's name, put on lines that hold code."""

from __future__ import annotations

import ast
import inspect
import re
import types
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.sentences import shortened
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.python_source import PythonSource, read_source
from punie_tools.symbols.symbol_finder import find_symbol
from punie_tools.tool import ToolContext

_CONDITIONAL = re.compile(r"(?P<place>.+?)\s+if\s+(?P<condition>.+)", re.DOTALL)
_LINE = re.compile(r"(?P<path>.+):(?P<line>\d{1,9})")
_CALLABLE = ("function", "method")
_MOST_PLACES = 20

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Breakpoint:
    """`asked` is how the person wrote it; `note` says where it was put if that is not the line that was asked for."""

    asked: str
    file: Path
    line: int
    condition: str
    note: str = ""


def resolved_breakpoints(context: ToolContext, asked: Sequence[str]) -> list[Breakpoint]:
    """All places that the texts mean. Raises ToolError for one that means none."""
    return [point for text in asked for point in _resolved(context, text)]


def _resolved(context: ToolContext, asked: str) -> list[Breakpoint]:
    found = _CONDITIONAL.fullmatch(asked.strip())
    place, condition = (found["place"], found["condition"]) if found else (asked.strip(), "")
    if condition:
        _check_condition(asked, condition)
    if at := _LINE.fullmatch(place):
        return [_on_line(context, asked, at["path"], int(at["line"]), condition)]
    return _in_function(context, asked, place, condition)


def _check_condition(asked: str, condition: str) -> None:
    try:
        compile(condition, "<condition>", "eval")
    except (SyntaxError, ValueError) as error:
        raise ToolError(
            f"The condition of the breakpoint {shortened(asked, 80)!r} is no expression: {error}."
        ) from None


def _on_line(context: ToolContext, asked: str, path: str, line: int, condition: str) -> Breakpoint:
    file = context.workspace.resolve(path)
    if not file.is_file():
        raise ToolError(f"The breakpoint {asked!r} needs a file, and {path!r} is a folder.")
    code = _Code(file, path)
    if not 1 <= line <= code.line_count:
        raise ToolError(f"The breakpoint {asked!r} is on no line of the file: it has {code.line_count} lines.")
    put = code.nearest(line)
    if put is None:
        raise ToolError(f"The breakpoint {asked!r} can stop nowhere: there is no code that runs.")
    note = "" if put == line else f"moved from line {line}, which holds no code"
    return Breakpoint(asked, file, put, condition, note)


def _in_function(context: ToolContext, asked: str, name: str, condition: str) -> list[Breakpoint]:
    candidates = find_symbol(context.workspace.root, name, cancelled=context.cancelled)
    found = [candidate for candidate in candidates if candidate.is_definition and candidate.kind in _CALLABLE]
    if not found and any(candidate.kind == "class" for candidate in candidates):
        return _in_function(context, asked, f"{name}.__init__", condition)
    if not found:
        raise ToolError(f"The breakpoint {asked!r} is no function of the project; write file:line.")
    return [_at_begin(context, asked, candidate, condition) for candidate in found[:_MOST_PLACES]]


def _at_begin(context: ToolContext, asked: str, candidate: Candidate, condition: str) -> Breakpoint:
    line = _Code(candidate.file, context.workspace.relative(candidate.file)).nearest(candidate.line)
    return Breakpoint(asked, candidate.file, line or candidate.line, condition)


class _Code:
    """Which lines of a file a debugger can stop on. A file with syntax newer than ours is taken as it is."""

    def __init__(self, file: Path, name: str) -> None:
        source = read_source(file)
        self._tree = source.tree if source else None
        if source is None or (self._tree is None and file.suffix != ".py"):
            raise ToolError(f"A breakpoint cannot be in {name!r}, which is no Python.")
        self.line_count = len(source.lines) - (source.lines[-1] == "")
        self._lines = _lines_by_function(source, self._tree) if self._tree else {}

    def nearest(self, line: int) -> int | None:
        """The line itself if it holds code; else the next that does, in its function if it is in one.

        The head of a function means its first line of code: its `def` runs when the module is imported.
        """
        if self._tree is None:
            return line
        function = _innermost(self._tree, line)
        lines = self._lines.get(_key(function), [])
        return next((code for code in lines if code >= line), lines[-1] if lines else None)


def _innermost(tree: ast.Module, line: int) -> _FunctionNode | None:
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, _FunctionNode) and _first_line(node) <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, key=_first_line, default=None)


def _first_line(node: _FunctionNode) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _key(function: _FunctionNode | None) -> tuple[str, int]:
    return (function.name, _first_line(function)) if function else ("<module>", 0)


def _lines_by_function(source: PythonSource, tree: ast.Module) -> dict[tuple[str, int], list[int]]:
    """The code lines of each function's body, without its head, and those of the module with its classes."""
    bodies = {
        _key(node): min(statement.lineno for statement in node.body)
        for node in ast.walk(tree)
        if isinstance(node, _FunctionNode)
    }
    found: dict[tuple[str, int], set[int]] = {}
    for key, line in _code_lines(source):
        if line >= bodies.get(key, 0):
            found.setdefault(key, set()).add(line)
    return {key: sorted(lines) for key, lines in found.items()}


def _code_lines(source: PythonSource) -> Iterator[tuple[tuple[str, int], int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = compile(source.text, "<breakpoints>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from _lines_of(module, ("<module>", 0))


def _lines_of(code: types.CodeType, key: tuple[str, int]) -> Iterator[tuple[tuple[str, int], int]]:
    """Comprehensions and lambdas count to the function, the bodies of classes to the module."""
    for _, _, line in code.co_lines():
        if line:
            yield key, line
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _lines_of(constant, _key_of_code(constant, key))


def _key_of_code(code: types.CodeType, outer: tuple[str, int]) -> tuple[str, int]:
    is_function = not code.co_name.startswith("<") and code.co_flags & inspect.CO_OPTIMIZED
    return (code.co_name, code.co_firstlineno) if is_function else outer
