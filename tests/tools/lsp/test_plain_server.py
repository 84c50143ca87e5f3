"""The symbol tools say what pyright's language server says, field by field, wherever a name stands in its line."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol.types import SymbolKind

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.tools.lsp.plain_server import PlainServer, Position

# Before each name: a tab, letters of two and three bytes, and ones that UTF-16 needs two units for.
MODULE = """\
class Box{n}:
\tdef take(self, größe: int = 1) -> "Box{n}": ('😀𐍈'); self.größe = größe; return self
\tdef keep(self, other: "Box{n}") -> int: '漢é😀'; inner = other.take(2).größe; return inner

def make_{n}() -> Box{n}: 'é𐐷'; box = Box{n}(); '😀'; box.take(); return box.take()

'𐍈'; LAST_{n} = make_{n}(); '𐍈é'; kept = LAST_{n}.keep(LAST_{n})

def twice(name: str) -> None:
\t'é😀'; value = len(name); print(value)
\t'é😀'; value = name; print(value)
"""
USER = """\
from pkg.m0 import Box0, make_0
from pkg.m1 import make_1

def use() -> int:
\t'😀'; first = make_0(); '漢'; first.take(); return first.keep(Box0()) + make_1().größe
"""

Run = Any


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "pkg").mkdir()
    (root / "pkg" / "__init__.py").write_text("")
    for number in (0, 1):
        (root / "pkg" / f"m{number}.py").write_text(MODULE.replace("{n}", str(number)), "utf-8")
    (root / "user.py").write_text(USER, "utf-8")
    return root


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter for both, which a person might have chosen."""
    found = shutil.which("python3") or "python3"
    program = tmp_path_factory.mktemp("bin") / "python3"
    program.symlink_to(Path(found).resolve())
    return str(program)


@pytest.fixture(scope="module")
def plain(tree: Path, python: str) -> Iterator[PlainServer]:
    with PlainServer(tree, python) as server:
        yield server


@pytest.fixture(scope="module")
def run(tree: Path, python: str) -> Iterator[Run]:
    workspace = Workspace.at(tree, python=python)
    server = LanguageServer(workspace)

    def run_tool(name: str, **arguments: object) -> Any:
        return find_tool(name).run(ToolContext(workspace, language_server=server), arguments)

    yield run_tool
    server.close()


class Tree:
    """Positions as Python's own parser and codecs count them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def position(self, place: Any) -> Position:
        """A result's place, as the protocol counts."""
        file = self.root / place.file
        before = file.read_text("utf-8").split("\n")[place.line - 1][: place.column - 1]
        return str(file), place.line - 1, len(before.encode("utf-16-le")) // 2

    def names(self) -> Iterator[tuple[str, str, Position]]:
        """Every name that is bound: dotted, with its file, and where it stands."""
        for file in sorted(self.root.rglob("*.py")):
            text = file.read_text("utf-8")
            yield from self._bound(ast.parse(text), [], file, text.split("\n"))

    def _bound(
        self, node: ast.AST, around: list[str], file: Path, lines: list[str]
    ) -> Iterator[tuple[str, str, Position]]:
        for child in ast.iter_child_nodes(node):
            name, inner = "", around
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name, inner = child.name, [*around, child.name]
            elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                name = child.id
            elif isinstance(child, ast.arg) and child.arg != "self":
                name = child.arg
            if name:
                assert isinstance(child, ast.FunctionDef | ast.ClassDef | ast.Name | ast.arg)
                line = lines[child.lineno - 1]
                start = line.index(name, len(line.encode()[: child.col_offset].decode()))
                units = len(line[:start].encode("utf-16-le")) // 2
                dotted = ".".join([*around, name])
                yield dotted, file.relative_to(self.root).as_posix(), (str(file), child.lineno - 1, units)
            yield from self._bound(child, inner, file, lines)


def test_every_name_is_answered_as_the_plain_server_answers(tree: Path, run: Run, plain: PlainServer) -> None:
    positions = Tree(tree)
    names = list(positions.names())
    assert len(names) > 20
    for name, file, at in names:
        asked = {"symbol": name, "path": file, "line": at[1] + 1}
        told = {positions.position(each) for each in run("goto_definition", **asked).locations}
        assert told == plain.places("definition", at), f"definition of {name}"
        references = run("find_references", **asked)
        expected = plain.places("references", at, {"context": {"includeDeclaration": True}})
        assert {positions.position(each) for each in references.references} == expected, f"references of {name}"
        assert (references.reference_count, references.file_count) == (
            len(expected),
            len({each[0] for each in expected}),
        )
        marked = {positions.position(each) for each in references.references if each.is_definition}
        assert marked == plain.places("definition", at) & expected, f"marked definitions of {name}"
        told = {positions.position(each) for each in run("type_definition", **asked).locations}
        assert told == plain.places("typeDefinition", at), f"type of {name}"
        shown = run("hover", **asked)
        assert shown.content == plain.ask_at("hover", at)["contents"]["value"], f"hover of {name}"
        assert (shown.file, shown.line) == (file, at[1] + 1)
        for direction in ("incoming", "outgoing"):
            calls = run("call_hierarchy", direction=direction, **asked).calls
            called = {(each.name, positions.position(each), tuple(n - 1 for n in each.call_lines)) for each in calls}
            assert called == plain.calls(direction, at), f"{direction} calls of {name}"


@pytest.mark.parametrize("query", ["Box", "take", "größe", "LAST_1", "mk"])
def test_workspace_symbols_are_those_of_the_plain_server(tree: Path, run: Run, plain: PlainServer, query: str) -> None:
    expected = [
        (
            each["name"],
            SymbolKind(each["kind"]).name.lower(),
            Path(each["location"]["uri"].removeprefix("file://")).relative_to(tree).as_posix(),
            each["location"]["range"]["start"]["line"] + 1,
            each.get("containerName") or "",
        )
        for each in plain.ask("workspace/symbol", {"query": query})
    ]
    found = run("workspace_symbols", query=query)
    told = [(each.name, each.kind, each.file, each.line, each.container_name) for each in found.symbols]
    assert sorted(told) == sorted(expected)
    assert found.symbol_count == len(expected) > 0
