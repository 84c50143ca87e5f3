"""What each shipped nano scored, in a file beside it, so that a worse one cannot be shipped unnoticed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class ShippedScores:
    """`shares` holds, by what was measured, the share that was right; `model` names the weights by their content."""

    model: str
    day: str
    shares: Mapping[str, float]


def read_history(path: Path = HISTORY) -> list[ShippedScores]:
    """All that were shipped, the newest last."""
    return [ShippedScores(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def name_weights(directory: Path) -> str:
    """The same for the same weights only."""
    digest = hashlib.sha256()
    for name in ("model.safetensors", FILE_NAME):
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()[:12]


def score_suite(directory: Path, suite: Path) -> float:
    """The share of a suite's cases that pass on the model's first reply, at temperature 0."""
    cases = load_suite(suite)
    engine = open_engine(str(directory))
    try:
        with tempfile.TemporaryDirectory() as empty:
            approver = PolicyApprover(Policy.PLAN, is_trusted=False)
            bench = ToolBench(Workspace.at(Path(empty)), {tool.name: tool for tool in TOOLS}, approver)
            results = list(evaluate(cases, engine, bench, TurnLimits()))
    finally:
        engine.close()
    return sum(not result.reason for result in results) / len(results)


def record(directory: Path = MODEL_DIRECTORY, history: Path = HISTORY) -> ShippedScores:
    """Score a model on all suites and on the phrasings that no training saw, and add that to the history."""
    shares = {suite.name: score_suite(directory, suite) for suite in sorted(SUITES.glob("*.jsonl"))}
    for path in (PHRASINGS / "validation.jsonl", *sorted(UNSEEN.glob("*.jsonl"))):
        found = score_directory(directory, validation_examples(list(read_phrasings(path))))
        shares[f"{path.name}, right tools"] = found.routed / found.total
        shares[f"{path.name}, with arguments"] = found.right / found.total
    rounded = {name: round(share, 4) for name, share in shares.items()}
    scores = ShippedScores(name_weights(directory), datetime.now(UTC).date().isoformat(), rounded)
    with history.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(scores)) + "\n")
    return scores
