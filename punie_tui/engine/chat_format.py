"""The prompt format of models that bring their own chat template."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from punie_tui.engine.candidates import find_candidates
from punie_tui.engine.prompt_format import Constraint, EncodedPrompt, HeldGrammar, ReplyDelta, Tokenizer, new_call_id
from punie_tui.engine.protocol import (
    EngineError,
    HeldTo,
    Message,
    ProgramSyntax,
    ReasoningDelta,
    Request,
    TextDelta,
    ToolCall,
    ToolSpec,
)
from punie_tui.engine.tokenizer_adapter import ChatTokenizer
from punie_tui.engine.tool_call_formats import BegunText, JsonCalls, ToolCallFormat, detect_format, overlap

_THINK_START, _THINK_END = "<think>", "</think>"


class ChatTemplateFormat:
    """Writes conversations with the model's own template, and reads replies in the wire format that it teaches."""

    def __init__(self, tokenizer: ChatTokenizer) -> None:
        """Raises EngineError when there is no template."""
        template = tokenizer.chat_template
        if template is None:
            raise EngineError(
                "The model has no chat template, so it cannot hold a conversation; choose one trained for chat"
                " (often named Instruct or Chat)."
            )
        self._tokenizer = tokenizer
        self._taught_format = detect_format(template)
        self._wire_format = self._taught_format or JsonCalls()
        self._shield = _MarkShield(tokenizer, self._wire_format)

    def encode(self, request: Request) -> EncodedPrompt:
        """Raises EngineError when the template cannot write the conversation."""
        text = self._written(request.messages, request.tools, begins_reply=True)
        decoder = ChatReplyDecoder(
            self._tokenizer,
            self._wire_format,
            request.tools,
            is_thinking=text.rstrip().endswith(_THINK_START),
            syntax=request.program_syntax,
        )
        decoder.held = HeldGrammar(lambda: decoder.held_grammar(request)) if any(_held(request.tools)) else None
        return EncodedPrompt(tokens=self._shield.encode(text), decoder=decoder, held=decoder.held)

    def encode_reply(self, request: Request, reply: Message) -> tuple[list[int], list[int]]:
        """The tokens of the prompt, as `encode` writes it, and those of the reply with its end: what training reads.

        Raises EngineError when the template writes a finished reply otherwise than one that it begins.
        """
        prompt = self._written(request.messages, request.tools, begins_reply=True)
        whole = self._written((*request.messages, reply), request.tools, begins_reply=False)
        if not whole.startswith(prompt):
            raise EngineError("The model's chat template writes a finished reply otherwise than it begins one.")
        ending = whole[len(prompt) :].rstrip()
        return self._shield.encode(prompt), self._shield.encode(ending)

    def _written(self, said: Sequence[Message], tools: Sequence[ToolSpec], *, begins_reply: bool) -> str:
        messages = [replace(message, content=self._shield.cover(message.whole), attached="") for message in said]
        if self._wire_format.ends_reply:
            messages = list(_one_call_each(messages))
        if self._taught_format or not tools:
            written = [_template_message(message) for message in messages]
            return self._render(written, [tool.as_function for tool in tools], begins_reply)
        return self._render(_explained_messages(messages, tools), [], begins_reply)

    def _render(self, messages: list[dict[str, Any]], tools: Sequence[Mapping[str, Any]], begins_reply: bool) -> str:
        try:
            return self._tokenizer.render(messages, tools, begins_reply=begins_reply)
        except EngineError:
            # Some templates know no system message; what it says is then said by the person.
            if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
                raise
            first, second, *rest = messages
            merged = {**second, "content": f"{first['content']}\n\n{second['content']}"}
            return self._tokenizer.render([merged, *rest], tools, begins_reply=begins_reply)


class _MarkShield:
    """Keeps marks that stand in a message's text, such as `<|im_end|>` in a file, from ending the message.

    They are covered while the template writes the conversation, and encoded as plain text afterwards: the model sees
    every character, but no mark that the format did not set.
    """

    def __init__(self, tokenizer: ChatTokenizer, wire_format: ToolCallFormat) -> None:
        self._tokenizer = tokenizer
        spoken = (_THINK_START, _THINK_END, wire_format.start, wire_format.end_mark)
        marks = {*tokenizer.control_marks, *(mark for mark in spoken if tokenizer.token_id(mark) is not None)}
        self._marks = sorted((mark for mark in marks if len(mark) > 1), key=len, reverse=True)
        self._numbers = {mark: number for number, mark in enumerate(self._marks)}
        self._pattern = re.compile("|".join(map(re.escape, self._marks)) or "(?!)")

    def cover(self, text: str) -> str:
        """The text with each mark replaced by its number between two private characters."""
        return self._pattern.sub(lambda found: f"\ue000{self._numbers[found.group()]}\ue001", text)

    def encode(self, text: str) -> list[int]:
        """Tokens of a conversation with covered marks."""
        tokens: list[int] = []
        for place, piece in enumerate(re.split("\ue000(\\d+)\ue001", text)):
            if place % 2 == 0:
                tokens += self._tokenizer.encode(piece)
            elif int(piece) < len(self._marks):
                mark = self._marks[int(piece)]
                tokens += self._tokenizer.encode(mark[:1]) + self._tokenizer.encode(mark[1:])
        return tokens


class ChatReplyDecoder:
    """Reads one reply: reasoning, text and calls."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        wire_format: ToolCallFormat,
        tools: Sequence[ToolSpec],
        *,
        is_thinking: bool,
        syntax: ProgramSyntax | None = None,
    ) -> None:
        """`held` may be set to a grammar that is made beside."""
        self.held: HeldGrammar | None = None
        self._tokenizer = tokenizer
        self._format = wire_format
        self._tools = {tool.name: tool for tool in tools}
        self._grammar = wire_format.grammar(tools, self._mark) if tools else ""
        self._mode: Literal["text", "reasoning", "call"] = "reasoning" if is_thinking else "text"
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._unread: str = ""
        self._space: str = ""
        self._has_told = False
        self._constraint: Constraint | None = None
        self._syntax = syntax
        self._programs = [(tool.name, name) for tool in tools for name, to in tool.held.items() if to == "program"]

    def held_grammar(self, request: Request) -> str | None:
        """The grammar of calls whose arguments are held to names; takes its time."""
        names = request.read_names()
        if names is None or (names.paths is None and names.words is None):
            return None
        return self._format.grammar(request.tools, self._mark, find_candidates(request.messages, names))

    @property
    def constraint(self) -> Constraint | None:
        """The grammar of the call that has begun."""
        return self._constraint

    @property
    def bias(self) -> Mapping[int, float]:
        """The model alone decides."""
        return {}

    @property
    def weighs(self) -> bool:
        """What a model writes freely tells nothing of how sure it is of a call."""
        return False

    def weigh(self, drawn: float, others: Sequence[tuple[int, float]]) -> None:
        """Never told."""

    def refuses(self, token: int, *, strictly: bool) -> bool:
        """A program is ended only where it is one; strictly, what cannot become one is not written either."""
        if self._syntax is None or self._mode != "call" or not (begun := self._program_with(token)):
            return False
        if begun.is_closed:
            return not self._syntax.is_whole(begun.text)
        if not strictly or self._syntax.can_go_on(begun.text + begun.ending):
            return False
        # What cannot be a part of the program may still begin what ends it.
        return not begun.ending or not self._syntax.is_whole(begun.text)

    def _program_with(self, token: int) -> BegunText | None:
        """The program that is being written, and the token with it."""
        if not any(self._unread.startswith(self._format.opening + tool) for tool, _ in self._programs):
            return None
        pending = self._characters.getstate()[0] + self._tokenizer.token_bytes(token)
        written = self._unread + pending.decode("utf-8", "ignore")
        found = (self._format.begun_text(written, *program) for program in self._programs)
        return next((begun for begun in found if begun), None)

    def push(self, token: int) -> Sequence[ReplyDelta]:
        """The deltas that this token completes."""
        written = self._tokenizer.token_bytes(token)
        if self._tokenizer.is_control(token) and written.decode("utf-8", "replace") not in self._known_marks:
            return ()
        self._unread += self._characters.decode(written)
        return tuple(self._read())

    def finish(self) -> Sequence[ReplyDelta]:
        """What was held back; a call that was cut off is dropped."""
        if self._mode == "call":
            return ()
        rest = self._unread + self._characters.decode(b"", final=True)
        self._unread = ""
        return tuple(self._tell(rest))

    @property
    def _known_marks(self) -> tuple[str, ...]:
        """Marks that mean something here, even if they are control tokens, which are dropped otherwise."""
        return (self._format.end_mark,) if self._mode == "call" else (_THINK_START, _THINK_END, self._format.start)

    @property
    def _next_marks(self) -> tuple[str, ...]:
        """What may end the present stretch of text or reasoning."""
        think = (_THINK_END,) if self._mode == "reasoning" else (_THINK_START,)
        may_call = self._tools and not (self._format.ends_reply and self._has_told)
        return (*think, self._format.start) if may_call else think

    def _read(self) -> Iterator[ReplyDelta]:
        """Read on as long as there is something that cannot be the beginning of something else."""
        while self._unread:
            if self._mode == "call":
                call = self._format.parse(self._unread, self._tools)
                if call is None:
                    return
                yield ToolCall(new_call_id(), *call)
                self._unread, self._constraint, self._mode = "", None, "text"
                return
            mark = self._first_mark()
            if mark is None:
                yield from self._tell_all_but_a_begun_mark()
                return
            before, _, self._unread = self._unread.partition(mark)
            yield from self._tell(before)
            self._enter(mark)

    def _enter(self, mark: str) -> None:
        if mark in (_THINK_START, _THINK_END):
            self._mode = "reasoning" if mark == _THINK_START else "text"
            self._space, self._has_told = "", False
            return
        self._mode = "call"
        # A token may hold more than the mark. What cannot be the call's beginning is as good as not written.
        self._unread = _common_start(self._unread, self._format.opening)
        self._constraint = Constraint(
            self._grammar, self._unread.encode(), ends_reply=self._format.ends_reply, held=self.held
        )

    def _first_mark(self) -> str | None:
        """The mark that comes first in what is unread."""
        places = [(self._unread.find(mark), mark) for mark in self._next_marks if mark in self._unread]
        if not places:
            return None
        place, mark = min(places)
        is_call_inside_text = self._format.ends_reply and mark == self._format.start and self._unread[:place].strip()
        return None if is_call_inside_text else mark

    def _tell_all_but_a_begun_mark(self) -> Iterator[ReplyDelta]:
        held = max(overlap(self._unread, mark) for mark in self._next_marks)
        told = self._unread[: len(self._unread) - held]
        self._unread = self._unread[len(told) :]
        yield from self._tell(told)

    def _tell(self, text: str) -> Iterator[ReplyDelta]:
        """Tell text without the white space around it, which belongs to the wire format."""
        text = self._space + text
        shown = text.rstrip()
        self._space = text[len(shown) :]
        if not self._has_told:
            shown = shown.lstrip()
        if shown:
            self._has_told = True
            yield ReasoningDelta(shown) if self._mode == "reasoning" else TextDelta(shown)

    def _mark(self, text: str) -> str:
        """How a grammar names a mark: bare if it is one special token, else quoted."""
        token = self._tokenizer.token_id(text)
        return text if token is not None and self._tokenizer.is_special(token) else json.dumps(text)


def _held(tools: Sequence[ToolSpec]) -> Iterator[HeldTo]:
    return (to for tool in tools for to in tool.held.values() if to != "program")


def _common_start(text: str, expected: str) -> str:
    length = 0
    while length < min(len(text), len(expected)) and text[length] == expected[length]:
        length += 1
    return text[:length]


def _one_call_each(messages: Sequence[Message]) -> Iterator[Message]:
    """The conversation as if calls made side by side had been made one after the other."""
    results = {message.call_id: message for message in messages if message.role == "tool"}
    for message in messages:
        if message.role == "tool":
            # A result whose call was trimmed away has nothing to follow.
            continue
        yield replace(message, calls=message.calls[:1])
        for place, call in enumerate(message.calls):
            if place:
                yield replace(message, content="", calls=(call,))
            if call.id in results:
                yield results[call.id]


def _template_message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": dict(call.arguments)}}
            for call in message.calls
        ]
    if message.role == "tool":
        written |= {"name": message.tool, "tool_call_id": message.call_id}
    return written


_EXPLANATION = """You can call tools. Each tool is described by one line of JSON:

{tools}

To call one, write exactly this, and nothing after it:

<tool_call>
{{"name": "NAME", "arguments": {{"ARGUMENT": VALUE}}}}
</tool_call>"""


def _explained_messages(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """The conversation for a template that knows nothing of tools: calls and results as plain text."""
    described = "\n".join(json.dumps(tool.as_function["function"]) for tool in tools)
    system = [message.content for message in messages if message.role == "system"]
    explained: list[dict[str, Any]] = [
        {"role": "system", "content": "\n\n".join([*system, _EXPLANATION.format(tools=described)])}
    ]
    for message in messages:
        if message.role == "tool":
            _add_text(explained, "user", f"<tool_response>\n{message.content}\n</tool_response>")
        elif message.role != "system":
            calls = [_written_call(call) for call in message.calls]
            _add_text(explained, message.role, "\n".join([message.content, *calls]).strip())
    return explained


def _add_text(messages: list[dict[str, Any]], role: str, text: str) -> None:
    """Append to the last message where the role is the same, since many templates insist on taking turns."""
    if messages[-1]["role"] == role:
        messages[-1]["content"] += f"\n{text}"
    else:
        messages.append({"role": role, "content": text})


def _written_call(call: ToolCall) -> str:
    written = json.dumps({"name": call.tool, "arguments": dict(call.arguments)}, ensure_ascii=False)
    return f"<tool_call>\n{written}\n</tool_call>"
