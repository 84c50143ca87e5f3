"""Whether a text can become a program that the sandbox takes, judged while it is being written.

Both questions are answered by this interpreter's own parser, whose grammar is the sandbox's but for what is named
here. Syntax that is newer than the interpreter counts as wrong: a program can always be written without it.
"""

from __future__ import annotations

import ast
import keyword
import re
import threading
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache

LONGEST = 16_000
"""Characters of a program that is judged while it grows; a longer one is judged as a whole alone."""

_INCOMPLETE = 0x4000 | 0x200 | ast.PyCF_ONLY_AST
"""As codeop compiles what a person types: an end in the middle is told from an error, an open block stays open."""
_NOT_OVER = " \\\n"
"""A line that goes on, and a file that ends: the parser can ask for the next token, and learns that there is none."""
_LAST_WORD = re.compile(r"\w+\Z")
_KEYWORDS = (*keyword.kwlist, "match", "case", "type")
_STRING_PREFIXES = frozenset({"r", "b", "f", "u", "br", "rb", "fr", "rf"})
_LONGER_OPERATORS = {
    **dict.fromkeys("=!+%&|^@/<>", ("=",)),
    ":": ("=",),
    "*": ("*", "="),
    "-": (">", "="),
    ".": ("..", "0", "_"),
    "}": ("}",),
}
_OPEN_TEXT = ("unterminated f-string literal", "unterminated t-string literal")
"""What a Python newer than 3.11 says of them; of other texts it says that the input is incomplete."""
_KNOWN_BEGINNINGS = ("x = 'a", "x = f'a", "x = f'{a", "x = f'{a:>", "f(", "if x:\n", "x = (1,\n", 'x = """a\n')
_COMPILED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_WAIT_SECONDS = 0.02
# Warnings are filtered for the whole process, so that one thread at a time may do it.
_QUIET = threading.Lock()


def can_go_on(text: str) -> bool:
    """Whether some program begins with this text, whose last word or operator may be half written."""
    if len(text) > LONGEST or not _parser_tells():
        return True
    begun, _, last_line = text.rpartition("\n")
    if not last_line.strip():
        # An indentation that is still growing says nothing yet.
        text = f"{begun}\n" if begun else ""
    return _quietly(lambda: _has_beginning(text.removesuffix("\\")), otherwise=True)


def is_whole(text: str) -> bool:
    """Whether the text is a program of the subset that the sandbox runs."""
    return _quietly(lambda: _parses(text), otherwise=True)


def _quietly(judge: Callable[[], bool], *, otherwise: bool) -> bool:
    """The judgement without what the parser warns of; `otherwise` where somebody else filters warnings for long."""
    with _silence() as is_silent:
        return judge() if is_silent else otherwise


@contextmanager
def _silence() -> Generator[bool]:
    if not _QUIET.acquire(timeout=_WAIT_SECONDS):
        yield False
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield True
    finally:
        _QUIET.release()


@cache
def _parser_tells() -> bool:
    """Whether this interpreter's parser knows beginnings: how it tells of them is promised to nobody."""
    return all(map(_has_beginning, _KNOWN_BEGINNINGS))


def _has_beginning(text: str) -> bool:
    return any(map(_is_beginning, _readings(text)))


def _is_beginning(text: str) -> bool:
    try:
        compile(text + _NOT_OVER, "<program>", "exec", _INCOMPLETE)
    except SyntaxError as error:
        is_in_text = str(error.msg).startswith(_OPEN_TEXT) and error.lineno == text.count("\n") + 1
        return is_in_text or error.msg == "incomplete input"
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _readings(text: str) -> Iterator[str]:
    """What the end of the text may become: the parser reads a name that is `i` otherwise than a begun `if`."""
    yield text
    if found := _LAST_WORD.search(text):
        word, before = found.group(), text[: found.start()]
        yield f"{text}_"
        yield from (before + whole for whole in _KEYWORDS if whole.startswith(word) and whole != word)
        if word.lower() in _STRING_PREFIXES:
            yield f'{text}""'
        if word[0].isdecimal():
            yield f"{text}0"
    elif text:
        yield from (text + more for more in _LONGER_OPERATORS.get(text[-1], ()))


def _parses(text: str) -> bool:
    try:
        tree = ast.parse(text)
        if not all(map(_is_in_subset, ast.walk(tree))):
            return False
        compile(tree, "<program>", "exec", _COMPILED)
    except SyntaxError as error:
        # The sandbox takes a `return` outside of a function; it ends the program.
        return error.msg == "'return' outside function"
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_in_subset(node: ast.AST) -> bool:
    match node:
        case ast.Yield() | ast.YieldFrom() | ast.Delete() | ast.TryStar() | ast.AsyncFor() | ast.AsyncWith():
            return False
        case ast.comprehension():
            return not node.is_async
        case ast.ImportFrom():
            return node.level == 0 and node.names[0].name != "*"
        case ast.ClassDef():
            return not (node.bases or node.keywords) and all(map(_may_stand_in_class, node.body))
        case _:
            return type(node).__name__ not in ("TypeAlias", "TemplateStr")


def _may_stand_in_class(node: ast.stmt) -> bool:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not node.decorator_list
        case ast.Assign():
            return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        case ast.AnnAssign():
            return isinstance(node.target, ast.Name)
        case ast.Expr():
            return isinstance(node.value, ast.Constant)
        case _:
            return isinstance(node, ast.Pass)
