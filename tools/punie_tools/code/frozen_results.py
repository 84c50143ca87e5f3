"""Results are frozen in a program too: what would change one is asked for first, and refused if it is a result.

The sandbox itself lets a program change its copy of a result, and tells nobody. A list that a program has named is its
own to change: the name stands for a copy. What it hands to a function of its own is not looked at there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from punie_tools.symbols.python_source import PythonSource

IS_RESULT = "punie_is_result"
"""The function that the guards need: whether a class of this name is one of results."""

GUARDS = f"""
punie_setattr = setattr
punie_results = {{}}


def punie_is_of_a_tool(owner):
    name = type(owner).__name__
    if name not in punie_results:
        punie_results[name] = {IS_RESULT}(name)
    return punie_results[name]


def punie_changeable(owner, field, told="set, for results are frozen; keep what you need in a variable"):
    if punie_is_of_a_tool(owner):
        raise AttributeError(f"`{{field}}` of `{{type(owner).__name__}}` cannot be {{told}}.")
    return owner


def punie_own(value, owner):
    return list(value) if isinstance(value, list) and punie_is_of_a_tool(owner) else value


def setattr(owner, field, value):
    punie_setattr(punie_changeable(owner, field), field, value)
"""

STUB = (
    'def punie_changeable[Owner](owner: Owner, field: str, told: str = "") -> Owner: ...\n'
    "def punie_own[Value](value: Value, owner: object) -> Value: ...\n"
)
"""The guards as a type checker sees them."""

_CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"})
"""The methods that change a list."""
_TOLD = "changed, for results are frozen; change a copy of it"


def guarded(code: str) -> str | None:
    """The program with its guards, each on the line that it is about; None if it needs none.

    What this interpreter cannot parse is left to the sandbox. A method may set what it likes of its own `self`.
    """
    source = PythonSource(code)
    nodes = list(_outside_of_texts(source.tree)) if source.tree else []
    guards = [*_set_attributes(nodes), *_changed_lists(nodes), *_named_lists(nodes)]
    if not guards and not any(isinstance(node, ast.Name) and node.id == "setattr" for node in nodes):
        return None
    return _written(source, guards)


_Guard = tuple[ast.expr, str, str]
"""An expression, and the function and further arguments that it is wrapped in."""


def _set_attributes(nodes: list[ast.AST]) -> Iterator[_Guard]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not _is_own(node):
            yield node.value, "punie_changeable", repr(node.attr)


def _changed_lists(nodes: list[ast.AST]) -> Iterator[_Guard]:
    for node in nodes:
        changed = _changed_by(node)
        if isinstance(changed, ast.Attribute) and not _is_own(changed) and not _calls(changed):
            yield changed.value, "punie_changeable", f"{changed.attr!r}, {_TOLD!r}"


def _named_lists(nodes: list[ast.AST]) -> Iterator[_Guard]:
    """What is named and changed by that name."""
    names = {changed.id for node in nodes if isinstance(changed := _changed_by(node), ast.Name)}
    named = {value: None for node in nodes for name, value in _assigned(node) if name.id in names}
    for value in named:
        if isinstance(value, ast.Attribute) and not _calls(value):
            yield value, "punie_own", ast.unparse(value.value)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Each name that a node gives to something, and what that may be."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _pairs(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield from _pairs(target, value)
        case _:
            pass


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Name, ast.expr]]:
    match target, value:
        case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
            for each in zip(targets, values, strict=True):
                yield from _pairs(*each)
        case _, ast.BoolOp(values=values):
            for each in values:
                yield from _pairs(target, each)
        case _, ast.IfExp(body=body, orelse=orelse):
            yield from _pairs(target, body)
            yield from _pairs(target, orelse)
        case ast.Name(), _:
            yield target, value
        case _:
            pass


def _changed_by(node: ast.AST) -> ast.expr | None:
    """The list that a node puts something into or takes something out of, or what holds it."""
    changed: ast.expr | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        changed = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
        changed = node.func.value
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        changed = node.target
    while isinstance(changed, ast.Subscript):
        changed = changed.value
    return changed


def _outside_of_texts(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those in f-strings, where a guard's own quotes would end the text."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.JoinedStr):
            yield from _outside_of_texts(node)


def _calls(node: ast.AST) -> bool:
    """Whether a call is in it: what that gave nothing else in the program holds."""
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _written(source: PythonSource, guards: list[_Guard]) -> str:
    """Of guards that begin or end at one place the wider one stands outside."""
    pieces: list[tuple[int, bool, int, str]] = []
    for wrapped, function, arguments in guards:
        start, end = source.start(wrapped), source.end(wrapped)
        pieces += [(start, True, -end, f"{function}("), (end, False, -start, f", {arguments})")]
    text, done = "", 0
    for place, _, _, piece in sorted(pieces):
        text += source.text[done:place] + piece
        done = place
    return text + source.text[done:]
