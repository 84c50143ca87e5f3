"""The search in Python: a process of its own, so that a pattern that backtracks for ever can be ended.

It understands the options that the tools give to rg, and prints what rg prints.
"""

from __future__ import annotations

import argparse
import codecs
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import IO

import regex

from punie_tools.files.ignore_rules import glob_expression
from punie_tools.files.rust_pattern import PatternError, literal, translated
from punie_tools.files.tree_walk import walk

_BUFFER = 1 << 16
_PYTHON = ("*.py", "*.pyi")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def main() -> int:
    """Search or list as asked; 2 and one line on stderr for a pattern that cannot be searched for."""
    options = _options()
    operand = os.fsencode(options.operand)
    try:
        pattern = None if options.files else _compiled(options)
    except (PatternError, regex.error, OverflowError) as error:
        sys.stderr.write(f"rg: regex parse error: {error}\n")
        return 2
    files = walk(operand, _wanted(options), left_out=_left_out(options), ignores=not options.no_ignore)
    if options.max_filesize is not None:
        files = (path for path in files if path == operand or _size(path) <= options.max_filesize)
    if pattern is None:
        sys.stdout.buffer.writelines(path + b"\0" for path in files)
    elif options.column:
        _print_columns(pattern, sys.stdin.buffer)
    elif options.files_with_matches:
        sys.stdout.buffer.writelines(path + b"\0" for path in files if _matches(pattern, path))
    elif options.only_matching:
        _print_first_groups(pattern, files)
    else:
        _print_matches(pattern, files, operand)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    switches = ("files", "column", "fixed-strings", "ignore-case", "files-with-matches", "only-matching", "word-regexp")
    for name in (*switches, "no-ignore"):
        parser.add_argument(f"--{name}", action="store_true")
    for name in ("regexp", "type-add", "type", "glob"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--max-filesize", type=int)
    own = [word for word in sys.argv[1:-2] if word.split("=", 1)[0] in parser._option_string_actions]
    options = parser.parse_args(own)
    options.operand = sys.argv[-1]
    return options


def _wanted(options: argparse.Namespace) -> list[re.Pattern[bytes]]:
    """The names that are looked at; all if there are none."""
    added = [glob.partition(":")[2] for glob in options.type_add]
    return [glob_expression(glob) for glob in (*added, *(_PYTHON if "py" in options.type else ()))]


def _left_out(options: argparse.Namespace) -> re.Pattern[bytes]:
    """For the names in `--glob=!NAME` and `--glob=!**/NAME`, which are all the globs that punie gives."""
    names = (glob.removeprefix("!").removeprefix("**/") for glob in options.glob)
    return re.compile(b"|".join(glob_expression(name).pattern for name in names), re.DOTALL)


def _compiled(options: argparse.Namespace) -> regex.Pattern[str]:
    sources = [literal(text) if options.fixed_strings else translated(text) for text in options.regexp]
    source = "|".join(f"(?:{each})" for each in sources) if len(sources) > 1 else "".join(sources)
    if options.word_regexp:
        source = rf"(?<!\w)(?:{source})(?!\w)"
    flags = regex.VERSION1 | (regex.IGNORECASE if options.ignore_case else 0)
    # Full case folding would let one character stand for two.
    return regex.compile(f"(?-f:{source})", flags)


def _size(path: bytes) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_size  # noqa: PTH116 - a path of bytes
    except OSError:
        return 0


def _matches(pattern: regex.Pattern[str], path: bytes) -> bool:
    return any(pattern.search(line) for line in _lines(path))


def _print_first_groups(pattern: regex.Pattern[str], files: Iterable[bytes]) -> None:
    for line in (line for path in files for line in _lines(path)):
        for found in pattern.finditer(line):
            sys.stdout.buffer.write((found[1] or "").encode("utf-8", "surrogateescape") + b"\n")


def _lines(path: bytes) -> list[str]:
    """The lines of a file that is taken for text, whatever it is; none of one that cannot be read."""
    try:
        text = _decoded(_text_of(_content(path)).removesuffix(b"\n"))
    except OSError:
        return []
    return text.split("\n")


def _print_matches(pattern: regex.Pattern[str], files: Iterable[bytes], operand: bytes) -> None:
    out = sys.stdout.buffer
    is_first = True
    for path in files:
        try:
            lines = list(_matching(pattern, path, is_named=path == operand))
        except OSError:
            continue
        if lines:
            out.write(b"" if is_first else b"\n")
            out.write(path + b"\0" if lines != [_BINARY] else path)
            out.writelines(lines)
            is_first = False


def _content(path: bytes) -> bytes:
    """A pipe that took the file's place holds nothing up."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
        return file.read()


_BINARY = b": binary file matches\n"


def _matching(pattern: regex.Pattern[str], path: bytes, *, is_named: bool) -> Iterator[bytes]:
    data = _text_of(_content(path))
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
