"""`punie bisect TEST`: which hunks of the last turn broke a test."""

from __future__ import annotations

import argparse
import sys
import threading

from punie_tools.changes.journal import Journal, journal_folder
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.effects.breaking_hunks import TOOL, BreakingHunksResult, find_breaking_hunks
from punie_tools.errors import reason_of
from punie_tools.safe_text import safe_text
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.commands.own_call import as_json, run_own_call
from punie_tui.commands.terminal import common_options, existing_folder, print_error
from punie_tui.own_files import home_directory, log_to_file
from punie_tui.settings import SettingsError, load_settings


def run(argv: list[str]) -> int:
    """Run the test on copies of the tree with parts of the last turn's changes, and print the hunks that break it."""
    options = _parser().parse_args(argv)
    log_to_file()
    cancelled = threading.Event()
    try:
        folder = existing_folder(options.cwd)
        settings = load_settings(folder)
        changes = SessionChanges(folder, Journal(journal_folder(home_directory("state"), folder), folder))
    except (NotADirectoryError, SettingsError) as error:
        print_error(str(error))
        return 2
    except OSError as error:
        print_error(f"the journal cannot be used: {reason_of(error)}.")
        return 1
    # The person's own call, as with `punie tool`.
    workspace = Workspace.at(folder, is_trusted=True, python=settings.python, confine_tests=settings.confine_tests)
    context = ToolContext(workspace, cancelled, _tell_progress, changes=changes)
    shown = as_json if options.json else _as_text
    return run_own_call(TOOL, cancelled, lambda: find_breaking_hunks(context, options.test), shown)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie bisect",
        description="Find which hunks of the last turn that changed files make a test fail. The test runs on a copy of "
        "the working tree, again and again with other parts of the turn's changes; the tree itself is left alone.",
        parents=[common_options(model=False)],
    )
    parser.add_argument("test", metavar="TEST", help="the node id of a test that fails now: tests/test_a.py::test_b")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _as_text(result: BreakingHunksResult) -> str:
    """The summary, and each hunk as a patch."""
    parts = [safe_text(result.summary, single_line=True)]
    for place in result.places:
        hunk = result.review.told(place)
        head = safe_text(f"{hunk.path}:{hunk.line}: {result.told_of(place)}", single_line=True)
        # Its header counts from the hunk's own first line.
        lines = [line for line in safe_text(hunk.diff).splitlines() if not line.startswith("@@")]
        parts.append("\n".join([head, *lines]))
    return "\n\n".join(parts) + "\n"


def _tell_progress(done: int, total: int | None, text: str) -> None:
    """For who waits at a terminal; a line a run."""
    if sys.stderr.isatty():
        sys.stderr.write(safe_text(f"run {done + 1} of about {total}: {text}", single_line=True) + "\n")
