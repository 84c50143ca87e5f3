"""`punie eval SUITE.jsonl`: scores a model on a suite of requests."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from punie_tools.registry import TOOLS
from punie_tools.safe_text import safe_text
from punie_tools.symbols.tree_names import TreeNameReader
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.trust import folder_trust
from punie_tui.agent.turn import TurnLimits
from punie_tui.commands.terminal import common_options, existing_folder, print_error
from punie_tui.engine.machine import peak_memory_bytes
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Engine, EngineError, Message, Request, Sampling
from punie_tui.lab.evaluate import CaseResult, evaluate
from punie_tui.lab.suite import SuiteError, load_suite
from punie_tui.own_files import log_to_file
from punie_tui.settings import Settings, SettingsError, load_settings


def run(argv: list[str]) -> int:
    """Score the suite and print a table, or one JSON object with `--json`."""
    options = _parser().parse_args(argv)
    log_to_file()
    try:
        folder = existing_folder(options.cwd)
        settings = load_settings(folder, {"model": options.model, "temperature": options.temperature})
        cases = load_suite(options.suite)
        engine = open_engine(settings.model)
    except (NotADirectoryError, SettingsError, SuiteError) as error:
        print_error(str(error))
        return 2
    except EngineError as error:
        print_error(str(error))
        return 1
    limits = TurnLimits(
        max_calls=settings.max_calls_per_turn,
        max_tokens=settings.max_tokens_per_turn,
        temperature=settings.temperature,
        seed=options.seed,
        waits_for_names=True,
    )
    # Without a run the names of a case are of no tree.
    names = TreeNameReader(folder) if options.run else None
    try:
        bench = _bench(folder, settings, names, is_allowed_all=options.yes)
        load_seconds = _load(engine)
        results = list(_reported(evaluate(cases, engine, bench, limits, is_run=options.run), len(cases)))
    except EngineError as error:
        print_error(str(error))
        return 1
    finally:
        if names:
            names.stop()
        engine.close()
    report = _report(engine.model_name, results, load_seconds)
    print(json.dumps(report) if options.json else _as_text(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="punie eval", description="Scores a model on a suite of requests.", parents=[common_options()]
    )
    parser.add_argument("suite", type=Path, metavar="SUITE.jsonl", help="the cases, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--temperature", type=float, help="how freely tokens are drawn (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same tokens")
    parser.add_argument("--run", action="store_true", help="run each turn to its end on the working tree")
    return parser


def _bench(folder: Path, settings: Settings, names: TreeNameReader | None, *, is_allowed_all: bool) -> ToolBench:
    workspace = Workspace.at(folder, confine_tests=settings.confine_tests)
    approver = PolicyApprover(
        Policy.ALLOW_ALL if is_allowed_all else Policy(settings.policy),
        trust=folder_trust(workspace),
        policy_name="--yes" if is_allowed_all else "policy",
    )
    return ToolBench(workspace, {tool.name: tool for tool in TOOLS}, approver, names=names)


def _reported(results: Iterable[CaseResult], total: int) -> Iterable[CaseResult]:
    """Pass the results on, with a counter on stderr where a person watches."""
    for number, result in enumerate(results, 1):
        if sys.stderr.isatty():
            print(f"\r{number}/{total}", end="\n" if number == total else "", file=sys.stderr)
        yield result


def _load(engine: Engine) -> float:
    """Seconds until the model has read its first token. Raises EngineError."""
    started = time.monotonic()
    request = Request((Message("user", "hello"),), sampling=Sampling(max_tokens=1))
    for _ in engine.generate(request, lambda: False):
        pass
    return time.monotonic() - started


def _report(model: str, results: Sequence[CaseResult], load_seconds: float) -> dict[str, Any]:
    total = Counter(result.case.category for result in results)
    passed = Counter(result.case.category for result in results if not result.reason)
    return {
        "model": model,
        "total": len(results),
        "passed": passed.total(),
        "score": passed.total() / len(results),
        "load_seconds": round(load_seconds, 3),
        "peak_memory_bytes": peak_memory_bytes(),
        "by_error": dict(Counter(_kind(result.reason) for result in results if result.reason).most_common()),
        "by_category": {name: {"passed": passed[name], "total": total[name]} for name in total},
        "cases": [
            {
                "id": result.case.id,
                "passed": not result.reason,
                "reason": result.reason,
                "calls": [{"tool": call.tool, "arguments": dict(call.arguments)} for call in result.calls],
                "seconds": round(result.seconds, 4),
            }
            for result in results
        ],
    }


def _kind(reason: str) -> str:
    """What of a reason stands before its details: `wrong tool`."""
    return reason.partition(":")[0]


def _as_text(report: dict[str, Any]) -> str:
    rows = [f"{'category':<14}{'passed':>8}{'total':>8}{'':>4}%"]
    for name, counts in report["by_category"].items():
        rows.append(_row(name, counts["passed"], counts["total"]))
    rows.append(_row("all", report["passed"], report["total"]))
    failed = [case for case in report["cases"] if not case["passed"]]
    if failed:
        rows += ["", *(f"{kind:<14}{count:>8}" for kind, count in report["by_error"].items())]
        rows += ["", "not passed:", *(f"  {case['id']:<14}{case['reason']}" for case in failed)]
    return safe_text(f"{report['model']}\n\n" + "\n".join(rows))


def _row(name: str, passed: int, total: int) -> str:
    return f"{name:<14}{passed:>8}{total:>8}{100 * passed / total:>5.0f}"
