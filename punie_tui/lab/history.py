"""What each shipped nano scored, in a file beside it, so that a worse one cannot be shipped unnoticed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from punie_tools.registry import TOOLS
from punie_tools.workspace import Workspace
from punie_tui.agent.approval import Policy, PolicyApprover
from punie_tui.agent.tool_step import ToolBench
from punie_tui.agent.turn import TurnLimits
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.nano.classifiers import FILE_NAME
from punie_tui.engine.open_engine import open_engine
from punie_tui.lab.evaluate import evaluate
from punie_tui.lab.phrasings import PHRASINGS, UNSEEN, read_phrasings
from punie_tui.lab.routing import score_directory
from punie_tui.lab.suite import load_suite
from punie_tui.lab.train import validation_examples

HISTORY: Path = MODEL_DIRECTORY.parent / "scores.jsonl"
SUITES: Path = Path(__file__).parent / "suites"
UNTRAINED: Sequence[Path] = (PHRASINGS / "validation.jsonl", *sorted(UNSEEN.glob("*.jsonl")))
ALL = "all"
GOAL_TEMPERATURE = 0.7
_SUITES_OF_GOALS = frozenset({"natural.jsonl", "seed40.jsonl"})


@dataclass(frozen=True)
class ShippedScores:
    """`shares` holds, by what was measured, the share that was right; `model` names the weights by their content.

    `drawn` has, for each suite that a goal is set for, the shares of all cases and of each category at the goals'
    temperature; the oldest lines have none.
    """

    model: str
    day: str
    shares: Mapping[str, float]
    drawn: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])


def read_history(path: Path = HISTORY) -> list[ShippedScores]:
    """All that were shipped, the newest last."""
    return [ShippedScores(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def name_weights(directory: Path) -> str:
    """The same for the same weights only."""
    digest = hashlib.sha256()
    for name in ("model.safetensors", FILE_NAME):
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()[:12]


def score_suite(directory: Path, suite: Path, temperature: float = 0.0) -> dict[str, float]:
    """The share of all cases, and of each category's, that pass on the model's first reply."""
    cases = load_suite(suite)
    engine = open_engine(str(directory))
    try:
        with tempfile.TemporaryDirectory() as empty:
            approver = PolicyApprover(Policy.PLAN, is_trusted=False)
            bench = ToolBench(Workspace.at(Path(empty)), {tool.name: tool for tool in TOOLS}, approver)
            results = list(evaluate(cases, engine, bench, TurnLimits(temperature=temperature)))
    finally:
        engine.close()
    total = Counter(result.case.category for result in results)
    passed = Counter(result.case.category for result in results if not result.reason)
    shares = {ALL: passed.total() / total.total()} | {name: passed[name] / total[name] for name in total}
    return {name: round(share, 4) for name, share in shares.items()}


def record(
    directory: Path = MODEL_DIRECTORY,
    history: Path = HISTORY,
    suites: Path = SUITES,
    untrained: Sequence[Path] = UNTRAINED,
) -> ShippedScores:
    """Score a model on all suites and on phrasings that no training saw, and add that to the history."""
    paths = sorted(suites.glob("*.jsonl"))
    shares = {suite.name: score_suite(directory, suite)[ALL] for suite in paths}
    for path in untrained:
        found = score_directory(directory, validation_examples(list(read_phrasings(path))))
        shares[f"{path.name}, right tools"] = round(found.routed / found.total, 4)
        shares[f"{path.name}, with arguments"] = round(found.right / found.total, 4)
    drawn = {
        suite.name: score_suite(directory, suite, GOAL_TEMPERATURE) for suite in paths if suite.name in _SUITES_OF_GOALS
    }
    scores = ShippedScores(name_weights(directory), datetime.now(UTC).date().isoformat(), shares, drawn)
    with history.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(scores)) + "\n")
    return scores
