"""What each definition of a Python file names, read from its text: the names by which it can reach others."""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from punie_tools.imports.source_imports import parse_python

MODULE_CODE = ""
"""The name of what runs when a file is imported, and binds no name."""

_OF_NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)
_PLAIN_BASES = frozenset({"ABC", "Generic", "Protocol", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum"})
_PLAIN_DECORATORS = frozenset(
    {
        *("property", "setter", "deleter", "cached_property", "staticmethod", "classmethod"),
        *("abstractmethod", "override", "overload", "dataclass"),
    }
)
_LONGEST_TEXT = 200

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class ImportedName:
    """What a bound name was imported from; `name` is empty where it is a module itself, and `level` counts dots."""

    level: int
    module: str
    name: str = ""


@dataclass(frozen=True)
class Definition:
    """A function, a class without its functions, a module-level name, or an import; of its lines both ends count.

    `name` is dotted from the file on. `texts` are strings in it that may be names.
    """

    name: str
    lines: range
    names: frozenset[str]
    attributes: frozenset[str]
    texts: frozenset[str]
    is_class: bool = False
    bases: tuple[str, ...] = ()
    is_decorated: bool = False
    """Otherwise than to be a property or the like: who decorated it may call it."""
    kept_by: frozenset[str] = frozenset()
    """The names of what may keep it, and call it: `app` of `@app.route("/")`."""
    is_automatic: bool = False
    """Whether pytest uses it for each test without being told: an automatic fixture."""

    @property
    def last_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def is_called_unnamed(self) -> bool:
        """Whether a method runs though nobody names it, as Python or who decorated it calls it."""
        name = self.last_name
        is_special = name.startswith("__") and name.endswith("__")
        return is_special or self.is_decorated


@dataclass(frozen=True)
class NamedCode:
    """The definitions of a file, by name, as often as it defines one; what it imports, by the name that is bound."""

    definitions: Mapping[str, Sequence[Definition]]
    imports: Mapping[str, Sequence[ImportedName]]
    stars: Sequence[ImportedName]
    source: bytes = field(repr=False)

    def knows(self, name: str) -> bool:
        return name in self.definitions or name in self.imports

    @cached_property
    def lines_of_code(self) -> frozenset[int]:
        """The lines, from 1, that hold more than a comment or nothing."""
        try:
            return frozenset(_lines_of_code(self.source))
        except (tokenize.TokenError, SyntaxError):
            return frozenset(range(1, self.source.count(b"\n") + 2))

    def names_at(self, line: int) -> frozenset[str]:
        """What is defined on a line, counted from 1, the innermost; nothing on one without code."""
        if line not in self.lines_of_code:
            return frozenset()
        here = [each for found in self.definitions.values() for each in found if line in each.lines]
        deepest = max((each.name.count(".") for each in here), default=0)
        is_in_one = any(each.name for each in here)
        return frozenset(each.name for each in here if each.name.count(".") == deepest and (each.name or not is_in_one))


def is_plain_base(name: str) -> bool:
    """Whether it is a class of Python's own that calls no method which is not named."""
    return name in _PLAIN_BASES or hasattr(builtins, name)


def named_code_of(source: bytes) -> NamedCode | None:
    """None for what is no Python that this interpreter can read."""
    tree = parse_python(source)
    if tree is None:
        return None
    definitions: dict[str, list[Definition]] = {}
    for each in _defined_in(tree.body, ""):
        definitions.setdefault(each.name, []).append(each)
    imports: dict[str, list[ImportedName]] = {}
    stars: list[ImportedName] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for bound, imported in _imported_by(node):
                if bound == "*":
                    stars.append(imported)
                else:
                    imports.setdefault(bound, []).append(imported)
    return NamedCode(definitions, imports, stars, source)


def _lines_of_code(source: bytes) -> Iterator[int]:
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type not in _OF_NO_CODE and token.type != tokenize.ENCODING:
            yield from range(token.start[0], token.end[0] + 1)


def _imported_by(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, ImportedName]]:
    """Each with the name that it binds."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, ImportedName(node.level, node.module or "", alias.name)
        else:
            yield alias.asname or alias.name.partition(".")[0], ImportedName(0, alias.name)


def _defined_in(body: Iterable[ast.stmt], prefix: str) -> Iterator[Definition]:
    """What statements define; in a class what is no function or class belongs to the class itself."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield _definition(f"{prefix}{node.name}", node, [node], decorators=node.decorator_list)
            case ast.ClassDef():
                yield from _class(node, f"{prefix}{node.name}")
            case ast.Import() | ast.ImportFrom():
                for bound, _ in _imported_by(node):
                    yield _definition(prefix + bound, node, [])
            case ast.If() if _is_main(node.test):
                """Runs only where the file is the program."""
            case ast.If() | ast.Try() | ast.TryStar() | ast.With() | ast.For() | ast.While() | ast.Match():
                yield from _compound(node, prefix)
            case ast.Expr(value=ast.Constant()):
                """A docstring, or a text that does nothing."""
            case _:
                for name in _bound_by(node) or [MODULE_CODE]:
                    yield _definition(prefix + name, node, [node])


def _class(node: ast.ClassDef, name: str) -> Iterator[Definition]:
    inner = list(_statements_of_class(node.body))
    functions = [each for each in inner if isinstance(each, _Function | ast.ClassDef)]
    own: list[ast.AST] = [*node.decorator_list, *node.bases, *node.keywords]
    own += [each for each in inner if not isinstance(each, _Function | ast.ClassDef)]
    yield _definition(name, node, own, decorators=node.decorator_list, bases=node.bases, is_class=True)
    yield from _defined_in(functions, f"{name}.")


def _statements_of_class(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Those under a condition as well."""
    for node in body:
        if isinstance(node, ast.If):
            yield from _statements_of_class([*node.body, *node.orelse])
        else:
            yield node


def _compound(node: ast.stmt, prefix: str) -> Iterator[Definition]:
    """What stands inside is defined as if it stood outside; its conditions are code of the module."""
    inside = [child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node]
    heads: list[ast.AST] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    first = min((child.lineno for child in inside), default=node.lineno)
    head = range(node.lineno, max(first, node.lineno + 1))
    yield Definition(MODULE_CODE, head, *_mentions(heads))
    yield from _defined_in(_bodies(node), prefix)


def _bodies(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _bodies(child)


def _definition(
    name: str,
    node: ast.stmt,
    parts: Sequence[ast.AST],
    *,
    decorators: Sequence[ast.expr] = (),
    bases: Sequence[ast.expr] = (),
    is_class: bool = False,
) -> Definition:
    first = min((node.lineno, *(each.lineno for each in decorators)))
    return Definition(
        name,
        range(first, (node.end_lineno or node.lineno) + 1),
        *_mentions(parts),
        is_class=is_class,
        bases=tuple(_last_name(base) for base in bases),
        is_decorated=any(_last_name(each) not in _PLAIN_DECORATORS for each in decorators),
        kept_by=frozenset(filter(None, map(_keeper, decorators))),
        is_automatic=any(_is_automatic(each) for each in decorators),
    )


def _mentions(parts: Iterable[ast.AST]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The names, the attributes and the short texts in some code. Arguments are names as well: they may be fixtures."""
    names: set[str] = set()
    attributes: set[str] = set()
    texts: set[str] = set()
    for part in parts:
        for node in ast.walk(part):
            match node:
                case ast.Name(id=name) | ast.arg(arg=name):
                    names.add(name)
                case ast.Attribute(attr=attribute):
                    attributes.add(attribute)
                case ast.Constant(value=str(text)) if len(text) <= _LONGEST_TEXT:
                    texts.add(text)
                case _:
                    """Nothing else names anything."""
    return frozenset(names), frozenset(attributes), frozenset(texts)


def _bound_by(node: ast.stmt) -> list[str]:
    """The names that an assignment gives a value, or changes the value of."""
    match node:
        case ast.Assign(targets=targets):
            return [name for target in targets for name in _names_in_target(target)]
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return list(_names_in_target(target))
        case _:
            # Of Python 3.12 on.
            name = getattr(node, "name", None)
            return [name.id] if isinstance(name, ast.Name) else []


def _names_in_target(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            yield from _names_in_target(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _names_in_target(part)
        case _:
            """A value that has no name."""


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _last_name(node: ast.expr) -> str:
    """`Base` of `package.Base[int]`; empty for what has none."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value) | ast.Call(func=value):
            return _last_name(value)
        case _:
            return ""


def _keeper(decorator: ast.expr) -> str:
    """The first name of `@app.route("/")`; a decorator that is a name alone keeps nothing that has one."""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(node, ast.Attribute) or node.attr in _PLAIN_DECORATORS:
        return ""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_automatic(decorator: ast.expr) -> bool:
    is_call = isinstance(decorator, ast.Call)
    return is_call and any(
        keyword.arg == "autouse" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in decorator.keywords
    )
