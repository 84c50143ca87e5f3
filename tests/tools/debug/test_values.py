"""Values of every sort are shown within limits: huge, recursive, hostile, or slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import write_files
from tests.tools.debug.conftest import Debug

SCRIPT = """\
import collections
import time


class Wide:
    def __repr__(self):
        return "w" * 200_000_000


class Within:
    def __init__(self):
        self.itself = self

    def __repr__(self):
        return f"Within({self.itself!r})"


class Sleepy:
    def __repr__(self):
        time.sleep(100)


class Stubborn:
    def __repr__(self):
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                pass


class Leaving:
    def __repr__(self):
        raise SystemExit(3)


class Odd(str):
    def __len__(self):
        raise RuntimeError

    def __getitem__(self, place):
        raise RuntimeError


class Numbers(list):
    def __repr__(self):
        return "never asked: it is long"


def work():
    text, data = "x" * 1_000_000_000, b"y" * 300_000_000
    number = 10**100_000
    by_name = collections.defaultdict(int, {index: index for index in range(1_000_000)})
    numbers = Numbers(range(1_000_000))
    unique = frozenset(range(1_000_000))
    ring = []
    ring.append(ring)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    wide, within, leaving, odd = Wide(), Within(), Leaving(), Odd("odd")
    a_sleepy = b_sleepy = c_sleepy = d_sleepy = e_sleepy = f_sleepy = g_sleepy = Sleepy()
    stubborn = Stubborn()
    short = [1, 2]
    raise ValueError("m" * 1_000_000)


work()
"""


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """How each begins."""
    slow = "<Sleepy whose repr() takes longer than 0."
    return {
        "text": "'xxx",
        "data": "b'yyy",
        "number": "<int of 332193 bits>",
        "by_name": "defaultdict({0: 0, 1: 1,",
        "numbers": "Numbers([0, 1, 2,",
        "unique": "frozenset({",
        "ring": "[[[[[...]]]]]",
        "deep": "[[[[[...]]]]]",
        "within": "<Within whose repr() raises RecursionError>",
        "leaving": "<Leaving whose repr() raises SystemExit>",
        "odd": "'odd'",
        **{f"{letter}_sleepy": slow for letter in "abcdefg"},
        "stubborn": "<Stubborn whose repr() takes longer than 0.",
        "short": "[1, 2]",  # the slow ones before it did not cost it its turn
    }


def test_every_value_is_shown_in_short(debug: Debug, root: Path, expected: dict[str, str]) -> None:
    write_files(root, {"work.py": SCRIPT})
    result = debug("debug_run", path="work.py", expressions=["data", "number", "text[5]", "a_sleepy"])
    values = {variable.name: variable.value for variable in result.locals}
    told = {name: values[name][: len(start)] for name, start in expected.items()}
    assert told == expected
    assert max(map(len, values.values())) < 400
    assert values["data"].endswith("(300000000 bytes)")
    assert [answer.value[:12] for answer in result.expressions] == [
        "b'yyyyyyyyyy",
        "<int of 3321",
        "'x'",
        "<Sleepy whos",
    ]
    assert len(result.reason) < 2100
    assert len(result.output) < 20_000
