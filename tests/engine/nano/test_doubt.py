"""How sure nano says it is, with its real weights, and the other replies it offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.nano.label import reply_label
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Delta, Doubt, Engine, Message, Request, TextDelta, ToolCall, ToolSpec

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)

AUTHOR = (
    "<tool_call><function=execute_code><parameter=code> commits of author</parameter>"
    "<parameter=keyword>{}</parameter></function></tool_call>"
)


@pytest.fixture(scope="module")
def nano() -> Iterator[Engine]:
    engine = open_engine("nano")
    yield engine
    engine.close()


def reply(engine: Engine, prompt: str, begin_with: str = "") -> tuple[list[Delta], Doubt]:
    request = Request((Message("user", prompt),), SPECS, begin_with=begin_with)
    deltas = list(engine.generate(request, lambda: False))
    (doubt,) = [delta for delta in deltas if isinstance(delta, Doubt)]
    return deltas, doubt


def test_a_plain_request_is_surer_than_a_vague_one(nano: Engine) -> None:
    _, plain = reply(nano, "git status")
    vague = [
        reply(nano, words)[1]
        for words in ("that thing over there", "fix", "parser stuff please", "do the usual with it")
    ]
    assert plain.likelihood > 0.9 > max(doubt.likelihood for doubt in vague)
    assert min(doubt.likelihood for doubt in vague) < 0.5
    assert plain.label == "git status"


def test_another_beginning_gives_another_whole_reply(nano: Engine) -> None:
    request = "format or lint src and run the tests"
    first_deltas, first = reply(nano, request)
    assert first.label.count(", then ") + 1 == sum(isinstance(delta, ToolCall) for delta in first_deltas) > 1
    assert first.others
    labels: set[str] = set()
    for begin in first.others:
        deltas, other = reply(nano, request, begin)
        labels.add(other.label)
        is_spoken = any(isinstance(delta, TextDelta) for delta in deltas)
        assert any(isinstance(delta, ToolCall) for delta in deltas) == (other.label != "" and not is_spoken)
    # One that only makes a call again is the same reply.
    assert labels - {first.label}


def test_what_is_said_for_a_tool_that_is_not_offered_comes_once_and_after_the_doubt(nano: Engine) -> None:
    without = tuple(spec for spec in SPECS if spec.name != "pytest_run")
    deltas = list(nano.generate(Request((Message("user", "run the tests"),), without), lambda: False))
    assert [type(delta) for delta in deltas if isinstance(delta, Doubt | TextDelta | ToolCall)] == [Doubt, TextDelta]


@pytest.mark.parametrize(
    ("request_text", "written", "label"),
    [
        (
            "replace foo by bar in a.py",
            "<tool_call><function=edit_file><parameter=path><|file_1|></parameter><parameter=old> foo</parameter>"
            "<parameter=new> bar</parameter></function></tool_call>",
            "edit a.py foo to bar",
        ),
        (
            "replace foo by bar in make_cart",
            "<tool_call><function=edit_file><parameter=path><|symbol_1|></parameter><parameter=old> foo</parameter>"
            "<parameter=new> bar</parameter></function></tool_call>",
            "",
        ),
        (
            "outline it",
            "<tool_call><function=document_symbols><parameter=path> it</parameter></function></tool_call>",
            "",
        ),
        (
            "outline of src/new.py",
            "<tool_call><function=document_symbols><parameter=path><|file_1|></parameter></function></tool_call>",
            "outline of src/new.py",
        ),
        (
            "replace foo by bar in a.py",
            "<tool_call><function=edit_file><parameter=path><|file_1|></parameter><parameter=old> foo</parameter>"
            "<parameter=new> foo</parameter></function></tool_call>",
            "",
        ),
        (
            "types of src",
            "<tool_call><function=typecheck><parameter=path><|file_4|></parameter></function></tool_call>",
            "",
        ),
        (
            "lint counts by file in src, please",
            "<tool_call><function=execute_code><parameter=code> ruff violations by file</parameter>"
            "<parameter=path> src</parameter></function></tool_call>",
            "lint findings by file, in src",
        ),
        (
            "functions of a.py over 30 lines",
            "<tool_call><function=execute_code><parameter=code> symbols longer than</parameter>"
            "<parameter=path><|file_1|></parameter><parameter=count><|number_1|></parameter></function></tool_call>",
            "functions of a.py with more lines than 30",
        ),
        (
            "tests over 3 seconds",
            "<tool_call><function=execute_code><parameter=code> pytest tests slower than</parameter>"
            "<parameter=count><|number_1|></parameter></function></tool_call>",
            "run tests: those slower, in seconds, than 3",
        ),
        (
            "fix it",
            "<tool_call><function=ruff_check><parameter=fix> true</parameter></function></tool_call>",
            "lint, and fix",
        ),
        (
            "commits last month",
            "<tool_call><function=git_log><parameter=path> last</parameter></function></tool_call>",
            "",
        ),
        (
            "commits in src",
            "<tool_call><function=git_log><parameter=path> src</parameter></function></tool_call>",
            "git log, in src",
        ),
        ("anything on digest auth", AUTHOR.format(" digest auth"), ""),
        ("commits by jane doe", AUTHOR.format(" jane doe"), "commits of the author jane doe"),
        ("what has jane doe done", AUTHOR.format(" jane doe"), "commits of the author jane doe"),
        ("hello", "<|answer|><|greeting|>", "just hello"),
        ("what is ruff", "<|answer|><|about|>", "what is that tool for?"),
        ("what is a poem", "<|answer|><|about|>", "something that only a bigger model can do"),
        ("write me a poem", "<|answer|><|beyond|>", "something that only a bigger model can do"),
        ("push it", "<|answer|><|beyond|>", "how do I do it myself?"),
        ("что нового", "<|answer|><|beyond|>", "something that I can read in English only"),
    ],
)
def test_a_label_names_calls_and_values_and_nothing_for_nonsense(request_text: str, written: str, label: str) -> None:
    assert reply_label(RequestView(request_text, (), lambda path: False), written) == label


def test_each_program_has_a_title_of_its_own_that_a_person_reads() -> None:
    titles = [program.title for program in PROGRAMS.values()]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if title != title.lower() or not 2 <= len(title.split()) <= 7] == []
