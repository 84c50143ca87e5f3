"""The symbol tools: by name, in characters, through imports, and without the server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.lsp.connection import ServerFailedError
from punie_tools.lsp.hover import HoverResult
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import ServerProgram
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

Run = Callable[..., Any]

LEDGER = '''\
"""The books."""

from pathlib import Path

RATE = 3


class Ledger:
    """Keeps entries."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def size(self) -> int:
        """How big it is."""
        return 1

    def post(self, amount: int, *, note: str = "") -> "Ledger":
        """Post an amount.

        Twice does no harm.
        """
        return self


def use(ledger: Ledger) -> Path:
    kept = ledger.post(1)
    return Path(kept.name)
'''
REPORT = """\
from shop.ledger import Ledger as Book, use

def main() -> None:
\t"😀é"; book = Book("😀"); use(book.post(2)); book.post(3)
\tprint(book.size)
"""
ODD = """\
import sys
from typing import overload

import nowhere

@overload
def many(a: int) -> int: ...
@overload
def many(a: str) -> str: ...
def many(a: object) -> object: return nowhere.Thing(a)


class Odd:
    @property
    def width(self) -> int: return 1
    @width.setter
    def width(self, value: int) -> None: ...


if sys.platform == "beos":
    class Elsewhere:
        def run(self) -> None: ...
"""
PROJECT = {
    "shop/odd.py": ODD,
    "shop/__init__.py": "",
    "shop/ledger.py": LEDGER,
    "shop/report.py": REPORT,
    "shop/mail.py": "class Letter:\n    def post(self) -> None: ...\n\n\nLetter().post()\n",
    "shop/parcel.py": "def deliver() -> None: ...\n",
    "shop/paper.py": "def deliver() -> None: ...\n",
    "shop/lost.py": (
        "from shop.paper import deliver as other\nfrom shopp.parcel import deliver\n\n\n"
        "def go() -> None:\n    deliver()\n    other()\n"
    ),
    ".tools/hidden.py": "def secret() -> None: ...\n\n\nsecret()\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("symbols")
    for name, text in PROJECT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(project: Path) -> Iterator[Run]:
    """Run a tool with a server that all tests of this file share: none of them changes a file."""
    workspace = Workspace.at(project)
    server = LanguageServer(workspace)

    def run_tool(name: str, **arguments: object) -> Any:
        return find_tool(name).run(ToolContext(workspace, language_server=server), arguments)

    yield run_tool
    server.close()


def places(locations: Any) -> list[tuple[str, int, int]]:
    return [(each.file, each.line, each.column) for each in locations]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Ledger", [("shop/ledger.py", 8, 7)]),
        ("Ledger.post", [("shop/ledger.py", 19, 9)]),
        ("shop.ledger.use", [("shop/ledger.py", 27, 5)]),
        ("RATE", [("shop/ledger.py", 5, 1)]),
        ("Ledger.post()", [("shop/ledger.py", 19, 9)]),
    ],
)
def test_a_definition_is_found_by_name(run: Run, symbol: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(run("goto_definition", symbol=symbol).locations) == expected


def test_several_candidates_come_best_first_and_a_path_narrows_them(run: Run) -> None:
    result = run("goto_definition", symbol="post")
    assert {(each.file, each.line) for each in result.locations} == {("shop/ledger.py", 19), ("shop/mail.py", 2)}
    assert result.summary.startswith("post has 2 definitions: ")
    assert places(run("goto_definition", symbol="post", path="shop/mail.py").locations) == [("shop/mail.py", 2, 9)]


def test_a_use_behind_tabs_and_astral_characters_leads_to_its_definition(run: Run) -> None:
    result = run("goto_definition", symbol="book", path="shop/report.py", line=4)
    assert places(result.locations) == [("shop/report.py", 4, 8)]
    assert result.locations[0].preview.startswith('"😀é"; book = Book("😀")')


def test_a_name_of_a_library_leads_there(run: Run) -> None:
    locations = run("goto_definition", symbol="Path").locations
    assert locations
    assert all(Path(each.file).is_absolute() and each.preview.startswith("class Path") for each in locations)


def test_what_cannot_be_found_is_no_definition(run: Run) -> None:
    result = run("goto_definition", symbol="nowhere.Thing")
    assert result.locations == ()
    assert result.summary.startswith("nowhere.Thing has no definition that can be found. It is used at shop/odd.py:")


def test_references_count_uses_and_the_definition(run: Run) -> None:
    line = REPORT.splitlines()[3]
    first, second = line.index("post") + 1, line.rindex("post") + 1
    result = run("find_references", symbol="Ledger.post")
    found = [(each.file, each.line, each.column, each.is_definition) for each in result.references]
    assert found == [
        ("shop/ledger.py", 19, 9, True),
        ("shop/ledger.py", 28, 19, False),
        ("shop/report.py", 4, first, False),
        ("shop/report.py", 4, second, False),
    ]
    assert (result.reference_count, result.file_count, result.truncated) == (4, 2, False)
    assert result.summary == (
        "Ledger.post (defined at shop/ledger.py:19) stands in 4 places of 2 files: shop/ledger.py:28, shop/report.py:4."
    )


def test_references_of_a_bare_name_are_those_of_all_that_it_means(run: Run) -> None:
    result = run("find_references", symbol="post")
    assert {each.file for each in result.references} == {"shop/ledger.py", "shop/report.py", "shop/mail.py"}
    assert sum(each.is_definition for each in result.references) == 2


def test_hover_shows_signature_and_documentation(run: Run) -> None:
    result = run("hover", symbol="Ledger.post")
    assert result.type_info.replace("\n", "").replace(" ", "").startswith("(method)defpost(self:Self@Ledger,amount:int")
    assert result.docstring == "Post an amount.\n\nTwice does no harm."
    assert (result.file, result.line) == ("shop/ledger.py", 19)
    assert result.others == ()
    assert "```python" in result.content


def test_hover_tells_a_long_signature_to_its_end() -> None:
    arguments = [f'argument_{number}: str = "( "' for number in range(8)]
    broken = ",\n    ".join(arguments)
    result = HoverResult(
        symbol="wide",
        content="",
        type_info=f"(function) def wide(\n    {broken}\n) -> dict[str, list[int]]",
        docstring="",
        file="a.py",
        line=1,
    )
    assert result.summary == f"(function) def wide({', '.join(arguments)}) -> dict[str, list[int]] at a.py:1."


def test_hover_names_the_others_of_the_name(run: Run) -> None:
    result = run("hover", symbol="post")
    assert len(result.others) == 1
    assert "1 other of that name" in result.summary


def test_the_outline_is_flat_and_in_order(run: Run) -> None:
    result = run("document_symbols", path="shop/ledger.py")
    rows = {(each.name, each.kind, each.line, each.end_line, each.container_name) for each in result.symbols}
    assert rows >= {
        ("RATE", "constant", 5, 5, ""),
        ("Ledger", "class", 8, 24, ""),
        ("size", "method", 15, 17, "Ledger"),
        ("post", "method", 19, 24, "Ledger"),
        ("use", "function", 27, 29, ""),
    }
    assert [each.line for each in result.symbols] == sorted(each.line for each in result.symbols)
    assert result.symbol_count == len(result.symbols)
    assert "constant RATE (shop/ledger.py:5), class Ledger (shop/ledger.py:8)" in result.summary


def test_the_outline_has_every_overload_accessor_and_platform(run: Run) -> None:
    rows = [
        (each.name, each.kind, each.line, each.container_name)
        for each in run("document_symbols", path="shop/odd.py").symbols
    ]
    assert [row for row in rows if row[1] in ("class", "function", "method")] == [
        ("many", "function", 7, ""),
        ("many", "function", 9, ""),
        ("many", "function", 10, ""),
        ("Odd", "class", 13, ""),
        ("width", "method", 15, "Odd"),
        ("width", "method", 17, "Odd"),
        ("Elsewhere", "class", 21, ""),
        ("run", "method", 22, "Elsewhere"),
    ]


def test_a_file_that_the_project_leaves_out_has_an_outline_too(run: Run) -> None:
    assert [each.name for each in run("document_symbols", path=".tools/hidden.py").symbols] == ["secret"]


def test_workspace_symbols_are_ranked_by_likeness(run: Run) -> None:
    names = [each.name for each in run("workspace_symbols", query="ledger").symbols]
    assert names[0] == "ledger"
    assert set(names) == {"Ledger", "ledger"}
    only = run("workspace_symbols", query="Letter.post").symbols
    assert [(each.name, each.kind, each.file, each.line, each.container_name) for each in only] == [
        ("post", "method", "shop/mail.py", 2, "Letter")
    ]
    assert run("workspace_symbols", query="nothinglikeit").summary == "No name is like 'nothinglikeit'."


def test_the_type_of_a_variable(run: Run) -> None:
    result = run("type_definition", symbol="book", path="shop/report.py")
    assert places(result.locations) == [("shop/ledger.py", 8, 7)]


def test_callers_and_callees(run: Run) -> None:
    incoming = run("call_hierarchy", symbol="Ledger.post")
    found = {(each.name, each.kind, each.file, each.line, each.call_lines) for each in incoming.calls}
    assert found == {("use", "function", "shop/ledger.py", 27, (28,)), ("main", "function", "shop/report.py", 3, (4,))}
    outgoing = run("call_hierarchy", symbol="main", direction="outgoing")
    assert {"use", "post", "print"} <= {each.name for each in outgoing.calls}
    assert all(each.calls_in == "shop/report.py" for each in outgoing.calls)


def test_callers_whose_import_leads_nowhere_are_told_as_what_could_not_be_followed(run: Run) -> None:
    result = run("call_hierarchy", symbol="deliver", path="shop/parcel.py")
    assert (result.call_count, result.not_followed) == (0, ("shop/lost.py:2",))
    assert result.summary == (
        "deliver is called by nothing that the code shows; "
        "shop/lost.py:2 could not be followed: what the name is imported from cannot be found."
    )
    assert run("call_hierarchy", symbol="Ledger.post").not_followed == ()


@pytest.mark.parametrize("tool", ["goto_definition", "find_references", "hover", "type_definition", "call_hierarchy"])
def test_an_unknown_name_gets_the_nearest_ones(run: Run, tool: str) -> None:
    with pytest.raises(ToolError, match=r"There is no symbol 'Legder'; nearest: Ledger \(shop/ledger\.py\)"):
        run(tool, symbol="Legder")


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("hover", {"symbol": ""}, "is no symbol's name"),
        ("hover", {"symbol": "post", "path": "shop/nothing.py"}, "no file or folder"),
        ("hover", {"symbol": "post", "line": 0}, "greater than or equal to 1"),
        ("document_symbols", {"path": "shop"}, "is no Python file"),
        ("workspace_symbols", {"query": " "}, "query is empty"),
        ("call_hierarchy", {"symbol": "use", "direction": "up"}, "direction"),
    ],
)
def test_wrong_requests_are_clear(run: Run, tool: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run(tool, **arguments)


def test_a_tool_without_a_warm_server_starts_its_own(project: Path) -> None:
    result = find_tool("hover").run(ToolContext(Workspace.at(project)), {"symbol": "Ledger.size"})
    assert result.model_dump()["docstring"] == "How big it is."


@pytest.fixture
def broken(project: Path) -> Iterator[Run]:
    """Run a tool with a server that dies at once, whenever it is started."""
    workspace = Workspace.at(project)
    program = ServerProgram((sys.executable, "-c", "raise SystemExit('error: no memory')"), Path(sys.executable))
    server = LanguageServer(workspace, program=lambda _workspace, _folder: program)

    def run_tool(name: str, **arguments: object) -> Any:
        return find_tool(name).run(ToolContext(workspace, language_server=server), arguments)

    yield run_tool
    server.close()


def test_without_the_server_the_text_answers_and_says_so(broken: Run) -> None:
    definition = broken("goto_definition", symbol="Ledger.post")
    assert places(definition.locations) == [("shop/ledger.py", 19, 9)]
    references = broken("find_references", symbol="Ledger.size")
    assert [(each.file, each.line) for each in references.references] == [("shop/ledger.py", 15), ("shop/report.py", 5)]
    shown = broken("hover", symbol="use")
    assert "def use(ledger: Ledger) -> Path" in shown.type_info
    outline = broken("document_symbols", path="shop/mail.py")
    assert {each.name for each in outline.symbols} >= {"Letter", "post"}
    symbols = broken("workspace_symbols", query="lett")
    assert [each.name for each in symbols.symbols] == ["Letter"]
    for result in (definition, references, shown, outline, symbols):
        assert "language server (pyright) is gone" in result.note
        assert "the text of the files alone" in result.note


def test_what_only_the_server_knows_fails_in_one_line(broken: Run) -> None:
    with pytest.raises(ServerFailedError, match=r"^The language server \(pyright\) is gone: it ended with code 1"):
        broken("call_hierarchy", symbol="use")


def test_a_stopped_call_does_not_go_on_without_the_server(project: Path) -> None:
    context = ToolContext(Workspace.at(project))
    context.cancelled.set()
    with pytest.raises(ToolCancelledError):
        find_tool("hover").run(context, {"symbol": "Ledger"})
