"""What ignore files say about a path, by ripgrep's reading of them, byte by byte."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Rule(NamedTuple):
    """One line of an ignore file. `is_negated` takes back what an earlier line said."""

    expression: re.Pattern[bytes]
    is_negated: bool
    is_only_for_folders: bool


def parse_rules(data: bytes) -> tuple[Rule, ...]:
    """The rules of an ignore file; broken lines count as missing, and a line that is no UTF-8 ends the file."""
    rules: list[Rule] = []
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        try:
            rules += _rule(line.removesuffix(b"\r").decode())
        except UnicodeDecodeError:
            break
        except (re.error, ValueError):
            continue
    return tuple(rules)


@cache
def rules_of(file: Path) -> tuple[Rule, ...]:
    """The rules of a file, none if it cannot be read."""
    try:
        return parse_rules(file.read_bytes()) if file.is_file() else ()
    except OSError:
        return ()


def verdict(rules: tuple[Rule, ...], path: bytes, *, is_folder: bool) -> bool | None:
    """True if the last rule that fits ignores the path, False if it takes it back, None if none fits."""
    for rule in reversed(rules):
        if (is_folder or not rule.is_only_for_folders) and rule.expression.fullmatch(path):
            return not rule.is_negated
    return None


def glob_expression(glob: str) -> re.Pattern[bytes]:
    """A glob as ripgrep reads it, for whole paths. Raises ValueError or re.error for a broken one."""
    return re.compile(_Translator(glob).translated(), re.DOTALL)


def _rule(line: str) -> list[Rule]:
    if line.startswith("#"):
        return []
    if not line.endswith("\\ "):
        line = line.rstrip()
    if not line:
        return []
    is_negated = is_anchored = False
    if line.startswith(("\\!", "\\#")):
        line = line[1:]
    else:
        is_negated, line = line.startswith("!"), line.removeprefix("!")
        is_anchored, line = line.startswith("/"), line.removeprefix("/")
    is_only_for_folders = line.endswith("/")
    if is_only_for_folders:
        line = line[:-1].removesuffix("\\")
    if not is_anchored and "/" not in line and not line.startswith("**/"):
        line = f"**/{line}"
    return [Rule(glob_expression(f"{line}/*" if line.endswith("/**") else line), is_negated, is_only_for_folders)]


_PREFIX, _SUFFIX, _BETWEEN = b"(?:/?|.*/)", b"/.*", b"(?:/|/.*/)"


class _Translator:
    """Walks through a glob once, as globset's parser does."""

    def __init__(self, glob: str) -> None:
        self._glob = glob
        self._at = 0
        self._parts: list[list[list[bytes]]] = [[[]]]

    def translated(self) -> bytes:
        while self._at < len(self._glob):
            character = self._glob[self._at]
            self._at += 1
            self._take(character)
        if len(self._parts) > 1:
            raise ValueError("unclosed alternatives")
        return b".*" if self._tokens == [_PREFIX] else b"".join(self._tokens)

    @property
    def _tokens(self) -> list[bytes]:
        return self._parts[-1][-1]

    def _take(self, character: str) -> None:
        match character:
            case "?":
                self._tokens.append(b"[^/]")
            case "*":
                self._star()
            case "[":
                self._tokens.append(self._character_class())
            case "{":
                self._parts.append([[]])
            case "}":
                self._close()
            case "," if len(self._parts) > 1:
                self._parts[-1].append([])
            case "\\":
                if self._at == len(self._glob):
                    raise ValueError("dangling escape")
                self._tokens.append(re.escape(self._glob[self._at].encode()))
                self._at += 1
            case _:
                self._tokens.append(re.escape(character.encode()))

    def _close(self) -> None:
        if len(self._parts) == 1:
            raise ValueError("unopened alternatives")
        choices = [choice for tokens in self._parts.pop() if (choice := b"".join(tokens))]
        if choices:
            self._tokens.append(b"(?:" + b"|".join(choices) + b")")

    def _star(self) -> None:
        before = self._glob[self._at - 2 : self._at - 1] if self._at > 1 else ""
        if self._peek() != "*":
            self._tokens.append(b"[^/]*")
            return
        self._at += 1
        after = self._peek()
        ends_choice = len(self._parts) > 1 and after in (",", "}")
        if not self._tokens and len(self._parts) == 1:
            if after in ("", "/"):
                self._tokens.append(_PREFIX)
                self._at += 1
            else:
                self._tokens.extend([b"[^/]*"] * 2)
        elif (before != "/" and not (len(self._parts) > 1 and before in (",", "{"))) or not (
            after in ("", "/") or ends_choice
        ):
            self._tokens.extend([b"[^/]*"] * 2)
        else:
            self._recurse(is_suffix=after == "" or ends_choice)

    def _recurse(self, *, is_suffix: bool) -> None:
        last = self._tokens.pop() if self._tokens else b""
        if not is_suffix:
            self._at += 1
        keeps = last in (_PREFIX, _SUFFIX)
        self._tokens.append(last if keeps else _SUFFIX if is_suffix else _BETWEEN)

    def _peek(self) -> str:
        return self._glob[self._at : self._at + 1]

    def _character_class(self) -> bytes:
        end = self._glob.find("]", self._at + 1 + (self._peek() in ("!", "^")))
        if end < 0:
            raise ValueError("unclosed class")
        inside, self._at = self._glob[self._at : end], end + 1
        sign, inside = (b"^", inside[1:]) if inside[:1] in ("!", "^") else (b"", inside)
        return b"[" + sign + _ranges(inside) + b"]"


def _ranges(inside: str) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while at < len(inside):
        first = _escaped(inside[at])
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            pieces.append(first + b"-" + _escaped(inside[at + 2]))
            at += 3
        else:
            pieces.append(first)
            at += 1
    return b"".join(pieces)


def _escaped(character: str) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in character.encode())
