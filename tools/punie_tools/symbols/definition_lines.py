"""Classes, functions and methods of the whole tree by the lines that define them: quick, and right for common code.

Nothing is parsed but where strings of several lines begin and end; who needs to know better asks `symbol_finder`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from punie_tools.files.ripgrep import run_ripgrep, search_command
from punie_tools.spelling import spelled
from punie_tools.symbols.triple_quotes import TRIPLE_QUOTES, string_after
from punie_tools.tool import ToolContext

MOST_DEFINITIONS = 300_000
# What stands below an `if` of the module is in nothing else.
_BLOCK = r"(?:if|elif|else|try|except|finally|with|for|while)\b"
_PATTERN = rf"^(?:[ \t]*(?:async\s+def|def|class)\s+\w|{_BLOCK})|{'|'.join(TRIPLE_QUOTES)}"
_LINE = re.compile(rf"(?P<indent>[ \t]*)(?:async\s+)?(?P<kind>def|class)\s+(?P<name>\w+)|(?P<block>{_BLOCK})")


@dataclass(frozen=True, slots=True)
class DefinitionLine:
    """`qualified_name` is the name in its file, `Class.method`."""

    qualified_name: str
    kind: str
    file: str
    line: int


def definition_lines(context: ToolContext, command: Sequence[str] = ()) -> list[DefinitionLine]:
    """In the order of each file; what a function defines for itself is left out. Raises ToolError.

    `command` is what searches: ripgrep, or what stands in for it.
    """
    reader = _Reader()
    run_ripgrep(
        context,
        ["--type=py", "--line-number", "--null", "--heading", "--with-filename", f"--regexp={_PATTERN}"],
        ["./"],
        output_limit=1 << 16,
        command=command or search_command(context.workspace.root),
        on_stdout=reader.add,
    )
    reader.finish()
    return reader.found


@dataclass
class _Reader:
    """A heading ends with NUL, a match begins with its number; the indentation says what is inside of what."""

    found: list[DefinitionLine] = field(default_factory=list[DefinitionLine])
    _rest: bytes = b""
    _file: str = ""
    _around: list[tuple[int, str, bool]] = field(default_factory=list[tuple[int, str, bool]])
    _string: str = ""
    """The quotes of the string that the next line is in."""
    _in_string: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The lines of that string, until it ends."""

    def add(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line)

    def finish(self) -> None:
        self._take(self._rest)
        self._end_file()

    def _take(self, line: bytes) -> None:
        heading, is_heading, rest = line.rpartition(b"\0")
        if is_heading:
            self._end_file()
            self._file, line = spelled(heading).removeprefix("./"), rest
        number, _, text = line.decode("utf-8", "replace").partition(":")
        if self._string:
            self._in_string.append((number, text))
        else:
            self._take_code(number, text)
        if any(quotes in text for quotes in TRIPLE_QUOTES):
            self._string = string_after(text, self._string)
            if not self._string:
                self._in_string.clear()

    def _end_file(self) -> None:
        """A string that nothing ends is one that is being written, or none: what is below counts."""
        for number, text in self._in_string:
            self._take_code(number, text)
        self._in_string.clear()
        self._around.clear()
        self._string = ""

    def _take_code(self, number: str, text: str) -> None:
        match = _LINE.match(text)
        if match is None or len(self.found) >= MOST_DEFINITIONS:
            return
        indent, is_class = len((match["indent"] or "").expandtabs()), match["kind"] == "class"
        while self._around and self._around[-1][0] >= indent:
            self._around.pop()
        if match["block"]:
            return
        is_local = any(not is_class_around for _, _, is_class_around in self._around)
        name = match["name"]
        if not is_local:
            qualified = ".".join([*(around for _, around, _ in self._around), name])
            kind = "class" if is_class else "method" if self._around else "function"
            self.found.append(DefinitionLine(qualified, kind, self._file, int(number)))
        self._around.append((indent, name, is_class))
