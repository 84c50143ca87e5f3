"""From a model directory to a model that can reply; runs on the model thread."""

from __future__ import annotations

from punie_tui.engine.cache.prompt_cache import PromptCache
from punie_tui.engine.decoding.grammar import GrammarCompiler
from punie_tui.engine.decoding.reply import LoadedModel
from punie_tui.engine.machine import OVERHEAD, free_memory_bytes, readable_size
from punie_tui.engine.mlx_adapter import MlxModel, device_memory_limit, load_lean_network, load_network
from punie_tui.engine.model_directory import ModelDirectory
from punie_tui.engine.prompt_format import PromptFormat
from punie_tui.engine.protocol import EngineError
from punie_tui.engine.tokenizer_adapter import (
    ModelTokenizer,
    load_chat_tokenizer,
    load_lean_tokenizer,
    read_end_tokens,
)


def load(directory: ModelDirectory) -> LoadedModel:
    """Load all of it. Raises EngineError with one sentence for whatever is wrong."""
    _check_memory(directory)
    try:
        return _load(directory)
    except EngineError:
        raise
    except Exception as error:
        # Loaders of weights and tokenizers raise anything at all on broken or unknown files.
        raise EngineError(_explain(directory, error)) from error


def _load(directory: ModelDirectory) -> LoadedModel:
    model = (load_lean_network if directory.is_nano else load_network)(directory.path, directory.config)
    tokenizer, prompt_format = _load_format(directory, model)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        prompt_format=prompt_format,
        compiler=GrammarCompiler(tokenizer),
        cache=PromptCache(model),
        context_length=directory.context_length,
    )


def _load_format(directory: ModelDirectory, model: MlxModel) -> tuple[ModelTokenizer, PromptFormat]:
    """Punie's own models are spoken to in their own way, all others by their chat template."""
    end_tokens = read_end_tokens(directory.path, directory.config)
    if directory.is_nano:
        from punie_tui.engine.nano.classifiers import load_classifiers
        from punie_tui.engine.nano.format import NanoFormat

        tokenizer = load_lean_tokenizer(directory.path, end_tokens, model.vocabulary_size)
        return tokenizer, NanoFormat(tokenizer, load_classifiers(directory.path))
    from punie_tui.engine.chat_format import ChatTemplateFormat

    chat_tokenizer = load_chat_tokenizer(directory.path, end_tokens, model.vocabulary_size)
    return chat_tokenizer, ChatTemplateFormat(chat_tokenizer)


def _check_memory(directory: ModelDirectory) -> None:
    needed = int(directory.weight_bytes * OVERHEAD)
    offered = device_memory_limit() or free_memory_bytes()
    if needed > offered:
        raise EngineError(
            f"{directory.path.name} needs about {readable_size(needed)} of memory and this machine offers"
            f" {readable_size(offered)}; choose a smaller or more strongly quantised model."
        )


def _explain(directory: ModelDirectory, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "not supported" in reason and directory.architecture in reason:
        return (
            f"punie cannot run {directory.path.name}: mlx-lm does not know its architecture"
            f" '{directory.architecture}'. Choose a model from the mlx-community on the hub."
        )
    return f"The model in {directory.path} cannot be loaded: {reason}"
