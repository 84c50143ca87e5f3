"""What code knows better than the model of a call that is read: where it cannot be meant, and what is meant instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from punie_tui.engine.nano.answers import BEFORE_VERBS
from punie_tui.engine.nano.lint_rules import named_rules, with_rules
from punie_tui.engine.nano.wire_format import Call

_NO_COMMAND = re.compile(
    r"(?:(?:make|build|start|launch|deploy)\s+)?(?:the|an?|my|our|your|this|that|these|those|some|it|them)(?:\s|$)"
    r"|all(?:\s|$)",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"\b(?:add|append|prepend|insert|put)\b(?!\s+(?:(?:an?|the|this|that)\s+)?(?:(?:new|text|python|empty)\s+)*file\b)",
    re.IGNORECASE,
)
_WRITES_WHOLE = re.compile(r"\b(?:overwrit\w+|replac\w+|rewrit\w+|whole|entire|full|create|instead)\b", re.IGNORECASE)
_SETS = re.compile(
    r"\b(?:set|sets|change|changes|increase|raise|lower|reduce|decrease|bump|turn|switch)\b", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_LITERAL = re.compile(r"[-+]?\d[\d_.]*\w?|True|False|None|true|false|null")
_ASKS_FOR_CALLERS = re.compile(
    r"\W*(?:(?:and|so|ok|now|then|wait)\W+)*(?:what|who|which\s+\w+)\s+(?:else\s+)?calls?\b", re.IGNORECASE
)
_ASKS_FOR_CALLEES = re.compile(r"\b(?:do(?:es)?|is|are|by|it\s+calls?|callees?|outgoing)\b", re.IGNORECASE)

_MANY_FILES = re.compile(
    r"\b(?:all|every|each)\s+(?:(?:of|the|our|my|other|python|source|test)\s+)*(?:files?|modules?|places?)\b"
    r"|\beverywhere\b"
    r"|\b(?:across|all over|throughout|in)\s+(?:the|our|my|this)\s+(?:(?:whole|entire)\s+)?"
    r"(?:project|repo(?:sitory)?|code ?base|package|tree)\b",
    re.IGNORECASE,
)
_THROWS_AWAY = re.compile(
    rf"\W*(?:(?:{BEFORE_VERBS})\s+)*(?:throw\b.*\baway|discard|scrap|ditch|trash|get rid of|drop)\b",
    re.IGNORECASE,
)
_OWN_WORK = re.compile(
    r"\b(?:my|the|these|those|all|uncommitted|local)\s+(?:\w+\s+)?(?:changes|edits|work)\b|\bi did\b", re.IGNORECASE
)

_RUFF_CHECK = re.compile(r"\bruff_check\((\))?")


def meant(call: Call, request: str, path_exists: Callable[[str], bool], before: Sequence[Call] = ()) -> Call | str:
    """The call itself, the one that the request says in plain words, or the heading of a sentence of `answers.md`.

    `before` are the calls of the turn before, from which the request may go on.

    What is weighed here is certain whatever the likelihood of the reply, and would be wrong in a way that costs: a
    command that is none, a file overwritten by a line that was to be added to it, changes put away that were to go.
    """
    tool, arguments = call
    match tool:
        case "run_command" if _NO_COMMAND.match(str(arguments["command"])):
            return "no command"
        case "write_file" if path_exists(str(arguments["path"])) and _adds(request):
            return "adding to a file"
        case "edit_file" if path_exists(str(arguments["path"])) and _sets_value(request, arguments):
            return "setting a value"
        case "edit_file" if arguments["path"] == arguments["old"] and _MANY_FILES.search(request):
            return "many files"
        case "git_stash" | "git_diff" | "git_unstage" if _throws_away(request, arguments):
            return "throwing away"
        case "call_hierarchy" if _ASKS_FOR_CALLERS.match(request) and not _ASKS_FOR_CALLEES.search(request):
            return tool, {name: value for name, value in arguments.items() if name != "direction"}
        case "ruff_check":
            return tool, with_rules(arguments, request, before)
        case "execute_code" if rules := named_rules(request):
            return tool, {**arguments, "code": _narrowed(str(arguments["code"]), rules)}
        case _:
            return call


def _narrowed(code: str, rules: Sequence[str]) -> str:
    """A program of nano's own, with every lint in it by these rules alone."""
    return _RUFF_CHECK.sub(lambda found: f"ruff_check(rules={rules!r}{found[1] or ', '}", code)


def _adds(request: str) -> bool:
    return bool(_ADDS.search(request)) and not _WRITES_WHOLE.search(request)


def _throws_away(request: str, arguments: Mapping[str, object]) -> bool:
    """Whether the person's own changes are to go for good; stashes may be dropped by other words."""
    return "action" not in arguments and bool(_THROWS_AWAY.match(request) and _OWN_WORK.search(request))


def _sets_value(request: str, arguments: Mapping[str, object]) -> bool:
    """Whether a name would give way to a value: `30 = 10` for "change the timeout to 30"."""
    old, new = str(arguments["old"]), str(arguments["new"])
    is_quoted = re.search(rf"[`\"']{re.escape(old)}[`\"']", request)
    return bool(_SETS.search(request) and _NAME.fullmatch(old) and _LITERAL.fullmatch(new) and not is_quoted)
