"""Builds tiny model directories: real architectures with random weights, a real tokenizer, a chat template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

MARKS = ("<tool_call>", "</tool_call>", "<think>", "</think>")

_CHATML = """{%- if messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}{% if tools %}

# Tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}{{ how_to_call }}{% endif %}<|im_end|>
{% elif tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}{{ how_to_call }}<|im_end|>
{% endif %}{% for message in messages %}{% if message.role != 'system' %}<|im_start|>{{ message.role }}
{{ message.content }}{% for call in message.tool_calls or [] %}
CALL{% endfor %}<|im_end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

_XML_CALL = """<tool_call>
<function={{ call.function.name }}>
{% for name, value in call.function.arguments | items %}<parameter={{ name }}>
{{ value if value is string else value | tojson }}
</parameter>
{% endfor %}</function>
</tool_call>"""

_JSON_CALL = """<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>"""

_LLAMA = """<|begin_of_text|>{% if tools %}<|start_header_id|>system<|end_header_id|>

Environment: ipython
Respond in the format {"name": function name, "parameters": dictionary}.
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|eot_id|>{% endif %}{% for message in messages %}<|start_header_id|>{{
 'ipython' if message.role == 'tool' else message.role }}<|end_header_id|>

{% if message.tool_calls %}{% set call = message.tool_calls[0].function %}{"name": "{{ call.name }}", "parameters": {{
 call.arguments | tojson }}}{% else %}{{ message.content }}{% endif %}<|eot_id|>{% endfor %}{%
 if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>

{% endif %}"""

TEMPLATES = {
    "xml": _CHATML.replace("CALL", _XML_CALL).replace("{{ how_to_call }}", "<tool_call>\n<function=NAME>…"),
    "json": _CHATML.replace("CALL", _JSON_CALL).replace("{{ how_to_call }}", "<tool_call>\n{…}\n</tool_call>"),
    "llama": _LLAMA,
    "no tools": "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}<|im_start|>assistant\n",
}

_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rms_norm_eps": 1e-6,
    "max_position_embeddings": 8192,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
_EXPERTS: dict[str, Any] = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "moe_intermediate_size": 16,
    "norm_topk_prob": True,
}

_RECURRENT: dict[str, Any] = {
    "intermediate_size": 64,
    "state_size": 8,
    "conv_kernel": 4,
    "use_bias": False,
    "use_conv_bias": True,
    "time_step_rank": 4,
    "layer_norm_epsilon": 1e-5,
}


def build_tokenizer(end: str, special: tuple[str, ...], marks: tuple[str, ...] = MARKS) -> Tokenizer:
    """A byte-level BPE tokenizer trained on a few lines of code and prose.

    These are a text of their own: what a tiny model writes hangs on every letter of it.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    lines = Path(__file__).with_name("tokenizer_text.txt").read_text(encoding="utf-8").splitlines()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[end, *special],
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in marks])
    return tokenizer


def build_model(
    directory: Path,
    architecture: str = "qwen3",
    template: str = "xml",
    *,
    seed: int = 0,
    marks: tuple[str, ...] = MARKS,
    favourites: str = "",
    eagerness: float = 3.0,
    is_quantised: bool = False,
    sizes: Mapping[str, int] | None = None,
) -> Path:
    """Write a model directory with random weights.

    `marks` are spelled as text where they are left out. The model is eager to write the tokens of `favourites`.
    `sizes` are those of its configuration that have to be others than in all tiny ones.
    """
    import mlx.core as mx
    from mlx import nn
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    directory.mkdir(parents=True)
    end = "<|eot_id|>" if template == "llama" else "<|im_end|>"
    special = (
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>") if template == "llama" else ("<|im_start|>",)
    )
    tokenizer = build_tokenizer(end, special, () if template == "llama" else marks)
    tokenizer.save(str(directory / "tokenizer.json"))
    write_json(
        directory / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": end, "chat_template": TEMPLATES[template]},
    )
    config = {
        "model_type": architecture,
        **_SIZES,
        **(_EXPERTS if architecture.endswith("moe") else {}),
        **(_RECURRENT if architecture == "mamba" else {}),
        **(sizes or {}),
        # Wider than the tokenizer, as published models are.
        "vocab_size": tokenizer.get_vocab_size() + 13,
        "eos_token_id": tokenizer.token_to_id(end),
    }
    write_json(directory / "config.json", config)
    mx.random.seed(seed)
    network_class, arguments_class = _get_classes(config)
    network = network_class(arguments_class.from_dict(config))
    weights = {name: mx.random.normal(value.shape) * 0.3 for name, value in tree_flatten(network.parameters())}
    if favourites:
        _favour(weights, tokenizer.encode(favourites, add_special_tokens=False).ids, eagerness)
    network.load_weights(list(weights.items()))
    if is_quantised:
        quantization = {"group_size": 32, "bits": 4}
        nn.quantize(network, **quantization)
        write_json(directory / "config.json", {**config, "quantization": quantization})
    mx.save_safetensors(str(directory / "model.safetensors"), dict(tree_flatten(network.parameters())))
    return directory


def _favour(weights: dict[str, Any], tokens: list[int], eagerness: float) -> None:
    """One dimension becomes the same whatever is read, and the favourites are drawn by it."""
    weights["model.embed_tokens.weight"][:, 0] = 8.0
    weights["model.norm.weight"][0] = 1.0
    for token in tokens:
        weights["lm_head.weight"][token] = 0.0
        weights["lm_head.weight"][token, 0] = eagerness


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
