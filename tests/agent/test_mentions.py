"""`@path` and `@symbol` in a prompt: what they bring along, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from punie_tui.agent.attachment import Attachment, words_of
from punie_tui.agent.conversation import Conversation
from punie_tui.agent.events import TurnStarted
from punie_tui.agent.known_results import KnownResults
from punie_tui.agent.mention_reader import read_mention, read_mentions
from punie_tui.agent.mentions import MOST_MENTIONS, mention_of, mentions_in
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import Message, TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import Settings

LEDGER = Path(__file__).parents[1] / "fixtures" / "ledger"
FILES = {
    "src/app.py": "\ndef run() -> None:\n    helper()\n\n\n@property\ndef helper() -> int:\n    return 1\n",
    "my notes.txt": "one\ntwo\nthree\n",
    "blob.bin": "\0\1\2",
}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES)


@pytest.fixture
def context(repository: Path) -> Iterator[ToolContext]:
    workspace = Workspace.at(repository)
    with closing(LanguageServer(workspace)) as server:
        yield ToolContext(workspace, language_server=server)


@pytest.mark.parametrize(
    ("prompt", "mentions"),
    [
        ("lint @src/app.py, then @README.md.", ("@src/app.py", "@README.md")),
        ('read @"my notes.txt" (and @src)', ('@"my notes.txt"', "@src")),
        ("twice @a and @a", ("@a",)),
        ("write to ada@example.org @ noon", ()),
        ("why @Ledger.post?", ("@Ledger.post",)),
        ('an open quote @"my notes', ()),
    ],
)
def test_a_mention_is_a_word_with_an_at(prompt: str, mentions: tuple[str, ...]) -> None:
    assert mentions_in(prompt) == mentions


def test_a_name_with_spaces_is_mentioned_in_quotes() -> None:
    assert mentions_in(f"see {mention_of('my notes.txt')} now") == ('@"my notes.txt"',)
    assert mention_of("src/app.py") == "@src/app.py"


@pytest.mark.parametrize("name", ["failed:tests/test_cart.py::test_total[1 b]", "tests/x.py::test[1]", "a@b.txt", "!"])
def test_what_would_be_cut_off_is_mentioned_in_quotes(name: str) -> None:
    assert mentions_in(f"see {mention_of(name)}, now") == (f'@"{name}"',)


def test_a_paste_full_of_mentions_costs_a_few_only() -> None:
    assert len(mentions_in(" ".join(f"@name{number}" for number in range(10_000)))) == MOST_MENTIONS


def test_a_file_brings_its_text(context: ToolContext) -> None:
    attached = read_mention('@"my notes.txt"', context, KnownResults())
    assert (attached.kind, attached.name, attached.text) == ("file", "my notes.txt, 3 lines", "one\ntwo\nthree\n")
    assert attached.tokens == 4


@pytest.mark.parametrize(("mention", "text"), [("@my notes.txt:2", "two\n"), ("@my notes.txt:2-3", "two\nthree\n")])
def test_lines_of_a_file_are_named_after_it(context: ToolContext, mention: str, text: str) -> None:
    assert read_mention(mention, context, KnownResults()).text == text


def test_a_folder_brings_its_files(context: ToolContext) -> None:
    assert read_mention("@src/", context, KnownResults()).text == "src/app.py"


def test_a_symbol_brings_source_type_and_callers(context: ToolContext) -> None:
    attached = read_mention("@helper", context, KnownResults())
    assert attached.kind == "symbol"
    assert attached.name == "helper, src/app.py:7"
    assert "@property\ndef helper() -> int:\n    return 1" in attached.text
    assert "Type: (function) def helper() -> int" in attached.text
    assert "Called by 1:\n- run, src/app.py:3" in attached.text


def test_a_class_brings_the_places_where_it_is_used() -> None:
    workspace = Workspace.at(LEDGER)
    with closing(LanguageServer(workspace)) as server:
        attached = read_mention("@Account", ToolContext(workspace, language_server=server), KnownResults())
    assert "@dataclass\nclass Account:" in attached.text
    assert "account = Account(name, currency)" in attached.text


@pytest.mark.parametrize(
    ("mention", "problem"),
    [
        ("@helpr", "nearest: helper"),
        ("@../outside", "no file"),
        ("@blob.bin", "blob.bin"),
        ("@nothing/here.py", "There is no file 'nothing/here.py' here."),
        ("@my notes.txt:9", "only 3 lines"),
    ],
)
def test_what_means_nothing_says_so_in_one_line(context: ToolContext, mention: str, problem: str) -> None:
    attached = read_mention(mention, context, KnownResults())
    assert attached.text == ""
    assert problem in attached.problem
    assert "\n" not in attached.problem


def test_a_stopped_turn_reads_nothing(context: ToolContext) -> None:
    context.cancelled.set()
    assert read_mentions(["@helper", "@src/app.py"], context, KnownResults()) == ()


def test_the_words_come_first_and_the_text_stands_below() -> None:
    conversation = Conversation()
    conversation.add_prompt("lint @a.py", [Attachment(kind="file", name="a.py, 1 line", mention="@a.py", text="x = 1")])
    message = conversation.messages[0]
    assert message.content == "lint a.py"
    assert message.whole == "lint a.py\n\n[file: a.py, 1 line]\nx = 1"


def test_only_what_was_attached_loses_its_at() -> None:
    attached = [
        Attachment(kind="file", name="a", mention="@a", text="x"),
        Attachment(kind="file", name="b c", mention='@"b c"', text="x"),
    ]
    assert words_of('see @a, (@ab) and @"b c".', attached) == "see a, (@ab) and b c."


def test_what_could_not_be_attached_stays_as_it_was_written() -> None:
    conversation = Conversation()
    conversation.add_prompt("@nope", [Attachment(kind="file", name="nope", mention="@nope", problem="There is none.")])
    assert conversation.messages == [Message("user", "@nope")]


def test_a_session_keeps_what_was_attached_and_goes_on_with_it(repository: Path) -> None:
    first = Session(repository, ScriptedEngine([[TextDelta("fine")]]), Settings())
    started = next(
        event for event in first.run("look at @src/app.py", mentions=["@src/app.py"]) if isinstance(event, TurnStarted)
    )
    first.close()
    assert started.prompt == "look at @src/app.py"
    assert [each.name for each in started.attachments] == ["src/app.py, 8 lines"]
    engine = ScriptedEngine([[TextDelta("again")]])
    second = Session(repository, engine, Settings())
    assert second.resume()
    list(second.run("go on"))
    second.close()
    asked = engine.requests[0].messages[1]
    assert asked.content == "look at src/app.py"
    assert "def run() -> None:" in asked.whole
