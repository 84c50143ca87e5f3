"""The actions that lead to a pane or a panel: whoever tells their keys need not load what they lead to."""

from __future__ import annotations

from punie_tui.app.actions import Action

TO_PROMPT = Action("main.prompt", "escape", "prompt", "to the prompt, where nothing is to be stopped")
TO_QUESTION = Action(
    "main.answer",
    "alt+a",
    "answer",
    "to the question that waits, while you type",
    "Answer",
    has_priority=True,
    letter="a",
)
TO_QUEUE = Action(
    "main.queue", "alt+q", "queue", "the messages that wait: change, move, remove", has_priority=True, letter="w"
)
TO_FINDINGS = Action(
    "main.findings",
    "ctrl+l",
    "findings",
    "findings: types and lint, and their fixes",
    "Findings",
    has_priority=True,
    letter="f",
)
TO_TRACE = Action("main.trace", "f3", "pane('trace')", "trace", "Trace", has_priority=True, letter="c")
