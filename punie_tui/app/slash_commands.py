"""What a `/` at the beginning of the prompt does: one line a command, and only what works."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

from punie_tools.errors import reason_of
from punie_tui.app.textual_adapter import app_of, call_on_screen

if TYPE_CHECKING:
    from textual.screen import Screen

    from punie_tui.agent.session import Session
    from punie_tui.app.git_work import GitWork
    from punie_tui.engine.protocol import ToolCall

_LONGEST_REQUEST = 60
_WRITTEN = re.compile(r"/(?P<name>[A-Za-z][\w-]*)(?:\s+(?P<argument>.*))?", re.DOTALL)


class CommandHost(Protocol):
    """What commands work on: the main screen."""

    @property
    def screen_of_commands(self) -> Screen[None]: ...

    @property
    def session(self) -> Session | None: ...

    @property
    def git_work(self) -> GitWork | None: ...

    @property
    def is_turn_running(self) -> bool: ...

    def note(self, sentence: str) -> None:
        """Show a sentence, which is safe text, below what was said."""
        ...

    def show_session(self) -> None:
        """Show mode, trust and model again."""
        ...

    def after_opening(self, text: str) -> bool:
        """Do this command once the session is open; False, with a sentence on it, where none can be opened."""
        ...

    def after_what_runs(self, text: str) -> bool:
        """Where punie asks what was meant: none of it, and this command once that turn has ended.

        Where messages wait as `let_messages_wait` has it, this command after that. False elsewhere.
        """
        ...

    def let_messages_wait(self) -> Callable[[], None]:
        """Nothing that was sent begins until what this gives is called."""
        ...

    def start_anew(self) -> None: ...

    def change_session(self, name: str) -> None: ...

    def action_sessions(self) -> None: ...

    def copy_last_answer(self) -> None: ...

    def call_by_hand(self, prompt: str, calls: Sequence[ToolCall]) -> None: ...

    def action_help(self) -> None: ...

    def action_trust(self) -> None: ...

    def action_switch_theme(self) -> None: ...

    def action_settings(self) -> None: ...

    def action_models(self) -> None: ...

    def change_model(self, name: str) -> None: ...

    def edit_prompt(self) -> None: ...

    def show_notes(self) -> None: ...

    def draft_notes(self) -> None: ...


@dataclass(frozen=True)
class SlashCommand:
    """`argument` names what follows, in brackets where it need not; `run` gets it, empty where nothing does.

    `moves_files`: not while a turn runs, which may read or change the same files. One that needs no session works while
    punie starts, and where it cannot.
    """

    name: str
    argument: str
    purpose: str
    run: Callable[[CommandHost, str], None]
    moves_files: bool = False
    needs_session: bool = True


def _mode(host: CommandHost, argument: str) -> None:
    from punie_tui.agent.approval import Policy

    if host.session is None:
        return
    offered = {policy.value: policy for policy in host.session.offered_policies}
    wanted = [name for name in offered if name.startswith(argument.lower())] if argument else []
    if argument.lower() in offered or len(wanted) == 1:
        host.session.policy = Policy(argument.lower() if argument.lower() in offered else wanted[0])
        host.show_session()
        host.note(f"Mode: {host.session.policy.value}.")
    else:
        unknown = f"There is no mode {_quoted(argument)}. " if argument else ""
        host.note(f"{unknown}The mode is {host.session.policy.value}; there are {', '.join(offered)}.")


def _model(host: CommandHost, argument: str) -> None:
    if argument:
        host.change_model(argument)
    else:
        host.action_models()


def _move_files(host: CommandHost, argument: str, *, is_undo: bool) -> None:
    """Take a turn's changes back, or make them again, off the UI thread; what was sent after it begins after it."""
    session, screen = host.session, host.screen_of_commands
    if session is None:
        return
    go_on = host.let_messages_wait()

    def tell(told: str) -> None:
        host.note(told)
        go_on()

    def move() -> None:
        from punie_tools.errors import ToolError
        from punie_tools.safe_text import safe_text
        from punie_tools.sentences import first_of, shortened
        from punie_tui.agent.session_record import SessionError

        try:
            turn = (session.undo if is_undo else session.redo)(argument)
            told = f"{'Took back' if is_undo else 'Made again'}: {', '.join(turn.paths)}."
            if is_undo and (left := session.left_since(turn.turn)):
                told += f" Left as it is what a run made since: {first_of(left)} (`punie undo --list` names its turn)."
            if request := session.request_of(turn.turn):
                told += f" That was done for “{shortened(request, _LONGEST_REQUEST)}”."
            session.keep_act(told)
        except (ToolError, SessionError) as error:
            told = str(error).splitlines()[0]
        except OSError as error:
            told = f"The journal cannot be used: {reason_of(error)}."
        call_on_screen(screen, lambda: tell(safe_text(told, single_line=True)))

    screen.run_worker(move, thread=True, group="journal")


def _undo(host: CommandHost, argument: str) -> None:
    _move_files(host, argument, is_undo=True)


def _redo(host: CommandHost, argument: str) -> None:
    _move_files(host, argument, is_undo=False)


def _theme(host: CommandHost, argument: str) -> None:
    from punie_tui.app.themes import THEME_NAMES

    app = app_of(host.screen_of_commands)
    wanted = next((name for name in app.available_themes if argument in (name, name.removeprefix("punie-"))), "")
    if not argument:
        host.action_switch_theme()
    elif wanted:
        app.theme = wanted
    else:
        others = sorted(set(app.available_themes) - set(THEME_NAMES))
        host.note(f"There is no theme {_quoted(argument)}; there are {', '.join((*THEME_NAMES, *others))}.")


def _tests(host: CommandHost, argument: str) -> None:
    _call(host, f"/tests {argument}", {"pytest_run": {"target": argument} if argument else {}})


def _findings(host: CommandHost, argument: str) -> None:
    within = {"path": argument} if argument else {}
    _call(host, f"/findings {argument}", {"typecheck": within, "ruff_check": within})


def _call(host: CommandHost, written: str, tools: Mapping[str, Mapping[str, str]]) -> None:
    from uuid import uuid4

    from punie_tui.agent.session_record import HAND
    from punie_tui.engine.protocol import ToolCall

    calls = [ToolCall(f"{HAND}{uuid4().hex[:8]}", tool, arguments) for tool, arguments in tools.items()]
    host.call_by_hand(written.strip(), calls)


def _diff(host: CommandHost, _argument: str) -> None:
    if host.git_work:
        host.git_work.review("unstaged")


def _staged(host: CommandHost, _argument: str) -> None:
    if host.git_work:
        host.git_work.review("staged")


def _review(host: CommandHost, argument: str) -> None:
    if host.git_work:
        # The one that holds blanks is a time: `HEAD@{2 days ago}`.
        asked = re.match(r"(?P<revision>(?:@\{[^}]*\}|\S)*)\s*(?:-- )?(?P<path>.*)", argument)
        assert asked
        host.git_work.review_revision(asked["revision"], within=asked["path"].strip())


def _commit(host: CommandHost, _argument: str) -> None:
    if host.git_work:
        host.git_work.commit()


def _sessions(host: CommandHost, argument: str) -> None:
    if not argument:
        host.action_sessions()
    elif host.is_turn_running:
        host.note("A turn is running; Esc stops it, then another session can go on.")
    else:
        host.change_session(argument)


def _rename(host: CommandHost, argument: str) -> None:
    """Off the UI thread, as a disk may be slow."""
    session, screen = host.session, host.screen_of_commands
    if session is None or not _is_begun(host):
        return

    def rename() -> None:
        from punie_tools.safe_text import safe_text

        session.rename(argument)
        told = f"This session is named {safe_text(session.name, single_line=True)!r}."
        call_on_screen(screen, lambda: host.note(told))

    screen.run_worker(rename, thread=True, group="rename")


def _export(host: CommandHost, argument: str) -> None:
    """Off the UI thread; a file that is there already is left as it is."""
    session, screen = host.session, host.screen_of_commands
    if session is None or not _is_begun(host):
        return

    def export() -> None:
        from pathlib import Path

        from punie_tools.safe_text import safe_text
        from punie_tui.agent.session_record import SessionError
        from punie_tui.app.session_export import export_target, export_text, format_of, offered_file

        root = session.workspace.root
        named = root / Path(argument).expanduser() if argument else offered_file(root, session.session_id)
        file = export_target(named, session.session_id)
        try:
            record = session.record()
            text = export_text(record, record.title, format_of(file))
            with file.open("x", encoding="utf-8") as written:
                written.write(text)
            told = f"Written: {file}"
        except FileExistsError:
            told = f"{file} is there already; `/export FILE` writes another one."
        except SessionError as error:
            told = str(error).splitlines()[0]
        except OSError as error:
            told = f"{file} cannot be written: {reason_of(error)}."
        call_on_screen(screen, lambda: host.note(safe_text(told, single_line=True)))

    screen.run_worker(export, thread=True, group="export")


def _is_begun(host: CommandHost) -> bool:
    """Whether there is something to name or to export; else the person is told."""
    is_begun = host.session is not None and bool(host.session.session_id)
    if not is_begun:
        host.note("Nothing was said in this session yet.")
    return is_begun


def _status(host: CommandHost, _argument: str) -> None:
    from punie_tools.safe_text import safe_text

    if (session := host.session) is None:
        return
    name = f", named {session.name!r}" if session.name else ""
    facts = (
        f"{session.engine.model_name} answers",
        f"{session.policy.value} mode",
        f"{session.workspace.root} is {'trusted' if session.trust.is_trusted else 'not trusted'}",
        f"session {session.session_id}{name}" if session.session_id else "a new session",
        "a turn is running" if host.is_turn_running else "no turn is running",
    )
    host.note(safe_text(f"{'; '.join(facts)}.", single_line=True))


def _compact(host: CommandHost, _argument: str) -> None:
    host.note("Nothing to do: punie leaves the oldest turns out by itself once the context is full. /new begins anew.")


def _quit(host: CommandHost, _argument: str) -> None:
    app = app_of(host.screen_of_commands)
    app.call_later(app.run_action, "app.quit")


COMMANDS = (
    SlashCommand("help", "", "all keys", lambda host, _: host.action_help(), needs_session=False),
    SlashCommand("new", "", "begin a new session; this one stays saved", lambda host, _: host.start_anew()),
    SlashCommand("sessions", "[SESSION]", "resume an earlier session, by name or id; the list without one", _sessions),
    SlashCommand("rename", "NAME", "name this session", _rename),
    SlashCommand("export", "[FILE]", "write this session to a file, .md or .html", _export),
    SlashCommand("copy", "", "copy the last answer", lambda host, _: host.copy_last_answer()),
    SlashCommand("status", "", "model, mode, trust and session", _status),
    SlashCommand("tests", "[TARGET]", "run the tests", _tests),
    SlashCommand("findings", "[PATH]", "what pyright and ruff find", _findings),
    SlashCommand("diff", "", "review the working tree by hunk", _diff),
    SlashCommand("staged", "", "review what is staged", _staged),
    SlashCommand("review", "[REVISION [PATH]]", "review a commit, or A..B, in a path; HEAD without one", _review),
    SlashCommand("commit", "", "commit what is staged", _commit),
    SlashCommand(
        "undo", "[TURN]", "take back what the last turn of this session did to files", _undo, moves_files=True
    ),
    SlashCommand("redo", "[TURN]", "make again what was taken back", _redo, moves_files=True),
    SlashCommand("mode", "NAME", "plan, ask, accept edits, all in sandbox", _mode),
    SlashCommand("model", "[NAME]", "which model answers, and choosing another", _model),
    SlashCommand("trust", "", "trust this folder, or no longer", lambda host, _: host.action_trust()),
    SlashCommand("notes", "", "the project's notes in force (AGENTS.md)", lambda host, _: host.show_notes()),
    SlashCommand("init", "", "draft AGENTS.md from the project's files", lambda host, _: host.draft_notes()),
    SlashCommand("theme", "[NAME]", "dark, light or high contrast", _theme, needs_session=False),
    SlashCommand(
        "settings", "", "what is set, and changing it", lambda host, _: host.action_settings(), needs_session=False
    ),
    SlashCommand("edit", "", "write the prompt in your own editor (F12)", lambda host, _: host.edit_prompt()),
    SlashCommand("quit", "", "leave punie", _quit, needs_session=False),
)
_UNLISTED = (SlashCommand("compact", "", "what is done by itself", _compact),)
_ALIASES = {
    "clear": "new",
    "config": "settings",
    "continue": "sessions",
    "exit": "quit",
    "keys": "help",
    "lint": "findings",
    "models": "model",
    "q": "quit",
    "resume": "sessions",
    "session": "sessions",
    "test": "tests",
    "types": "findings",
}
_LEAST_LIKENESS = 0.7
"""Of a name to the one that may be meant; below, what is proposed is something else more often than not."""


def find_command(name: str) -> SlashCommand | None:
    """By its name or another that people try."""
    wanted = _ALIASES.get(name.lower(), name.lower())
    return next((command for command in (*COMMANDS, *_UNLISTED) if command.name == wanted), None)


def run_slash_command(host: CommandHost, text: str) -> bool | None:
    """Do what the text says. None if it is no command; False, with a sentence on it, if there is none of that name."""
    written = _WRITTEN.fullmatch(text)
    if written is None:
        return None
    command = find_command(written["name"])
    if command is None:
        known = [*(command.name for command in COMMANDS), *_ALIASES]
        near = get_close_matches(written["name"].lower(), known, 1, _LEAST_LIKENESS)
        hint = f"did you mean /{near[0]}?" if near else "/help names them."
        host.note(f"There is no command /{_cut(written['name'])}; {hint} A space before it sends it as a prompt.")
        return False
    argument = (written["argument"] or "").strip()
    if argument and not command.argument:
        host.note(f"/{written['name']} takes nothing after it.")
        return False
    if host.session is None and command.needs_session:
        return host.after_opening(text)
    if command.moves_files and host.after_what_runs(text):
        return True
    if command.moves_files and host.is_turn_running:
        host.note(f"A turn is running; Esc stops it, and then /{command.name} can be sent.")
        return False
    command.run(host, argument)
    return True


def _quoted(text: str) -> str:
    from punie_tools.safe_text import safe_text

    return repr(safe_text(_cut(text), single_line=True))


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
