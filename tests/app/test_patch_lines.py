"""A patch read as numbered lines: whatever a file holds, each of its lines is shown once and as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app_driver import Drive
from hypothesis import given
from hypothesis import strategies as st

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.file_edit import diffs_of, preview_of
from punie_tools.changes.tree_access import FileImage
from punie_tui.app.widgets.chat.detail_view import DetailView
from punie_tui.app.widgets.chat.patch_lines import Patch, PatchLine, patch_of

# Lines that look like parts of a patch, inside of one.
LINES = st.lists(st.sampled_from(["a", "b", "", "-- x", "++ y", "@@ -1 +1 @@", "\\ no", "- z", " "]), max_size=12)


def image(lines: list[str], *, ends: bool = True) -> FileImage:
    return FileImage(("\n".join(lines) + "\n" * (ends and bool(lines))).encode(), 0o644)


@given(LINES, LINES, st.booleans())
def test_every_line_of_the_change_is_there_with_its_number(old: list[str], new: list[str], ends: bool) -> None:
    change = FileChange("a.py", image(old), image(new, ends=ends))
    patch = patch_of(preview_of([change]) or "")
    if change.before == change.after:
        assert patch is None
        return
    assert patch is not None
    diff = diffs_of([change])
    assert patch.paths == ("a.py",)
    assert patch.counts == f"+{diff.added} -{diff.removed}"
    before, after = change.before.data.decode().split("\n"), change.after.data.decode().split("\n")
    for line in patch.lines:
        assert not line.old or before[line.old - 1] == line.text
        assert not line.new or after[line.new - 1] == line.text
    shown = [line for line in patch.lines if line.kind in ("context", "removed", "added")]
    assert len(shown) == sum(line[:1] in (" ", "-", "+") for line in diff.text.splitlines()[2:])


def test_files_follow_each_other_and_what_is_no_line_stays() -> None:
    changes = [
        FileChange("one.py", image(["a", "b"]), image(["a", "c"])),
        FileChange("two.sh", image(["x"]), FileImage(b"y\n", 0o755)),
    ]
    patch = patch_of(preview_of(changes) or "")
    assert patch is not None
    assert patch.paths == ("one.py", "two.sh")
    assert [line.text for line in patch.lines if line.kind == "text"] == ["two.sh: mode 644 → 755"]
    assert next(line.other for line in patch.lines if line.kind == "removed") == "c"


def test_what_is_no_patch_is_none() -> None:
    assert patch_of("run it\n--- a\n+++ b\nno hunk") is None


class CountedLines(tuple[PatchLine, ...]):
    """Counts how often somebody goes through all of them."""

    passes = 0

    def __iter__(self) -> Iterator[PatchLine]:
        self.passes += 1
        return super().__iter__()


async def test_a_row_that_is_drawn_goes_through_no_other_lines(drive: Drive, tmp_path: Path) -> None:
    lines = CountedLines(PatchLine("added", f"x = {number}", new=number, path="a.py") for number in range(1, 1000))
    async with drive(tmp_path) as driven:
        view = DetailView()
        await driven.main.mount(view)
        view.show_patch((), Patch(lines), 0)
        await driven.pilot.pause()
        before = lines.passes
        assert before
        drawn = [view.render_line(y).text.split() for y in range(3)]
        assert [words[:2] for words in drawn] == [["1", "+"], ["2", "+"], ["3", "+"]]
        assert lines.passes == before
