"""What a model gets to read when a conversation grows too long."""

from __future__ import annotations

from punie_tui.agent.attachment import Attachment
from punie_tui.agent.conversation import Conversation, shortened


def long_conversation(turns: int) -> Conversation:
    conversation = Conversation()
    for number in range(turns):
        conversation.add_prompt(f"question {number} " + "x" * 400)
        conversation.add_reply("answer " + "y" * 400, ())
    return conversation


def test_a_short_conversation_is_whole() -> None:
    messages, trimmed = long_conversation(2).fitted(100_000)
    assert [message.role for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert trimmed is None


def test_the_oldest_turns_leave_first_and_turns_stay_whole() -> None:
    messages, trimmed = long_conversation(20).fitted(1000)
    assert trimmed is not None
    assert trimmed.removed_tokens > trimmed.kept_tokens > 0
    assert messages[1].role == "user"
    assert messages[-2].content.startswith("question 19")


def test_the_newest_turn_always_stays() -> None:
    messages, _ = long_conversation(3).fitted(10)
    assert [message.role for message in messages] == ["system", "user", "assistant"]


def test_a_long_result_keeps_its_ends_and_says_what_is_missing() -> None:
    text = shortened("a" * 10_000 + "b" * 10_000)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert "8000 characters left out" in text


def test_bytes_of_a_command_line_that_are_no_text_do_not_reach_the_model() -> None:
    conversation = Conversation()
    conversation.add_prompt("caf\udce9 and \ud83d", [Attachment(mention="", kind="output", name="ls", text="\udcff")])
    message = conversation.messages[-1]
    assert message.content == "caf\ufffd and \ufffd"
    assert message.attached.endswith("\ufffd")
