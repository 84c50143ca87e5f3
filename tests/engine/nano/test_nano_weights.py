"""The shipped weights on requests that must not fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tools.actions.code_actions import CodeActionsResult
from punie_tools.registry import TOOLS
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.engine.mlx_engine import MlxEngine
from punie_tui.engine.nano import MODEL_DIRECTORY
from punie_tui.engine.protocol import Message, Request, Sampling, TextDelta, ToolCall, ToolSpec

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)


def reply(prompt: str, sampling: Sampling | None = None) -> tuple[list[ToolCall], str]:
    engine = MlxEngine(MODEL_DIRECTORY, "nano")
    request = Request((Message("user", prompt),), SPECS, sampling or Sampling(), path_exists="shop".__eq__)
    deltas = list(engine.generate(request, lambda: False))
    calls = [delta for delta in deltas if isinstance(delta, ToolCall)]
    return calls, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


@pytest.mark.parametrize(
    ("prompt", "tool", "arguments"),
    [
        ("any type errors in src?", "typecheck", {"path": "src"}),
        ("lint app/models.py", "ruff_check", {"path": "app/models.py"}),
        ("run the failed tests again", "pytest_run", {"last_failed": True}),
        (
            "show me lines 10-20 of pyproject.toml",
            "read_file",
            {"path": "pyproject.toml", "start_line": 10, "end_line": 20},
        ),
        ("what changed since HEAD~2", "git_diff", {"base": "HEAD~2"}),
        ("last three commits", "git_log", {"count": 3}),
        ("git status", "git_status", {}),
        ("search for os.environ in lib/", "grep", {"pattern": "os.environ", "path": "lib/"}),
        ("any lint problems in shop?", "ruff_check", {"path": "shop"}),
        ("list the python files", "list_files", {"pattern": "*.py"}),
    ],
)
def test_obvious_requests_are_routed(prompt: str, tool: str, arguments: dict[str, object]) -> None:
    calls, _ = reply(prompt)
    assert [(call.tool, dict(call.arguments)) for call in calls] == [(tool, arguments)]


def test_a_log_that_is_piped_in_changes_nothing_of_the_wish_before_it() -> None:
    log = "".join(f"08:01 ERROR src/app/mod_{number}.py:{number} failed in Foo.bar\n" for number in range(9_000))
    calls, _ = reply(f"any type errors in src?\n\n{log}")
    assert [(call.tool, dict(call.arguments)) for call in calls] == [("typecheck", {"path": "src"})]


@pytest.mark.parametrize("prompt", ["", " ", "\n"])
def test_a_request_of_nothing_gets_words(prompt: str) -> None:
    calls, text = reply(prompt)
    assert not calls
    assert text


@pytest.mark.parametrize("prompt", ["hello", "thanks!", "what does ruff do?"])
def test_small_talk_calls_nothing(prompt: str) -> None:
    calls, text = reply(prompt)
    assert not calls
    assert text


def test_an_offered_action_is_applied_by_its_id(make_repository: Callable[..., Path]) -> None:
    context = ToolContext(Workspace.at(make_repository({"shop/cart.py": "import os\n"})))
    offered = next(tool for tool in TOOLS if tool.name == "code_actions").run(context, {"path": "shop/cart.py"})
    assert isinstance(offered, CodeActionsResult)
    for action in offered.actions:
        calls, _ = reply(f"apply {action.id}, please")
        assert [(call.tool, dict(call.arguments)) for call in calls] == [("apply_code_action", {"id": action.id})]


def test_hot_samples_still_fit_the_schemas() -> None:
    tools = {tool.name: tool for tool in TOOLS}
    for seed in range(20):
        calls, text = reply("do sth with src/a.py or `x` at 3", Sampling(temperature=1.5, seed=seed))
        assert calls or text
        for call in calls:
            tools[call.tool].validate(call.arguments)
