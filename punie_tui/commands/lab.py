"""`punie lab`: the data, the training and the export of the embedded model, as commands that a person can repeat."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import Any

from punie_tools.safe_text import safe_text
from punie_tui.commands.lab_check import add_check, check
from punie_tui.commands.lab_collect import add_collect
from punie_tui.commands.lab_compare import add_compare
from punie_tui.commands.lab_models import add_average, add_fuse, add_quantize, add_train_adapter
from punie_tui.commands.limited_numbers import limited
from punie_tui.commands.stop_signals import train_until_stopped
from punie_tui.commands.terminal import print_error
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.protocol import EngineError
from punie_tui.lab.chat_build import build_chat
from punie_tui.lab.chat_data import ChatDataError
from punie_tui.lab.control import ControlError, score_control, score_control_on_suite, train_control
from punie_tui.lab.data_check import count_routes
from punie_tui.lab.doubts import find_doubts
from punie_tui.lab.examples import ExampleStream
from punie_tui.lab.export import ExportError, export
from punie_tui.lab.history import GOAL_TEMPERATURE, HISTORY, SUITES, UNTRAINED, name_weights, record
from punie_tui.lab.limits import COUNT
from punie_tui.lab.model_files import ModelFilesError
from punie_tui.lab.network import place_among_processes
from punie_tui.lab.phrasings import PHRASINGS, Phrasing, PhrasingError, load_phrasings, read_phrasings
from punie_tui.lab.routing import score_directory
from punie_tui.lab.staging import StagingError
from punie_tui.lab.stopping import IsStopped
from punie_tui.lab.suite import SuiteError, load_suite
from punie_tui.lab.train import LIMITS, SIZES, Progress, Recipe, TrainingError, sizes_of, train, validation_examples

_EXPECTED = (
    PhrasingError,
    ChatDataError,
    TrainingError,
    ControlError,
    ExportError,
    StagingError,
    SuiteError,
    ModelFilesError,
    EngineError,
)


def run(argv: list[str]) -> int:
    """0 done, 1 failed with one line on stderr, 2 wrong usage."""
    options = _parser(argv).parse_args(argv)
    try:
        return options.act(options)
    except BrokenPipeError:
        raise
    except (*_EXPECTED, ValueError, OSError) as error:
        print_error(str(error))
        return 1


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="punie lab", description="Make the embedded model better.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_data(verbs.add_parser("data", help="build, check and count the training data"))
    training = verbs.add_parser(
        "train",
        help="train a nano model from scratch, or with --base an adapter (LoRA); a stopped run goes on",
        epilog="With --base MODEL an adapter is trained on any model of mlx-lm: `punie lab train --base MODEL --help`.",
    )
    # The two take the same place and nothing else: an option of one would only be silently ignored by the other.
    has_base = any(argument == "--base" or argument.startswith("--base=") for argument in argv)
    (add_train_adapter if has_base else _add_train)(training)
    control = verbs.add_parser("control", help="the n-gram classifier on the same data, which nano has to beat")
    control.add_argument("--data", type=Path, default=PHRASINGS, metavar="DIR", help="folder of phrasings")
    control.add_argument("--on", type=Path, metavar="FILE", help="score it on these phrasings (default: validation)")
    control.set_defaults(act=_control)
    validation = verbs.add_parser("validate", help="score a nano model on phrasings that it was not trained on")
    validation.add_argument("phrasings", type=Path, metavar="FILE", help="one phrasing a line")
    validation.add_argument("--directory", type=Path, default=MODEL_DIRECTORY, metavar="DIR", help="the model")
    validation.add_argument("--without-grammar", action="store_true", help="let the model write whatever it likes")
    validation.set_defaults(act=_validate)
    shipping = verbs.add_parser("export", help="make a run's best checkpoint the embedded model")
    shipping.add_argument("run", type=Path, metavar="RUN", help="the folder that `punie lab train` wrote")
    shipping.add_argument("--output", type=Path, default=MODEL_DIRECTORY, metavar="DIR", help="where to put the model")
    shipping.set_defaults(act=_export)
    recording = verbs.add_parser("record", help="score the embedded model and note that in its history")
    recording.add_argument("--directory", type=Path, default=MODEL_DIRECTORY, metavar="DIR", help="the model")
    recording.add_argument("--history", type=Path, default=HISTORY, metavar="FILE", help="where a line is added")
    recording.add_argument("--suites", type=Path, default=SUITES, metavar="DIR", help="folder of suites to score it on")
    recording.add_argument(
        "--on",
        type=Path,
        action="append",
        metavar="FILE",
        help="phrasings to score it on (default: validation and those that no training saw)",
    )
    recording.set_defaults(act=_record)
    add_fuse(verbs.add_parser("fuse", help="add an adapter to its base's weights"))
    add_average(verbs.add_parser("average", help="the mean of checkpoints, weight by weight, as one model"))
    add_quantize(verbs.add_parser("quantize", help="make a model smaller: 4, 5, 6 or 8 bits a weight, or mixed"))
    add_compare(verbs.add_parser("compare", help="score several models on one suite: accuracy, size, memory, time"))
    add_collect(verbs.add_parser("collect", help="keep replies of your own sessions as training data, one by one"))
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("build", "chat", "check", "doubts", "stats"))
    parser.add_argument("--data", type=Path, default=PHRASINGS, metavar="DIR", help="folder of phrasings")
    parser.add_argument(
        "--count",
        type=limited(int, COUNT),
        default=1000,
        metavar="N",
        help="build, chat: how many examples; doubts: how many phrasings at most",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="build, chat, doubts: the same seed gives the same examples, or halves"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="chat: where train.jsonl and, a tenth as long, valid.jsonl go, in the format of mlx_lm, with tool results",
    )
    add_check(parser)
    parser.set_defaults(act=_data)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("output", type=Path, metavar="RUN", help="folder of the run; an unfinished run there goes on")
    parser.add_argument("--data", type=Path, default=PHRASINGS, metavar="DIR", help="folder of phrasings")
    parser.add_argument("--checks", type=limited(int, COUNT), default=10, metavar="N", help="how often to validate")
    for field in fields(Recipe):
        name = f"--{field.name.replace('_', '-')}"
        default: int | float | str = getattr(Recipe, field.name)
        if field.name == "start":
            parser.add_argument(name, default=default, help="folder of a nano model to go on from")
            continue
        number = limited(type(default), LIMITS[field.name])
        if field.name in SIZES:
            parser.add_argument(name, type=number, help=f"default: {default}, or that of the model to go on from")
        else:
            parser.add_argument(name, type=number, default=default, help=f"default: {default}")
    parser.set_defaults(act=_train)


def _data(options: argparse.Namespace) -> int:
    if options.action == "check":
        return check(options)
    if options.chat is not None:
        print_error(f"{options.action} reads phrasings, from --data DIR; only check takes {options.chat}.")
        return 2
    if options.action == "chat":
        return _chat(options)
    training = load_phrasings(options.data)
    if options.action == "doubts":
        return _doubts(training, options)
    if options.action == "build":
        stream = iter(ExampleStream(training, options.seed))
        for _ in range(options.count):
            example = next(stream)
            print(json.dumps({"prompt": example.prompt, "completion": example.reply}, ensure_ascii=False))
        return 0
    for route, count in count_routes(training).most_common():
        print(f"{count:5} {route}")
    return 0


def _doubts(training: Sequence[Phrasing], options: argparse.Namespace) -> int:
    found = find_doubts(training, options.seed)
    for doubt in islice(found, options.count):
        phrasing = doubt.phrasing
        turns = "; ".join(tool for turn in phrasing.history for tool, _ in turn)
        print(
            f"{phrasing.source}: {phrasing.route} ({doubt.label_likelihood:.1%}), or {doubt.read_as} "
            f"({doubt.likelihood:.1%})? {safe_text(phrasing.prompt)}{f'  [after {turns}]' if turns else ''}"
        )
    print(
        f"{len(found)} of {len(training)} labels are not what a classifier of the other half would say, "
        "the least believed first. It is not always right."
    )
    return 0


def _chat(options: argparse.Namespace) -> int:
    if options.output is None:
        raise ValueError("say with --output DIR where the examples go.")
    options.output.mkdir(parents=True, exist_ok=True)
    counts = {"train": options.count, "valid": max(1, options.count // 10)}
    training = load_phrasings(options.data)
    # What is trained on is not said once more to validate with.
    taken: set[str] = set()
    for name, count in counts.items():
        phrasings = load_phrasings(options.data, validation=True) if name == "valid" else training
        examples = islice(build_chat(phrasings, training, options.seed, taken), count)
        partial = options.output / f"partial-{name}.jsonl"
        counts[name] = 0
        with partial.open("w", encoding="utf-8") as file:
            for number, example in enumerate(examples, 1):
                file.write(json.dumps(example.record) + "\n")
                counts[name] = number
                if sys.stderr.isatty():
                    print(f"\r{name} {number}/{count}", end="\n" if number == count else "", file=sys.stderr)
        partial.replace(options.output / f"{name}.jsonl")
    print(f"{counts['train']} examples to train on and {counts['valid']} to validate with in {options.output}.")
    return 0


def _train(options: argparse.Namespace) -> int:
    rank, processes = place_among_processes()
    if processes > 1:
        # Each would train all of it, and write the same files.
        if rank == 0:
            raise TrainingError("nano trains in one process; LoRA training (--base MODEL) is what runs on several.")
        return 1
    settings: dict[str, Any] = {**sizes_of(Path(options.start))} if options.start else {}
    given = {field.name: getattr(options, field.name) for field in fields(Recipe)}
    recipe = Recipe(**settings | {name: value for name, value in given.items() if value is not None})

    def train_nano(is_stopped: IsStopped) -> None:
        training, validation = load_phrasings(options.data), load_phrasings(options.data, validation=True)
        train(recipe, training, validation, options.output, _report, checks=options.checks, is_stopped=is_stopped)
        print(f"Done; the best checkpoint is in {options.output / 'best'}.")

    return train_until_stopped(options.output, train_nano)


def _report(progress: Progress) -> None:
    line = (
        f"step {progress.step}  {progress.tokens / 1e6:.2f}M tokens  loss {progress.loss:.3f}  "
        f"{progress.tokens_per_second:.0f} tokens/s  {progress.seconds_left / 60:.0f} min left"
    )
    if score := progress.validation:
        line += f"  routed {score.routed / score.total:.1%}  with arguments {score.right / score.total:.1%}"
        line += "  best so far" if progress.is_best else ""
    print(line, flush=True)


def _control(options: argparse.Namespace) -> int:
    held_out = list(read_phrasings(options.on)) if options.on else load_phrasings(options.data, validation=True)
    examples = validation_examples(held_out)
    training = load_phrasings(options.data)
    random.Random(0).shuffle(training)
    model = train_control(training)
    found = score_control(model, examples)
    print(f"all requests: {found.routed} of {found.total} routed rightly ({found.routed / found.total:.1%})")
    print(f"one tool or an answer: {found.single_routed} of {found.single_total}")
    for path in sorted(SUITES.glob("*.jsonl")):
        routed, total = score_control_on_suite(model, load_suite(path))
        print(f"{path.name}, one tool or an answer: {routed} of {total} routed rightly")
    return 0


def _validate(options: argparse.Namespace) -> int:
    examples = validation_examples(list(read_phrasings(options.phrasings)))
    if not examples:
        raise ValueError(f"{options.phrasings} holds no phrasing to validate with.")
    found = score_directory(options.directory, examples, has_grammar=not options.without_grammar)
    print(f"{found.total} requests: {found.well_formed / found.total:.1%} well-formed, ", end="")
    print(f"{found.routed / found.total:.1%} routed rightly, {found.right / found.total:.1%} with every argument right")
    for route, (right, total) in sorted(found.by_route.items(), key=lambda pair: -pair[1][1]):
        print(f"{right:5} of {total:3}  {route}")
    return 0


def _export(options: argparse.Namespace) -> int:
    size = export(options.run / "best", options.output, _card(options.run))
    print(f"{size / 1e6:.1f} MB in {options.output}.", file=sys.stdout)
    return 0


def _record(options: argparse.Namespace) -> int:
    scores = record(options.directory, options.history, options.suites, options.on or UNTRAINED)
    for name, share in scores.shares.items():
        print(f"{share:6.1%}  {name}")
    for suite, shares in scores.drawn.items():
        for name, share in shares.items():
            print(f"{share:6.1%}  {suite} at temperature {GOAL_TEMPERATURE}, {name}")
    return 0


def _card(run: Path) -> dict[str, object]:
    training = load_phrasings(PHRASINGS)
    hands: dict[str, int] = {}
    for phrasing in training:
        hand = phrasing.source.split(":")[0]
        hands[hand] = hands.get(hand, 0) + 1
    recipe = run / "recipe.json"
    settings = json.loads(recipe.read_text(encoding="utf-8")) if recipe.is_file() else asdict(Recipe())
    if start := settings.get("start"):
        # The folder is of this machine alone; the weights have a name in the history.
        settings["start"] = name_weights(Path(start))
    return {"recipe": settings, "phrasings": hands}
