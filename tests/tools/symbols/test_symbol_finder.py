"""A symbol's name leads to the places where it stands, the likeliest first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.symbol_finder import find_symbol
from punie_tools.symbols.symbol_query import symbol_parts
from tests.conftest import write_files

Find = Callable[..., list[str]]

LEDGER = '''"""A ledger."""
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Ledger:
    total: int = 0
    LIMIT = 10

    @property
    def size(self) -> int:
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._size = value

    def post(self, amount: int, *rest: int) -> int:
        local = amount
        self.total += local
        return Path("x").read_text()

    class Page:
        def post(self) -> None:
            self.number: int = 1


def post() -> None:
    def inner() -> None: ...
'''
SHOP = {
    "src/shop/__init__.py": "from shop.ledger import Ledger as Book\n",
    "src/shop/ledger.py": LEDGER,
    "src/shop/report.py": "from shop.ledger import Ledger\n\nledger = Ledger()\nledger.post(1)\n",
    "tests/test_ledger.py": "from shop.ledger import Ledger\n\n\nclass TestLedger:\n    def post(self): ...\n",
}


def candidates(root: Path, symbol: str, *, path: str | None = None, line: int | None = None) -> list[Candidate]:
    within = None if path is None else root / path
    return find_symbol(root, symbol, path=within, line=line, cancelled=threading.Event())


def shown(root: Path, candidate: Candidate) -> str:
    """`FILE:LINE:COLUMN KIND NAME`, with a `?` for what is no definition."""
    file = candidate.file.relative_to(root).as_posix()
    mark = "" if candidate.is_definition else "?"
    return f"{file}:{candidate.line}:{candidate.column} {candidate.kind}{mark} {candidate.qualified_name}"


@pytest.fixture
def find(root: Path) -> Find:
    def find(symbol: str, *, path: str | None = None, line: int | None = None) -> list[str]:
        return [shown(root, each) for each in candidates(root, symbol, path=path, line=line)]

    return find


@pytest.fixture
def shop(root: Path) -> Path:
    write_files(root, SHOP)
    return root


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("post", "post"),
        ("Ledger.post()", "Ledger.post"),
        (" `Ledger.post` ", "Ledger.post"),
        ("def post", "post"),
        ("async def post(self, x: dict[str, int]) -> int:", "post"),
        ("class Ledger(Base[int]):", "Ledger"),
        ("shop/ledger.py::Ledger.post", "shop.ledger.Ledger.post"),
        ("./shop/ledger.py", "shop.ledger"),
        ("shop/__init__.py::Ledger", "shop.Ledger"),
        ("shop/ledger.py:42", "shop.ledger"),
        ("shop.ledger:Ledger", "shop.ledger.Ledger"),
        ("self.total", "total"),
        ("total: int = 0", "total"),
        ("Ledger(1, (2)).post()", "Ledger.post"),
        ("outer.<locals>.inner", "outer.inner"),
        ("Ledger::post", "Ledger.post"),
        ("from shop.ledger import Ledger", "shop.ledger.Ledger"),
        ("the", "the"),
        ("the post method", "post"),
        ("Ledger->post", "Ledger.post"),
        ("def post(self)->int", "post"),
        ("lambda/handler.py::run", "lambda.handler.run"),
        ("ﬁle", "file"),
        ("tests/test_a.py::TestA::test_x[1-2]", "tests.test_a.TestA.test_x"),
    ],
)
def test_what_is_written_around_a_name_is_left_out(symbol: str, parts: str) -> None:
    assert ".".join(symbol_parts(symbol)) == parts


@pytest.mark.parametrize(
    "symbol", ["", "  ", "()", "``", "1abc", "-x", "$!", "...", "\0", "\n", "x-y", "lambda", "a.class"]
)
def test_what_is_no_name_is_refused(shop: Path, find: Find, symbol: str) -> None:
    with pytest.raises(ToolError, match="is no symbol's name"):
        find(symbol)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Ledger", ["src/shop/ledger.py:7:7 class Ledger"]),
        (
            "Ledger.total",
            ["src/shop/ledger.py:8:5 variable Ledger.total", "src/shop/ledger.py:21:14 variable Ledger.total"],
        ),
        ("Ledger.LIMIT", ["src/shop/ledger.py:9:5 constant Ledger.LIMIT"]),
        ("size", ["src/shop/ledger.py:12:9 method Ledger.size", "src/shop/ledger.py:16:9 method Ledger.size"]),
        ("_size", ["src/shop/ledger.py:17:14 variable Ledger._size"]),
        ("Ledger.post", ["src/shop/ledger.py:19:9 method Ledger.post"]),
        ("Ledger.Page.post", ["src/shop/ledger.py:25:13 method Ledger.Page.post"]),
        ("Page.number", ["src/shop/ledger.py:26:18 variable Ledger.Page.number"]),
        ("shop.ledger.post", ["src/shop/ledger.py:29:5 function post"]),
        ("src/shop/ledger.py::post", ["src/shop/ledger.py:29:5 function post"]),
        ("post.inner", ["src/shop/ledger.py:30:9 function post.inner"]),
        (
            "shop.Ledger.size",
            ["src/shop/ledger.py:12:9 method Ledger.size", "src/shop/ledger.py:16:9 method Ledger.size"],
        ),
        ("shop.ledger", ["src/shop/ledger.py:1:1 module ledger"]),
        ("shop", ["src/shop/__init__.py:1:1 module shop"]),
        ("Ledger.post.amount", ["src/shop/ledger.py:19:20 parameter Ledger.post.amount"]),
        (
            "ledger.size",
            ["src/shop/ledger.py:12:9 method Ledger.size", "src/shop/ledger.py:16:9 method Ledger.size"],
        ),
    ],
)
def test_a_dotted_name_is_found(shop: Path, find: Find, symbol: str, expected: list[str]) -> None:
    assert find(symbol)[: len(expected)] == expected


def test_a_bare_name_may_be_many_things(shop: Path, find: Find) -> None:
    assert find("post") == [
        "src/shop/ledger.py:29:5 function post",
        "src/shop/ledger.py:19:9 method Ledger.post",
        "src/shop/ledger.py:25:13 method Ledger.Page.post",
        "tests/test_ledger.py:5:9 method TestLedger.post",
    ]


def test_a_name_by_its_package_is_what_the_package_offers_and_no_member_of_a_class(shop: Path, find: Find) -> None:
    assert find("shop.post") == ["src/shop/ledger.py:29:5 function post"]
    assert find("shop.Ledger.post") == ["src/shop/ledger.py:19:9 method Ledger.post"]


def test_an_inherited_attribute_comes_before_a_parameter_of_that_name(shop: Path, find: Find) -> None:
    source = "class Base:\n    size = 1\n\n\nclass Part(Base):\n    def __init__(self, size): ...\n"
    write_files(shop, {"src/shop/parts.py": source})
    assert find("Part.size") == ["src/shop/parts.py:2:5 variable Base.size"]
    assert find("Part.__init__.size") == ["src/shop/parts.py:6:24 parameter Part.__init__.size"]


def test_the_module_is_what_one_imports(shop: Path) -> None:
    write_files(shop, {"src/shop/sub/__init__.py": "inside = 1\n", "plain/deep/file.py": "lonely = 1\n"})
    modules = {name: candidates(shop, name)[0].module for name in ("Ledger.post", "inside", "lonely", "shop.sub")}
    assert modules == {
        "Ledger.post": "shop.ledger",
        "inside": "shop.sub",
        "lonely": "plain.deep.file",
        "shop.sub": "shop.sub",
    }


def test_path_and_line_narrow(shop: Path, find: Find) -> None:
    assert find("post", path="tests") == ["tests/test_ledger.py:5:9 method TestLedger.post"]
    assert find("post", path="src/shop/ledger.py", line=25)[0] == "src/shop/ledger.py:25:13 method Ledger.Page.post"
    assert find("post", line=19)[0] == "src/shop/ledger.py:19:9 method Ledger.post"
    assert find("Ledger.post", path="src/shop/report.py", line=4) == ["src/shop/report.py:4:8 method? ledger.post"]


def test_a_use_on_the_line_comes_first(shop: Path, find: Find) -> None:
    assert find("total", path="src/shop/ledger.py", line=21) == [
        "src/shop/ledger.py:21:14 variable Ledger.total",
        "src/shop/ledger.py:8:5 variable Ledger.total",
    ]
    assert find("local", path="src/shop/ledger.py", line=21) == [
        "src/shop/ledger.py:21:23 variable? local",
        "src/shop/ledger.py:20:9 variable Ledger.post.local",
    ]


def test_local_names_count_where_they_are_asked_for(shop: Path, find: Find) -> None:
    assert find("amount", path="src/shop") == ["src/shop/ledger.py:19:20 parameter Ledger.post.amount"]
    assert find("rest", path="src/shop/ledger.py") == ["src/shop/ledger.py:19:34 parameter Ledger.post.rest"]


def test_a_name_from_elsewhere_is_found_where_it_is_used(shop: Path, find: Find) -> None:
    assert find("Path.read_text") == ["src/shop/ledger.py:22:26 method? Path.read_text"]
    assert find("Path")[0] == "src/shop/ledger.py:3:21 import? Path"
    assert find("pathlib.Path") == ["src/shop/ledger.py:3:21 import? Path"]
    assert find("Book") == ["src/shop/__init__.py:1:35 import? Book"]


def test_an_unknown_name_gets_the_nearest(shop: Path, find: Find) -> None:
    with pytest.raises(ToolError) as caught:
        find("Legder")
    assert str(caught.value).startswith("There is no symbol 'Legder'; nearest: Ledger (src/shop/ledger.py)")
    with pytest.raises(ToolError) as caught:
        find("Ledger.psot")
    assert str(caught.value) == "There is no symbol 'Ledger.psot'; nearest: Ledger.post (src/shop/ledger.py)."
    with pytest.raises(ToolError, match=r"no symbol 'TestLedger.size'; nearest: Ledger.size \(src/shop/ledger.py\)"):
        find("TestLedger.size")
    with pytest.raises(
        ToolError, match=r"no symbol 'Page' in src/shop/report.py; nearest: Ledger.Page \(src/shop/ledger.py\)"
    ):
        find("Page", path="src/shop/report.py")
    with pytest.raises(ToolError, match=r"^There is no symbol 'Zyzzyva'\.$"):
        find("Zyzzyva")


def test_the_search_can_be_stopped(shop: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(ToolCancelledError):
        find_symbol(shop, "post", cancelled=stopped)


NAMES = """import numpy as np
from typing import TYPE_CHECKING, TypeVar, overload

if TYPE_CHECKING:
    class Hidden: ...
Some = TypeVar("Some")
first, (second, *third) = 1, (2, 3)
for looped in []: pass
with open("x") as opened: pass
if (walrus := 1): pass
try: pass
except OSError as caught: pass
match walrus:
    case {"k": captured, **others}: pass
    case [*starred] | starred as whole: pass
@overload
def many(a: int) -> int: ...
@overload
def many(a: str) -> str: ...
def many(a): return a
@property
async  def spaced(): ...
def \\
    continued(): ...
def outer():
    global spread
    spread = 1
if first:
    def either(): ...
else:
    either = None
"""


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("Hidden", ["5:11 class Hidden"]),
        ("Some", ["6:1 variable Some"]),
        ("first", ["7:1 variable first"]),
        ("third", ["7:18 variable third"]),
        ("looped", ["8:5 variable looped"]),
        ("opened", ["9:19 variable opened"]),
        ("walrus", ["10:5 variable walrus"]),
        ("caught", ["12:19 variable caught"]),
        ("captured", ["14:16 variable captured"]),
        ("others", ["14:28 variable others"]),
        ("starred", ["15:12 variable starred", "15:23 variable starred"]),
        ("whole", ["15:34 variable whole"]),
        ("many", ["20:5 function many", "17:5 function many", "19:5 function many"]),
        ("spaced", ["22:12 function spaced"]),
        ("continued", ["24:5 function continued"]),
        ("spread", ["27:5 variable spread"]),
        ("either", ["29:9 function either", "31:5 variable either"]),
        ("np", ["1:17 import? np"]),
    ],
)
def test_whatever_gives_a_name_is_found(root: Path, find: Find, symbol: str, expected: list[str]) -> None:
    write_files(root, {"names.py": NAMES})
    assert find(symbol) == [f"names.py:{each}" for each in expected]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param("s = '😀é'; wanted = 1\n".encode(), "1:11", id="astral"),
        pytest.param(b"\xef\xbb\xbfwanted = 1\n", "1:1", id="byte-order mark"),
        pytest.param(b"a = 1\r\nif a:\r\n\twanted = 1\r\n", "3:2", id="crlf and tab"),
        pytest.param(b"a = 1\rwanted = 1\r", "2:1", id="lone cr"),
        pytest.param(b"a = 1\n\x0cwanted = 1\n", "2:2", id="form feed"),
        pytest.param(b"# coding: latin-1\ns = '\xe9'; wanted = 1\n", "2:10", id="latin-1"),
        pytest.param(b"# coding: nonsense\nwanted = 1\n", "2:1", id="unknown encoding"),
        pytest.param(b"# coding: rot13\nwanted = 1\n", "2:1", id="no text encoding"),
        pytest.param(b"s = '\xff\xfe'; wanted = 1\n", "1:11", id="invalid utf-8"),
        pytest.param(b"s = '\\d'; wanted = 1\n", "1:11", id="invalid escape"),
        pytest.param(b"def broken(:\n  x = (\nwanted = 1\ndef after(): ...\nwanted = 2\n", "5:1", id="syntax error"),
        pytest.param(b"class A[T]:\n    def f[U](self): ...\nwanted = 1\n", "3:1", id="newer syntax"),
        pytest.param(b"x = " + b"-" * 100_000 + b"1\nwanted = 1\n", "2:1", id="deep expression"),
        pytest.param(b"x = " + b"(" * 5_000 + b")" * 5_000 + b"\nwanted = 1\n", "2:1", id="deep brackets"),
        pytest.param(b"x = a" + b".b" * 100_000 + b"\nwanted = 1\n", "2:1", id="long chain"),
        pytest.param(b"x = '\0'\nwanted = 1\n", "2:1", id="nul"),
    ],
)
def test_any_file_is_read(root: Path, data: bytes, place: str) -> None:
    (root / "file.py").write_bytes(data)
    found = candidates(root, "wanted")[0]
    assert f"{found.line}:{found.column}" == place


def test_an_identifier_may_be_spelled_in_another_form(root: Path, find: Find) -> None:
    write_files(root, {"other.py": "x = 1; \N{LATIN SMALL LIGATURE FI}le = 2\n"})
    assert find("file", path="other.py") == ["other.py:1:8 variable file"]
