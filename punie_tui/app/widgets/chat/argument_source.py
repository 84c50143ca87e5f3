"""What a `/` command takes: themes, modes, sessions, models, files, turns and commits, offered after its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widgets import TextArea

from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tui.app.kept_reading import KeptReading
from punie_tui.app.slash_commands import find_command
from punie_tui.app.widgets.chat.completion import Query
from punie_tui.app.widgets.chat.popup import Choice

if TYPE_CHECKING:
    from punie_tui.agent.session import Session
    from punie_tui.app.workspace_names import WorkspaceNames

_MOST_CHOICES = 60
_MOST_FOLDERS = 5
_MOST_COMMITS = 40
_SHORT_HASH = 10
_WRITTEN = re.compile(r"/(?P<name>[A-Za-z][\w-]*) +(?P<argument>\S.*)?", re.DOTALL)
_CHOSEN_BY_ENTER = ("theme", "mode", "sessions")
"""Commands that take one of what is offered; to others Enter gives what is typed, unless a row was gone to."""


@dataclass(frozen=True)
class Arguments:
    """Where what is offered comes from. `session` gives None until it is open."""

    themes: Callable[[], Sequence[str]]
    session: Callable[[], Session | None]
    names: KeptReading[WorkspaceNames]


class ArgumentSource:
    """A source."""

    is_slow = True

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments

    def query_in(self, area: TextArea) -> Query | None:
        row, column = area.cursor_location
        line = area.document.get_line(0)
        written = _WRITTEN.fullmatch(line[:column])
        if row or written is None or area.document.line_count > 1 or line[column:].strip():
            return None
        command = find_command(written["name"])
        if command is None or command.name not in _OFFERED:
            return None
        argument = written["argument"] or ""
        # All of the line tells two commands with the same argument apart.
        return Query(line[:column], (0, column - len(argument)), (0, column))

    def title(self, query: str) -> str:
        command, argument = _parts(query)
        chooses = "Enter takes one" if argument and command in _CHOSEN_BY_ENTER else "Tab takes one, Enter sends"
        return f"/{command}: {chooses}, Esc leaves"

    def why_none(self, query: str) -> str:
        return ""

    def enter_sends(self, query: str, *, is_waiting: bool) -> bool:
        """A command knows by itself what a part of a name means."""
        command, argument = _parts(query)
        return is_waiting or not argument or command not in _CHOSEN_BY_ENTER

    def choices(self, query: str, is_cancelled: Callable[[], bool]) -> Sequence[Choice]:
        command, argument = _parts(query)
        offered: list[Choice] = []
        for choice in _OFFERED[command](self._arguments, argument, is_cancelled):
            if is_cancelled() or len(offered) == _MOST_CHOICES:
                break
            offered.append(choice)
        return sorted(offered, key=lambda choice: choice.value != argument)


def _parts(query: str) -> tuple[str, str]:
    written = _WRITTEN.fullmatch(query)
    command = find_command(written["name"]) if written else None
    assert written and command
    return command.name, written["argument"] or ""


Offer = Callable[[Arguments, str, Callable[[], bool]], Iterator[Choice]]


def _themes(arguments: Arguments, typed: str, _is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    from punie_tui.app.themes import THEME_NAMES

    others = sorted(set(arguments.themes()) - set(THEME_NAMES))
    for name in (*THEME_NAMES, *others):
        if typed.lower() in name:
            yield _choice(name, "" if name in THEME_NAMES else "of Textual")


def _modes(arguments: Arguments, typed: str, _is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    session = arguments.session()
    for policy in session.offered_policies if session else ():
        if policy.value.startswith(typed.lower()):
            yield _choice(policy.value, "now" if session and session.policy is policy else "")


def _sessions(arguments: Arguments, typed: str, is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    from punie_tui.agent.session_list import LAST

    if (session := arguments.session()) is None:
        return
    if LAST.startswith(typed.lower()):
        yield _choice(LAST, "the one that was last gone on with")
    for each in session.sessions.summaries(is_cancelled):
        if each.session_id != session.session_id and not each.problem and each.matches(typed):
            facts = f"{each.last_used:%Y-%m-%d %H:%M}  {counted(each.turn_count, 'turn')}"
            told = facts if each.name else f"{facts}  {each.title}"
            yield _choice(each.name or each.session_id, told)


def _models(_arguments: Arguments, typed: str, _is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    from punie_tui.engine.models import local_models

    for model in local_models():
        if typed.lower() in model.name.lower():
            yield _choice(model.name)


def _exports(arguments: Arguments, typed: str, is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    session = arguments.session()
    names = arguments.names.get(is_wanted_anew=not typed)
    for folder in names.folders(typed, _MOST_FOLDERS) if names and typed else ():
        yield _choice(folder)
    name = f"session-{session.session_id}" if session and session.session_id else "session"
    for file in (f"{name}.md", f"{name}.html"):
        if file.startswith(typed):
            yield _choice(file, "a page for the browser" if file.endswith(".html") else "Markdown")


def _places(arguments: Arguments, typed: str, is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    """Files and folders of the tree; blocks until it has been read once."""
    names = arguments.names.get(is_wanted_anew=not typed)
    if names is None:
        return
    for folder in names.folders(typed, _MOST_FOLDERS):
        yield _choice(folder)
    for found in names.best(typed, _MOST_CHOICES, is_cancelled):
        if isinstance(found, str):
            yield _choice(found)


def _python_places(arguments: Arguments, typed: str, is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    for choice in _places(arguments, typed, is_cancelled):
        if Path(choice.value).suffix in ("", ".py"):
            yield choice


def _turns(arguments: Arguments, typed: str, *, is_undone: bool) -> Iterator[Choice]:
    session = arguments.session()
    journal = session.changes.journal if session else None
    for turn in reversed(journal.turns()) if journal else ():
        if turn.is_undone is is_undone and turn.turn.startswith(typed):
            yield _choice(turn.turn, f"changed {', '.join(turn.paths)}")


def _commits(arguments: Arguments, typed: str, _is_cancelled: Callable[[], bool]) -> Iterator[Choice]:
    from punie_tools.errors import ToolError
    from punie_tools.git.git_log import git_log

    if (session := arguments.session()) is None:
        return
    try:
        commits = git_log(session.context_of_person(), count=_MOST_COMMITS).commits
    except ToolError:
        return
    if commits and "head".startswith(typed.lower()):
        yield _choice("HEAD", commits[0].message.partition("\n")[0])
    for commit in commits:
        subject = commit.message.partition("\n")[0]
        if commit.hash.startswith(typed) or typed.lower() in subject.lower():
            yield _choice(commit.hash[:_SHORT_HASH], subject)


_OFFERED: Mapping[str, Offer] = {
    "theme": _themes,
    "mode": _modes,
    "sessions": _sessions,
    "model": _models,
    "export": _exports,
    "tests": _python_places,
    "findings": _places,
    "undo": lambda arguments, typed, _: _turns(arguments, typed, is_undone=False),
    "redo": lambda arguments, typed, _: _turns(arguments, typed, is_undone=True),
    "review": _commits,
}


def _choice(value: str, detail: str = "") -> Choice:
    label, told = safe_text(value, single_line=True), safe_text(detail, single_line=True)
    return Choice(value, f"{label:<18}", told, runs_at_once=True)
