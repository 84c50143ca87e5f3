"""Every key of the app is an action's; names are unique where they can meet, and nothing is said twice."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_driver import Drive
from textual.binding import Binding
from textual.dom import DOMNode

import punie_tui.app
from punie_tui.app.action_registry import ActionsOfScreen, actions_of_screens
from punie_tui.app.actions import bindings_of, groups_of
from punie_tui.app.key_names import NO_KEY, key_names
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.main import MainScreen
from punie_tui.app.widgets.key_row import KeyRow


def own_classes() -> Iterator[type[DOMNode]]:
    """All screens and widgets of the app."""
    for module in pkgutil.walk_packages(punie_tui.app.__path__, "punie_tui.app."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, DOMNode) and found.__module__ == module.name:
                yield found


def test_every_key_belongs_to_an_action_that_its_class_can_do() -> None:
    count = 0
    for owner in own_classes():
        bindings = owner.__dict__.get("BINDINGS", [])
        assert list(bindings) == bindings_of(*groups_of(owner)) or not bindings, owner  # type: ignore[arg-type]
        for binding in bindings:
            assert isinstance(binding, Binding)
            name = binding.action.partition("(")[0]
            assert name.startswith("app.") or hasattr(owner, f"action_{name}"), (owner, binding.action)
            count += 1
    assert count > 100


def test_a_name_means_one_thing_and_an_action_is_explained() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for owner in own_classes():
        for group in groups_of(owner):  # type: ignore[arg-type]
            names = [action.name for action in group.actions]
            assert len(names) == len(set(names)), owner
            for action in group.actions:
                assert action.about, action
                meanings[action.name].add(action.keys)
    assert {name: keys for name, keys in meanings.items() if len(keys) > 1} == {}


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        ("ctrl+n", "Ctrl+N"),
        ("f12", "F12"),
        ("question_mark,slash", "?  /"),
        ("n,N", "n  N"),
        ("escape,pagedown", "Esc  PgDn"),
        ("ctrl+j,alt+enter", "Ctrl+J  Alt+Enter"),
        ("left_square_bracket", "["),
        ("f", "f"),
    ],
)
def test_keys_are_named_as_people_read_them(keys: str, names: str) -> None:
    assert key_names(keys) == names


async def test_the_keys_of_the_focused_pane_come_first(drive: Drive, make_repository: Callable[..., Path]) -> None:
    async with drive(make_repository({"a.py": "x = 1\n"})) as driven:
        for opens, title, about in (
            ("f1", "Prompt", "Where you ask"),
            ("f4", "Repo", "The branch, what changed"),
            ("f3", "Trace", "Every call of a tool"),
        ):
            await driven.pilot.press(*([opens] if opens == "f1" else [opens, "question_mark"]))
            assert isinstance(driven.app.screen, KeysScreen)
            text = driven.app.screen.text
            assert text.splitlines()[0] == title
            assert text.splitlines()[1].strip().startswith(about)
            assert "Ctrl+N" in text
            assert "/undo [TURN]" in text
            await driven.pilot.press("escape")
        # A word finds its line, on whichever page it is; letters that close elsewhere are typed.
        await driven.pilot.press("question_mark", "slash", *"quit")
        keys = await driven.shown(KeysScreen)
        await driven.until(lambda: "Ctrl+Q" in keys.text and "Ctrl+N" not in keys.text, "the lines that hold it")
        await driven.pilot.press("escape")
        assert "Ctrl+N" in keys.text
        await driven.pilot.press("q")
        await driven.shown(MainScreen)
        # What leads to everything else stands in the footer of each pane, also where that is narrow.
        for size in ((120, 40), (80, 24)):
            await driven.pilot.resize_terminal(*size)
            for pane in ("f2", "f3", "f4"):
                await driven.pilot.press(pane)
                await driven.pilot.pause()
                assert str(driven.app.screen.query_one(KeyRow).render()).endswith("  f1 Keys  ^x More  ^p Palette")


@pytest.mark.parametrize("screen", actions_of_screens(), ids=lambda screen: screen.name)
def test_whoever_has_the_footer_alone_finds_each_action(screen: ActionsOfScreen) -> None:
    if screen.name in ("the keys", "the leader's hints"):
        # They are such lists themselves, and their frame says how to leave.
        return
    actions = {action for meeting in screen.meetings() for action in meeting}
    leads_to_all = any(action.call == "help" and action.label for action in actions)
    assert leads_to_all or all(action.label for action in actions)


OPENED_BY = {
    "the main screen": ("f1",),
    "the tests": ("ctrl+n", "question_mark"),
    "the findings": ("ctrl+l", "question_mark"),
    "the sessions": ("ctrl+o", "question_mark"),
    "the settings": ("ctrl+x", "comma", "question_mark"),
    "the notes": (*"/notes", "enter", "question_mark"),
    "the trust": ("ctrl+t", "question_mark"),
}


UNUSED = {"the settings": ("outline.fold", "move.left", "move.right")}
"""No row of that tree folds."""


@pytest.mark.parametrize("name", OPENED_BY)
async def test_the_keys_of_a_screen_are_all_of_its_actions(
    drive: Drive, make_repository: Callable[..., Path], name: str
) -> None:
    expected = next(screen for screen in actions_of_screens() if screen.name == name)
    async with drive(make_repository({"a.py": "x = 1\n"})) as driven:
        await driven.pilot.press(*OPENED_BY[name])
        text = plain((await driven.shown(KeysScreen)).text)
    meetings = [[action for action in meeting if action.keys not in ("", NO_KEY)] for meeting in expected.meetings()]
    assert all(meetings)
    for meeting in meetings:
        for place, action in enumerate(meeting):
            # The tree of a screen says itself what Enter does there, in place of the general words for it.
            is_said_better = any(other.keys == action.keys for other in meeting[:place])
            if not is_said_better and action.name not in UNUSED.get(name, ()):
                assert plain(action.line or action.about) in text, action
                assert plain(key_names(action.keys)) in text, action


def plain(text: str) -> str:
    """Without the line breaks that the width asks for."""
    return " ".join(text.split())
