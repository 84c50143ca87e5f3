"""The key-value cache kept from one reply to the next, with the tokens it stands for."""

from __future__ import annotations

from collections.abc import Sequence

from punie_tui.engine.mlx_adapter import Array, MlxModel


class PromptCache:
    """Always holds exactly `tokens`; every token that reaches the model goes through here."""

    def __init__(self, model: MlxModel) -> None:
        self._model = model
        self._layers = model.new_cache()
        self.tokens: list[int] = []

    def keep_common_prefix(self, prompt: Sequence[int]) -> int:
        """Keep what the prompt begins with, and return its length.

        At least the prompt's last token is left to feed, because its logits are what the reply is drawn from. Kinds of
        cache that cannot forget are kept only if the prompt continues them.
        """
        kept = min(_common_length(self.tokens, prompt), len(prompt) - 1)
        surplus = len(self.tokens) - kept
        if surplus and not self._layers.trim(surplus):
            self.clear()
            return 0
        del self.tokens[kept:]
        return kept

    def feed(self, tokens: Sequence[int]) -> Array:
        """Append tokens; returns the logits after the last of them, not yet computed."""
        logits = self._model.feed(tokens, self._layers)
        self.tokens.extend(tokens)
        return logits

    def feed_drawn(self, token: Array) -> Array:
        """Append a drawn token whose value is not known yet; `name_drawn` has to follow with it."""
        return self._model.feed_drawn(token, self._layers)

    def name_drawn(self, token: int) -> None:
        """Tell the value of the token fed last by `feed_drawn`."""
        self.tokens.append(token)

    def evaluate(self) -> None:
        """Compute what was fed so far."""
        self._layers.evaluate()

    def clear(self) -> None:
        """Forget everything."""
        self._layers = self._model.new_cache()
        self.tokens.clear()

    def check(self) -> None:
        """Assert that the layers are as long as the tokens they stand for."""
        length = self._layers.length
        assert length is None or length == len(self.tokens), f"the cache holds {length} of {len(self.tokens)} tokens"


def _common_length(first: Sequence[int], second: Sequence[int]) -> int:
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length
