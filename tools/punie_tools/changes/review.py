"""A review: proposed changes cut into hunks, which a person accepts, rejects, splits, edits and comments on.

Everything is counted in whole lines of bytes, so what nobody accepted stays byte for byte as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.renames import renames_in
from punie_tools.changes.tree_access import FileImage
from punie_tools.files.diff import unified_diff
from punie_tools.files.line_matching import Piece, changed_pieces
from punie_tools.spelling import spelled

Verdict = Literal["undecided", "accepted", "rejected"]
Lines = tuple[bytes, ...]
HunkPlace = tuple[int, int]
"""The numbers of a file and of a hunk in it, from 0."""

_EXECUTE = 0o111
_CONTEXT = 3
_LINES_BETWEEN_HUNKS = 2 * _CONTEXT
"""As many equal lines as a patch with three lines of context shows between two hunks at most."""


@dataclass(frozen=True)
class Hunk:
    """The lines `old`, from index `old_start` of the file before, become `new`, at `new_start` of the file after."""

    old_start: int
    new_start: int
    old: Lines
    new: Lines
    verdict: Verdict = "undecided"
    is_edited: bool = False

    @property
    def stands(self) -> Lines:
        """What is in the file once the review is done; what is undecided does not stand."""
        return self.new if self.verdict == "accepted" else self.old


@dataclass(frozen=True)
class FileReview:
    """A proposed change of one file. One that is not cut (binary, new, deleted, another mode) has one hunk.

    Of a file that is renamed as well, `change` holds the new path and both contents, and the first hunk, which has no
    lines, is the rename: it is decided on apart from the edits.
    """

    change: FileChange
    lines: Lines
    hunks: tuple[Hunk, ...]
    is_whole: bool
    renamed_from: str = ""

    @property
    def shown_path(self) -> str:
        """The path as it can be shown and told."""
        return spelled(self.change.path)

    @property
    def is_binary(self) -> bool:
        images = (self.change.before, self.change.after)
        return any(image is not None and b"\0" in image.data for image in images)

    @property
    def mode_told(self) -> str:
        """Another mode, or that a new file is executable: what none of its lines shows."""
        before, after = self.change.before, self.change.after
        if after is None:
            return ""
        if before is None:
            return f"executable, mode {after.mode:o}" if after.mode & _EXECUTE else ""
        # Git, which may have told the old name, knows of its mode only whether the file was executable.
        differing = (before.mode ^ after.mode) & (_EXECUTE if self.renamed_from else ~0)
        return f"mode {before.mode:o} → {after.mode:o}" if differing else ""

    @property
    def stands(self) -> FileImage | None:
        """The file once the review is done, under whichever name."""
        before, after = self.change.before, self.change.after
        if not any(hunk.verdict == "accepted" for hunk in self.hunks):
            return before
        if after is None or self.is_binary:
            return after
        # Of a renamed file the mode goes with the name, else with any hunk.
        keeps_mode = self.renamed_from and not self._rename_stands
        return FileImage(b"".join(self._lines_that_stand()), before.mode if before and keeps_mode else after.mode)

    @property
    def proposed(self) -> list[FileChange]:
        """The whole change, path by path."""
        if not self.renamed_from:
            return [self.change]
        gone = FileChange(self.renamed_from, self.change.before, None)
        return [gone, FileChange(self.change.path, None, self.change.after)]

    @property
    def standing(self) -> list[FileChange]:
        """What becomes of each path once the review is done, those that stay as they are too."""
        if not self.renamed_from:
            return [replace(self.change, after=self.stands)]
        old, new = (None, self.stands) if self._rename_stands else (self.stands, None)
        return [FileChange(self.renamed_from, self.change.before, old), FileChange(self.change.path, None, new)]

    def is_rename(self, hunk: int) -> bool:
        """Whether this hunk is the other name, and nothing else."""
        return bool(self.renamed_from) and hunk == 0

    @property
    def _rename_stands(self) -> bool:
        return bool(self.renamed_from) and self.hunks[0].verdict == "accepted"

    def _lines_that_stand(self) -> Iterator[bytes]:
        place = 0
        for hunk in self.hunks:
            yield from self.lines[place : hunk.old_start]
            yield from hunk.stands
            place = hunk.old_start + len(hunk.old)
        yield from self.lines[place:]


class ReviewComment(BaseModel):
    """What the person says about a line, counted from 1, of the proposed file; if it goes, of the one before."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    text: str
    is_removed: bool = False
    """Whether the line is one that goes: it is counted in the file before the change."""

    @property
    def told(self) -> str:
        """With its place, which never is taken for a line of the file after the change."""
        place = f"{self.path}, line {self.line} before the change" if self.is_removed else f"{self.path}:{self.line}"
        return f"{place}: {self.text}"


class ReviewedHunk(BaseModel):
    """A hunk that does not stand as it was proposed, as a patch from what was proposed to what stands."""

    model_config = ConfigDict(frozen=True)

    path: str
    line: int
    diff: str


class ReviewResult(BaseModel):
    """What the person let stand of a proposal, for the model to go on from."""

    model_config = ConfigDict(frozen=True)

    accepted_count: int
    rejected: tuple[ReviewedHunk, ...]
    """The proposed patches that do not stand."""
    edited: tuple[ReviewedHunk, ...]
    """What the person made of hunks that stand otherwise than proposed."""
    comments: tuple[ReviewComment, ...]

    @computed_field
    @property
    def summary(self) -> str:
        total = self.accepted_count + len(self.rejected)
        told = [f"{self.accepted_count} of {total} hunks accepted"]
        told += [f"{len(self.edited)} edited by the person"] if self.edited else []
        told += [comment.told for comment in self.comments]
        return "; ".join(told) + "."


@dataclass(frozen=True)
class _State:
    files: tuple[FileReview, ...]
    comments: tuple[ReviewComment, ...] = ()


class Review:
    """One proposal under review. Every step can be undone and redone. Hunks are named by file and place."""

    def __init__(self, changes: Sequence[FileChange], *, whole: Collection[str] = ()) -> None:
        """The files named by `whole` are decided on as a whole. One that goes and comes under another name is one."""
        changed = [change for change in changes if change.before != change.after]
        old_names = renames_in(changed, never=whole)
        gone = {change.path for change in old_names.values()}
        self._state = _State(
            tuple(
                _cut(change, old_names.get(change.path), is_whole=change.path in whole)
                for change in changed
                if change.path not in gone
            )
        )
        self._before: list[_State] = []
        self._after: list[_State] = []

    @property
    def files(self) -> tuple[FileReview, ...]:
        return self._state.files

    @property
    def comments(self) -> tuple[ReviewComment, ...]:
        return self._state.comments

    @property
    def undecided_count(self) -> int:
        return sum(self.hunk(place).verdict == "undecided" for place in self.places)

    @property
    def is_begun(self) -> bool:
        """Whether anything was decided, edited or said that would be lost."""
        return self.undecided_count < len(self.places) or bool(self.comments)

    @property
    def places(self) -> list[HunkPlace]:
        return [(file, hunk) for file, found in enumerate(self.files) for hunk in range(len(found.hunks))]

    def hunk(self, place: HunkPlace) -> Hunk:
        return self.files[place[0]].hunks[place[1]]

    def told(self, place: HunkPlace) -> ReviewedHunk:
        """The hunk as a patch."""
        return _told(self.files[place[0]], self.hunk(place))

    def changes_with(self, places: Collection[HunkPlace]) -> list[FileChange]:
        """What would be changed if exactly these hunks were accepted."""
        reviewed = (_accepting(found, file, places, "rejected").standing for file, found in enumerate(self.files))
        return [change for changes in reviewed for change in changes if change.before != change.after]

    @property
    def proposed_changes(self) -> list[FileChange]:
        """All of it, path by path."""
        return [change for file in self.files for change in file.proposed]

    def accept(self, places: Collection[HunkPlace]) -> None:
        """Accept these hunks in one step, and leave the others as they are."""
        files = tuple(_accepting(found, file, places) for file, found in enumerate(self.files))
        self._become(replace(self._state, files=files))

    def decide(self, verdict: Verdict, file: int, hunk: int | None = None) -> None:
        """About one hunk, or about all of a file."""
        hunks = self.files[file].hunks
        self._change_file(
            file,
            *(
                replace(each, verdict=verdict) if hunk is None or place == hunk else each
                for place, each in enumerate(hunks)
            ),
        )

    def split(self, file: int, hunk: int) -> bool:
        """Cut a hunk where lines between its changes are equal, or else a mere deletion or addition line by line.

        False where neither can be done.
        """
        found = self.files[file].hunks[hunk]
        parts = [] if self.files[file].is_whole else list(_parts(found))
        if len(parts) < 2:
            return False
        hunks = self.files[file].hunks
        self._change_file(file, *hunks[:hunk], *parts, *hunks[hunk + 1 :])
        return True

    def edit(self, file: int, hunk: int, text: bytes) -> None:
        """Put other lines in place of the proposed ones, and accept them. A last line keeps having no line end.

        What stands below goes on from the new number of lines, and so do comments on it.
        """
        hunks, found = self.files[file].hunks, self.files[file].hunks[hunk]
        new = split_lines(text)
        is_at_end = found.old_start + len(found.old) == len(self.files[file].lines)
        # Lines that are added one by one at the end all stand there.
        is_last = is_at_end and hunk == len(hunks) - 1
        if new and not new[-1].endswith(b"\n") and not is_last:
            new = (*new[:-1], new[-1] + b"\n")
        edited = replace(found, new=new, verdict="accepted", is_edited=new != found.new or found.is_edited)
        longer = len(new) - len(found.new)
        below = (replace(each, new_start=each.new_start + longer) for each in hunks[hunk + 1 :])
        comments = _moved(self.comments, self.files[file], found, longer)
        self._change_file(file, *hunks[:hunk], edited, *below, comments=comments)

    def comment(self, file: int, line: int, text: str, *, is_removed: bool = False) -> None:
        """Say something about a line; an empty text takes the comment back."""
        said = ReviewComment(path=self.files[file].shown_path, line=line, text=text, is_removed=is_removed)
        comments = [each for each in self.comments if _place_of(each) != _place_of(said)]
        if text:
            comments.append(said)
        ordered = sorted(comments, key=_place_of)
        self._become(replace(self._state, comments=tuple(ordered)))

    def go_on_from(self, earlier: Review) -> None:
        """Take over, as no step of its own, what was decided and said before of what is still the same.

        Where a file changed since, that is each hunk whose lines are, cut as it was, and the comments on it.
        """
        known = {file.change.path: file for file in earlier.files}
        files: list[FileReview] = []
        comments: list[ReviewComment] = []
        for file in self.files:
            before = known.get(file.change.path)
            said = [each for each in earlier.comments if each.path == file.shown_path]
            if before is None:
                files.append(file)
            elif before.proposed == file.proposed:
                files.append(replace(file, hunks=before.hunks))
                comments += said
            else:
                taken = _taken_over(file, before)
                files.append(replace(file, hunks=tuple(hunk for hunk, _ in taken)))
                comments += _still_there(said, taken)
        self._state = _State(tuple(files), tuple(comments))

    def undo(self) -> bool:
        """Take the last step back; False where there is none."""
        return self._move(self._before, self._after)

    def redo(self) -> bool:
        """Make the step again that was taken back last; False where there is none."""
        return self._move(self._after, self._before)

    @property
    def standing_changes(self) -> list[FileChange]:
        """The changes that the person lets stand; what is undecided does not."""
        return [change for file in self.files for change in file.standing if change.before != change.after]

    @property
    def result(self) -> ReviewResult:
        """What the model gets to know."""
        hunks = [(file, hunk) for file in self.files for hunk in file.hunks]
        accepted = [(file, hunk) for file, hunk in hunks if hunk.verdict == "accepted"]
        return ReviewResult(
            accepted_count=len(accepted),
            rejected=tuple(_told(file, hunk) for file, hunk in hunks if hunk.verdict != "accepted"),
            edited=tuple(_told(file, hunk) for file, hunk in accepted if hunk.is_edited),
            comments=self.comments,
        )

    def _change_file(self, file: int, *hunks: Hunk, comments: tuple[ReviewComment, ...] | None = None) -> None:
        files = list(self.files)
        files[file] = replace(files[file], hunks=hunks)
        self._become(_State(tuple(files), self.comments if comments is None else comments))

    def _become(self, state: _State) -> None:
        if state != self._state:
            self._before.append(self._state)
            self._after.clear()
            self._state = state

    def _move(self, source: list[_State], target: list[_State]) -> bool:
        if not source:
            return False
        target.append(self._state)
        self._state = source.pop()
        return True


def _accepting(
    found: FileReview, file: int, places: Collection[HunkPlace], others: Verdict | None = None
) -> FileReview:
    """The file with the hunks of these places accepted; the others get the verdict `others`, or keep theirs."""
    hunks = (
        replace(hunk, verdict="accepted" if (file, number) in places else others or hunk.verdict)
        for number, hunk in enumerate(found.hunks)
    )
    return replace(found, hunks=tuple(hunks))


def _moved(comments: Sequence[ReviewComment], file: FileReview, edited: Hunk, longer: int) -> tuple[ReviewComment, ...]:
    """The comments, those on lines below a hunk that was edited with so many lines more, or less, on the same lines."""

    def moved(comment: ReviewComment) -> ReviewComment:
        line = comment.line - 1
        is_below = comment.path == file.shown_path and line >= edited.new_start + len(edited.new)
        if not is_below or comment.is_removed:
            return comment
        return comment.model_copy(update={"line": comment.line + longer})

    return tuple(moved(comment) for comment in comments)


def _taken_over(file: FileReview, before: FileReview) -> list[tuple[Hunk, Hunk | None]]:
    """The hunks of a file that changed since, each with the one that it was before, and its verdict.

    Lines that one of them has more than once do not tell which is which, nor does a file that is not cut.
    """
    plain: list[tuple[Hunk, Hunk | None]] = [(hunk, None) for hunk in file.hunks]
    if file.is_whole or before.is_whole:
        return plain
    often = Counter((hunk.old, hunk.new) for hunk in before.hunks)
    known = {lines: hunk for hunk in before.hunks if often[lines := (hunk.old, hunk.new)] == 1 and any(lines)}
    taken = [pair for hunk in file.hunks for pair in _cut_as_before(hunk, known)]
    now = Counter((hunk.old, hunk.new) for hunk, _ in taken)
    return [
        (replace(hunk, verdict=was.verdict), was) if was and now[hunk.old, hunk.new] == 1 else (hunk, None)
        for hunk, was in taken
    ]


def _cut_as_before(hunk: Hunk, known: Mapping[tuple[Lines, Lines], Hunk]) -> list[tuple[Hunk, Hunk | None]]:
    """As one, or in the parts of which some were there before."""
    if was := known.get((hunk.old, hunk.new)):
        return [(hunk, was)]
    parts = list(_parts(hunk))
    if len(parts) < 2:
        return [(hunk, None)]
    found = [pair for part in parts for pair in _cut_as_before(part, known)]
    return found if any(was for _, was in found) else [(hunk, None)]


def _still_there(
    comments: Sequence[ReviewComment], taken: Sequence[tuple[Hunk, Hunk | None]]
) -> Iterator[ReviewComment]:
    """Comments on hunks that are the same, and on the lines around them, where these lines are now."""
    for said in comments:
        for hunk, was in taken:
            if was is None:
                continue
            start, lines = (was.old_start, was.old) if said.is_removed else (was.new_start, was.new)
            if start - _CONTEXT <= said.line - 1 < start + len(lines) + _CONTEXT:
                moved = (hunk.old_start - was.old_start) if said.is_removed else (hunk.new_start - was.new_start)
                yield said.model_copy(update={"line": said.line + moved})
                break


def _place_of(comment: ReviewComment) -> tuple[str, int, bool]:
    return comment.path, comment.line, not comment.is_removed


def split_lines(data: bytes) -> Lines:
    """With their line ends; only a newline ends one."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return tuple(lines if lines[-1] else lines[:-1])


def _cut(change: FileChange, old_name: FileChange | None, *, is_whole: bool) -> FileReview:
    """Into hunks; with another name, the rename before those of the text."""
    if old_name is None:
        return _cut_text(change, is_whole=is_whole)
    renamed = replace(change, before=old_name.before)
    cut = _cut_text(renamed, is_whole=False)
    is_text = not cut.is_binary and cut.lines != split_lines(renamed.after.data if renamed.after else b"")
    return replace(cut, hunks=(Hunk(0, 0, (), ()), *(cut.hunks if is_text else ())), renamed_from=old_name.path)


def _cut_text(change: FileChange, *, is_whole: bool) -> FileReview:
    old, new = (split_lines(image.data) if image else () for image in (change.before, change.after))
    is_same_text = old == new
    has_both = change.before is not None and change.after is not None
    review = FileReview(change, old, (), is_whole=is_whole or not has_both or is_same_text)
    if review.is_binary:
        return replace(review, lines=(), hunks=(Hunk(0, 0, (), ()),), is_whole=True)
    if review.is_whole:
        return replace(review, hunks=(Hunk(0, 0, old, new),))
    hunks: list[Hunk] = []
    for first, last, new_first, new_last in _joined(changed_pieces(old, new)):
        hunks.append(Hunk(first, new_first, old[first:last], new[new_first:new_last]))
    return replace(review, hunks=tuple(hunks))


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Neighbours that a patch would show in one hunk."""
    current: Piece | None = None
    for piece in pieces:
        if current is not None and piece[0] - current[1] <= _LINES_BETWEEN_HUNKS:
            current = (current[0], piece[1], current[2], piece[3])
            continue
        if current is not None:
            yield current
        current = piece
    if current is not None:
        yield current


def _parts(hunk: Hunk) -> Iterator[Hunk]:
    pieces = changed_pieces(hunk.old, hunk.new)
    for first, last, new_first, new_last in _single_lines(*pieces[0]) if len(pieces) == 1 else pieces:
        yield replace(
            hunk,
            old_start=hunk.old_start + first,
            new_start=hunk.new_start + new_first,
            old=hunk.old[first:last],
            new=hunk.new[new_first:new_last],
        )


def _single_lines(first: int, last: int, new_first: int, new_last: int) -> list[Piece]:
    """A piece that only takes lines away, or only adds some, line by line; any other stays whole."""
    if new_first == new_last:
        return [(line, line + 1, new_first, new_last) for line in range(first, last)]
    if first == last:
        return [(first, last, line, line + 1) for line in range(new_first, new_last)]
    return [(first, last, new_first, new_last)]


def _told(file: FileReview, hunk: Hunk) -> ReviewedHunk:
    path = file.shown_path
    old, new = (spelled(b"".join(lines)) for lines in (hunk.old, hunk.new))
    if file.renamed_from and hunk is file.hunks[0]:
        diff = f"rename from {spelled(file.renamed_from)}\nrename to {path}\n"
    elif file.is_binary:
        diff = "the whole file, which is binary\n"
    else:
        diff = "".join(unified_diff(path, old, new).text.splitlines(keepends=True)[2:])
    return ReviewedHunk(path=path, line=hunk.new_start + 1, diff=diff)
