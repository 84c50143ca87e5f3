"""What a prompt brings along: the text of a file, of a symbol, of a command's output, below the person's own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from punie_tools.safe_text import whole_characters
from punie_tui.agent.mentions import with_bare_names

# As prompts are budgeted: right within a third for code and English.
_CHARACTERS_PER_TOKEN = 4


class Attachment(BaseModel):
    """`mention` is what stands for it in the prompt, such as `@src/app.py`; empty for what the app adds.
    `path` is the file or folder of the working tree that it is about, if there is one.
    Where nothing could be attached `problem` says why, and `text` is empty.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["file", "symbol", "findings", "tests", "diff", "output", "note"]
    name: str
    mention: str = ""
    path: str = ""
    text: str = ""
    problem: str = ""

    @property
    def tokens(self) -> int:
        """About how many tokens it costs."""
        return -(-len(self.text) // _CHARACTERS_PER_TOKEN)


def words_of(prompt: str, attachments: Iterable[Attachment]) -> str:
    """The prompt as the model reads it: what is attached is called by its bare name."""
    prompt = whole_characters(prompt)
    return with_bare_names(prompt, {each.mention for each in attachments if not each.problem})


def attached_text(attachments: Iterable[Attachment]) -> str:
    """All texts, each under a line that names it; empty if there is none."""
    texts = (f"[{each.kind}: {each.name}]\n{each.text}" for each in attachments if each.text)
    return whole_characters("\n\n".join(texts))
