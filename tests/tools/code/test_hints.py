"""What the sandbox lacks of Python is told in one line that says what to write instead."""

from __future__ import annotations

import pytest

from punie_tools.code.hints import MODULES
from punie_tools.code.monty_adapter import run_code
from punie_tools.code.sandbox import tool_function
from punie_tools.code.stubs import stub_of
from punie_tools.files.grep import GrepMatch, GrepResult
from punie_tools.registry import find_tool

RESULT = GrepResult(
    pattern="x", matches=(GrepMatch(file="a", line=3, column=1, text="x"),), match_count=1, file_count=1
)
TOOL = find_tool("grep")


def error_of(code: str) -> str:
    return run_code(code, {"grep": tool_function(TOOL, lambda _: RESULT)}, stub=stub_of((TOOL,))).error


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("def f():\n    yield 1", "append to a list and return it"),
        ("def f():\n    yield from [1]", "append to a list and return it"),
        ("d = {}\ndel d['a']", "write `d.pop(key)`"),
        ("class E(Exception): pass", "write a class without a base"),
        ("class A:\n    @property\n    def x(self): return 1", "write a plain method"),
        ("class A:\n    if 1: x = 1", "only methods and lines of `name = value`"),
        ("class A:\n    a, b = 1, 2", "only methods and lines of `name = value`"),
        ("try: pass\nexcept* ValueError: pass", "write `except` without the star"),
        ("type X = int", "annotations are not needed"),
        ("t'a'", "write an f-string"),
        ("async def f():\n    async for x in []: pass", "tools are called without await"),
        ("async def f():\n    async with 1: pass", "tools are called without await"),
        ("import subprocess", "run_command(command=…)"),
        ("import glob", "list_files(pattern=…)"),
        ("from concurrent.futures import ThreadPoolExecutor", "one after the other"),
        ("import urllib.request", "no network"),
        ("from punie_tools import grep", "the tools are there without an import"),
        ("import grep", "the tools are there without an import"),
        ("import yaml", "there are asyncio, base64"),
        ("from collections import OrderedDict", "a dict keeps its order"),
        ("from functools import singledispatch", "`functools` has only its commonest parts here"),
        ("import re\nre.sub('a', lambda m: 'b', 'a')", "re.finditer()"),
        ("import json\njson.dumps(1, default=str)", "make dicts of plain values first"),
        ("import json\njson.dumps(grep('x'))", "make a dict of its fields"),
        ("sorted(['a'], key=str.lower)", "write `lambda x: x.lower(…)`"),
        ("f = 'a'.upper", "write `lambda x: x.upper(…)`"),
        ("'a'.translate({})", "`str.translate` is not there in a program"),
        ("next(x for x in [1])", "write next(iter(…))"),
        ("input()", "nobody can be asked"),
        ("exit()", "a program ends after its last line"),
        ("import sys\nsys.exit(1)", "a program ends after its last line"),
        ("callable(1)", "isinstance()"),
        ("memoryview(b'')", "not among the built-in functions here"),
        ("try: grep('x')\nexcept ToolError: pass", "a tool that fails raises RuntimeError"),
        ("isinstance(grep('x'), GrepResult)", "write type(x).__name__ == 'GrepResult'"),
        ("import time\ntime.sleep(5)", "a call returns when its tool is done"),
        ("open('a')", "read_file(path=…)"),
        ("open('a', 'w')", "write_file(path=…"),
        ("open('a', mode='a')", "write_file(path=…"),
        ("from pathlib import Path\nPath('a').read_text()", "read_file(path=…)"),
        ("from pathlib import Path\nPath('a').write_text('b')", "write_file(path=…"),
        ("from pathlib import Path\nPath('a').exists()", "list_files(pattern=…"),
        ("from pathlib import Path\nlist(Path('.').rglob('*.py'))", "list_files(pattern=…"),
        ("import os\nlist(os.walk('.'))", "list_files(pattern=…"),
        ("import os\nos.getenv('HOME')", "no environment variables"),
    ],
)
def test_what_is_lacking_is_told_with_what_to_write_instead(code: str, hint: str) -> None:
    error = error_of(code)
    assert hint in error
    assert error.startswith("line ")
    assert error.endswith((".", "?"))
    assert "\n" not in error


def test_the_modules_that_are_named_are_there() -> None:
    assert error_of("\n".join(f"import {module}" for module in MODULES.split(", "))) == ""


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def __init__(self, x): self.x = x\nA(3).x",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(3).x",
        "match {'a': [1, 2]}:\n    case {'a': [x, *_]}: r = x + 2\nr",
        "try: 1/0\nexcept (ZeroDivisionError, KeyError) as error: x = 3\nelse: x = 0\nfinally: pass\nx",
        "async def f(): return 3\nawait f()",
        "import asyncio\nasync def f(): return 3\nasyncio.run(f())",
        "if (n := 3) > 2: pass\nn",
        "def w(f): return lambda *a: f(*a) + 1\n@w\ndef g(x): return x\ng(2)",
        "int(f'{3.14159:.0f}{12:>{2}}'[0])",
        "int(f'{3!r:<5}{1=}'[0])",
        "sum(x for x in range(3))",
        "def f():\n    n = 2\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    return g()\nf()",
        "a, *b = [1, 2, 3]; b[-1]",
        "from functools import reduce\nreduce(lambda a, b: a + b, [1, 2])",
        "import re\nint(re.search(r'(?P<n>\\d+)', 'a3').group('n'))",
    ],
)
def test_the_rest_of_python_works(code: str) -> None:
    finished = run_code(code, {})
    assert (finished.value, finished.error) == (3, "")
