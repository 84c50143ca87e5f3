"""What Textual leaves untyped, typed in one place."""

from __future__ import annotations

from textual.app import App
from textual.dom import DOMNode
from textual.worker import get_current_worker


def app_of(node: DOMNode) -> App[object]:
    """The running app; Textual types it as an app of an unknown result."""
    return node.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def is_worker_cancelled() -> bool:
    """Whether the worker whose thread asks was cancelled by a newer one."""
    return get_current_worker().is_cancelled  # pyright: ignore[reportUnknownVariableType]
