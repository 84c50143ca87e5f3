"""What code knows better than the model of a call that is read."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from punie_tools.registry import TOOLS
from punie_tui.engine.nano.answers import sentence_of
from punie_tui.engine.nano.catalogue import Kind
from punie_tui.engine.nano.lint_rules import named_rules, rules_going_on, wishes_fixes
from punie_tui.engine.nano.request_view import RequestView
from punie_tui.engine.nano.second_look import meant
from punie_tui.engine.open_engine import open_engine
from punie_tui.engine.protocol import Message, Request, TextDelta, ToolCall, ToolSpec

SPECS = tuple(ToolSpec(tool.name, tool.description, tool.arguments_schema) for tool in TOOLS)


def in_tree(path: str) -> bool:
    return path in ("a.py", "settings.py")


@pytest.mark.parametrize(
    ("request_text", "tool", "arguments", "heading"),
    [
        ("run the server", "run_command", {"command": "the server"}, "no command"),
        ("run our build, please", "run_command", {"command": "our build"}, "no command"),
        ('add "x = 1" to a.py', "write_file", {"path": "a.py", "content": "x = 1"}, "adding to a file"),
        ("put x = 1 at the top of a.py", "write_file", {"path": "a.py", "content": "x = 1"}, "adding to a file"),
        ("please make the docs", "run_command", {"command": "make the docs"}, "no command"),
        ("replace foo with bar in every file", "edit_file", {"path": "foo", "old": "foo", "new": "bar"}, "many files"),
        ("swap http: for https: across the project", "edit_file", {"path": "http:", "old": "http:"}, "many files"),
        ("throw my changes away", "git_stash", {}, "throwing away"),
        ("discard what I did in a.py", "git_diff", {"path": "a.py"}, "throwing away"),
        ("get rid of all my uncommitted edits", "git_unstage", {}, "throwing away"),
        ("set DEBUG to False in settings.py", "edit_file", {"old": "DEBUG", "new": "False"}, "setting a value"),
        ("change the timeout to 30s", "edit_file", {"old": "timeout", "new": "30s"}, "setting a value"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence(
    request_text: str, tool: str, arguments: Mapping[str, object], heading: str
) -> None:
    arguments = {"path": "settings.py", **arguments} if tool == "edit_file" else arguments
    assert meant((tool, arguments), request_text, in_tree) == heading
    assert sentence_of(heading)


@pytest.mark.parametrize(
    ("request_text", "tool", "arguments"),
    [
        ("run theme-build", "run_command", {"command": "theme-build"}),
        ("run make that.o", "run_command", {"command": "make that.o"}),
        ("change foo to bar in a.py, everywhere", "edit_file", {"path": "a.py", "old": "foo", "new": "bar"}),
        ("change foo to bar everywhere in gone.py", "edit_file", {"path": "gone.py", "old": "foo", "new": "bar"}),
        ("put my changes away", "git_stash", {}),
        ("drop the stash, show my changes", "git_stash", {"action": "pop"}),
        ("what would I lose if I threw my changes away", "git_diff", {}),
        ("run all-tests.sh", "run_command", {"command": "all-tests.sh"}),
        ('add "x = 1" to new.py', "write_file", {"path": "new.py", "content": "x = 1"}),
        ('overwrite a.py, put "x = 1" there', "write_file", {"path": "a.py", "content": "x = 1"}),
        ('add the file a.py with "x = 1"', "write_file", {"path": "a.py", "content": "x = 1"}),
        ('write "x = 1" into a.py', "write_file", {"path": "a.py", "content": "x = 1"}),
        ("change total to amount in a.py", "edit_file", {"path": "a.py", "old": "total", "new": "amount"}),
        ("change 30 to 60 in a.py", "edit_file", {"path": "a.py", "old": "30", "new": "60"}),
        ('change "DEBUG" to 0 in a.py', "edit_file", {"path": "a.py", "old": "DEBUG", "new": "0"}),
        ("set x to 5 in elsewhere.py", "edit_file", {"path": "elsewhere.py", "old": "x", "new": "5"}),
        ("what does flush call", "call_hierarchy", {"symbol": "flush", "direction": "outgoing"}),
        ("which calls does flush make", "call_hierarchy", {"symbol": "flush", "direction": "outgoing"}),
        ("who is called by flush", "call_hierarchy", {"symbol": "flush", "direction": "outgoing"}),
    ],
)
def test_what_may_be_meant_stays_as_it_is(request_text: str, tool: str, arguments: Mapping[str, object]) -> None:
    assert meant((tool, arguments), request_text, in_tree) == (tool, arguments)


@pytest.mark.parametrize("request_text", ["what calls flush", "and who else calls flush?", "which functions call it"])
def test_whoever_calls_is_no_callee(request_text: str) -> None:
    call = ("call_hierarchy", {"symbol": "flush", "direction": "outgoing"})
    assert meant(call, request_text, in_tree) == ("call_hierarchy", {"symbol": "flush"})


def test_a_line_to_be_added_overwrites_no_file() -> None:
    """With the real weights, which are sure of `write_file`: the engine gives the sentence out, and no call."""
    engine = open_engine("nano")
    request = Request((Message("user", 'add "x = 1" to a.py'),), SPECS, path_exists=in_tree)
    deltas = list(engine.generate(request, lambda: False))
    engine.close()
    assert not [delta for delta in deltas if isinstance(delta, ToolCall)]
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == sentence_of("adding to a file")


def test_the_verb_of_a_question_is_no_symbol() -> None:
    view = RequestView("who calls that", [[("call_hierarchy", {"symbol": "flush"})]], in_tree)
    assert " calls" not in view.words(Kind.SYMBOL)
    assert RequestView("who uses retry", [], in_tree).words(Kind.SYMBOL) == (" retry",)


@pytest.mark.parametrize(
    ("request_text", "arguments"),
    [
        ("fix the unused imports", {"fix": True, "rules": ["F401"]}),
        ("fix the unused imports in a.py", {"path": "a.py", "fix": True, "rules": ["F401"]}),
        ("sort the imports", {"fix": True, "rules": ["I"]}),
        ("organize the imports of a.py", {"path": "a.py", "fix": True, "rules": ["I"]}),
        ("remove unused variables", {"fix": True, "rules": ["F841"]}),
        ("delete unused variables in a.py", {"path": "a.py", "fix": True, "rules": ["F841"]}),
        ("fix F401 in a.py", {"path": "a.py", "fix": True, "rules": ["F401"]}),
        ("fix all lint errors", {"fix": True}),
    ],
)
def test_rules_in_plain_words_are_all_that_is_fixed(request_text: str, arguments: Mapping[str, object]) -> None:
    """With the real weights, whose format has no rules, and which would have no tool sort imports."""
    assert calls_for(request_text) == [("ruff_check", arguments)]


def test_a_program_that_lints_and_fixes_keeps_to_the_rules() -> None:
    ((tool, arguments),) = calls_for("if there are unused imports fix them")
    assert tool == "execute_code"
    assert str(arguments["code"]).count("ruff_check(rules=['F401']") == 2


def calls_for(request_text: str) -> list[tuple[str, Mapping[str, object]]]:
    engine = open_engine("nano")
    request = Request((Message("user", request_text),), SPECS, path_exists=in_tree)
    deltas = list(engine.generate(request, lambda: False))
    engine.close()
    return [(delta.tool, delta.arguments) for delta in deltas if isinstance(delta, ToolCall)]


@pytest.mark.parametrize(
    ("request_text", "rules"),
    [
        ("remove unused imports and variables", ["F401", "F841"]),
        ("any unused import errors in a.py?", ["F401"]),
        ("imports that are not used", ["F401"]),
        ("remove unused imports, not in tests", ["F401"]),
        ("fix all E501 and B006 violations", ["E501", "B006"]),
        ("fix lint and sort the imports", []),
        ("fix everything, unused imports too", []),
        ("fix everything except unused imports", []),
        ("don't touch a.py, but fix F401.py", []),
        ('search for "unused imports"', []),
        ("lint a.py", []),
    ],
)
def test_rules_are_read_from_words_that_mean_them_and_no_more(request_text: str, rules: list[str]) -> None:
    assert named_rules(request_text) == rules


@pytest.mark.parametrize(
    ("request_text", "is_wish"),
    [
        ("please remove all unused imports", True),
        ("run isort", True),
        ("remove src/a.py and sort the imports", False),
        ("which imports are unused?", False),
    ],
)
def test_a_wish_begins_with_its_verb(request_text: str, is_wish: bool) -> None:
    assert wishes_fixes(request_text) == is_wish


def test_what_goes_on_keeps_the_rules() -> None:
    before = [("ruff_check", {"path": "src", "rules": ["F401"]})]
    assert rules_going_on("now in tests", before) == ["F401"]
    assert meant(("ruff_check", {"path": "tests"}), "now in tests", in_tree, before) == (
        "ruff_check",
        {"path": "tests", "rules": ["F401"]},
    )
    assert rules_going_on("lint tests", before) == []
    assert rules_going_on("fix the rest too", before) == []
    assert rules_going_on("now in tests", [("ruff_check", {"path": "src"})]) == []


@pytest.mark.parametrize(
    ("request_text", "changes_files"),
    [
        ("any unused imports in src?", False),
        ("is src free of lint", False),
        ("so, which files have unsorted imports", False),
        ("any unused imports? fix them", True),
        ("is there lint ruff can fix? do it", True),
        ("unused imports in src, fix", True),
        ("fix src", True),
    ],
)
def test_a_question_alone_changes_no_file(request_text: str, changes_files: bool) -> None:
    call = meant(("ruff_check", {"path": "src", "fix": True}), request_text, in_tree)
    assert isinstance(call, tuple)
    assert call[1].get("fix", False) is changes_files


@pytest.mark.parametrize("request_text", ["fix them", "ok, please fix all of those", "repair it all", "Fix them."])
def test_what_was_found_is_mended_where_it_was_looked_for(request_text: str) -> None:
    looked = [("ruff_check", {"path": "src", "rules": ["F401"]})]
    call = meant(("ruff_check", {"fix": True}), request_text, in_tree, looked)
    assert call == ("ruff_check", {"path": "src", "rules": ["F401"], "fix": True})


def test_another_place_or_everything_is_not_where_it_was_looked_for() -> None:
    looked = [("ruff_check", {"path": "src", "rules": ["F401"]})]
    assert meant(("ruff_check", {"path": "tests", "fix": True}), "fix them in tests", in_tree, looked) == (
        "ruff_check",
        {"path": "tests", "rules": ["F401"], "fix": True},
    )
    everything = meant(("ruff_check", {"fix": True}), "fix everything", in_tree, looked)
    assert everything == ("ruff_check", {"fix": True})
