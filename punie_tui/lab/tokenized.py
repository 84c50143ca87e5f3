"""Chat examples as the tokens that training reads, with the base's own tokenizer and chat template."""

from __future__ import annotations

from collections.abc import Sequence

from punie_tui.engine.chat_format import ChatTemplateFormat
from punie_tui.engine.model_directory import ModelDirectory
from punie_tui.engine.protocol import EngineError, Request
from punie_tui.engine.tokenizer_adapter import ChatTokenizer, load_chat_tokenizer, read_end_tokens
from punie_tui.lab.chat_data import ChatExample
from punie_tui.lab.train import TrainingError

TokenizedExample = tuple[list[int], int]
"""Prompt and reply in one, and where the part begins that is learned."""


class ExampleTokenizer:
    """Writes examples as the model reads and writes them in use; what could never end a reply is refused."""

    def __init__(self, base: ModelDirectory, longest: int) -> None:
        """Raises TrainingError, and EngineError for a base without a chat template."""
        self._tokenizer = _loaded(base)
        self._longest = longest
        if not self._tokenizer.end_tokens:
            raise TrainingError(
                f"The tokenizer of {base.path.name} names no end-of-sequence token, so no reply would ever end;"
                " name it as eos_token in tokenizer_config.json."
            )
        self._format = ChatTemplateFormat(self._tokenizer)

    def tokenize(self, examples: Sequence[ChatExample], *, learns_prompt: bool = False) -> list[TokenizedExample]:
        """All of them. Raises TrainingError that names the first one that cannot be used."""
        return [self._tokenized(example, learns_prompt) for example in examples]

    def _tokenized(self, example: ChatExample, learns_prompt: bool) -> TokenizedExample:
        request = Request(example.messages[:-1], example.tools)
        try:
            prompt, reply = self._format.encode_reply(request, example.messages[-1])
        except EngineError as error:
            raise TrainingError(f"{example.source}: {error}") from None
        length = len(prompt) + len(reply)
        if length > self._longest:
            raise TrainingError(f"{example.source}: {length} tokens, more than {self._longest}; raise --longest.")
        if not reply or reply[-1] not in self._tokenizer.end_tokens:
            raise TrainingError(f"{example.source}: {self._why_endless(reply)}, so no reply would ever end.")
        return [*prompt, *reply], 0 if learns_prompt else len(prompt)

    def _why_endless(self, reply: Sequence[int]) -> str:
        if not reply:
            return "the base's chat template writes nothing for the reply"
        last = self._tokenizer.token_bytes(reply[-1]).decode("utf-8", "replace")
        return f"the base's chat template ends the reply with {last!r}, which no eos_token_id names"


def _loaded(base: ModelDirectory) -> ChatTokenizer:
    try:
        end_tokens = read_end_tokens(base.path, base.config)
        return load_chat_tokenizer(base.path, end_tokens, int(base.config.get("vocab_size", 0)))
    except EngineError:
        raise
    except Exception as error:
        # Loaders of tokenizers raise anything at all on broken or unknown files.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TrainingError(f"The tokenizer in {base.path} cannot be loaded: {reason}") from None
