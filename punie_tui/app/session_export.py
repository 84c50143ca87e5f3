"""A session as a document of the person's own: where it is offered to go, and its text."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from punie_tui.agent.session_record import SessionRecord

Format = Literal["markdown", "html"]


def offered_file(workspace: Path, session_id: str) -> Path:
    """In the folder for documents, or at home where there is none: in the project it would be one more change."""
    from platformdirs import user_documents_path

    documents = user_documents_path()
    return (documents if documents.is_dir() else Path.home()) / f"{workspace.name}-{_file_name(session_id)}"


def export_target(named: Path, session_id: str, written_as: Format | None = None) -> Path:
    """The file that the person named; in a folder that they named one that is called after the session."""
    file = named.expanduser()
    return file / _file_name(session_id, written_as) if file.is_dir() else file


def export_text(record: SessionRecord, title: str, written_as: Format) -> str:
    """The whole document."""
    if written_as == "html":
        from punie_tui.app.session_page import session_page

        return session_page(record, title)
    from punie_tui.agent.session_markdown import session_markdown

    return session_markdown(record, title)


def format_of(file: Path) -> Format:
    """By the file's name."""
    return "html" if file.suffix == ".html" else "markdown"


def _file_name(session_id: str, written_as: Format | None = None) -> str:
    return f"session-{session_id}.{'html' if written_as == 'html' else 'md'}"
