"""One change in the many forms that git, diff and models write it in; the effect is the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunTool = Callable[..., Any]

BEFORE = """\
import os


class Ledger:
    def post(self, amount):
        self.rows.append(amount)
        return amount

    def total(self):
        rows = self.rows
        return sum(rows)
"""
AFTER = BEFORE.replace("return sum(rows)", "return sum(rows, start=0)")

CONTEXT = "     def total(self):\n         rows = self.rows\n"
CHANGE = "-        return sum(rows)\n+        return sum(rows, start=0)\n"
BODY = f"{CONTEXT}{CHANGE}"
BARE_CONTEXT = CONTEXT.replace("     def", "    def").replace("         rows", "        rows")
INDEX = "diff --git a/a.py b/a.py\nindex 1a2b3c4..5d6e7f8 100644\n"
TIMES = ("2026-11-01 10:00:00.000 +0100", "2026-11-02 10:00:00.000 +0100")
HEAD = "--- a/a.py\n+++ b/a.py\n"
NUMBERS = "@@ -9,3 +9,3 @@\n"
MARKED = "*** Begin Patch\n*** Update File: a.py\n"
END = "*** End Patch\n"

FORMS = {
    "git": f"{INDEX}{HEAD}@@ -9,3 +9,3 @@ class Ledger:\n{BODY}",
    "diff -u with times": f"--- a.py\t{TIMES[0]}\n+++ a.py\t{TIMES[1]}\n{NUMBERS}{BODY}",
    "no prefixes": f"--- a.py\n+++ a.py\n{NUMBERS}{BODY}",
    "prefixes with ./": f"--- ./a.py\n+++ ./a.py\n{NUMBERS}{BODY}",
    "svn": f"Index: a.py\n{'=' * 67}\n--- a.py\t(revision 4)\n+++ a.py\t(working copy)\n{NUMBERS}{BODY}",
    "other prefixes": f"--- i/a.py\n+++ w/a.py\n{NUMBERS}{BODY}",
    "numbers far off": f"{HEAD}@@ -900,3 +900,3 @@\n{BODY}",
    "counts that are wrong": f"{HEAD}@@ -9,30 +9,1 @@\n{BODY}",
    "no counts": f"{HEAD}@@ -9 +9 @@\n{BODY}",
    "no numbers": f"{HEAD}@@ @@\n{BODY}",
    "dots for numbers": f"{HEAD}@@ ... @@\n{BODY}",
    "a bare @@": f"{HEAD}@@\n{BODY}",
    "a heading for numbers": f"{HEAD}@@ def total(self): @@\n{CHANGE}",
    "no @@ at all": f"{HEAD}{BODY}",
    "no context": f"{HEAD}@@ -11 +11 @@\n{CHANGE}",
    "only the + name": f"+++ b/a.py\n{NUMBERS}{BODY}",
    "git's line alone": f"diff --git a/a.py b/a.py\n{NUMBERS}{BODY}",
    "line ends of Windows": f"{HEAD}{NUMBERS}{BODY}".replace("\n", "\r\n"),
    "no line end at its end": f"{HEAD}{NUMBERS}{BODY}".rstrip("\n"),
    "empty lines behind it": f"{HEAD}{NUMBERS}{BODY}\n\n\n",
    "a blank lost on empty context": f"{HEAD}@@ -7,5 +7,5 @@\n         return amount\n\n{BODY}",
    "blanks lost at all context": f"{HEAD}{NUMBERS}{BARE_CONTEXT}{CHANGE}",
    "blanks at the ends": f"{HEAD}{NUMBERS}{BODY}".replace("self):\n", "self):   \n"),
    "tabs for blanks in context": f"{HEAD}{NUMBERS} \tdef total(self):\n \t\trows = self.rows\n{CHANGE}",
    "a fence": f"```diff\n{HEAD}{NUMBERS}{BODY}```\n",
    "prose around": f"I changed the sum:\n\n{HEAD}{NUMBERS}{BODY}\nThat is all.\n",
    "indented as a whole": "".join(f"  {line}\n" for line in f"{HEAD}{NUMBERS}{BODY}".splitlines()),
    "the marked style": f"{MARKED}@@\n{BODY}{END}",
    "marked, with a heading": f"{MARKED}@@ def total(self):\n         rows = self.rows\n{CHANGE}{END}",
    "marked, two headings": f"{MARKED}@@ class Ledger:\n@@     def total(self):\n{CHANGE}{END}",
    "marked, a heading closed by @@": f"{MARKED}@@ def total(self): @@\n{CHANGE}{END}",
    "marked, no @@": f"{MARKED}{BODY}{END}",
    "marked, numbered": f"{MARKED}@@ -9,3 +9,3 @@\n{BODY}{END}",
    "marked, at the end of the file": f"{MARKED}@@\n{CHANGE}*** End of File\n{END}",
    "marked, never ended": f"{MARKED}@@\n{BODY}",
    "marked, never begun": f"*** Update File: a.py\n@@\n{BODY}{END}",
    "marked, with ./": f"*** Begin Patch\n*** Update File: ./a.py\n@@\n{BODY}{END}",
    "marked, in a here-document": f"apply_patch <<'EOF'\n{MARKED}@@\n{BODY}{END}EOF\n",
    "marked, in a fence with prose": f"Here:\n\n```patch\n{MARKED}@@\n{BODY}{END}```\nDone.\n",
    "marked, with names of diff inside": f"{MARKED}{HEAD}{NUMBERS}{BODY}{END}",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_effect(root: Path, run_tool: RunTool, form: str) -> None:
    (root / "a.py").write_bytes(BEFORE.encode())
    result = run_tool("apply_patch", patch=FORMS[form])
    assert (root / "a.py").read_bytes() == AFTER.encode()
    assert [(file.path, file.added, file.removed) for file in result.files] == [("a.py", 1, 1)]


@pytest.mark.parametrize("form", FORMS)
def test_line_ends_of_the_file_stay_whatever_the_form(root: Path, run_tool: RunTool, form: str) -> None:
    (root / "a.py").write_bytes(BEFORE.replace("\n", "\r\n").encode())
    run_tool("apply_patch", patch=FORMS[form])
    assert (root / "a.py").read_bytes() == AFTER.replace("\n", "\r\n").encode()
