"""Command lines without any of a shell's powers: what is parsed here is exactly what the shell runs."""

from __future__ import annotations

import re

# Bare words hold nothing that a shell expands. Quotes hold what it takes as it stands.
_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
      | (?P<operator>&&|\|\||\||;)
      | (?P<bare>[A-Za-z0-9_./:@%+,=-]+)
      | '(?P<single>[^'\x00-\x1f\x7f-\x9f\ud800-\udfff]*)'
      | "(?P<double>[^"$`\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)"
    """,
    re.VERBOSE,
)
_RESERVED_WORDS = "case coproc do done elif else esac fi for function if in select then time until while"
_RESERVED = frozenset(_RESERVED_WORDS.split())
_LONGEST = 10_000

Argv = tuple[str, ...]


def parse(command: str) -> tuple[Argv, ...] | None:
    """The programs that the line runs, each with its arguments, or None for a line that is more than plain.

    Plain are words, quotes and `&&`, `||`, `|`, `;` between programs. Variables, substitutions, globs, tildes, braces,
    escapes, redirections, assignments, comments, groups, background jobs and further lines are more than plain.
    """
    if len(command) > _LONGEST:
        return None
    programs: list[list[str]] = [[]]
    word: str | None = None
    position = 0
    while position < len(command):
        token = _TOKEN.match(command, position)
        # Two operators side by side, `|&` and `;;` among them, mean something else than one.
        if token is None or not _is_in_place(token, programs[-1], word):
            return None
        position = token.end()
        piece = next((token[kind] for kind in ("bare", "single", "double") if token[kind] is not None), None)
        if piece is not None:
            word = (word or "") + piece
            continue
        if word is not None:
            programs[-1].append(word)
            word = None
        if token["operator"]:
            programs.append([])
    if word is not None:
        programs[-1].append(word)
    return _checked(programs)


def _is_in_place(token: re.Match[str], program: list[str], word: str | None) -> bool:
    return not token["operator"] or bool(program) or word is not None


def _checked(programs: list[list[str]]) -> tuple[Argv, ...] | None:
    """None if a program is missing, or is no plain name: an assignment, a path, a word of the shell's grammar."""
    if any(not program or not _is_plain_name(program[0]) for program in programs):
        return None
    return tuple(tuple(program) for program in programs)


def _is_plain_name(name: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9-]*", name) is not None and name not in _RESERVED
