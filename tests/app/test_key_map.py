"""The key map: what a person may write, what is wrong with it in a line, and the presets by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from app_driver import Clock, Drive, Driven

from punie_tui.agent.approval import AskPerson
from punie_tui.agent.meant import AskWhich
from punie_tui.agent.session import Session
from punie_tui.app.action_registry import actions_of_screens
from punie_tui.app.actions import groups_of
from punie_tui.app.app import PunieApp
from punie_tui.app.key_map import KeyChoice, key_map_of
from punie_tui.app.key_names import NO_KEY, KeyNameError, parsed_key
from punie_tui.app.key_presets import PRESETS
from punie_tui.app.screens.keys import KeysScreen
from punie_tui.app.screens.tests import TestsScreen
from punie_tui.app.textual_adapter import keymap_of
from punie_tui.app.widgets.key_row import KeyRow
from punie_tui.app.widgets.outline import Outline
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import load_settings

KNOWN = {action.name for screen in actions_of_screens() for part in screen.meetings() for action in part}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ctrl+N", "ctrl+n"),
        ("ctrl+n", "ctrl+n"),
        ("N", "N"),
        ("?", "question_mark"),
        ("Esc", "escape"),
        ("PgDn", "pagedown"),
        ("pagedown", "pagedown"),
        ("F11", "f11"),
        ("Alt+<", "alt+less_than_sign"),
        ("alt+ctrl+x", "ctrl+alt+x"),
        ("Ctrl++", "ctrl+plus"),
        ("colon", "colon"),
        ("slash", "slash"),
    ],
)
def test_keys_are_read_as_people_write_them(written: str, key: str) -> None:
    assert parsed_key(written) == key


@pytest.mark.parametrize("written", ["Ctrl+", "Hyper+x", "F99", "nokey", "Ctrl+I", "Ctrl+M", "ctrl+[", "\x1b"])
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(KeyNameError):
        parsed_key(written)


MEANT_TO_SHARE = {
    ("general.suspend", "prompt.undo"),
    ("main.go_on", "main.turns"),
    ("sessions.list", "move.down"),
    ("findings.open", "outline.choose"),
    ("history.show", "outline.choose"),
    ("tests.read", "outline.choose"),
    ("settings.change", "outline.choose"),
    ("models.use", "outline.choose"),
    ("main.stop", "main.prompt"),
    ("main.stop", "search.leave"),
    ("main.stop", "trace.end_filter"),
    ("main.stop", "queue.leave"),
    ("main.stop", "transcript.leave"),
    ("tests.stop", "tests.leave"),
    ("viewer.leave", "search.leave"),
    ("review.apply", "comment.keep"),
}
"""Of each pair only one can be done at a time."""


def test_no_other_actions_that_meet_share_a_key_by_default() -> None:
    shared: set[tuple[str, str]] = set()
    for screen in actions_of_screens():
        for meeting in screen.meetings():
            holders: dict[str, str] = {}
            for action in {action.name: action for action in meeting}.values():
                for key in action.keys.split(","):
                    first = holders.setdefault(key, action.name)
                    if first != action.name and key != NO_KEY:
                        shared.add((first, action.name))
    assert shared == MEANT_TO_SHARE


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_names_actions_and_never_collides(preset: str) -> None:
    assert PRESETS[preset].keys() <= KNOWN
    in_force = key_map_of(KeyChoice(preset), actions_of_screens())
    as_own = {name: [key for key in keys.split(",") if key != NO_KEY] for name, keys in in_force.keys.items()}
    assert key_map_of(KeyChoice(own=as_own), actions_of_screens()) == in_force


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        (
            {"main.tests": "Ctrl+T"},
            "Ctrl+T would be both main.tests and main.trust in the main screen; main.tests keeps",
        ),
        ({"main.tests": "Alt+T", "main.findings": "Alt+T"}, "main.tests keeps Ctrl+N and main.findings keeps Ctrl+L."),
        ({"main.test": "Alt+T"}, "there is no action 'main.test', did you mean main.tests?."),
        ({"main.tests": "Ctrl+Alt"}, "'Ctrl+Alt' is no key; main.tests keeps Ctrl+N."),
        ({"main.tests": "Ctrl+I"}, "'Ctrl+I' is Tab to every terminal; main.tests keeps Ctrl+N."),
        ({"main.tests": "/"}, "/ could then not be typed any more; main.tests keeps Ctrl+N."),
        ({"main.tests": "t"}, "t could then not be typed any more; main.tests keeps Ctrl+N."),
        ({"main.tests": 5}, "the keys of main.tests are a text"),
        ({"review.split": "a"}, "a would be both review.accept_hunk and review.split in the review"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_keeps_its_keys(own: dict[str, object], problem: str) -> None:
    good = {"repo.commit": "C", "tests.run_all": ["A"]}
    resolved = key_map_of(KeyChoice(own={**own, **good}), actions_of_screens())
    assert len(resolved.problems) == 1
    assert problem in resolved.problems[0]
    assert "\n" not in resolved.problems[0]
    defaults = key_map_of(KeyChoice(), actions_of_screens()).keys
    assert resolved.keys == {**defaults, "repo.commit": "C", "tests.run_all": "A"}


def test_keys_can_be_swapped_taken_away_and_shared_by_parts_that_never_meet() -> None:
    own = {"main": {"tests": "Ctrl+L", "findings": "Ctrl+N"}, "trace.fold": "s", "main.trust": ""}
    resolved = key_map_of(KeyChoice(own=own), actions_of_screens())
    assert resolved.problems == ()
    assert (resolved.keys["main.tests"], resolved.keys["main.findings"]) == ("ctrl+l", "ctrl+n")
    assert resolved.keys["main.trust"] == "none"


def test_every_class_with_actions_is_in_the_registry() -> None:
    from test_keys_of_actions import own_classes

    written = {action.name for owner in own_classes() for group in groups_of(owner) for action in group.actions}
    assert written == KNOWN


def shown_keys(driven: object) -> str:
    return str(driven.app.screen.query_one(KeyRow).render())  # type: ignore[attr-defined]


async def test_own_keys_work_and_are_shown_and_what_is_wrong_is_told(
    drive: Drive, make_repository: Callable[..., Path]
) -> None:
    own = {"main.tests": "Alt+T", "main.findings": "Ctrl+T", "main.go_away": "x", "prompt.send": "Alt+W"}
    async with drive(make_repository({"a.py": ""}), keys=KeyChoice(own=own), theme="nosuch") as driven:
        await driven.until(lambda: driven.app.has_keys, "the key map")
        await driven.said("There is no theme 'nosuch'; punie-dark is shown.")
        await driven.said("Ctrl+T would be both main.findings and main.trust")
        await driven.said("no action 'main.go_away'")
        assert "alt+t Tests" in shown_keys(driven)
        assert "^l Findings" in shown_keys(driven)
        await driven.pilot.press("a", "enter", "b")
        assert driven.prompt.text == "a\nb"
        await driven.pilot.press("ctrl+n")
        assert driven.app.screen is driven.main
        await driven.pilot.press("alt+t")
        assert isinstance(driven.app.screen, TestsScreen)
        await driven.pilot.press("escape", "alt+w")
        await driven.finished()
        await driven.pilot.press("f1")
        assert isinstance(driven.app.screen, KeysScreen)
        assert "Alt+T  " in driven.app.screen.text
        assert "Ctrl+N" not in driven.app.screen.text


CODE = {f"tests/test_{name}.py": "def test_one() -> None:\n    pass\n" for name in "abcdefghijklmnopqrstuvwxyz"}


@pytest.mark.parametrize("knows_keys_first", [True, False])
async def test_what_is_wrong_is_told_below_a_session_that_is_gone_on_with(
    drive: Drive, tmp_path: Path, knows_keys_first: bool
) -> None:
    async with drive(tmp_path, [[TextDelta("Well.")]]) as driven:
        await driven.ask("why")
        await driven.finished()
    may_open = threading.Event()

    def open_session(_ask_person: AskPerson, _ask_which: AskWhich) -> Session:
        may_open.wait()
        session = Session(tmp_path, ScriptedEngine(()), load_settings(tmp_path))
        assert session.resume()
        return session

    app = PunieApp(tmp_path, open_session, keys=KeyChoice("default", {"main.tests": "Ctrl+Alt"}))
    async with app.run_test(size=(120, 40)) as pilot:
        driven = Driven(app, pilot, ScriptedEngine(()), Clock())
        if knows_keys_first:
            await driven.until(lambda: app.has_keys, "the keys")
        may_open.set()
        await driven.until(lambda: driven.main.is_ready and app.has_keys, "the session and the keys")
        assert driven.transcript.plain_text.endswith(
            "› why\n\n  Well.\n\n  key_map: 'Ctrl+Alt' is no key; main.tests keeps Ctrl+N."
        )


@pytest.mark.parametrize(
    ("preset", "opens", "page", "page_up", "last", "first"),
    [
        ("vim", "ctrl+n", "ctrl+d", "ctrl+u", "G", "g"),
        ("emacs", "alt+t", "ctrl+v", "alt+v", "alt+greater_than_sign", "alt+less_than_sign"),
    ],
)
async def test_a_preset_moves_in_trees_and_types_in_the_prompt(
    drive: Drive,
    make_repository: Callable[..., Path],
    preset: str,
    opens: str,
    page: str,
    page_up: str,
    last: str,
    first: str,
) -> None:
    async with drive(make_repository(CODE), keys=KeyChoice(preset), size=(80, 24)) as driven:
        # At once: a preset's keys do not wait for the check of what the person wrote.
        assert keymap_of(driven.app).items() >= PRESETS[preset].items()
        await driven.pilot.press("j", "k", "g", "h")
        assert driven.prompt.text == "jkgh"
        await driven.pilot.press("ctrl+r")
        assert driven.prompt.takes_escape
        await driven.pilot.press("ctrl+g" if preset == "emacs" else "escape")
        assert not driven.prompt.takes_escape
        await driven.pilot.press(opens)
        screen = driven.app.screen
        assert isinstance(screen, TestsScreen)
        await driven.until(lambda: screen.has_read, "the tests")
        outline = screen.query_one(Outline)

        async def after(*keys: str) -> int:
            await driven.pilot.press(*keys)
            await driven.pilot.pause()
            assert outline.current
            return [row.key for row in outline.rows].index(outline.current.key)

        down, up = ("j", "k") if preset == "vim" else ("ctrl+n", "ctrl+p")
        assert await after(down, down, up) == 1
        assert await after(page) > 5
        assert await after(page_up) == 1
        assert await after(last) == len(outline.rows) - 1
        assert await after(*[first] * 2) == 0
