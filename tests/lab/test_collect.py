"""Sessions become training data: only what ended well, without secrets, and only what the person kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from punie_tui.agent.session import Session
from punie_tui.commands import lab
from punie_tui.commands.lab_collect import review
from punie_tui.engine.protocol import EngineError, TextDelta, ToolCall
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.lab.chat_data import read_chat_examples
from punie_tui.lab.collect import Collected, collect
from punie_tui.lab.redaction import REDACTED, Redactor
from punie_tui.settings import Settings

TOKEN = "ghp_" + "a1" * 18


@pytest.fixture
def collected(tmp_path: Path) -> Sequence[Collected]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "notes.py").write_text(f'KEY = "{TOKEN}"\n', encoding="utf-8")
    replies = [
        [ToolCall("1", "read_file", {"path": "notes.py"})],
        [TextDelta("It holds a key.")],
        [EngineError("gone")],
        [TextDelta("You are welcome.")],
    ]
    session = Session(folder, ScriptedEngine(replies), Settings())
    for prompt in ("what is in notes.py? ask ann@example.net", "and now?", "thanks"):
        list(session.run(prompt))
    list(session.call_by_hand("/status", [ToolCall("2", "list_files", {})]))
    record = session.record()
    session.close()
    return list(collect("s1", record, Redactor(tmp_path, {"MY_API_KEY": "It holds a secret"})))


def test_each_reply_of_a_turn_that_ended_well_is_an_example(collected: Sequence[Collected]) -> None:
    assert [example.reply for example in collected] == [
        'read_file {"path": "notes.py"}',
        "It holds a key.",
        "You are welcome.",
    ]
    assert [message["role"] for message in collected[1].record["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    # What went before is given as in use, the turn that failed included.
    assert [each["content"] for each in collected[2].record["messages"] if each["role"] == "user"] == [
        "what is in notes.py? ask person@example.org",
        "and now?",
        "thanks",
    ]


def test_secrets_are_taken_out_of_what_was_said_and_of_results(collected: Sequence[Collected]) -> None:
    assert TOKEN not in str([example.record for example in collected])
    assert REDACTED in collected[1].record["messages"][3]["content"]
    assert "ann@example.net" not in str(collected[0].record)
    assert collected[1].redactions > 0


def test_only_what_the_person_kept_is_written_and_nothing_is_asked_twice(
    tmp_path: Path, collected: Sequence[Collected]
) -> None:
    output = tmp_path / "data"
    answers = iter(["w\n", "y\n", "maybe\n", "n\n", "q\n"])
    assert review(collected, output, lambda: next(answers)) == (1, 1)
    assert review(collected, output, iter(["y\n"]).__next__) == (1, 0)
    assert review(collected, output, lambda: pytest.fail("asked again")) == (0, 0)
    kept = read_chat_examples(output / "train.jsonl")
    assert [example.messages[-1].content for example in kept] == ["", "You are welcome."]
    assert kept[0].messages[-1].calls[0].tool == "read_file"
    assert "read_file" in [tool.name for tool in kept[0].tools]


def test_the_end_of_the_input_stops(tmp_path: Path, collected: Sequence[Collected]) -> None:
    assert review(collected, tmp_path / "data", lambda: "") == (0, 3)
    assert not (tmp_path / "data" / "train.jsonl").exists()


def test_without_a_terminal_or_a_choice_of_sessions_nothing_is_collected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab.run(["collect", str(tmp_path / "data"), "--all"]) == 1
    assert "terminal" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        lab.run(["collect", str(tmp_path / "data")])
    assert not (tmp_path / "data").exists()


def secrets() -> Iterator[tuple[str, str]]:
    yield f"export GH={TOKEN} now", f"export GH={REDACTED} now"
    yield "AKIA" + "ABCDEFGH12345678", REDACTED
    yield "postgres://ann:hunter2@db/x", f"postgres://{REDACTED}@db/x"
    yield 'password = "correct horse"', f'password = "{REDACTED}"'
    yield 'password = "it\'s-secret-99"', f'password = "{REDACTED}"'
    yield r'api_key = "abc\def123456"', f'api_key = "{REDACTED}"'
    yield "SECRET_KEY = 'django-insecure'", f"SECRET_KEY = '{REDACTED}'"
    yield "redis://:hunter22@cache", f"redis://{REDACTED}@cache"
    yield "Authorization: Bearer abcdefghij0123456789", f"Authorization: Bearer {REDACTED}"
    yield "api_key: abcdef123456", f"api_key: {REDACTED}"
    yield "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", f"{REDACTED}\nrest"
    yield "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", REDACTED
    yield "see /home/annika/work and annika's notes", "see ~/work and user's notes"
    yield "annikas /home/annika2 stays", "annikas /home/annika2 stays"
    yield "the deploy uses swordfish99 twice", f"the deploy uses {REDACTED} twice"
    yield "token count: 12, key=value, passwords are hashed", "token count: 12, key=value, passwords are hashed"


@pytest.mark.parametrize("text", [text for text, expected in secrets() if text != expected and "BEGIN" not in text])
def test_the_same_is_taken_out_of_a_result_which_is_json(text: str) -> None:
    redactor = Redactor(Path("/home/annika"), {"DEPLOY_TOKEN": "swordfish99"})
    plain = redactor.text(f"x = 1\n{text}\nend")
    found = redactor.text(json.dumps({"content": f"x = 1\n{text}\nend"}))
    assert json.loads(found)["content"] == plain


@pytest.mark.parametrize(("text", "expected"), list(secrets()))
def test_what_is_taken_out(text: str, expected: str) -> None:
    redactor = Redactor(Path("/home/annika"), {"DEPLOY_TOKEN": "swordfish99", "KEYBOARD": "us", "LANG": "en_US.UTF-8"})
    assert redactor.text(text) == expected
    assert (redactor.count > 0) == (text != expected)
