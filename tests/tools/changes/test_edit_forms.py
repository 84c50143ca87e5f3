"""Old texts as models repeat them, a little off: what is meant is changed, what could mean two things is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from punie_tools.errors import ToolError

RunTool = Callable[..., Any]

CODE = '''\
"""Accounts."""

import os

RATE = 0.2
NAMES = ["a", 'b']


class Ledger:
    def __init__(self, rows):
        self.rows = rows
        self.open = True

    def post(self, amount):
        if amount > 0:
            self.rows.append(amount)
            return "done"
        raise ValueError("amount")

    def close(self):
        if self.open:
            self.open = False
            return "done"


def report(ledger):
\tfor row in ledger.rows:
\t\tprint(row)@@
\treturn  None
'''.replace("@@", "   ")

MEANT = {
    "as it stands": ("RATE = 0.2", "RATE = 0.3", ("RATE = 0.2", "RATE = 0.3")),
    "a part of a line": ("0.2", "0.3", ("0.2", "0.3")),
    "without its indentation": (
        "self.rows.append(amount)",
        "self.rows.insert(0, amount)",
        ("self.rows.append(amount)", "self.rows.insert(0, amount)"),
    ),
    "line end before and behind": ("\nRATE = 0.2\n", "\nRATE = 0.3\n", ("RATE = 0.2", "RATE = 0.3")),
    "blanks behind": ("RATE = 0.2   ", "RATE = 0.3", ("RATE = 0.2", "RATE = 0.3")),
    "blanks that the file has and the text has not": (
        "\t\tprint(row)\n\treturn  None",
        "\t\tshow(row)\n\treturn",
        ("print(row)   \n\treturn  None", "show(row)\n\treturn"),
    ),
    "line ends of Windows": (
        "        self.rows = rows\r\n        self.open = True",
        "        self.rows = []\r\n        self.open = True",
        ("self.rows = rows", "self.rows = []"),
    ),
    "old line ends of a Mac": ("import os\r\rRATE = 0.2", "RATE = 0.2", ("import os\n\nRATE", "RATE")),
    "indented less, all of it": (
        "if amount > 0:\n    self.rows.append(amount)",
        "if amount >= 0:\n    self.rows.append(amount)",
        ("amount > 0", "amount >= 0"),
    ),
    "indented more, all of it": (
        "            if amount > 0:\n                self.rows.append(amount)",
        "            if amount >= 0:\n                self.rows.append(amount)",
        ("amount > 0", "amount >= 0"),
    ),
    "the first line's indentation lost, the rest kept": (
        "def post(self, amount):\n        if amount > 0:",
        "def post(self, amount):\n        if amount >= 0:",
        ("amount > 0", "amount >= 0"),
    ),
    "tabs told as blanks": (
        "    for row in ledger.rows:",
        "    for row in sorted(ledger.rows):",
        ("in ledger.rows", "in sorted(ledger.rows)"),
    ),
    "single quotes for double ones": (
        "        raise ValueError('amount')",
        "        raise KeyError('amount')",
        ('ValueError("amount")', "KeyError('amount')"),
    ),
    "double quotes for single ones": ('NAMES = ["a", "b"]', 'NAMES = ["a"]', ("NAMES = [\"a\", 'b']", 'NAMES = ["a"]')),
    "quotes of a word processor": ("raise ValueError(“amount”)", 'raise ValueError("sum")', ('("amount")', '("sum")')),
    "backquotes": ("raise ValueError(`amount`)", 'raise ValueError("sum")', ('("amount")', '("sum")')),
    "one blank for two": ("\treturn None", "\treturn 0", ("\treturn  None", "\treturn 0")),
    "two blanks for one": ("RATE  =  0.2", "RATE = 0.3", ("RATE = 0.2", "RATE = 0.3")),
    "no-break blank": ("RATE\u00a0= 0.2", "RATE = 0.3", ("RATE = 0.2", "RATE = 0.3")),
    "lines taken away": ("\nimport os\n", "", ("\nimport os\n", "")),
    "a line put in": ("import os\n", "import os\nimport sys\n", ("import os\n", "import os\nimport sys\n")),
}
"""Old text, new text, and what changes in the file."""

NOT_CLEAR = {
    "twice": ('return "done"', 'return "ok"', "2 times, in lines 17, 23"),
    "twice, a little off": ("return 'done'", "return 1", "2 times, in lines 17, 23"),
    "not there": ("self.balance += amount", "pass", "is not in"),
    "nearly there": ("self.row.append(amount)", "pass", "the nearest place is line 16"),
    "another name": ("def pos(self, amount):", "pass", "the nearest place is line 14"),
    "its middle left out": ("def close(self):\n    ...\n    return", "pass", "the nearest place is line 20"),
    "empty": ("", "x", "is empty"),
    "only blanks": ("   \n   ", "x", "is not in"),
    "equal to the new text": ("RATE = 0.2", "RATE = 0.2", "same as the old"),
    "other letters": ("rate = 0.2", "x", "the nearest place is line 5"),
    "line numbers in front": ("6: RATE = 0.2", "x", "the nearest place is line 5"),
    "lines in another order": ("self.open = True\nself.rows = rows", "pass", "is not in"),
    "two lines run together": ("import os RATE = 0.2", "x", "is not in"),
    "an ellipsis": ("class Ledger: …", "x", "the nearest place is line 9"),
    "blanks for tabs in a whole function": (
        "def report(ledger):\n    for row in ledger.rows:\n        print(row)\n    return None\n",
        "def report(ledger):\n    return ledger.rows\n",
        "indented otherwise among themselves",
    ),
    "indented unevenly": ("if amount > 0:\n  self.rows.append(amount)", "pass", "indented otherwise among themselves"),
    "a comment added": ("RATE = 0.2  # per cent", "x", "is not in"),
    "longer than the file": (CODE + "more\n", "x", "is not in"),
    "a pattern": (r"RATE = \d", "x", "is not in"),
}


@pytest.mark.parametrize("form", MEANT)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_is_meant_is_changed_and_nothing_else(root: Path, run_tool: RunTool, form: str, line_end: str) -> None:
    old, new, change = MEANT[form]
    (root / "a.py").write_bytes(CODE.replace("\n", line_end).encode())
    run_tool("edit_file", path="a.py", old=old, new=new)
    assert CODE.count(change[0]) == 1
    assert (root / "a.py").read_bytes() == CODE.replace(*change).replace("\n", line_end).encode()


@pytest.mark.parametrize("form", NOT_CLEAR)
def test_what_is_not_clear_is_refused_with_the_nearest_place(root: Path, run_tool: RunTool, form: str) -> None:
    old, new, message = NOT_CLEAR[form]
    (root / "a.py").write_bytes(CODE.encode())
    with pytest.raises(ToolError) as caught:
        run_tool("edit_file", path="a.py", old=old, new=new)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (root / "a.py").read_bytes() == CODE.encode()
