"""Notes of folders below the workspace: they come with the first prompt that mentions a file of theirs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from punie_tui.agent.attachment import Attachment
from punie_tui.agent.events import Event, TurnStarted
from punie_tui.agent.project_notes import notes_below


def notes_of_places(
    folder: Path, attachments: Sequence[Attachment], attached: Collection[str]
) -> tuple[Attachment, ...]:
    """For the files that the attachments are of; `attached` names the notes that the conversation holds already."""
    paths = [each.path for each in attachments if each.path]
    return tuple(
        Attachment(kind="note", name=note.path, text=note.as_read)
        for note in (notes_below(folder, paths) if paths else ())
        if note.as_read and note.path not in attached
    )


def attached_notes(events: Iterable[Event]) -> set[str]:
    """The names of the notes that came with the prompts of a session."""
    started = (event for event in events if isinstance(event, TurnStarted))
    return {each.name for event in started for each in event.attachments if each.kind == "note"}
