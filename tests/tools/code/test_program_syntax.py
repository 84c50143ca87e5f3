"""The judge of growing programs, against the sandbox itself and against every beginning of real programs."""

from __future__ import annotations

import random
import re
import textwrap
import threading
from pathlib import Path

import pytest

import punie_tools
from punie_tools.code import program_syntax
from punie_tools.code.monty_adapter import run_code
from punie_tools.code.program_syntax import can_go_on, is_whole

_NOT_TAKEN = re.compile(r"line \d+: (?:a program cannot use|SyntaxError:|NotImplementedError:|ImportError:)")

_WRITTEN = r"""def f():
    yield 1
===
def f():
    yield from [1]
===
lambda: (yield)
===
x = {1: 1}
del x[1]
===
class A(dict):
    pass
===
class A(metaclass=type):
    pass
===
class A:
    "What it is."
    x = 1
    y: int = 2
    z: int

    def f(self):
        return self.x

    async def g(self):
        return 1
===
class A:
    class B:
        pass
===
class A:
    if 1:
        x = 1
===
class A:
    print(1)
===
class A:
    a, b = 1, 2
===
class A:
    a = b = 1
===
class A:
    import json
===
class A:
    @property
    def f(self):
        return 1
===
from dataclasses import dataclass
@dataclass
class A:
    x: int
A(1).x
===
async def f():
    async for x in y:
        pass
===
async def f():
    async with x:
        pass
===
async def f():
    return [x async for x in y]
===
async def f():
    return 1
await f()
===
try:
    pass
except* ValueError:
    pass
===
try:
    1 / 0
except ZeroDivisionError as e:
    print(e)
else:
    pass
finally:
    pass
===
match 1:
    case [a, *b]:
        pass
    case {"x": y} | int() as y:
        pass
    case _:
        pass
===
from json import *
===
from . import x
===
import os.path
from json import dumps as d
===
break
===
nonlocal x
===
def f(a, a):
    pass
===
print(end="", end="")
===
def f(a, /, b=1, *c, d: int = 2, **e) -> int:
    global x
    x = 1
    return a
f(1)
return 1
===
while False:
    continue
else:
    pass
===
(x := 1)
a, *b = [1, 2, 3]
x = y = {**{}, "a": [*b]}
x["a"] += b[0:1]
f"{x!r:>{5}} {x=}" "more" rb"\d"
print(*[x for x in [1] if x], sum(x for x in [1]), {1: 2 for _ in [3]}, 1j, ..., end="")
assert x, "no"
===
x = = 1
===
print("a)
===
# nothing
"""
PROGRAMS = _WRITTEN.split("===\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_judge_and_sandbox_agree(program) -> None:
    is_taken = not _NOT_TAKEN.match(run_code(program, {}).error)
    assert is_whole(program) == is_taken
    if is_taken:
        assert not [end for end in range(len(program) + 1) if not can_go_on(program[:end])]


def test_every_beginning_of_real_code_can_go_on() -> None:
    """Whoever judges too hard keeps a model from writing what is right."""
    dice = random.Random(0)
    for file in sorted(Path(punie_tools.__file__).parent.rglob("*.py")):
        text = file.read_text(encoding="utf-8")[: program_syntax.LONGEST]
        text = text[: text.rfind("\n\n\n")] if "\n\n\n" in text else text
        for end in dice.sample(range(len(text)), min(6, len(text))):
            assert can_go_on(text[:end]), (file.name, text[:end][-80:])


@pytest.mark.parametrize(
    "dead",
    [
        "x = = ",
        "print(1))",
        "if x:\nprint",
        "for fo x",
        "def f(,",
        "f() = 3",
        "print('a\n",
        "x = 1 p",
        "  x",
        "else:",
        "{'a': }",
        "import\n",
        "x = # c",
        "a b",
        "try:\n  x\ny",
        "((((]",
        "x = 1\n\0",
    ],
)
def test_what_nothing_can_mend_cannot_go_on(dead) -> None:
    assert not can_go_on(dead)
    assert not is_whole(dead)


def test_words_and_signs_may_be_half_written() -> None:
    for begun in (
        "x = 1 i",
        "x if y e",
        "f() =",
        "def f() -",
        "(x :",
        "x !",
        "fo",
        "0x",
        "1e",
        "x = 'a' f",
        "x = .",
        "1_",
    ):
        assert can_go_on(begun), begun


def test_long_program_is_judged_at_its_end_alone() -> None:
    program = "x = 1\n" * (program_syntax.LONGEST // 6 + 1)
    assert can_go_on(f"{program})")
    assert is_whole(program)
    assert not is_whole(f"{program})")


def test_nobody_waits_for_another_judge() -> None:
    is_judging, can_end = threading.Event(), threading.Event()

    def hold() -> None:
        with program_syntax._silence():
            is_judging.set()
            can_end.wait()

    other = threading.Thread(target=hold)
    other.start()
    is_judging.wait()
    assert can_go_on("x = = ")
    can_end.set()
    other.join()


def test_parser_warns_of_nothing(recwarn) -> None:
    assert is_whole(
        textwrap.dedent(r"""
        x = "\d" is 1
        """)
    )
    assert can_go_on(r'x = "\d')
    assert not recwarn.list
