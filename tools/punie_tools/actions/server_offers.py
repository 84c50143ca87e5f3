"""What the language server offers for lines of a file, as changes for the edit engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from punie_tools.actions.offer import Lines, Offer
from punie_tools.changes.replacements import Replacement
from punie_tools.changes.text_edit import DecodedText, with_line_ends
from punie_tools.lsp.connection import ServerFailedError
from punie_tools.lsp.language_server import language_server_of
from punie_tools.tool import ToolContext

if TYPE_CHECKING:
    from punie_tools.lsp.fixes import ServerFix
    from punie_tools.lsp.server import Server


def server_offers(context: ToolContext, file: Path, decoded: DecodedText, lines: Lines) -> tuple[list[Offer], str]:
    """Imports to add, then imports in order; and a note that is not empty if the server could not tell."""

    def ask(server: Server) -> list[ServerFix]:
        # Imported when it is needed: the protocol's types take as long as a whole call of another tool.
        from punie_tools.lsp.fixes import Fixes

        fixes = Fixes(server, file, context.cancelled)
        return [*fixes.imports(lines.first, lines.last), *fixes.import_order()]

    try:
        with language_server_of(context) as language_server:
            found = language_server.call(ask, context.cancelled)
    except ServerFailedError as failure:
        return [], f"{failure} These actions are ruff's alone."
    offers = [_offer(fix, decoded) for fix in found]
    return [offer for offer in offers if _is_on(offer, decoded, lines)], ""


def _offer(fix: ServerFix, decoded: DecodedText) -> Offer:
    replacements = tuple(
        Replacement(
            decoded.offset(change.start.line, change.start.column),
            decoded.offset(change.end.line, change.end.column),
            with_line_ends(change.text, decoded.line_end),
        )
        for change in fix.changes
    )
    kind = "source.organizeImports" if fix.is_order else "quickfix"
    return Offer("pyright", kind, fix.title, fix.line, replacements)


def _is_on(offer: Offer, decoded: DecodedText, lines: Lines) -> bool:
    """An import is asked for where the name stands; the order of imports where these are."""
    if offer.kind != "source.organizeImports":
        return True
    ends = [decoded.line_at(offset) for each in offer.replacements for offset in (each.start, each.end)]
    return lines.meet(min(ends), max(ends))
