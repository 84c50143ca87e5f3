"""`punie sessions`: the conversations of a folder, listed, shown, gone back in, exported, renamed, forked, removed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from punie_tools.errors import reason_of
from punie_tools.files.atomic import replace_file
from punie_tools.safe_text import safe_text
from punie_tui.agent.session_list import SessionList, SessionSummary
from punie_tui.agent.session_log import sessions_folder
from punie_tui.agent.session_markdown import session_markdown
from punie_tui.agent.session_record import SessionError, read_record
from punie_tui.commands import session_turns
from punie_tui.commands.terminal import can_ask, common_options, existing_folder, print_error
from punie_tui.own_files import home_directory

_TITLE_COLUMNS = 60


def run(argv: list[str]) -> int:
    """Do what the first word says; without one list the sessions."""
    options = _parser().parse_args(argv)
    try:
        folder = existing_folder(options.cwd)
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    actions: dict[str, Callable[[SessionList, argparse.Namespace], int]] = {
        "list": _list,
        "show": _show,
        "turns": lambda sessions, given: session_turns.list_turns(sessions, given, folder),
        "rewind": lambda sessions, given: session_turns.rewind(sessions, given, folder),
        "forward": lambda sessions, given: session_turns.forward(sessions, given, folder),
        "export": _export,
        "rename": _rename,
        "fork": _fork,
        "remove": _remove,
    }
    try:
        return actions[options.action or "list"](SessionList(sessions_folder(home_directory("state"), folder)), options)
    except SessionError as error:
        print_error(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    common = common_options(model=False)
    parser = argparse.ArgumentParser(
        prog="punie sessions",
        description="The sessions of the current folder. A session is named by its id, the beginning of its id, the "
        "name you gave it, or `last`. `punie --resume SESSION` goes on with it.",
        parents=[common],
    )
    parser.set_defaults(search=[], json=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    # After an action the common options may stand too, and must not undo what stood before it.
    quiet = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    quiet.add_argument("--cwd", type=Path, metavar="DIR", help="work on DIR")
    quiet.add_argument("--yes", action="store_true", help="remove, or write over a file, without asking")

    def action(name: str, summary: str) -> argparse.ArgumentParser:
        return actions.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[quiet]
        )

    listing = action("list", "list the sessions, the last used first (the default)")
    listing.add_argument("search", nargs="*", metavar="WORD", help="only those in which each word was said")
    listing.add_argument("--json", action="store_true", help="print JSON")
    action("show", "print a session").add_argument("session", metavar="SESSION")
    turns = action("turns", "list a session's turns, with their numbers")
    turns.add_argument("session", metavar="SESSION")
    rewind = action("rewind", "go back to the end of a turn, with its files")
    rewind.add_argument("session", metavar="SESSION")
    rewind.add_argument("turn", metavar="TURN", help="its number, or its id; 0 is before the first")
    forward = action("forward", "go forward again, with the files")
    forward.add_argument("session", metavar="SESSION")
    forward.add_argument("turn", nargs="?", default="", metavar="TURN", help="default: the last one")
    for each in (turns, rewind, forward):
        each.add_argument("--json", action="store_true", help="print JSON")
    export = action("export", "write a session as Markdown or HTML")
    export.add_argument("session", metavar="SESSION")
    export.add_argument("--format", choices=["markdown", "html"], help="default: by the file's name, else Markdown")
    export.add_argument("--output", type=Path, metavar="FILE", help="a file or a folder; default: print it")
    rename = action("rename", "give a session a name")
    rename.add_argument("session", metavar="SESSION")
    rename.add_argument("name", metavar="NAME", help="empty takes the name back")
    fork = action("fork", "copy a session, and print the copy's id")
    fork.add_argument("session", metavar="SESSION")
    fork.add_argument("--turn", metavar="N", help="the copy stands at the end of that turn; files stay as they are")
    action("remove", "delete sessions for good").add_argument("session", nargs="+", metavar="SESSION")
    return parser


def _list(sessions: SessionList, options: argparse.Namespace) -> int:
    words = " ".join(options.search)
    found = [each for each in sessions.summaries() if each.matches(words)]
    if options.json:
        print(json.dumps([_row(each) for each in found], indent=2))
        return 0
    for each in found:
        title = safe_text(each.title, single_line=True)
        title = title if len(title) <= _TITLE_COLUMNS else f"{title[: _TITLE_COLUMNS - 1]}…"
        turns = "1 turn" if each.turn_count == 1 else f"{each.turn_count} turns"
        state = "".join(f"  ({told})" for told in _states(each))
        print(f"{each.session_id}  {each.last_used:%Y-%m-%d %H:%M}  {turns:>9}  {title}{state}")
    if not found:
        print("No session of this folder matches." if words else "There is no session of this folder.")
    return 0


def _states(session: SessionSummary) -> list[str]:
    states = {
        "open": session.is_in_use,
        "interrupted": session.is_interrupted,
        "a copy": bool(session.forked_from),
        "cannot be read": bool(session.problem),
    }
    return [name for name, holds in states.items() if holds]


def _row(session: SessionSummary) -> dict[str, Any]:
    return {
        "id": session.session_id,
        "name": session.name,
        "first_prompt": session.first_prompt,
        "turns": session.turn_count,
        "last_used": session.last_used.isoformat(timespec="seconds"),
        "model": session.model,
        "forked_from": session.forked_from,
        "is_open": session.is_in_use,
        "is_interrupted": session.is_interrupted,
        "problem": session.problem,
    }


def _show(sessions: SessionList, options: argparse.Namespace) -> int:
    path = sessions.find(options.session)
    print(session_markdown(read_record(path), sessions.summary(path).title), end="")
    return 0


def _export(sessions: SessionList, options: argparse.Namespace) -> int:
    from punie_tui.app.session_export import export_target, export_text, format_of

    path = sessions.find(options.session)
    record, title = read_record(path), sessions.summary(path).title
    if options.output is None:
        print(export_text(record, title, options.format or "markdown"), end="")
        return 0
    file = export_target(options.output, path.stem, options.format)
    if file.exists() and not options.yes and not _says_yes(f"{file} is there already. Write over it?"):
        print_error(f"{safe_text(str(file), single_line=True)} is there already; --yes writes over it.")
        return 1
    try:
        replace_file(file, export_text(record, title, options.format or format_of(file)).encode("utf-8"))
    except OSError as error:
        raise SessionError(f"{options.output} cannot be written: {reason_of(error)}.") from None
    return 0


def _rename(sessions: SessionList, options: argparse.Namespace) -> int:
    sessions.rename(sessions.find(options.session), options.name)
    return 0


def _fork(sessions: SessionList, options: argparse.Namespace) -> int:
    path = sessions.find(options.session)
    to_turn = None if options.turn is None else read_record(path).turn_id_of(options.turn)
    print(sessions.fork(path, to_turn).stem)
    return 0


def _remove(sessions: SessionList, options: argparse.Namespace) -> int:
    paths = [sessions.find(name) for name in options.session]
    if not options.yes and not _is_wanted([sessions.summary(path) for path in paths]):
        print_error("nothing was removed; --yes removes without asking.")
        return 1
    for path in paths:
        sessions.remove(path)
    return 0


def _is_wanted(sessions: list[SessionSummary]) -> bool:
    titles = ", ".join(safe_text(each.title, single_line=True)[:_TITLE_COLUMNS] for each in sessions)
    return _says_yes(f"Remove for good: {titles}?")


def _says_yes(question: str) -> bool:
    """Whether a person is there and does."""
    if not can_ask():
        return False
    sys.stderr.write(f"{safe_text(question, single_line=True)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
