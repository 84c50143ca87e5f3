"""The presets of the key map: what differs from the actions' own keys."""

from __future__ import annotations

from collections.abc import Mapping

_VIM = {
    "move.page_down": "pagedown,ctrl+d,ctrl+f",
    "move.page_up": "pageup,ctrl+u,ctrl+b",
    "move.left": "left,h",
    "move.right": "right,l",
    "general.leader_while_reading": "colon",
}
"""j, k, g (and so gg) and G move in every preset."""

_EMACS = {
    "move.down": "down,ctrl+n",
    "move.up": "up,ctrl+p",
    "move.page_down": "pagedown,ctrl+v",
    "move.page_up": "pageup,alt+v",
    "move.first": "home,alt+less_than_sign",
    "move.last": "end,alt+greater_than_sign",
    "move.left": "left,ctrl+b",
    "move.right": "right,ctrl+f",
    "prompt.down": "down,ctrl+n",
    "prompt.up": "up,ctrl+p",
    "prompt.left": "left,ctrl+b",
    "prompt.right": "right,ctrl+f",
    "general.palette": "alt+x",
    "main.tests": "alt+t",
    "main.go_on": "alt+g",
    "main.turns": "alt+g",
    "main.stop": "escape,ctrl+g",
    "main.prompt": "escape,ctrl+g",
    "turns.leave": "escape,q,ctrl+g,alt+g",
    "findings.filter": "slash,ctrl+s",
    "findings.leave": "escape,ctrl+g",
    "sessions.search": "slash,ctrl+s",
    "sessions.list": "down,ctrl+n",
    "sessions.leave": "escape,q,ctrl+g",
    "tests.stop": "escape,ctrl+g",
    "tests.leave": "escape,ctrl+g",
    "review.leave": "escape,q,ctrl+g",
    "viewer.search": "slash,ctrl+s",
    "viewer.leave": "escape,ctrl+g",
    "keys.leave": "escape,ctrl+g",
    "notes.leave": "escape,q,ctrl+g",
    "arguments.leave": "escape,ctrl+g",
    "transcript.search": "slash,ctrl+s",
    "transcript.leave": "escape,ctrl+g",
    "search.leave": "escape,ctrl+g",
    "trace.end_filter": "escape,ctrl+g",
    "queue.leave": "escape,ctrl+g",
    "settings.leave": "escape,q,ctrl+g",
    "trust.leave": "escape,q,ctrl+t,ctrl+g",
    "confirm.no": "n,escape,enter,q,ctrl+g",
    "hunk.leave": "escape,ctrl+g",
    "commit.leave": "escape,ctrl+g",
}
"""What Ctrl+N and Ctrl+G did moves to Alt+T and Alt+G."""

PRESETS: Mapping[str, Mapping[str, str]] = {"default": {}, "vim": _VIM, "emacs": _EMACS}
