"""`punie notes`: the project's notes that are in force in a folder, and their price."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from punie_tui.agent.project_notes import ProjectNote, read_project_notes
from punie_tui.commands.terminal import common_options, existing_folder, print_error


def run(argv: list[str]) -> int:
    """List them, the outermost first."""
    options = _parser().parse_args(argv)
    try:
        notes = read_project_notes(existing_folder(options.folder or options.cwd))
    except NotADirectoryError as error:
        print_error(str(error))
        return 2
    if options.json:
        print(json.dumps([_row(note) for note in notes.notes], indent=2))
        return 0
    for note in notes.notes:
        print(f"{note.path}  {note.told}")
    if not notes.notes:
        print("There are no project notes; `punie init` drafts an AGENTS.md.")
    return 0


def _row(note: ProjectNote) -> dict[str, object]:
    return {"path": note.path, "tokens": note.tokens, "left_out_bytes": note.left_out, "problem": note.problem or None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie notes",
        description="AGENTS.md and CLAUDE.md, from the root of the git tree down to the folder: what a model that "
        "writes reads before it works here. The embedded model reads none.",
        parents=[common_options(model=False)],
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="in DIR (default: the current directory)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
