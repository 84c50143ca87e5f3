"""`punie keys`: every action of the app with the keys that do it now, by the names that a key map uses."""

from __future__ import annotations

import argparse
import json

from punie_tools.safe_text import safe_text
from punie_tui.app.action_registry import actions_of_screens
from punie_tui.app.key_map import KeyChoice, key_map_of
from punie_tui.app.key_names import key_name, key_names
from punie_tui.app.screens.general_actions import LEADER
from punie_tui.commands.terminal import print_error
from punie_tui.own_files import saved_look


def run(argv: list[str]) -> int:
    """List them; what is wrong in the person's own key map is told, and fails."""
    options = _parser().parse_args(argv)
    look = saved_look()
    screens = actions_of_screens()
    resolved = key_map_of(KeyChoice(look.keys or "default", look.key_map), screens)
    known = {action.name: action for screen in screens for part in screen.meetings() for action in part}
    leader = key_names(resolved.keys[LEADER.name])
    listed = [
        {
            "action": name,
            "keys": key_names(resolved.keys[name]),
            "after_the_leader_key": f"{leader} {key_name(action.letter)}" if action.letter else "",
            "about": action.about,
        }
        for name, action in sorted(known.items())
    ]
    if options.json:
        print(json.dumps({"actions": listed, "problems": resolved.problems}, indent=2))
    else:
        for each in listed:
            print(f"{each['action']:<28} {each['keys'] or each['after_the_leader_key']:<24} {each['about']}")
        for problem in resolved.problems:
            print_error(safe_text(problem, single_line=True))
    return 1 if resolved.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie keys",
        description="Every action of the app with its keys. The setting `keys` chooses a preset (default, vim, emacs); "
        'the table `[key_map]` of your settings changes single ones: "main.tests" = "Alt+T F11".',
    )
    parser.add_argument("--json", action="store_true", help="as JSON, what is wrong in the key map included")
    parser.add_argument("--cwd", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--yes", action="store_true", help=argparse.SUPPRESS)
    return parser
