"""A reply in a line that a person can read, when they are asked what they meant."""

from __future__ import annotations

from collections.abc import Mapping

from punie_tui.engine.nano.catalogue import CATALOGUE, Argument
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView, shown_calls

_MUST_DIFFER = (("old", "new"), ("symbol", "new_name"))


def reply_label(view: RequestView, written: str) -> str:
    """Such as `grep TODO, path src`; empty for a reply that makes no sense.

    That is one with a choice that stands for nothing, or a call that would put something in its own place.
    """
    calls = [_call_label(view, tool, shown) for tool, shown in shown_calls(written)]
    if not calls:
        return "answer in words"
    return "" if None in calls else ", then ".join(dict.fromkeys(filter(None, calls)))


def _call_label(view: RequestView, tool: str, shown: dict[str, str]) -> str | None:
    known: Mapping[str, Argument] = CATALOGUE.get(tool, {})
    title = tool
    if tool == "execute_code":
        title = shown.pop("code").strip()
        known = PROGRAMS[title].arguments
    parts: list[str] = []
    if any(old in shown and shown[old] == shown.get(new) for old, new in _MUST_DIFFER):
        return None
    for name, choice in shown.items():
        value = view.value(known[name].kind, choice)
        if value is None:
            return None
        text = " ".join(value) if isinstance(value, list) else str(value)
        parts.append(name if value is True else f" {text}" if known[name].is_required else f"{name} {text}")
    required = "".join(part for part in parts if part.startswith(" "))
    return ", ".join([title + required, *(part for part in parts if not part.startswith(" "))])
