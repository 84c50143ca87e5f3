"""The rules of ruff that a request names in plain words: nano's format cannot say them, so code adds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from punie_tui.engine.nano.answers import BEFORE_VERBS
from punie_tui.engine.nano.wire_format import Call

_UNUSED = r"unused\s+(?:[a-z-]+\s*(?:,|/|&|\band\b|\bor\b)\s*){0,2}(?:local\s+)?"
_IS_UNUSED = r"\s+(?:(?:that|which)\s+)?(?:(?:are|is)\s+)?(?:unused|(?:not|never)\s+used)"
_SORT = r"(?:re-?)?(?:sort|order|organi[sz]e|arrange|tidy)(?:s|ed|d|ing)?(?:\s+up)?"
_SMALL_WORDS = r"(?:(?:the|all|any|of|my|our|these|those|its)\s+)*"
_SORT_IMPORTS = rf"{_SORT}\s+{_SMALL_WORDS}imports?"

_RULES_BY_WORDS = (
    (rf"{_UNUSED}imports?|imports?{_IS_UNUSED}", "F401"),
    (rf"{_UNUSED}variables?|variables?{_IS_UNUSED}", "F841"),
    (rf"{_SORT_IMPORTS}|unsorted\s+imports?|imports?\s+(?:order|sorting)|isort", "I"),
)
_LINTERS = (
    "A|AIR|ANN|ARG|ASYNC|B|BLE|C4|C90|COM|CPY|D|DJ|DOC|DTZ|E|EM|ERA|EXE|F|FA|FAST|FBT|FIX|FLY|FURB|G|I|ICN|INP|INT|ISC|"
    "LOG|N|NPY|PD|PERF|PGH|PIE|PLC|PLE|PLR|PLW|PT|PTH|PYI|Q|RET|RSE|RUF|S|SIM|SLF|SLOT|T10|T20|TC|TD|TID|TRY|UP|W|YTT"
)
_CODE = re.compile(rf"(?<![\w./\\-])((?:{_LINTERS})\d{{1,4}})s?(?![\w/\\-]|\.\w)")

_KINDS = r"(?:\s+(?:errors?|warnings?|issues?|problems?|violations?|findings?))?"
_NAMED = [(re.compile(rf"\b(?:{words})\b{_KINDS}", re.IGNORECASE), code) for words, code in _RULES_BY_WORDS]
_CODE_AND_KIND = re.compile(f"{_CODE.pattern}{_KINDS}")

_MENDS = r"fix|mend|repair|correct|clean(?:\s+up)?|remove|delete|drop|strip|get\s+rid\s+of"
_ANY_NAMED = rf"(?:{'|'.join(words for words, _ in _RULES_BY_WORDS)}|(?-i:{_CODE.pattern}))"
_MORE_THAN_NAMED = re.compile(
    r"\b(?:errors?|warnings?|issues?|problems?|violations?|findings?|style|everything|anything|rest|others?|linting"
    rf"|(?:{_MENDS})\s+{_SMALL_WORDS}lint)\b",
    re.IGNORECASE,
)
_NOT_THESE = re.compile(
    rf"\b(?:not|never|\w+n['\u2019]t|but|except(?:\s+for)?|apart\s+from|besides|without|ignor\w+|keep|leave)\s+"
    rf"(?:(?:{_MENDS})\s+)?{_SMALL_WORDS}{_ANY_NAMED}",
    re.IGNORECASE,
)
_ABOUT_LINT = re.compile(r"\b(?:lint|ruff|rules?)\b", re.IGNORECASE)

_BEFORE_VERBS = f"{BEFORE_VERBS}|also"
_WISH = re.compile(
    rf"\W*(?:(?:{_BEFORE_VERBS})\W+)*"
    rf"(?:{_SORT_IMPORTS}|(?:apply|run)\s+isort|(?:{_MENDS})\s+{_SMALL_WORDS}{_ANY_NAMED})\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\W*(?:(?:and|so|ok|hey|hm+)\W+)*(?:any|are|is|does|do|did|has|have|what|which|how|where|who)\b", re.IGNORECASE
)
_MENDING = re.compile(
    rf"\b(?:{_MENDS}|{_SORT}|auto-?fix|apply|rid|resolve|solve|handle|address|take|make|cure|run)\w*", re.IGNORECASE
)
_MEND_FOUND = re.compile(
    rf"\W*(?:(?:{_BEFORE_VERBS}|go ahead|yes|great|so)\W+)*(?:{_MENDS})\s+"
    r"(?:(?:all|each|every one|both)\s+)?(?:of\s+)?(?:them|these|those|it|that)"
    r"(?:\s+(?:all|please|pls|now|for me))*\W*$",
    re.IGNORECASE,
)
"""A wish that says nothing of where: that is where the calls before looked."""
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")


def named_rules(request: str) -> list[str]:
    """The rules that the request is about; none where it names none, or more than these."""
    text = _QUOTED.sub(" ", request)
    found = [code for words, code in _NAMED if words.search(text)]
    found += [code for code in _CODE.findall(text) if code not in found]
    rest = _CODE_AND_KIND.sub(" ", text)
    for words, _ in _NAMED:
        rest = words.sub(" ", rest)
    return [] if _MORE_THAN_NAMED.search(rest) or _NOT_THESE.search(text) else found


def rules_going_on(request: str, calls: Sequence[Call]) -> list[str]:
    """The rules of the calls before, where the request goes on from them ("now in tests") and names none itself."""
    if _MORE_THAN_NAMED.search(request) or _ABOUT_LINT.search(request):
        return []
    given = [arguments.get("rules") for tool, arguments in calls if tool == "ruff_check"]
    return [str(rule) for rule in cast("list[object]", given[-1] or [])] if given else []


def wishes_fixes(request: str) -> bool:
    """Whether the request begins with the wish to mend what it names."""
    return bool(_WISH.match(request) and named_rules(request))


def asks_alone(request: str) -> bool:
    """Whether it is a question that names no mending: an answer to it changes no file."""
    return bool(_ASKS.match(request)) and not _MENDING.search(request)


def with_rules(arguments: Mapping[str, object], request: str, before: Sequence[Call]) -> Mapping[str, object]:
    """The arguments of a `ruff_check`, narrowed to what the request is about."""
    looked = [earlier for tool, earlier in before if tool == "ruff_check"]
    if looked and _MEND_FOUND.match(request) and not arguments.get("path"):
        return {**looked[-1], "fix": True}
    rules = named_rules(request) or rules_going_on(request, before)
    fix = {"fix": True} if wishes_fixes(request) else {}
    found = {**arguments, **fix, "rules": rules} if rules else arguments
    return {name: value for name, value in found.items() if name != "fix"} if asks_alone(request) else found
