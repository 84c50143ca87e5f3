"""A name that is longer than its room, as branches and models may be: its beginning and its end tell most."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size


def cut_name(name: str, room: int) -> str:
    """As much of it as there is room for, with a gap in its middle."""
    if cell_len(name) <= room:
        return name
    # The beginnings of names, such as `feature/`, are alike.
    head = set_cell_size(name, (room - 1) // 2).rstrip()
    tail = set_cell_size(name[::-1], room - 1 - cell_len(head))[::-1].lstrip()
    return f"{head}…{tail}" if room > 1 else "…"[:room]
