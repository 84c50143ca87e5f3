"""Results are frozen in a program too: what it sets an attribute of is asked for first, and refused if it is a result.

The sandbox itself lets a program change its copy of a result, and tells nobody.
"""

from __future__ import annotations

import ast

from punie_tools.symbols.python_source import PythonSource

IS_RESULT = "punie_is_result"
"""The function that the guards need: whether a class of this name is one of results."""

GUARDS = f"""
punie_setattr = setattr
punie_results = {{}}


def punie_changeable(owner, field):
    name = type(owner).__name__
    if name not in punie_results:
        punie_results[name] = {IS_RESULT}(name)
    if punie_results[name]:
        raise AttributeError(
            f"`{{field}}` of `{{name}}` cannot be set, for results are frozen; keep what you need in a variable."
        )
    return owner


def setattr(owner, field, value):
    punie_setattr(punie_changeable(owner, field), field, value)
"""

STUB = "def punie_changeable[Owner](owner: Owner, field: str) -> Owner: ...\n"
"""The guard as a type checker sees it."""


def guarded(code: str) -> str | None:
    """The program with its guards, each on the line where it sets an attribute; None if it sets none.

    What this interpreter cannot parse is left to the sandbox. A method may set what it likes of its own `self`.
    """
    source = PythonSource(code)
    nodes = list(ast.walk(source.tree)) if source.tree else []
    targets = [node for node in nodes if isinstance(node, ast.Attribute) and _may_be_of_a_result(node)]
    if not targets and not any(isinstance(node, ast.Name) and node.id == "setattr" for node in nodes):
        return None
    text = source.text
    for target in sorted(targets, key=source.start, reverse=True):
        start, end = source.start(target.value), source.end(target.value)
        text = f"{text[:start]}punie_changeable({text[start:end]}, {target.attr!r}){text[end:]}"
    return text


def _may_be_of_a_result(node: ast.Attribute) -> bool:
    is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return isinstance(node.ctx, ast.Store) and not is_own
