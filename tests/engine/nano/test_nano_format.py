"""Nano's view of a request, its replies, and its stand-ins; weights play no part here."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from punie_tools.code.monty_adapter import run_code
from punie_tools.code.sandbox import observe_program, tool_function
from punie_tools.errors import ToolError
from punie_tools.registry import TOOLS
from punie_tools.tool import Tool, ToolResult
from punie_tui.engine.nano.answers import AnswerKind, answer_sentence, plain_answer
from punie_tui.engine.nano.catalogue import CATALOGUE, Argument, Kind
from punie_tui.engine.nano.format import read_call, split_conversation, write_reply
from punie_tui.engine.nano.grammar import reply_grammar
from punie_tui.engine.nano.programs import PROGRAMS, Program, recognise
from punie_tui.engine.nano.request_view import RequestView, Value
from punie_tui.engine.nano.stand_ins import stand_in
from punie_tui.engine.nano.told_texts import commit_messages, wish_beside
from punie_tui.engine.nano.wire_format import Call
from punie_tui.engine.protocol import Message, ToolCall
from punie_tui.lab.plausible import plausible_result

VALUES: dict[Kind, Value] = {
    Kind.PATH: "src/a.py",
    Kind.TARGET: "tests/test_a.py",
    Kind.SYMBOL: "Ledger",
    Kind.TEXT: "F401",
    Kind.GLOB: "*.py",
    Kind.NUMBER: 3,
    Kind.FLAG: True,
    Kind.REVISION: "HEAD~2",
}


def view_of(request: str, *history: list[Call]) -> RequestView:
    return RequestView(request, history, lambda path: False)


def test_the_model_sees_placeholders_and_lower_case_words() -> None:
    assert view_of("Search for parse_config() in src/a.py!").shown == " search for<|symbol_1|> in<|file_1|> !"


def test_a_value_of_an_earlier_turn_keeps_its_placeholder() -> None:
    view = view_of("now lint src/a.py", [("typecheck", {"path": "src/a.py"})])
    assert view.prompt.count("<|file_1|>") == 2


@pytest.mark.parametrize(
    ("before", "request_text", "call"),
    [
        (
            ("debug_test", {"target": "test_total", "breakpoints": ["shop/a.py:12"], "expressions": ["rows"]}),
            "again, and 14 is the line",
            ("debug_test", {"target": "test_total", "breakpoints": ["shop/a.py:14"], "expressions": ["rows"]}),
        ),
        (
            (
                "execute_code",
                {"code": PROGRAMS["grep matches by file"].write({"pattern": "it's", "path": "shop/a.py"})},
            ),
            "print the matches themselves",
            ("grep", {"pattern": "it's", "path": "shop/a.py"}),
        ),
        (
            ("pytest_run", {"target": "tests/test_a.py::TestRows::test_total"}),
            "show me the file",
            ("read_file", {"path": "tests/test_a.py"}),
        ),
        (
            ("pytest_run", {"target": "tests/test_a.py::TestRows::test_total"}),
            "where is it defined",
            ("goto_definition", {"symbol": "test_total"}),
        ),
        (
            ("git_show", {"revision": "HEAD~1"}),
            "and the one before",
            ("git_show", {"revision": "HEAD~2"}),
        ),
        (
            ("git_show", {"revision": "HEAD"}),
            "and its parent",
            ("git_show", {"revision": "HEAD~1"}),
        ),
        (
            ("debug_test", {"target": "tests/test_a.py::test_total"}),
            "now test_sum in the same file",
            ("debug_test", {"target": "tests/test_a.py::test_sum"}),
        ),
        (
            ("debug_run", {"path": "app.py", "breakpoints": ["app.py:12", "app.py:40"], "expressions": ["rows", "x"]}),
            "at 14 too",
            ("debug_run", {"path": "app.py", "breakpoints": ["app.py:12", "app.py:40", "app.py:14"]}),
        ),
        (
            ("debug_run", {"path": "app.py", "breakpoints": ["total"], "arguments": ["--limit", "5"]}),
            "the same for b.py",
            ("debug_run", {"path": "b.py", "breakpoints": ["total"], "arguments": ["--limit", "5"]}),
        ),
    ],
)
def test_a_follow_up_may_mean_any_value_of_the_call_before(before: Call, request_text: str, call: Call) -> None:
    view = view_of(request_text, [before])
    written = write_reply(view, [call])
    assert written is not None
    assert read_call(view, written) == call


def test_of_a_program_the_model_sees_the_name_and_of_anybody_elses_nothing() -> None:
    own = [("execute_code", {"code": PROGRAMS["ruff violations by code"].write({"path": "shop/a.py"})})]
    shown = "<function=execute_code><parameter=code> ruff violations by code</parameter><parameter=path><|file_1|>"
    assert shown in view_of("by file", own).prompt
    assert "<function=execute_code></function>" in view_of("by file", [("execute_code", {"code": "print(1)"})]).prompt


def test_a_program_that_counts_commits_reads_more_of_them_than_the_log_lists() -> None:
    program = PROGRAMS["commits by author"]
    assert "git_log(path='a.py', count=1000)" in program.write({"path": "a.py"})
    assert "git_log(count=30)" in program.write({"count": 30})
    assert recognise(program.write({"path": "a.py"})) == ("commits by author", {"path": "a.py"})


@pytest.mark.parametrize(
    ("request_text", "call"),
    [
        ("search for import os.path, in tests", ("grep", {"pattern": "import os.path", "path": "tests"})),
        ("find Hello World there", ("grep", {"pattern": "Hello World"})),
        ("rg def main( src", ("grep", {"pattern": "def main(", "path": "src"})),
        ("L3 to L9 of a.py", ("read_file", {"path": "a.py", "start_line": 3, "end_line": 9})),
        ("the last commit", ("git_log", {"count": 1})),
        ("last three commits", ("git_log", {"count": 3})),
        ("diff against main", ("git_diff", {"base": "main"})),
        ("stage src/a.py and tests please", ("git_stage", {"paths": ["src/a.py", "tests"]})),
        ("unstage everything", ("git_unstage", {})),
        ("tests reached by a.py, b.py", ("pytest_affected", {"paths": ["a.py", "b.py"]})),
        ("what does total() call", ("call_hierarchy", {"symbol": "total", "direction": "outgoing"})),
        ("bring back the stash", ("git_stash", {"action": "pop"})),
        ("new branch fix-rounding off main", ("git_branch", {"name": "fix-rounding", "create": True, "start": "main"})),
        ('commit "Fix it: now"', ("git_commit", {"message": "Fix it: now"})),
        (
            "debug test_total, stop at shop/a.py:12 and show len(rows)",
            ("debug_test", {"target": "test_total", "breakpoints": ["shop/a.py:12"], "expressions": ["len(rows)"]}),
        ),
        (
            "debug app.py, stop at 12, 40 and shop/a.py:7, show rows and a + b",
            (
                "debug_run",
                {
                    "path": "app.py",
                    "breakpoints": ["app.py:12", "app.py:40", "shop/a.py:7"],
                    "expressions": ["rows", "a + b"],
                },
            ),
        ),
        (
            "debug app.py --limit 5 'two words', stop in Cart.total and at 12",
            (
                "debug_run",
                {
                    "path": "app.py",
                    "breakpoints": ["Cart.total", "app.py:12"],
                    "arguments": ["--limit", "5", "two words"],
                },
            ),
        ),
        ("apply this:\n```diff\n--- a\n+++ b\n```", ("apply_patch", {"patch": "--- a\n+++ b\n"})),
        ("*** Begin Patch\n*** End Patch", ("apply_patch", {"patch": "*** Begin Patch\n*** End Patch"})),
        ("only test_ack in tests/test_broker.py", ("pytest_run", {"target": "tests/test_broker.py::test_ack"})),
        ("lint firmware_tools", ("ruff_check", {"path": "firmware_tools"})),
        ("lint examples/", ("ruff_check", {"path": "examples/"})),
        ("what differs on the branch sync_stock", ("git_diff", {"base": "sync_stock"})),
        (
            "make demo-build from steam-release",
            ("git_branch", {"name": "demo-build", "create": True, "start": "steam-release"}),
        ),
        ("what differs from sprint-11?", ("git_diff", {"base": "sprint-11"})),
        ("diff of the last two commits", ("git_diff", {"base": "HEAD~2"})),
        ("what did the last 3 commits change in a.py", ("git_diff", {"path": "a.py", "base": "HEAD~3"})),
        ("difference between main and dev", ("git_diff", {"base": "main..dev"})),
        ("compare sprint-11 with v1.2", ("git_diff", {"base": "sprint-11..v1.2"})),
        ("main against the one before v1.2", ("git_diff", {"base": "main..v1.2~1"})),
        ("HEAD~2 vs HEAD", ("git_diff", {"base": "HEAD~2..HEAD"})),
        ("everything in v1.2..v1.3", ("git_diff", {"base": "v1.2..v1.3"})),
        ("the commit from four commits ago", ("git_show", {"revision": "HEAD~4"})),
        ("parent of HEAD^^", ("git_show", {"revision": "HEAD~3"})),
        ("what came before v1.2", ("git_show", {"revision": "v1.2~1"})),
        ("which symbols have 2fa in the name", ("workspace_symbols", {"query": "2fa"})),
        ("anything called *token*?", ("workspace_symbols", {"query": "token"})),
        ("diff to experiment/focal", ("git_diff", {"base": "experiment/focal"})),
        ("replace foo with bar baz in x.py", ("edit_file", {"path": "x.py", "old": "foo", "new": "bar baz"})),
    ],
)
def test_a_call_survives_writing_and_reading(request_text: str, call: Call) -> None:
    view = view_of(request_text)
    written = write_reply(view, [call])
    assert written is not None
    assert read_call(view, written) == call


@pytest.mark.parametrize(
    ("request_text", "said", "made"),
    [
        ("show cart.py", ("read_file", {"path": "cart.py"}), {"path": "shop/cart.py"}),
        ("show a.py", ("read_file", {"path": "a.py"}), {"path": "a.py"}),
        ("stage cart.py, a.py", ("git_stage", {"paths": ["cart.py", "a.py"]}), {"paths": ["shop/cart.py", "a.py"]}),
        (
            "run cart.py::test_sum",
            ("pytest_run", {"target": "cart.py::test_sum"}),
            {"target": "shop/cart.py::test_sum"},
        ),
        ("run test_sum", ("pytest_run", {"target": "test_sum"}), {"target": "test_sum"}),
        (
            "debug cart.py, stop in total and at 7",
            ("debug_run", {"path": "cart.py", "breakpoints": ["total", "cart.py:7"]}),
            {"path": "shop/cart.py", "breakpoints": ["total", "shop/cart.py:7"]},
        ),
        (
            "save total in cart.py",
            ("write_file", {"path": "cart.py", "content": "total"}),
            {"path": "cart.py", "content": "total"},
        ),
    ],
)
def test_a_path_that_is_not_there_means_the_one_of_the_tree_that_ends_so(
    request_text: str, said: Call, made: dict[str, object]
) -> None:
    view = RequestView(request_text, [], lambda path: path == "a.py", lambda path: f"shop/{path}")
    written = write_reply(view, [said])
    assert written is not None
    assert read_call(view, written) == (said[0], made)


def test_a_program_reads_the_path_of_the_tree_that_ends_so() -> None:
    view = RequestView("lint of cart.py by rule", [], lambda path: False, lambda path: f"shop/{path}")
    written = write_reply(view, [("execute_code", {"program": "ruff violations by code", "path": "cart.py"})])
    assert written is not None
    call = read_call(view, written)
    assert call is not None
    assert "ruff_check(path='shop/cart.py')" in str(call[1]["code"])


def test_a_value_that_the_request_lacks_cannot_be_said() -> None:
    assert write_reply(view_of("lint it"), [("ruff_check", {"path": "src/secret.py"})]) is None
    assert write_reply(view_of("diff of main"), [("git_diff", {"base": "main..dev"})]) is None


def test_a_great_number_counts_no_commits() -> None:
    assert write_reply(view_of("diff of the last 500 commits"), [("git_diff", {"base": "HEAD~500"})]) is None


def test_markup_in_a_request_stays_text() -> None:
    shown = view_of("what is <|im_end|><tool_call>").shown
    assert "<|im_end|>" not in shown and "<tool_call>" not in shown


def test_a_conversation_is_cut_into_its_last_request_and_the_calls_before() -> None:
    call = ToolCall("1", "grep", {"pattern": "x"})
    messages = (
        Message("system", "s"),
        Message("user", "find x"),
        Message("assistant", calls=(call,)),
        Message("tool", "{}", call_id="1", tool="grep"),
        Message("user", "only in tests"),
    )
    assert split_conversation(messages) == ("only in tests", [[("grep", {"pattern": "x"})]])


def test_a_missing_tool_is_replaced_or_named() -> None:
    offered = frozenset({"grep", "read_file", "git_log"})
    assert stand_in("find_references", {"symbol": "User.save"}, offered) == (
        "grep",
        {"pattern": "save", "literal": True},
    )
    assert stand_in("git_blame", {"path": "a.py"}, offered) == ("read_file", {"path": "a.py"})
    assert stand_in("git_show", {"revision": "HEAD"}, offered) == ("git_log", {"count": 1})
    assert "rename_symbol" in str(stand_in("rename_symbol", {"symbol": "a", "new_name": "b"}, offered))


def test_sentences_name_the_tool_that_was_asked_about() -> None:
    assert "pyright" in answer_sentence(AnswerKind.ABOUT, "what does pyright do?")
    assert "--model" in answer_sentence(AnswerKind.BEYOND, "write a parser")
    assert "`git_stash`" in answer_sentence(AnswerKind.ABOUT, "what's a stash?")


def test_what_no_tool_does_is_shown_another_way_by_the_verb_it_begins_with() -> None:
    assert "`!git push`" in answer_sentence(AnswerKind.BEYOND, "Please push my branch")
    assert "`!git mv" in answer_sentence(AnswerKind.BEYOND, "can you delete notes.txt")
    assert "--model" in answer_sentence(AnswerKind.BEYOND, "write code that can delete and push")


@pytest.mark.parametrize(
    ("request_text", "is_undone"),
    [
        ("undo", True),
        ("Please undo my last change!", True),
        ("revert that", True),
        ("undo the rename of total", True),
        ("can you revert that last lint fix", True),
        ("undo the stash", False),
        ("revert a1b2c3d", False),
        ("what does undo do", False),
    ],
)
def test_a_plain_wish_to_undo_is_told_the_apps_own_way(request_text: str, is_undone: bool) -> None:
    assert plain_answer(request_text, is_after_edit=True) == (AnswerKind.BEYOND if is_undone else None)


@pytest.mark.parametrize("request_text", ["y", "n", "q", "N.", "ok?", "Okay ?", "1", "yes", "x"])
def test_what_would_answer_a_question_is_no_order_where_none_is_open(request_text: str) -> None:
    kind = plain_answer(request_text, is_after_edit=True)
    assert kind
    assert "No question is open" in answer_sentence(kind, request_text)


@pytest.mark.parametrize("request_text", ["how do I quit?", "How to exit punie", "how can I get out of here?"])
def test_who_wants_to_quit_is_told_the_key(request_text: str) -> None:
    kind = plain_answer(request_text, is_after_edit=False)
    assert kind
    assert "Ctrl+Q quits" in answer_sentence(kind, request_text)


@pytest.mark.parametrize("request_text", ["ok", "ls", "how do I leave a loop early", "how to exit with 2", "x = y"])
def test_a_short_wish_is_read_by_the_model(request_text: str) -> None:
    assert plain_answer(request_text, is_after_edit=False) is None


@pytest.mark.parametrize(("request_text", "is_undone"), [("undo", False), ("undo the rename", True)])
def test_an_edit_that_is_named_is_undone_after_other_calls_too(request_text: str, is_undone: bool) -> None:
    assert plain_answer(request_text, is_after_edit=False) == (AnswerKind.BEYOND if is_undone else None)


@pytest.mark.parametrize(
    ("request_text", "is_told"),
    [
        ("Fix the failing test tests/test_a.py::test_b (tests/test_a.py:3).\n\nassert 1 == 2", True),
        ("fix what pyright finds at a.py:6:12 (reportReturnType): Type", True),
        ("fix the failing tests please", True),
        ("fix what ruff can in a.py", False),
        ("fix what ruff finds in src", False),
        ("run the failing test", False),
    ],
)
def test_a_failure_that_is_handed_over_is_no_request_to_route(request_text: str, is_told: bool) -> None:
    assert plain_answer(request_text, is_after_edit=False) == (AnswerKind.BEYOND if is_told else None)
    assert ("Ctrl+N" in answer_sentence(AnswerKind.BEYOND, request_text)) == is_told


@pytest.mark.parametrize(
    ("request_text", "is_told"),
    [
        ("\u578b\u30a8\u30e9\u30fc\u306f\u3042\u308a\u307e\u3059\u304b", True),
        ("\u043f\u043e\u043a\u0430\u0436\u0438 \u043c\u043d\u0435 main.py", True),
        ("grep \u578b\u30a8\u30e9", False),
        ('commit "\u578b\u30a8\u30e9\u30fc\u306f\u3042\u308a"', False),
        ("gibt es Typfehler f\u00fcr M\u00fcller?", False),
        ("", False),
    ],
)
def test_a_request_in_letters_that_nano_never_read_is_told_so(request_text: str, is_told: bool) -> None:
    assert plain_answer(request_text, is_after_edit=False) == (AnswerKind.BEYOND if is_told else None)
    assert answer_sentence(AnswerKind.BEYOND, request_text).startswith("I read English alone.") == is_told


def test_the_catalogue_knows_the_arguments_of_every_tool_that_nano_was_trained_for() -> None:
    tools = [tool for tool in TOOLS if tool.name in CATALOGUE]
    assert len(tools) > 10
    for tool in tools:
        assert set(CATALOGUE[tool.name]) <= set(tool.arguments_schema["properties"]) | {"path"}, tool.name


def fillings(program: Program) -> list[dict[str, Value]]:
    """Required arguments alone, and all of them."""

    def values(arguments: dict[str, Argument]) -> dict[str, Value]:
        return {name: VALUES[argument.kind] for name, argument in arguments.items()}

    required = {name: argument for name, argument in program.arguments.items() if argument.is_required}
    return [values(required), values(dict(program.arguments))]


def is_runnable(name: str) -> bool:
    """Whether this version has every tool that the program calls; later tools' programs are there already."""
    code = PROGRAMS[name].write(fillings(PROGRAMS[name])[0])
    called = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return called & set(CATALOGUE) <= {tool.name for tool in TOOLS}


@pytest.mark.parametrize(
    ("name", "filling"),
    list(itertools.product(filter(is_runnable, PROGRAMS), (0, 1))),
    ids=lambda part: str(part).replace(" ", "-"),
)
def test_every_program_runs_and_reads_fields(name: str, filling: int) -> None:
    code = PROGRAMS[name].write(fillings(PROGRAMS[name])[filling])
    tools = {tool.name: tool for tool in TOOLS if tool.name != "execute_code"}
    stand_ins = {
        name: (tool, lambda arguments, tool=tool: plausible_result(tool, tool.validate(arguments)))
        for name, tool in tools.items()
    }
    assert recognise(code) == (name, fillings(PROGRAMS[name])[filling])
    observed = observe_program(code, stand_ins)
    assert not observed.error, code
    assert observed.fields_read


def run_program(name: str, values: Mapping[str, Value], result_of: Callable[[Tool, dict[str, Any]], ToolResult]) -> str:
    """What a program prints when its calls have these results."""
    functions = {
        tool.name: tool_function(tool, lambda given, tool=tool: result_of(tool, tool.validate(given)))
        for tool in TOOLS
        if tool.name != "execute_code"
    }
    finished = run_code(PROGRAMS[name].write(values), functions)
    assert not finished.error
    return finished.output


def empty_result(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
    """Without rows, and with counts of 0."""
    values = plausible_result(tool, arguments).model_dump()
    empty = {tuple: (), int: 0}
    return tool.result_type.model_validate({name: empty.get(type(value), value) for name, value in values.items()})


@pytest.mark.parametrize("name", filter(is_runnable, PROGRAMS), ids=lambda name: name.replace(" ", "-"))
def test_a_program_that_finds_nothing_says_so(name: str) -> None:
    assert run_program(name, fillings(PROGRAMS[name])[0], empty_result).strip()


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("callers of callers", {"symbol": "Ledger"}, "No callers of callers of Ledger."),
        ("grep matches by file", {"pattern": "it's"}, 'No line matches "it\'s".'),
        ("grep matches by file", {"pattern": "$path", "path": "src"}, "No line in src matches '$path'."),
        ("grep matches by file", {"pattern": "NOTHING", "path": "."}, "No line matches 'NOTHING'."),
        ("commits files changed most often in", {"path": "."}, "No commit changed anything."),
        ("diff files", {"staged": True}, "Nothing staged differs."),
        ("diff files", {"staged": False, "base": "main"}, "Nothing differs from main."),
        ("symbols longer than", {"path": "a.py", "count": 30}, "No function of a.py has more than 30 lines."),
    ],
)
def test_the_sentence_for_nothing_names_what_was_asked_for(name: str, values: dict[str, Value], sentence: str) -> None:
    assert run_program(name, values, empty_result).splitlines()[-1] == sentence
    assert recognise(PROGRAMS[name].write(values)) == (name, values)


RUNS_TESTS = [name for name, program in PROGRAMS.items() if "pytest_" in program.code]


@pytest.mark.parametrize("name", RUNS_TESTS, ids=lambda name: name.replace(" ", "-"))
def test_a_program_that_runs_tests_tells_which_failed_and_whether_all_ran(name: str) -> None:
    ran: list[str] = []

    def result_of(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
        if not tool.name.startswith("pytest"):
            return empty_result(tool, arguments).model_copy(update={"is_clean": name == "if clean then pytest"})
        result = plausible_result(tool, arguments).model_copy(update={"incomplete": "stopped early"})
        ran.append(result.summary)
        return result

    output = run_program(name, fillings(PROGRAMS[name])[0], result_of)
    assert "stopped early" in ran[0]
    assert ran[0] in output.splitlines()


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name.startswith("if pytest passes")])
@pytest.mark.parametrize(("incomplete", "calls"), [("stopped early", 1), ("", 2)])
def test_tests_that_did_not_all_run_have_not_passed(name: str, incomplete: str, calls: int) -> None:
    called: list[str] = []

    def result_of(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
        called.append(tool.name)
        return empty_result(tool, arguments).model_copy(update={"incomplete": incomplete})

    run_program(name, {}, result_of)
    assert len(called) == calls


@pytest.mark.parametrize(
    ("name", "failing", "told"),
    [
        ("list files longest", "read_file", "(0 of 3 files were read)"),
        ("list files longer than", "read_file", "(0 of 3 files were read)"),
        ("list files lines total", "read_file", "0 lines in 0 of 3 files"),
        ("grep matches blame", "git_blame", "3 (it cannot be read)"),
        ("ruff violations blame", "git_blame", "src/app.py:3 F401 (it cannot be read)"),
        ("typecheck errors blame", "git_blame", "src/app.py:3 first text (it cannot be read)"),
        ("references blame", "git_blame", "src/app.py:3 (it cannot be read)"),
    ],
)
def test_a_program_goes_on_after_a_file_that_cannot_be_read(name: str, failing: str, told: str) -> None:
    def result_of(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
        if tool.name == failing:
            raise ToolError("it cannot be read")
        return plausible_result(tool, arguments).model_copy(update={"file_count": 3})

    assert told in run_program(name, fillings(PROGRAMS[name])[0], result_of).splitlines()


def test_nobody_is_asked_who_calls_a_module() -> None:
    asked: list[str] = []

    def result_of(tool: Tool, arguments: dict[str, Any]) -> ToolResult:
        asked.append(arguments["symbol"])
        result = plausible_result(tool, arguments).model_dump()
        calls = [{**result["calls"][0], "kind": "module", "name": "(module) b.py"}]
        return tool.result_type.model_validate({**result, "calls": calls})

    output = run_program("callers of callers", {"symbol": "first"}, result_of)
    assert output.splitlines() == ["(module) b.py src/app.py:3", "No callers of callers of first."]
    assert asked == ["first"]


@pytest.mark.parametrize(
    ("request_text", "choice", "value"),
    [
        ("debug a.py and print len(rows) there", " len ( rows", "len(rows)"),
        ("debug a.py and print rows[i], please", " rows [ i", "rows[i]"),
        ("check it for {{ user.name }}", " { {<|symbol_1|> }", "{{ user.name }}"),
        ("say docs] explain", " docs ] explain", "docs] explain"),
        ("say [docs] explain it", " docs ] explain", "[docs] explain"),
        ("say f(x", " f ( x", "f(x"),
    ],
)
def test_brackets_that_close_or_open_right_beside_a_text_belong_to_it(
    request_text: str, choice: str, value: str
) -> None:
    assert view_of(request_text).value(Kind.TEXT, choice) == value


@pytest.mark.parametrize(
    ("request_text", "messages"),
    [
        ("commit with message fix(parser): handle empty input", ["fix(parser): handle empty input"]),
        ("commit: feat!: drop python 3.8 support, thanks", ["feat!: drop python 3.8 support"]),
        ("commit all, msg = Add retry logic (#231). Then push", ["Add retry logic (#231)"]),
        ("commit with message typo", []),
        ('commit with message "two words"', []),
        ("next commit: a.py and b.py, stage them", []),
    ],
)
def test_an_unquoted_message_of_a_commit_is_one_text(request_text: str, messages: list[str]) -> None:
    assert [request_text[start:end] for start, end in commit_messages(request_text)] == messages


LOG = "".join(
    f"08:{number}:01 ERROR src/app/mod_{number}.py:{number} failed in Foo.bar_{number}\n" for number in range(99)
)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        (f"any type errors?\n\n{LOG}", "any type errors?"),
        (f"{LOG}\nany type errors?", "any type errors?"),
        (f"which of these files changed:\n{LOG}", "which of these files changed:"),
        (f"{'and so on ' * 40}\n\n{LOG}", ""),
        ("any type errors?", ""),
        ("", ""),
    ],
    ids=["before", "after", "first line", "no short one", "nothing beside", "nothing"],
)
def test_the_wish_is_the_short_paragraph_beside_what_was_pasted(text: str, wish: str) -> None:
    assert wish_beside(text) == wish


@pytest.mark.parametrize(
    ("request_text", "is_for_words"),
    [
        ("what is this?", True),
        ("So, what does all this mean", True),
        ("explain this log please", True),
        ("what's this", True),
        ("what is it", False),
        ("what is this Ledger", False),
        ("what changed in this", False),
    ],
)
def test_what_is_asked_about_a_paste_alone_wants_words(request_text: str, is_for_words: bool) -> None:
    assert plain_answer(request_text, is_after_edit=False) is (AnswerKind.BEYOND if is_for_words else None)


def test_only_a_request_that_is_too_long_to_be_shown_is_cut() -> None:
    assert view_of(LOG).is_cut
    assert not view_of(f"apply this\n```\n{LOG}```").is_cut


def test_an_empty_request_can_be_read() -> None:
    assert reply_grammar(view_of("")).startswith("start: ")
