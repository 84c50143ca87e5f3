"""All that can be mended at a place, as changes that are ready to be made."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from punie_tools.actions.offer import ActionId, Lines, Offer, Source
from punie_tools.actions.ruff_offers import ruff_offers
from punie_tools.actions.server_offers import server_offers
from punie_tools.changes.change_set import FileChange
from punie_tools.changes.text_edit import DecodedText
from punie_tools.changes.tree_access import FileImage
from punie_tools.errors import ToolError
from punie_tools.tool import ToolContext

_SUFFIXES = (".py", ".pyi", ".pyw")
SOURCES: tuple[Source, ...] = ("ruff", "pyright")


@dataclass(frozen=True)
class OfferedChange:
    """An offer with the change that it makes to the file, and its name."""

    offer: Offer
    change: FileChange
    id: ActionId


@dataclass(frozen=True)
class Offers:
    """What is offered for a file as it was; `note` says what could not be asked, and is mostly empty."""

    path: str
    image: FileImage
    decoded: DecodedText
    found: tuple[Offer, ...]
    note: str

    def changes(self) -> Iterator[OfferedChange]:
        """Those that change something, one by one, for each costs a look at the whole file."""
        for offer in self.found:
            change = offer.change(self.path, self.image, self.decoded)
            if change.after != change.before:
                yield OfferedChange(offer, change, ActionId.of(offer, change))


def offers_for(
    context: ToolContext, path: str, image: FileImage, lines: Lines, sources: Collection[Source] = SOURCES
) -> Offers:
    """Ask for what can be mended in lines of a file (its path from the root). Raises ToolError."""
    decoded = DecodedText.of(path, image.data)
    if Path(path).suffix not in _SUFFIXES:
        raise ToolError(f"{decoded.shown_as} is no Python file; code actions are for Python alone.")
    if decoded.encoding.name != "utf-8":
        raise ToolError(f"{decoded.shown_as} is written in {decoded.encoding.name}; code actions need UTF-8.")
    file = context.workspace.root / path
    found = ruff_offers(context, file, image.data, decoded, lines) if "ruff" in sources else []
    told, note = server_offers(context, file, decoded, lines) if "pyright" in sources else ([], "")
    # What mends comes before what only hides.
    ordered = sorted([*found, *told], key=lambda offer: offer.kind == "quickfix.suppress")
    return Offers(path, image, decoded, tuple(ordered), note)
