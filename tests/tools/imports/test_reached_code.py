"""What a test reaches is read from the names in the code, through fixtures, classes, modules and imports."""

from __future__ import annotations

import pytest

from punie_tools.imports.import_graph import ImportGraph, Modules
from punie_tools.imports.named_code import NamedCode, named_code_of
from punie_tools.imports.reached_code import ReachedCode

CALLS = "from shop.code import start\n\ndef test_it():\n    start()\n"


def reached(files: dict[str, str], test: str = "test_it") -> set[str]:
    """The definitions of `shop/code.py` that a test of `tests/test_shop.py` reaches."""

    def code_of(file: str) -> NamedCode | None:
        return named_code_of(files[file].encode()) if file in files else None

    graph = ImportGraph.of(files, (), (), lambda file: files[file].encode())
    search = ReachedCode(graph.imports, Modules(files), code_of).from_test("tests/test_shop.py", test)
    code = code_of("shop/code.py")
    assert code
    return {name for name in code.definitions if name and search.has(("shop/code.py", name))}


@pytest.mark.parametrize(
    ("test", "code", "expected"),
    [
        ("from shop.code import a\ndef test_it(): a()\n", "def a(): b()\ndef b(): ...\ndef c(): ...\n", {"a", "b"}),
        ("import shop.code\ndef test_it(): shop.code.a()\n", "def a(): ...\ndef b(): ...\n", {"a"}),
        ("from shop import code as x\ndef test_it(): x.a()\n", "def a(): ...\ndef b(): ...\n", {"a"}),
        ("from shop.code import *\ndef test_it(): a()\n", "def a(): ...\ndef b(): ...\n", {"a"}),
        (
            "from shop.code import A\ndef test_it(): A()\n",
            "class A:\n def __init__(self): ...\n def b(self): ...\n",
            {"A", "A.__init__"},
        ),
        ("from shop.code import A\ndef test_it(): A().b\n", "class A:\n @property\n def b(self): ...\n", {"A", "A.b"}),
        ("def test_it(): x().b()\n", "class A:\n def b(self): ...\n", set()),
        (
            "from shop.code import A\ndef test_it(): A().b()\n",
            "class B:\n def b(self): ...\nclass A(B): ...\n",
            {"A", "B", "B.b"},
        ),
        (
            "from shop.code import A\ndef test_it(): A()\n",
            "from lib import L\nclass A(L):\n def b(self): ...\n",
            {"A", "A.b", "L"},
        ),
        (
            "from shop.code import app\ndef test_it(): app\n",
            "app = X()\n@app.get('/')\ndef b(): ...\n@x.get('/')\ndef c(): ...\n",
            {"app", "b"},
        ),
        (
            "import pytest\nfrom shop.code import a\n@pytest.fixture\ndef f(): a()\ndef test_it(f): ...\n",
            "def a(): ...\n",
            {"a"},
        ),
        (
            "import pytest\nfrom shop.code import a\n@pytest.fixture\ndef f(): a()\ndef test_it(): pytest.raises\n",
            "def a(): ...\n",
            set(),
        ),
        (
            "import pytest\nfrom shop.code import a\n@pytest.fixture(autouse=True)\ndef f(): a()\ndef test_it(): ...\n",
            "def a(): ...\n",
            {"a"},
        ),
        (
            "import pytest\nfrom shop.code import a\n@pytest.fixture\ndef f(): a()\n"
            "@pytest.mark.usefixtures('f')\ndef test_it(): ...\n",
            "def a(): ...\n",
            {"a"},
        ),
        (
            "from unittest.mock import patch\nimport shop.code\ndef test_it(): patch('shop.code.a')\n",
            "def a(): ...\ndef b(): ...\n",
            {"a"},
        ),
        ("from shop.code import T\ndef setup_module(): T\ndef test_it(): ...\n", "T = 1\n", {"T"}),
        (
            "import shop.code\ndef test_it(): ...\n",
            "if __name__ == '__main__':\n b()\nstart()\ndef start(): ...\ndef b(): ...\n",
            {"start"},
        ),
        ("from shop.code import gone\ndef test_it(): gone()\n", "def a(): ...\n", set()),
        (CALLS, "try:\n import x\nexcept ImportError:\n def start(): a()\ndef a(): ...\n", {"start", "a"}),
    ],
)
def test_what_is_reached(test: str, code: str, expected: set[str]) -> None:
    assert reached({"shop/__init__.py": "", "shop/code.py": code, "tests/test_shop.py": test}) == expected


def test_fixtures_of_conftest_files_and_names_that_a_package_hands_on() -> None:
    files = {
        "shop/__init__.py": "from .code import a as alpha\n",
        "shop/code.py": "def a(): ...\ndef b(): ...\ndef c(): ...\n",
        "tests/conftest.py": "import pytest\nfrom shop.code import b\n@pytest.fixture\ndef made(): return b()\n",
        "tests/test_shop.py": "import shop\ndef test_it(made): shop.alpha()\n",
    }
    assert reached(files) == {"a", "b"}


def test_tests_of_a_class_reach_what_prepares_them_and_not_what_their_neighbours_do() -> None:
    test = (
        "import unittest\nimport pytest\nfrom shop.code import a, b, c\n"
        "class Base:\n    def test_it(self): c()\n"
        "class TestShop(Base, unittest.TestCase):\n    def setUp(self): a()\n"
        "    @pytest.mark.slow\n    def test_other(self): b()\n"
    )
    files = {"shop/code.py": "def a(): ...\ndef b(): ...\ndef c(): ...\n", "tests/test_shop.py": test}
    assert reached(files, "TestShop::test_it[1]") == {"a", "c"}


def test_a_line_is_of_the_innermost_definition_and_of_none_without_code() -> None:
    code = named_code_of(
        b"import os\n\n# why\n@x\ndef a():\n    # how\n    return '''\n\n'''\n\nclass C:\n    y = 1\n"
        b"    def m(self):\n        pass\nx = y = 2\nrun()\n"
    )
    assert code
    names = [set(code.names_at(line)) for line in range(1, 17)]
    a, c = {"a"}, {"C"}
    expected = [{"os"}, set(), set(), a, a, set(), a, a, a, set(), c, c, {"C.m"}, {"C.m"}, {"x", "y"}, {""}]
    assert names == expected
    assert named_code_of(b"def (:\n") is None
