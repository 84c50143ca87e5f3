"""`punie ask PROMPT`: one turn, no app."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from punie_tools.code.execute_code import ExecuteCodeResult
from punie_tools.registry import find_tool
from punie_tools.result_text import result_as_text
from punie_tools.safe_text import safe_text
from punie_tui.agent.events import (
    Event,
    NoticeGiven,
    TextStreamed,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    event_line,
)
from punie_tui.agent.mentions import mentions_in
from punie_tui.agent.session import Session
from punie_tui.commands.terminal import (
    TerminalAsker,
    can_ask,
    common_options,
    existing_folder,
    has_piped_input,
    print_error,
    stdin_text,
)
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import EngineError
from punie_tui.own_files import log_to_file
from punie_tui.settings import SettingsError, load_settings

_MOST_LINES = 200
_EXIT_CODES = {"done": 0, "stopped": 130}


def run(argv: list[str]) -> int:
    """Run one turn and print its answer, or its events with `--json`."""
    options = _parser().parse_args(argv)
    log_to_file()
    prompt = _prompt(options.prompt)
    if not prompt.strip():
        print_error('there is nothing to ask; try: punie ask "any type errors?"')
        return 2
    try:
        session = _open_session(options)
    except (NotADirectoryError, SettingsError) as error:
        print_error(str(error))
        return 2
    except EngineError as error:
        print_error(str(error))
        return 1
    _stop_on_interrupt(session)
    try:
        # What is piped in is text, and mentions nothing.
        events = session.run(prompt, mentions=mentions_in(options.prompt))
        return _print_json(events) if options.json else _print_text(events)
    finally:
        session.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie ask", description="One turn, no app: prints the answer.", parents=[common_options()]
    )
    parser.add_argument("prompt", metavar="PROMPT", help="`-` reads it from stdin; piped text is added under it")
    parser.add_argument("--json", action="store_true", help="print the turn's events, one JSON object a line")
    parser.add_argument("--temperature", type=float, help="how freely tokens are drawn (default: 0)")
    parser.add_argument("--seed", type=int, help="same seed, same tokens")
    return parser


def _prompt(argument: str) -> str:
    if argument == "-":
        return stdin_text()
    piped = stdin_text() if has_piped_input() else ""
    return f"{argument}\n\n{piped}" if piped.strip() else argument


def _open_session(options: argparse.Namespace) -> Session:
    folder = existing_folder(options.cwd)
    settings = load_settings(folder, {"model": options.model, "temperature": options.temperature})
    engine = open_engine(settings.model, route_above=settings.route_above if settings.route_first else None)
    asker = TerminalAsker(folder) if can_ask() else None
    return Session(
        folder,
        engine,
        settings,
        ask_person=asker,
        ask_which=asker.ask_which if asker else None,
        allow_all=options.yes,
        seed=options.seed,
    )


def _stop_on_interrupt(session: Session) -> None:
    """The first Ctrl+C stops the turn in order, the second one the program."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        if session.is_stopping:
            raise KeyboardInterrupt
        session.stop()

    signal.signal(signal.SIGINT, handler)


def _print_json(events: Iterator[Event]) -> int:
    code = 1
    for event in events:
        sys.stdout.write(event_line(event) + "\n")
        sys.stdout.flush()
        if isinstance(event, TurnFinished):
            code = _exit_code(event)
    return code


def _print_text(events: Iterator[Event]) -> int:
    """The answer; where it is made of summaries, each followed by what the result holds."""
    streamed = ""
    details: list[str] = []
    asked_for: set[str] = set()
    code = 1
    for event in events:
        if isinstance(event, ToolRequested) and event.parent_call_id is None:
            asked_for.add(event.call_id)
        elif isinstance(event, ToolFinished) and event.call_id in asked_for:
            details.append(_details(event))
        elif isinstance(event, TextStreamed):
            streamed += event.text
            sys.stdout.write(safe_text(event.text))
            sys.stdout.flush()
        elif isinstance(event, NoticeGiven):
            print_error(event.text)
        elif isinstance(event, TurnFinished):
            code = _exit_code(event)
            if code == 0 and not streamed.endswith(event.answer):
                sys.stdout.write("\n".join([safe_text(event.answer), *filter(None, details)]) + "\n")
    if streamed and not streamed.endswith("\n"):
        sys.stdout.write("\n")
    return code


def _details(event: ToolFinished) -> str:
    tool = find_tool(event.tool)
    result = tool.revive(event.result)
    _, _, details = result_as_text(tool, result).partition("\n\n")
    if isinstance(result, ExecuteCodeResult):
        # What a program printed is all that was asked for; one line of it stands in the summary.
        details = safe_text(result.output) if "\n" in result.output.strip() else ""
    lines = details.rstrip("\n").split("\n")
    more = [f"… {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else []
    return "\n".join(["", *lines[:_MOST_LINES], *more]) if details else ""


def _exit_code(event: TurnFinished) -> int:
    code = _EXIT_CODES.get(event.reason, 1)
    if code == 1:
        print_error(event.answer)
    return code
