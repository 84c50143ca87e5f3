"""Which paths a glob means: `*.py` at any depth, `src/*.py` in one folder, `src/**/*.py` below it, `src` all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from punie_tools.errors import ToolError

_WILDCARDS = frozenset("*?[{")
_SPECIAL = _WILDCARDS | {"/"}
_EVERYTHING = frozenset({"", ".", "*", "**", "**/*"})
_TOKEN = re.compile(r"/\*\*/|\*\*/|/\*\*|\*+|\?|\[[!^]?\]?[^\]]*\]|\{[^{}]*\}|[^*?\[{/]+|.", re.DOTALL)


def is_everything(glob: str) -> bool:
    """Whether the glob leaves nothing out."""
    return _stripped(glob) in _EVERYTHING


@lru_cache(maxsize=64)
def glob_matcher(glob: str) -> Callable[[str], bool]:
    """Tells whether a path (with `/`, relative) is meant by the glob. Raises ToolError for a glob that is broken."""
    pattern = _stripped(glob)
    if pattern in _EVERYTHING:
        return lambda path: True
    if pattern.startswith("*") and not _SPECIAL & set(suffix := pattern[1:]):
        return lambda path: path.endswith(suffix)
    anywhere = "" if "/" in pattern else "(?:.*/)?"
    below = "" if _WILDCARDS & set(pattern.rsplit("/", 1)[-1]) else "(?:/.*)?"
    try:
        expression = re.compile(anywhere + _translated(pattern) + below, re.DOTALL)
    except (re.error, ValueError):
        raise ToolError(f"{glob!r} is no glob: a bracket in it is not closed, or closed too soon.") from None
    return lambda path: expression.fullmatch(path) is not None


def _stripped(glob: str) -> str:
    return glob.strip().removeprefix("./").rstrip("/")


def name_glob(glob: str) -> str | None:
    """A glob for a path's last part alone, to narrow a search with; None if the glob does not promise one."""
    last = glob.strip().rsplit("/", 1)[-1]
    is_promise = bool({"*", "?"} & set(last)) and not set("{}[]\\") & set(glob) and last not in ("*", "**")
    return last if is_promise else None


def _translated(glob: str) -> str:
    return "".join(_meaning(token) for token in _TOKEN.findall(glob))


def _meaning(token: str) -> str:
    match token:
        case "/**/":
            return "/(?:.*/)?"
        case "**/":
            return "(?:.*/)?"
        case "/**":
            return "/.*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case "[" | "{":
            raise ValueError(token)
        case _ if token[0] == "*":
            return ".*"
        case _ if token[0] == "{":
            return f"(?:{'|'.join(_translated(choice) for choice in token[1:-1].split(','))})"
        case _ if token[0] == "[":
            inside = re.sub(r"^[!^]", "^/", token[1:-1].replace("\\", "\\\\"))
            return f"[{inside}]"
        case _:
            return re.escape(token)
