"""`punie lab data check`: faults of phrasings, or of chat examples, each with its line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from punie_tools.safe_text import safe_text
from punie_tui.commands.limited_numbers import limited
from punie_tui.lab.chat_check import count_replies, find_chat_faults, find_scarce_tools
from punie_tui.lab.chat_data import read_chat_examples
from punie_tui.lab.data_check import Fault, find_faults, find_scarce, prompts_of_suite
from punie_tui.lab.history import SUITES
from punie_tui.lab.limits import NOT_NEGATIVE
from punie_tui.lab.phrasings import UNSEEN, load_phrasings

_PHRASINGS_OF_A_TOOL = 150


def add_check(parser: argparse.ArgumentParser) -> None:
    """The options of `check` among those of `punie lab data`."""
    parser.add_argument(
        "chat",
        type=Path,
        nargs="?",
        metavar="DIR_OR_FILE",
        help="check: chat examples instead of phrasings, one file or train.jsonl and valid.jsonl in a folder",
    )
    parser.add_argument(
        "--suite", type=Path, action="append", metavar="FILE", help="check: evaluation files to keep out"
    )
    parser.add_argument(
        "--at-least",
        type=limited(int, NOT_NEGATIVE),
        metavar="N",
        help=f"check: how many lines every tool needs (default: {_PHRASINGS_OF_A_TOOL} phrasings, 0 chat examples)",
    )


def check(options: argparse.Namespace) -> int:
    """0 without a fault, 1 with one or more, all named."""
    suites: Sequence[Path] = options.suite or sorted([*SUITES.glob("*.jsonl"), *UNSEEN.glob("*.jsonl")])
    evaluations = {path.name: prompts_of_suite(path) for path in suites}
    if options.chat is not None:
        return _check_chat(options, evaluations)
    validation = load_phrasings(options.data, validation=True)
    training = load_phrasings(options.data)
    at_least = _PHRASINGS_OF_A_TOOL if options.at_least is None else options.at_least
    faults = [*find_faults(training, validation, evaluations), *find_scarce(training, at_least)]
    return _tell(faults, f"{len(training)} training and {len(validation)} validation phrasings")


def _check_chat(options: argparse.Namespace, evaluations: dict[str, list[str]]) -> int:
    is_folder = options.chat.is_dir()
    held_out = options.chat / "valid.jsonl"
    training = read_chat_examples(options.chat / "train.jsonl" if is_folder else options.chat)
    # Sessions that were collected have nothing to validate with yet.
    validation = read_chat_examples(held_out) if is_folder and held_out.is_file() else []
    counts = count_replies(training)
    for name, count in counts.most_common():
        print(f"{count:5} {safe_text(name)}")
    scarce = find_scarce_tools(counts, options.at_least or 0)
    faults = [*find_chat_faults(training, validation, evaluations), *scarce]
    return _tell(faults, f"{len(training)} training and {len(validation)} validation examples")


def _tell(faults: Sequence[Fault], checked: str) -> int:
    for fault in faults:
        print(safe_text(f"{fault.source}: {fault.problem}"))
    print(f"{checked}, {len(faults)} faults.")
    return 1 if faults else 0
