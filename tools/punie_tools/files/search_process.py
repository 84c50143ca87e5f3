"""The search in Python: a process of its own, so that a pattern that backtracks for ever can be ended.

It understands the options that `grep` and `list_files` give to rg, and prints what rg prints.
"""

from __future__ import annotations

import argparse
import codecs
import os
import re
import sys
from collections.abc import Iterator
from typing import IO

import regex

from punie_tools.files.ignore_rules import glob_expression
from punie_tools.files.rust_pattern import PatternError, literal, translated
from punie_tools.files.tree_walk import walk

_BUFFER = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def main() -> int:
    """Search or list as asked; 2 and one line on stderr for a pattern that cannot be searched for."""
    options = _options()
    operand = os.fsencode(options.operand)
    wanted = [glob_expression(glob.partition(":")[2]) for glob in options.type_add]
    if options.files:
        sys.stdout.buffer.writelines(path + b"\0" for path in walk(operand, wanted))
        return 0
    try:
        pattern = _compiled(options)
    except (PatternError, regex.error, OverflowError) as error:
        sys.stderr.write(f"rg: regex parse error: {error}\n")
        return 2
    if options.column:
        _print_columns(pattern, sys.stdin.buffer)
    else:
        _print_matches(pattern, operand, wanted)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("--files", "--column", "--fixed-strings", "--ignore-case"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--regexp", default="")
    parser.add_argument("--type-add", action="append", default=[])
    own = [word for word in sys.argv[1:-2] if word.split("=", 1)[0] in parser._option_string_actions]
    options = parser.parse_args(own)
    options.operand = sys.argv[-1]
    return options


def _compiled(options: argparse.Namespace) -> regex.Pattern[str]:
    source = literal(options.regexp) if options.fixed_strings else translated(options.regexp)
    flags = regex.VERSION1 | (regex.IGNORECASE if options.ignore_case else 0)
    # Full case folding would let one character stand for two.
    return regex.compile(f"(?-f:{source})", flags)


def _print_matches(pattern: regex.Pattern[str], operand: bytes, wanted: list[re.Pattern[bytes]]) -> None:
    out = sys.stdout.buffer
    is_first = True
    for path in walk(operand, wanted):
        try:
            lines = list(_matching(pattern, path, is_named=path == operand))
        except OSError:
            continue
        if lines:
            out.write(b"" if is_first else b"\n")
            out.write(path + b"\0" if lines != [_BINARY] else path)
            out.writelines(lines)
            is_first = False


_BINARY = b": binary file matches\n"


def _matching(pattern: regex.Pattern[str], path: bytes, *, is_named: bool) -> Iterator[bytes]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        data = _text_of(file.read())
    if is_named and b"\0" in data[:_BUFFER]:
        if any(pattern.search(_decoded(line)) for line in data.replace(b"\0", b"\n").split(b"\n")):
            yield _BINARY
        return
    data = data if is_named else data[: _searched(data)]
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    for number, line in enumerate(lines, start=1):
        if pattern.search(_decoded(line)):
            yield b"%d:%b\n" % (number, line)


def _text_of(data: bytes) -> bytes:
    """As UTF-8, without a byte-order mark."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            rest = data[len(mark) :]
            return rest if name == "utf-8" else rest.decode(name, "replace").encode()
    return data


def _searched(data: bytes) -> int:
    """How much of a file rg has searched when it meets a NUL: whole buffers, each of which ends with a line."""
    nul = data.find(b"\0")
    if nul < 0:
        return len(data)
    done = end = 0
    size = _BUFFER
    while (end := done + size) <= nul:
        line_end = data.rfind(b"\n", done, end) + 1
        if line_end:
            done, size = line_end, max(_BUFFER, size)
        else:
            size *= 2
    return done


def _print_columns(pattern: regex.Pattern[str], lines: IO[bytes]) -> None:
    for number, line in enumerate(lines, start=1):
        text = _decoded(line.removesuffix(b"\n"))
        if found := pattern.search(text):
            column = len(text[: found.start()].encode("utf-8", "surrogateescape")) + 1
            sys.stdout.buffer.write(b"%d:%d:\n" % (number, column))


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    sys.exit(main())
