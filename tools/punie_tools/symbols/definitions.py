"""The names that a Python file gives to something, each with where it stands, from the file's syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from punie_tools.symbols.loose_definitions import loose_definitions
from punie_tools.symbols.naming import Name, Scope, ScopeKind, variable_kind
from punie_tools.symbols.python_source import PythonSource

_KEYWORDS = re.compile(r"(?:async(?:[ \t\f]|\\\n)+)?(?:def|class)(?:[ \t\f]|\\\n)+")
_SETTERS = frozenset({"setter", "deleter"})
_TYPE_PARAMETERS = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def definitions(source: PythonSource, *, with_expressions: bool = True) -> Iterator[Name]:
    """All of them in the order of the file, those within functions too.

    With expressions also the variables of comprehensions, the parameters of lambdas, and type parameters.
    """
    tree = source.tree
    names = loose_definitions(source) if tree is None else _Walk(source, with_expressions).names(tree)
    seen: set[str] = set()
    for name in names:
        is_again = name.qualified_name in seen and name.kind in ("variable", "constant")
        seen.add(name.qualified_name)
        yield replace(name, is_secondary=True) if is_again else name


@dataclass
class _Walk:
    """Goes through statements without recursion, for code may be nested more deeply than Python's stack."""

    source: PythonSource
    with_expressions: bool
    looks_into_expressions: bool = True
    pending: list[tuple[ast.AST, Scope]] = field(default_factory=list[tuple[ast.AST, Scope]])

    def names(self, tree: ast.Module) -> Iterator[Name]:
        self.looks_into_expressions = self.with_expressions or ":=" in self.source.text
        self._later(tree.body, Scope())
        while self.pending:
            node, scope = self.pending.pop()
            yield from self._names_of(node, scope)

    def _later(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        """The first of them is looked at next."""
        self.pending.extend((node, scope) for node in reversed(list(nodes)) if node)

    def _names_of(self, node: ast.AST, scope: Scope) -> Iterator[Name]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._function(node, scope)
            case ast.ClassDef():
                yield from self._class(node, scope)
            case ast.Import() | ast.ImportFrom():
                yield from self._import(node, scope)
            case ast.Global():
                scope.global_names.update(node.names)
            case ast.ExceptHandler(name=str(name), type=ast.expr() as caught):
                yield from self._word(name, self.source.end(caught), self.source.start(node.body[0]), scope)
                self._later(ast.iter_child_nodes(node), scope)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield from self._word(name, self.source.start(node), self.source.end(node), scope, last=True)
                self._later(ast.iter_child_nodes(node), scope)
            case ast.expr():
                yield from self._expression(node, scope)
            case ast.comprehension():
                self._later([node.target] if self.with_expressions else [], scope.expression())
                self._later([node.iter, *node.ifs], scope)
            case _:
                yield from self._type_parameter(node, scope)
                self._later(ast.iter_child_nodes(node), scope)

    def _expression(self, node: ast.expr, scope: Scope) -> Iterator[Name]:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield scope.name(name, variable_kind(name), self.source.start(node))
            case ast.Attribute(value=ast.Name(id=receiver), ctx=ast.Store()) if scope.receiver == receiver:
                yield from self._word(
                    node.attr, self.source.end(node.value), self.source.end(node), scope.owner or scope, last=True
                )
            case ast.Tuple(ctx=ast.Store()) | ast.List(ctx=ast.Store()) | ast.Starred(ctx=ast.Store()):
                self._later(ast.iter_child_nodes(node), scope)
            case ast.Lambda() if self.with_expressions:
                yield from self._parameters(node.args, scope.expression())
                self._later(ast.iter_child_nodes(node), scope)
            case _ if self.looks_into_expressions:
                self._later(ast.iter_child_nodes(node), scope)
            case _:
                pass

    def _function(self, node: _Function, scope: Scope) -> Iterator[Name]:
        decorators = {_last_part(decorator) for decorator in node.decorator_list}
        kind = "function" if scope.kind is not ScopeKind.CLASS else "method"
        is_secondary = "overload" in decorators or (kind == "method" and bool(decorators & _SETTERS))
        yield from self._definition(node, kind, scope, is_secondary=is_secondary)
        parameters = [*node.args.posonlyargs, *node.args.args]
        has_receiver = kind != "function" and parameters and "staticmethod" not in decorators
        inner = scope.function(node.name, parameters[0].arg if has_receiver else "")
        yield from self._parameters(node.args, inner)
        self._later([*_type_parameters(node), *node.body], inner)
        self._later([*node.decorator_list, node.args], scope)

    def _class(self, node: ast.ClassDef, scope: Scope) -> Iterator[Name]:
        bases = tuple(ast.unparse(base) for base in node.bases)
        yield from self._definition(node, "class", scope, bases=bases)
        self._later([*_type_parameters(node), *node.body], scope.class_(node.name))
        self._later([*node.decorator_list, *node.bases, *node.keywords], scope)

    def _definition(
        self,
        node: _Function | ast.ClassDef,
        kind: str,
        scope: Scope,
        *,
        is_secondary: bool = False,
        bases: tuple[str, ...] = (),
    ) -> Iterator[Name]:
        if keywords := _KEYWORDS.match(self.source.text, self.source.start(node)):
            end = self.source.end(node)
            yield scope.name(node.name, kind, keywords.end(), end=end, is_secondary=is_secondary, bases=bases)

    def _parameters(self, arguments: ast.arguments, scope: Scope) -> Iterator[Name]:
        every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
        for parameter in every:
            if parameter:
                yield scope.name(parameter.arg, "parameter", self.source.start(parameter))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> Iterator[Name]:
        for alias in node.names:
            bound, origin = alias.asname or alias.name, alias.name
            if isinstance(node, ast.ImportFrom):
                origin = f"{'.' * node.level}{node.module or ''}.{alias.name}"
            elif alias.asname is None:
                bound = origin = alias.name.split(".")[0]
            start, end = self.source.start(alias), self.source.end(alias)
            at = self.source.word(bound, start, end, last=alias.asname is not None)
            if at is not None:
                yield scope.name(bound, "import", at, imported_from=origin)

    def _word(self, name: str, start: int, end: int, scope: Scope, *, last: bool = False) -> Iterator[Name]:
        """A name that the tree has as a mere word somewhere between two offsets."""
        at = self.source.word(name, start, end, last=last)
        if at is not None:
            yield scope.name(name, variable_kind(name), at)

    def _type_parameter(self, node: ast.AST, scope: Scope) -> Iterator[Name]:
        """`T` of `class Box[T]`, which only a newer interpreter parses."""
        if self.with_expressions and type(node).__name__ in _TYPE_PARAMETERS:
            name, line, column = (getattr(node, attribute) for attribute in ("name", "lineno", "col_offset"))
            start = self.source.offset(line, column)
            yield from self._word(name, start, start + len(name) + 2, scope.expression())


def _type_parameters(node: ast.AST) -> list[ast.AST]:
    return getattr(node, "type_params", [])


def _last_part(decorator: ast.expr) -> str:
    """`setter` of `@total.setter`, `lru_cache` of `@functools.lru_cache(maxsize=1)`."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
