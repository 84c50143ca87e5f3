"""The one typed adapter over the tokenizer libraries: `tokenizers`, and `transformers` for chat templates."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import llguidance
import tokenizers

from punie_tui.engine.protocol import EngineError


class ModelTokenizer:
    """A model's tokenizer. `grammar_vocabulary` is the same tokenizer as grammars are compiled against."""

    def __init__(self, backend: tokenizers.Tokenizer, end_tokens: Iterable[int], vocabulary_size: int) -> None:
        """`vocabulary_size` is the width of the model's logits; models pad it beyond the tokenizer's own."""
        self._backend = backend
        # Training-time truncation and padding, which some tokenizer.json files carry, would cut or fill prompts.
        self._backend.no_truncation()
        self._backend.no_padding()
        self._end_tokens = frozenset(end_tokens)
        added = self._backend.get_added_tokens_decoder()
        self._control_tokens = frozenset(token for token, mark in added.items() if mark.special)
        self.grammar_vocabulary = llguidance.LLTokenizer(
            self._backend.to_str(),
            n_vocab=max(vocabulary_size, self._backend.get_vocab_size(with_added_tokens=True)),
            eos_token=sorted(self._end_tokens) or None,
        )

    @property
    def end_tokens(self) -> frozenset[int]:
        """The tokens that end a reply."""
        return self._end_tokens

    @property
    def control_marks(self) -> list[str]:
        """How the control tokens are spelled."""
        return [self.token_bytes(token).decode("utf-8", "replace") for token in self._control_tokens]

    def encode(self, text: str) -> list[int]:
        """Tokens of `text`; special tokens written in it become their ids, nothing is added around it."""
        return self._backend.encode(text, add_special_tokens=False).ids

    def token_id(self, name: str) -> int | None:
        """The id of the one token spelled `name`, None when there is none."""
        return self._backend.token_to_id(name)

    def is_special(self, token: int) -> bool:
        """Whether the token is a mark of its own, which text cannot spell in a grammar."""
        return self.grammar_vocabulary.is_special_token(token)

    def is_control(self, token: int) -> bool:
        """Whether the token steers the conversation; a mark may as well stand for text, such as `<table>`."""
        return token in self._control_tokens

    def token_bytes(self, token: int) -> bytes:
        """What the token stands for; may be part of a character. A special token gives its name."""
        return self.grammar_vocabulary.decode_bytes([token])


def load_lean_tokenizer(directory: Path, end_tokens: Iterable[int], vocabulary_size: int) -> ModelTokenizer:
    """The tokenizer of a directory's `tokenizer.json`, without importing transformers."""
    backend = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    return ModelTokenizer(backend, end_tokens, vocabulary_size)


class ChatTokenizer(ModelTokenizer):
    """A tokenizer with the model's own chat template."""

    def __init__(self, wrapped: Any, vocabulary_size: int) -> None:
        """`wrapped` is mlx_lm's TokenizerWrapper around one of transformers' tokenizers."""
        backend = cast("tokenizers.Tokenizer | None", getattr(wrapped, "backend_tokenizer", None))
        if not isinstance(backend, tokenizers.Tokenizer):
            raise EngineError("The model's tokenizer has no fast form (tokenizer.json); convert it first.")
        copy = tokenizers.Tokenizer.from_str(backend.to_str())
        super().__init__(copy, cast("set[int]", wrapped.eos_token_ids), vocabulary_size)
        self._wrapped = wrapped

    @property
    def chat_template(self) -> str | None:
        """The template's source; None when the model has none, empty when it is code instead of text."""
        if not self._wrapped.has_chat_template:
            return None
        template: object = self._wrapped.chat_template
        if isinstance(template, Mapping):
            named = cast("Mapping[str, str]", template)
            return named.get("tool_use") or named.get("default") or ""
        return template if isinstance(template, str) else ""

    def render(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], *, begins_reply: bool = True
    ) -> str:
        """The conversation as the chat template writes it: to where the reply begins, or to the last message's end."""
        from jinja2.exceptions import TemplateError

        try:
            return cast(
                "str",
                self._wrapped.apply_chat_template(
                    [dict(message) for message in messages],
                    tools=[dict(tool) for tool in tools] or None,
                    add_generation_prompt=begins_reply,
                    tokenize=False,
                ),
            )
        except (TemplateError, TypeError, ValueError, KeyError) as error:
            raise EngineError(f"The model's chat template cannot write this conversation: {error}.") from error


def load_chat_tokenizer(directory: Path, end_tokens: Sequence[int], vocabulary_size: int) -> ChatTokenizer:
    """The tokenizer and chat template as mlx_lm loads them; raises whatever transformers raises on broken files."""
    quieten_transformers()
    from mlx_lm import tokenizer_utils

    # Asked about code that the model brings, transformers would put the question to stdin.
    options = {"local_files_only": True, "trust_remote_code": False}
    wrapped = cast("Any", tokenizer_utils).load(directory, options, eos_token_ids=list(end_tokens) or None)
    return ChatTokenizer(wrapped, vocabulary_size)


def quieten_transformers() -> None:
    """Import transformers without its greetings: they go to stderr, which is the app's screen."""
    before = os.environ.get("TRANSFORMERS_VERBOSITY")
    os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import transformers  # noqa: F401 # pyright: ignore[reportUnusedImport]
    finally:
        # The project's own commands inherit the environment; they keep the verbosity that the person chose.
        if before is None:
            del os.environ["TRANSFORMERS_VERBOSITY"]
        else:
            os.environ["TRANSFORMERS_VERBOSITY"] = before
    logging.getLogger("transformers").setLevel(logging.CRITICAL)


def read_end_tokens(directory: Path, config: Mapping[str, Any]) -> list[int]:
    """The end-of-reply tokens that the generation settings name, else those of the configuration."""
    named: object = config.get("eos_token_id")
    settings = directory / "generation_config.json"
    if settings.is_file():
        named = json.loads(settings.read_text(encoding="utf-8")).get("eos_token_id", named)
    if isinstance(named, int):
        return [named]
    return [token for token in cast("list[object]", named or []) if isinstance(token, int)]
