"""Nano's tokenizer: byte-level BPE over lower-case words, and special tokens for marks, tools and placeholders."""

# The tokenizers library has stubs that leave its trainers and models partially unknown.
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from punie_tools.files.atomic import replace_file
from punie_tui.engine.nano.answers import AnswerKind
from punie_tui.engine.nano.candidates import CandidateKind
from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.grammar import ANSWER
from punie_tui.engine.nano.placeholders import PLACEHOLDERS_A_KIND, placeholder
from punie_tui.engine.nano.programs import PROGRAMS

END = "<|im_end|>"
PADDING = "<|pad|>"


def special_tokens() -> list[str]:
    """Every mark of the format, in a fixed order."""
    arguments = {name for tool in CATALOGUE.values() for name in tool} | {"code"}
    arguments |= {name for program in PROGRAMS.values() for name in program.arguments}
    return [
        PADDING,
        "<|im_start|>",
        END,
        "<tool_call>",
        "</tool_call>",
        "</function>",
        "</parameter>",
        ANSWER,
        *(kind.token for kind in AnswerKind),
        *(f"<function={tool}>" for tool in (*CATALOGUE, "execute_code")),
        *(f"<parameter={name}>" for name in sorted(arguments)),
        *(placeholder(kind, number) for kind in CandidateKind for number in range(1, PLACEHOLDERS_A_KIND + 1)),
    ]


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """A tokenizer that splits at every word, digit and punctuation mark; a word keeps the space before it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = cast(
        "Any",
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]|\s"), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
    )
    tokenizer.decoder = cast("Any", decoders.ByteLevel())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special_tokens(),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def with_marks_of_today(tokenizer: Tokenizer) -> Tokenizer:
    """An earlier model's tokenizer and, behind all that it knows, the marks that the format has gained since."""
    known = tokenizer.get_vocab()
    tokenizer.add_special_tokens([mark for mark in special_tokens() if mark not in known])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """Write `tokenizer.json` and the settings that transformers wants beside it."""
    replace_file(directory / "tokenizer.json", tokenizer.to_str(pretty=True).encode())
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PADDING,
        "model_max_length": 1024,
    }
    replace_file(directory / "tokenizer_config.json", f"{json.dumps(settings, indent=2)}\n".encode())


class Encoder:
    """Text to tokens; in training rare merges are skipped at random, so that pieces of words are learned too."""

    def __init__(self, tokenizer: Tokenizer, dropout: float = 0.0) -> None:
        self._exact = tokenizer
        self._loose = Tokenizer.from_str(tokenizer.to_str())
        if dropout:
            self._loose.model.dropout = dropout

    def encode(self, text: str, *, loosely: bool = False) -> list[int]:
        """The tokens; special tokens written in the text become their ids."""
        return (self._loose if loosely else self._exact).encode(text, add_special_tokens=False).ids
