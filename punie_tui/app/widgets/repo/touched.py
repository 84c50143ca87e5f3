"""Which files the calls of a session read and changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from punie_tui.agent.events import ToolFinished

Touch = Literal["read", "changed"]


class TouchedFiles:
    """By their paths in the working tree; what was changed stays so, however often it is read."""

    def __init__(self) -> None:
        self._touched: dict[str, Touch] = {}

    def add(self, event: ToolFinished) -> bool:
        """Whether that is news."""
        before = dict(self._touched)
        if event.tool == "read_file":
            self._touched.setdefault(str(event.result.get("path", "")), "read")
        for path in changed_paths(event.result):
            self._touched[path] = "changed"
        return self._touched != before

    def forget(self) -> None:
        self._touched.clear()

    def told(self, path: str, *, is_folder: bool = False) -> str:
        """In a word or two; of a folder how many files below it."""
        if not is_folder:
            return self._touched.get(path, "")
        below = [touch for each, touch in self._touched.items() if each.startswith(f"{path}/")]
        counts = ((below.count("read"), "read"), (below.count("changed"), "changed"))
        return ", ".join(f"{count} {touch}" for count, touch in counts if count)


def changed_paths(result: dict[str, Any]) -> Iterator[str]:
    """The files that a call changed, from its diff or its own list; a proposal that was not made has neither."""
    diff = result.get("diff")
    for line in diff.splitlines() if isinstance(diff, str) else ():
        for mark in ("--- a/", "+++ b/"):
            if line.startswith(mark):
                yield line.removeprefix(mark).split("\t")[0]
    files = result.get("changed_files")
    for each in cast("list[Any]", files) if isinstance(files, list) else ():
        path = cast("dict[str, Any]", each).get("path") if isinstance(each, dict) else each
        if isinstance(path, str):
            yield path
