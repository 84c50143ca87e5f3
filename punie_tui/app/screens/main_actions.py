"""What can be done anywhere in the main screen, whichever pane has the focus."""

from __future__ import annotations

from punie_tui.app.actions import Action, ActionGroup
from punie_tui.app.key_names import NO_KEY
from punie_tui.app.ways import TO_FINDINGS, TO_PROMPT, TO_QUESTION, TO_QUEUE, TO_TRACE


def _action(
    name: str, keys: str, call: str, about: str, label: str = "", *, line: str = "", letter: str = ""
) -> Action:
    """They work while the person types."""
    return Action(f"main.{name}", keys, call, about, label, has_priority=True, line=line, letter=letter)


_THESE_KEYS = "these keys (? not within a text)"
_CHAT_SIZE = "chat narrower, wider"
_TRACE_SIZE = "trace lower, higher"

NEXT_MODE = _action(
    "next_mode", "f5", "next_mode", "next mode: plan, ask, accept edits, all in sandbox", "Mode", letter="m"
)
STEP = _action("step", "alt+s", "step", "step by step: pause before each call, or no longer", letter="S")
STOP = _action("stop", "escape", "stop", "stop the turn and its tools", "Stop")
TRUST = _action("trust", "ctrl+t", "trust", "trust this folder, or no longer", letter="T")
GO_ON = _action(
    "go_on",
    "ctrl+g",
    "go_on",
    "after a crash, before you ask: go on with the session that was cut off",
    "Go on",
    letter="g",
)
TURNS = _action(
    "turns", "ctrl+g", "turns", "turns: once one ran, go back to one with its files, and forward", letter="u"
)

ANYWHERE = ActionGroup(
    "Anywhere",
    (
        STOP,
        TO_QUESTION,
        TO_PROMPT,
        _action("keys", "f1", "help", "these keys", "Keys", line=_THESE_KEYS, letter="question_mark"),
        Action("main.explain", "question_mark", "help", "these keys", line=_THESE_KEYS),
        _action("chat", "f2", "pane('chat')", "prompt, from anywhere", "Prompt", letter="p"),
        _action("said", "alt+c", "said", "chat: what was said", "Chat", letter="i"),
        TO_TRACE,
        _action("repo", "f4", "pane('repo')", "repo", "Repo", letter="r"),
        TO_QUEUE,
    ),
    hints=(("Tab  Shift+Tab", "next and previous pane"),),
)
PLACES = ActionGroup(
    "Go to",
    (
        _action("open", "alt+o", "open_place", "open a file or a symbol by name", letter="o"),
        _action("sessions", "ctrl+o", "sessions", "sessions: go on with one, search, rename, fork, export", letter="s"),
        GO_ON,
        TURNS,
        _action("tests", "ctrl+n", "tests", "tests: run, read, debug", "Tests", letter="t"),
        TO_FINDINGS,
    ),
)
CHANGES = ActionGroup(
    "Change",
    (
        NEXT_MODE,
        STEP,
        TRUST,
        Action("main.models", NO_KEY, "models", "model: which one answers, and choose another", letter="M"),
        Action("main.settings", NO_KEY, "settings", "settings: read and change them", letter="comma"),
        _action("theme", "f6", "switch_theme", "theme: dark, light or high contrast", letter="l"),
        _action("narrower_chat", "f7", "resize(-1)", "chat narrower", line=_CHAT_SIZE, letter="less_than_sign"),
        _action("wider_chat", "f8", "resize(1)", "chat wider", line=_CHAT_SIZE, letter="greater_than_sign"),
        _action("lower_trace", "f9", "resize_side(-1)", "trace lower", line=_TRACE_SIZE, letter="minus"),
        _action("higher_trace", "f10", "resize_side(1)", "trace higher", line=_TRACE_SIZE, letter="plus"),
        _action("whole_width", "alt+z", "whole_width", "this pane alone, or with the others", letter="z"),
        _action("quit", "ctrl+q", "app.quit", "quit", "Quit", letter="q"),
    ),
)
