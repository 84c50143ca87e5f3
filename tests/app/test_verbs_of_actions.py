"""Every action of the app is a command-line verb too, or it is said here why it is none: a new action has to decide."""

from __future__ import annotations

import shlex
import sys

import pytest

from punie_tui.__main__ import main
from punie_tui.app.action_registry import actions_of_screens

VERBS = {
    "arguments.run": "tool",
    "commit.commit": "tool git_commit",
    "findings.check": "tool typecheck, tool ruff_check",
    "findings.fix": "tool code_actions, tool apply_code_action",
    "findings.fix_file": "tool ruff_check",
    **{f"fixes.take{which}": "tool apply_code_action" for which in ["", *(f"_{digit}" for digit in range(1, 10))]},
    "findings.hand_over": "ask",
    "history.blame": "tool git_blame",
    "history.commits": "tool git_log",
    "history.show": "tool git_show",
    "main.explain": "keys",
    "main.findings": "tool typecheck, tool ruff_check",
    "main.go_on": "--continue",
    "main.keys": "keys",
    "main.models": "models list",
    "main.next_mode": "settings policy",
    "main.open": "tool list_files, tool workspace_symbols",
    "main.repo": "tool git_status, tool git_log",
    "main.sessions": "sessions list",
    "main.settings": "settings",
    "main.tests": "tool pytest_run",
    "main.theme": "settings theme",
    "main.trust": "trust",
    "main.turns": "sessions turns",
    "models.keep": "settings model",
    "models.look": "models list",
    "models.use": "ask",
    "models.use_other": "ask",
    "notes.draft": "init",
    "notes.read": "notes",
    "prompt.send": "ask",
    "repo.blame": "tool git_blame",
    "repo.commit": "tool git_commit",
    "repo.history": "tool git_log",
    "repo.open": "tool read_file, tool git_show",
    "repo.review": "tool git_diff",
    "repo.review_staged": "tool git_diff",
    "repo.search": "tool list_files, tool workspace_symbols",
    "review.accept_file": "tool git_stage",
    "review.accept_hunk": "tool git_stage",
    "review.reject_file": "tool git_unstage",
    "review.reject_hunk": "tool git_unstage",
    "sessions.delete": "sessions remove",
    "sessions.export": "sessions export",
    "sessions.fork": "sessions fork",
    "sessions.go_on": "--resume",
    "sessions.rename": "sessions rename",
    "sessions.search": "sessions list",
    "settings.change": "settings",
    "settings.reset": "settings",
    "settings.save": "settings",
    "tests.bisect": "bisect",
    "tests.debug": "tool debug_test",
    "tests.fix": "ask",
    "tests.read": "tool pytest_run",
    "tests.run_affected": "tool pytest_affected",
    "tests.run_all": "tool pytest_run",
    "tests.run_failed": "tool pytest_run",
    "tests.run_this": "tool pytest_run",
    "tests.trust": "trust",
    "trace.run_again": "tool",
    "trust.give": "trust",
    "trust.revoke": "trust",
    "turns.fork": "sessions fork",
    "turns.go": "sessions rewind, sessions forward",
    "viewer.blame": "tool git_blame",
    "viewer.history": "tool git_log",
}
REASONS = {
    "moves within what a screen shows, or folds, searches and lays it out; a command prints all of it": """
        approval.next_page findings.filter findings.group findings.open keys.filter leader.page_down leader.page_up
        leader.scroll_down leader.scroll_end leader.scroll_home leader.scroll_up main.higher_trace main.lower_trace
        main.narrower_chat main.whole_width main.wider_chat move.down move.first move.last move.left move.page_down
        move.page_up move.right move.up outline.choose outline.fold repo.fold review.fold review.next_file
        review.next_hunk review.previous_file review.previous_hunk review.side_by_side review.split review.wrap
        search.keep
        sessions.found sessions.list tests.filter tests.next_failure tests.open tests.open_place tests.other_pane
        tests.previous_failure trace.filter trace.fold trace.open transcript.fold transcript.fold_turn
        transcript.fold_turns transcript.link_before transcript.match_before transcript.next_link
        transcript.next_match transcript.next_turn transcript.open transcript.search transcript.select
        transcript.select_block transcript.select_less transcript.select_more transcript.turn_before
        viewer.match_before viewer.next_match viewer.search settings.previous""",
    "leads to another screen or pane, or leaves one": """
        arguments.leave commit.leave findings.close findings.keys findings.leave fixes.keys
        fixes.leave general.leader
        general.leader_while_reading general.palette history.keys history.leave keys.close keys.leave leader.leave
        main.answer main.chat main.prompt main.queue main.said main.trace
        models.keys models.leave notes.keys notes.leave review.keys
        review.leave search.leave sessions.keys sessions.leave settings.keys settings.leave tests.close tests.keys
        tests.leave trace.end_filter transcript.leave trust.keys trust.leave turns.keys turns.leave viewer.back
        viewer.keys viewer.leave""",
    "edits what is being typed, or opens the person's own editor": """
        comment.keep hunk.keep hunk.leave hunk.put_back notes.edit prompt.clear prompt.delete prompt.down prompt.edit
        prompt.left prompt.new_line prompt.right prompt.search_history prompt.take_end prompt.take_next_word
        prompt.take_start prompt.take_word prompt.undo prompt.up prompt.word_left prompt.word_right prompt.yank
        sessions.answer viewer.edit""",
    "answers what the app asks just now; a command asks on its terminal, or has --yes": """
        approval.always approval.deny approval.once approval.review choice.first choice.none choice.second
        choice.third confirm.no confirm.yes""",
    "is for the turn, the run or the messages of this app; a command runs one turn, and Ctrl+C stops it": """
        main.quit main.step main.stop general.suspend prompt.steer queue.earlier queue.edit queue.later queue.leave
        queue.remove queue.send queue.steer tests.stop tests.watch trace.to_prompt""",
    "is a step of the review on the screen": """
        review.apply review.comment review.edit review.redo review.take_green review.undo""",
    "copies to the terminal's clipboard; a command's output can be piped": """
        trace.copy transcript.copy transcript.copy_answer""",
    "begins a new session, as each start of punie does": "sessions.new",
}


def test_every_action_has_a_verb_or_a_reason_for_none() -> None:
    names = {action.name for screen in actions_of_screens() for meeting in screen.meetings() for action in meeting}
    without = [name for listed in REASONS.values() for name in listed.split()]
    assert sorted(names) == sorted([*VERBS, *without])


@pytest.mark.parametrize("verb", sorted({verb for verbs in VERBS.values() for verb in verbs.split(", ")}))
def test_the_verb_is_there(verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    is_option = verb.startswith("--")
    asks_help = [] if verb.startswith("settings ") else ["--help"]
    monkeypatch.setattr(sys, "argv", ["punie", *([] if is_option else shlex.split(verb)), *asks_help])
    try:
        assert main() == 0
    except SystemExit as end:
        assert end.code == 0
    assert verb.split()[-1] in capsys.readouterr().out
