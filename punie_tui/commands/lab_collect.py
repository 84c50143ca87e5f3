"""`punie lab collect`: a person goes through their own sessions and keeps what a model may learn from."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from punie_tools.safe_text import safe_text
from punie_tui.agent.session_list import SessionList
from punie_tui.agent.session_log import sessions_folder
from punie_tui.agent.session_record import SessionError, read_record
from punie_tui.commands.terminal import can_ask, existing_folder, print_error
from punie_tui.lab.collect import Collected, collect
from punie_tui.lab.redaction import Redactor
from punie_tui.own_files import home_directory

_KEYS = "[y] keep, [n] leave out, [w] show the whole example, [q] stop:"


def add_collect(parser: argparse.ArgumentParser) -> None:
    """`punie lab collect`."""
    parser.add_argument("output", type=Path, metavar="DIR", help="what you keep is added to train.jsonl there")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--session", action="append", metavar="SESSION", help="an id, a name, or `last`; repeatable")
    chosen.add_argument("--all", action="store_true", help="all sessions of the folder")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the folder whose sessions are meant")
    parser.set_defaults(act=_collect)


def _collect(options: argparse.Namespace) -> int:
    if not can_ask():
        print_error("nothing is kept that you have not seen: run this on a terminal.")
        return 1
    try:
        sessions = SessionList(sessions_folder(home_directory("state"), existing_folder(options.cwd)))
        found = list(_found(sessions, options.session))
    except (NotADirectoryError, SessionError) as error:
        print_error(str(error))
        return 1
    kept, left = review(found, options.output, sys.stdin.readline)
    print(f"{kept} kept in {options.output / 'train.jsonl'}, {left} not yet looked at.")
    return 0


def _found(sessions: SessionList, names: Sequence[str] | None) -> Iterator[Collected]:
    """Sessions of a newer punie and unreadable ones are named and left out when all are meant."""
    redactor = Redactor(Path.home())
    summaries = [] if names else list(sessions.summaries())
    for summary in summaries:
        if summary.problem:
            print_error(summary.problem)
    for name in names or [summary.session_id for summary in summaries if not summary.problem]:
        path = sessions.find(name)
        yield from collect(path.stem, read_record(path), redactor)


def review(found: Sequence[Collected], output: Path, answer: Callable[[], str]) -> tuple[int, int]:
    """Ask about each that nobody looked at before; an answer counts at once. How many are kept, and how many left."""
    output.mkdir(parents=True, exist_ok=True)
    seen_file = output / "reviewed.txt"
    seen = set(seen_file.read_text(encoding="utf-8").split("\n")) if seen_file.is_file() else set[str]()
    waiting = [example for example in found if example.name not in seen]
    kept = 0
    for place, example in enumerate(waiting):
        choice = _asked(example, f"{place + 1} of {len(waiting)}", answer)
        if choice == "q":
            return kept, len(waiting) - place
        if choice == "y":
            _append(output / "train.jsonl", json.dumps(example.record, ensure_ascii=False))
            kept += 1
        _append(seen_file, example.name)
    return kept, 0


def _asked(example: Collected, where: str, answer: Callable[[], str]) -> str:
    taken_out = f", {example.redactions} taken out" if example.redactions else ""
    shown = f"\n{where}{taken_out}\n› {safe_text(example.prompt)}\n{safe_text(example.reply)}\n"
    sys.stderr.write(shown)
    while True:
        sys.stderr.write(f"{_KEYS} ")
        sys.stderr.flush()
        line = answer()
        choice = line.strip().lower() if line else "q"
        if choice in ("y", "n", "q"):
            return choice
        if choice == "w":
            sys.stderr.write(safe_text(json.dumps(example.record["messages"], indent=1, ensure_ascii=False)) + "\n")


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
