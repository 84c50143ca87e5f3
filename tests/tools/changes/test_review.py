"""Reviews as properties: what is accepted stands, all else stays byte for byte, in any order, as git would have it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Hunk, Review, Verdict, split_lines
from punie_tools.changes.review_request import comments_request
from punie_tools.changes.tree_access import FileImage

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\xff\n", b"\n", b"\xef\xbb\xbfx\n"]), max_size=30)
FILES = st.tuples(LINES, st.sampled_from([b"", b"last", b"\xe2"])).map(lambda parts: b"".join(parts[0]) + parts[1])


def changed(before: bytes, after: bytes, path: str = "a.txt") -> FileChange:
    return FileChange(path, FileImage(before, 0o644), FileImage(after, 0o644))


def stands(review: Review, file: int = 0) -> bytes:
    image = review.files[file].stands
    assert image is not None
    return image.data


@given(FILES, FILES)
def test_all_accepted_is_the_whole_change_and_all_rejected_is_none(before: bytes, after: bytes) -> None:
    review = Review([changed(before, after)])
    if before == after:
        assert review.files == ()
        return
    assert stands(review) == before
    review.decide("accepted", 0)
    assert stands(review) == after
    review.decide("rejected", 0)
    assert stands(review) == before
    assert review.standing_changes == []


@given(FILES, FILES, st.data())
def test_the_order_of_decisions_does_not_count(before: bytes, after: bytes, data: st.DataObject) -> None:
    review = Review([changed(before, after)])
    if not review.files:
        return
    for _ in range(data.draw(st.integers(0, 3))):
        review.split(0, data.draw(st.integers(0, len(review.files[0].hunks) - 1)))
    verdicts: list[Verdict] = [data.draw(st.sampled_from(["accepted", "rejected"])) for _ in review.files[0].hunks]
    expected = b""
    for order in (range(len(verdicts)), data.draw(st.permutations(range(len(verdicts))))):
        for place in order:
            review.decide(verdicts[place], 0, place)
        expected = expected or stands(review)
        assert stands(review) == expected


@given(FILES, FILES)
def test_a_review_split_as_far_as_it_goes_is_still_the_whole_change_or_none(before: bytes, after: bytes) -> None:
    review = Review([changed(before, after)])
    if not review.files:
        return
    proposed = review.files
    while any(review.split(0, hunk) for hunk in range(len(review.files[0].hunks))):
        pass
    assert all(min(len(hunk.old), len(hunk.new)) or len(hunk.old + hunk.new) == 1 for hunk in review.files[0].hunks)
    for hunk in range(len(review.files[0].hunks)):
        review.decide("accepted", 0, hunk)
    assert stands(review) == after
    review.decide("rejected", 0)
    assert stands(review) == before
    while review.undo():
        pass
    assert review.files == proposed


@given(head=LINES, tail=FILES, deletes=st.booleans(), data=st.data())
def test_a_mere_deletion_or_addition_is_split_line_by_line(
    head: list[bytes], tail: bytes, deletes: bool, data: st.DataObject
) -> None:
    middle = data.draw(LINES.map(b"".join) if tail else FILES)
    short, long = b"".join(head) + tail, b"".join(head) + middle + tail
    review = Review([changed(long, short) if deletes else changed(short, long)])
    count = len(split_lines(middle))
    if not count:
        return
    assert review.split(0, 0) == (count > 1)
    hunks = review.files[0].hunks
    assert [len(hunk.old + hunk.new) for hunk in hunks] == [1] * count
    accepted = [data.draw(st.booleans()) for _ in hunks]
    for place in data.draw(st.permutations(range(count))):
        review.decide("accepted" if accepted[place] else "rejected", 0, place)
    start, lines = hunks[0].old_start, split_lines(short)
    kept = [line for hunk, taken in zip(hunks, accepted, strict=True) for line in (hunk.old, hunk.new)[taken]]
    assert stands(review) == b"".join([*lines[:start], *kept, *lines[start:]])


@given(FILES, FILES, st.data())
def test_every_step_is_undone_and_redone(before: bytes, after: bytes, data: st.DataObject) -> None:
    review = Review([changed(before, after)])
    if not review.files:
        return
    states = [(review.files, review.comments)]
    for _ in range(data.draw(st.integers(1, 6))):
        hunk = data.draw(st.integers(0, len(review.files[0].hunks) - 1))
        match data.draw(st.sampled_from(["decide", "split", "edit", "comment"])):
            case "decide":
                review.decide(data.draw(st.sampled_from(["accepted", "rejected"])), 0, hunk)
            case "split":
                review.split(0, hunk)
            case "edit":
                review.edit(0, hunk, data.draw(FILES))
            case _:
                review.comment(0, data.draw(st.integers(1, 9)), data.draw(st.text(max_size=3)))
        if (review.files, review.comments) != states[-1]:
            states.append((review.files, review.comments))
    for state in reversed(states[:-1]):
        assert review.undo()
        assert (review.files, review.comments) == state
    assert not review.undo()
    for state in states[1:]:
        assert review.redo()
        assert (review.files, review.comments) == state
    assert not review.redo()


@given(FILES, FILES, st.data())
def test_where_all_stands_each_hunk_is_at_its_new_number_whatever_was_edited(
    before: bytes, after: bytes, data: st.DataObject
) -> None:
    review = Review([changed(before, after)])
    if not review.files:
        return
    for _ in range(data.draw(st.integers(1, 4))):
        hunk = data.draw(st.integers(0, len(review.files[0].hunks) - 1))
        if data.draw(st.booleans()):
            review.split(0, hunk)
        else:
            review.edit(0, hunk, data.draw(FILES))
    review.decide("accepted", 0)
    lines = split_lines(stands(review) or b"")
    for each in review.files[0].hunks:
        assert lines[each.new_start : each.new_start + len(each.new)] == each.new


def test_a_comment_below_an_edited_hunk_stays_with_its_line() -> None:
    before = b"".join(b"%d\n" % number for number in range(40))
    after = before.replace(b"3\n4\n", b"3\nnew\nnew\n4\n", 1).replace(b"30\n31\n", b"thirty\n", 1)
    review = Review([changed(before, after)])
    added, replaced = review.files[0].hunks
    above, context, changed_line = added.new_start, added.new_start + 3, replaced.new_start + 1
    gone = replaced.old_start + 1
    for line in (above, context, changed_line):
        review.comment(0, line, str(line))
    review.comment(0, gone, str(gone), is_removed=True)
    review.edit(0, 0, b"a\nb\nc\nd\ne\n")
    moved = {comment.text: comment.line for comment in review.comments}
    assert moved == {
        str(above): above,
        str(context): context + 3,
        str(changed_line): review.files[0].hunks[1].new_start + 1,
        str(gone): gone,
    }
    review.undo()
    assert [comment.line for comment in review.comments] == sorted([above, context, changed_line, gone])


def patch_of_accepted(review: Review) -> bytes:
    """The accepted hunks alone, without context, as git reads a patch."""

    def shown(sign: bytes, line: bytes) -> bytes:
        return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"

    patch = b"--- a/a.txt\n+++ b/a.txt\n"
    added = 0
    for hunk in joined([hunk for hunk in review.files[0].hunks if hunk.verdict == "accepted"]):
        old_at = hunk.old_start + (1 if hunk.old else 0)
        new_at = hunk.old_start + added + (1 if hunk.new else 0)
        patch += f"@@ -{old_at},{len(hunk.old)} +{new_at},{len(hunk.new)} @@\n".encode()
        patch += b"".join(shown(b"-", line) for line in hunk.old) + b"".join(shown(b"+", line) for line in hunk.new)
        added += len(hunk.new) - len(hunk.old)
    return patch


def joined(hunks: list[Hunk]) -> list[Hunk]:
    """Those that touch as one, as in any patch: of two at the same line git would put the second one first."""
    found: list[Hunk] = []
    for hunk in hunks:
        if found and found[-1].old_start + len(found[-1].old) == hunk.old_start:
            last = found.pop()
            found.append(replace(last, old=last.old + hunk.old, new=last.new + hunk.new))
        else:
            found.append(hunk)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("git")


@settings(max_examples=40, deadline=None)
@given(before=FILES, after=FILES, data=st.data())
def test_git_makes_the_same_of_the_accepted_hunks(
    folder: Path, before: bytes, after: bytes, data: st.DataObject
) -> None:
    review = Review([changed(before, after)])
    if not before or not after or not review.files:
        return
    for _ in range(data.draw(st.integers(0, 3))):
        review.split(0, data.draw(st.integers(0, len(review.files[0].hunks) - 1)))
    for place in range(len(review.files[0].hunks)):
        review.decide(data.draw(st.sampled_from(["accepted", "rejected"])), 0, place)
    (folder / "a.txt").write_bytes(before)
    if any(hunk.verdict == "accepted" for hunk in review.files[0].hunks):
        command = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=folder, input=patch_of_accepted(review), check=True, capture_output=True)
    # git takes a file away that a patch leaves empty only if it says so; without that it is empty.
    assert (folder / "a.txt").read_bytes() == stands(review)


def test_a_hunk_is_split_where_lines_between_are_equal() -> None:
    before = b"".join(b"%d\n" % number for number in range(30))
    after = before.replace(b"\n3\n", b"\nthree\n").replace(b"\n6\n", b"\nsix\n").replace(b"\n25\n", b"\n")
    review = Review([changed(before, after)])
    assert [(hunk.old_start, len(hunk.old)) for hunk in review.files[0].hunks] == [(3, 4), (25, 1)]
    assert review.split(0, 0)
    assert not review.split(0, 0)
    review.decide("accepted", 0, 1)
    assert stands(review) == before.replace(b"\n6\n", b"\nsix\n")


def test_a_line_added_by_itself_and_edited_ends_before_the_next_one() -> None:
    review = Review([changed(b"a\n", b"a\nb\nc\n")])
    assert review.split(0, 0)
    review.edit(0, 0, b"beta")
    review.decide("accepted", 0, 1)
    assert stands(review) == b"a\nbeta\nc\n"


def test_what_an_edit_keeps_stays_where_the_rest_is_split() -> None:
    review = Review([changed(b"1\n2\n3\n4\n", b"4\n")])
    review.edit(0, 0, b"1\n")
    assert review.split(0, 0)
    review.decide("rejected", 0, 1)
    assert stands(review) == b"1\n3\n4\n"


def test_an_edited_hunk_stands_as_the_person_wrote_it() -> None:
    review = Review([changed(b"a\nb\nc\n", b"a\nB\nc\n")])
    review.edit(0, 0, b"beta\nmore")
    assert stands(review) == b"a\nbeta\nmore\nc\n"
    assert review.result.edited[0].diff == "@@ -1 +1,2 @@\n-b\n+beta\n+more\n"
    assert review.result.summary == "1 of 1 hunks accepted; 1 edited by the person."


def test_new_deleted_and_binary_files_and_modes_are_decided_as_a_whole() -> None:
    new = FileChange("new.py", None, FileImage(b"x = 1\n", 0o644))
    gone = FileChange("gone.py", FileImage(b"y = 2\n", 0o644), None)
    binary = FileChange("b.png", FileImage(b"\0a\nb", 0o644), FileImage(b"\0a\nc", 0o644))
    mode = FileChange("run.sh", FileImage(b"ls\n", 0o644), FileImage(b"ls\n", 0o755))
    review = Review([new, gone, binary, mode])
    assert [(len(file.hunks), file.is_whole, file.is_binary) for file in review.files] == [
        (1, True, False),
        (1, True, False),
        (1, True, True),
        (1, True, False),
    ]
    assert review.standing_changes == []
    for file in range(4):
        assert not review.split(file, 0)
        review.decide("accepted", file)
    assert review.standing_changes == [new, gone, binary, mode]


def test_a_file_under_another_name_is_one_with_the_rename_as_a_hunk() -> None:
    before = b"".join(b"%d\n" % number for number in range(30))
    after = before.replace(b"\n3\n", b"\nthree\n").removesuffix(b"\n")
    old = FileChange("old.py", FileImage(before, 0o644), None)
    new = FileChange("new.py", None, FileImage(after, 0o755))
    other = FileChange("other.py", None, FileImage(b"else = 1\n", 0o644))
    review = Review([new, other, old])
    assert [(file.shown_path, file.renamed_from) for file in review.files] == [("new.py", "old.py"), ("other.py", "")]
    assert review.standing_changes == []
    review.decide("accepted", 0, 1)
    edited = FileImage(before.replace(b"\n3\n", b"\nthree\n"), 0o644)
    assert review.standing_changes == [FileChange("old.py", old.before, edited)]
    assert review.result.rejected[0].diff == "rename from old.py\nrename to new.py\n"
    review.decide("accepted", 0)
    assert review.standing_changes == [old, new]
    assert review.proposed_changes == [old, new, other]
    assert not review.split(0, 0)


def test_unlike_files_and_those_decided_as_a_whole_are_no_renames() -> None:
    old = FileChange("old.py", FileImage(b"a\nb\nc\n", 0o644), None)
    alike, unlike = (FileChange("new.py", None, FileImage(data, 0o644)) for data in (b"a\nb\nd\n", b"a\nx\ny\n"))
    assert len(Review([old, alike]).files) == 1
    assert len(Review([old, unlike]).files) == len(Review([old, alike], whole={"new.py"}).files) == 2


def test_what_the_model_gets_to_know() -> None:
    review = Review([changed(b"a\n" * 3, b"b\na\na\n" + b"c\n" * 9, "shop/cart.py")])
    review.decide("accepted", 0, 0)
    review.comment(0, 2, "why twice?")
    review.comment(0, 9, "x")
    review.comment(0, 9, "")
    told = review.result
    assert (told.accepted_count, len(told.rejected)) == (1, 0)
    assert [(comment.path, comment.line, comment.text) for comment in told.comments] == [
        ("shop/cart.py", 2, "why twice?")
    ]
    assert "shop/cart.py:2: why twice?" in told.summary


def test_a_comment_on_a_line_that_goes_says_that_it_counts_before_the_change() -> None:
    before = b"".join(b"%d\n" % number for number in range(40))
    review = Review([changed(before, b"new\n" * 20 + before.replace(b"30\n", b"", 1), "shop/cart.py")])
    review.comment(0, 31, "why gone?", is_removed=True)
    review.comment(0, 31, "and this?")
    told = review.result
    assert [(each.line, each.is_removed, each.text) for each in told.comments] == [
        (31, True, "why gone?"),
        (31, False, "and this?"),
    ]
    assert "shop/cart.py, line 31 before the change: why gone?; shop/cart.py:31: and this?" in told.summary
    asked = comments_request(review, "it")
    assert "shop/cart.py, line 31 before the change: why gone?\n@@" not in asked
    assert "line 31 before the change: why gone?\n-30\n" in asked


@pytest.mark.parametrize("data", [b"", b"a", b"a\n", b"a\r\nb\rc\n\n"])
def test_lines_keep_every_byte(data: bytes) -> None:
    assert b"".join(split_lines(data)) == data


def test_what_was_decided_goes_on_for_hunks_that_are_the_same_though_the_file_changed() -> None:
    lines = [b"%d\n" % number for number in range(60)]
    before = b"".join(lines)
    edited = [*lines]
    edited[10], edited[30], edited[32], edited[50] = b"ten\n", b"thirty\n", b"thirty-two\n", b"fifty\n"
    earlier = Review([changed(before, b"".join(edited))])
    assert earlier.split(0, 1)
    for hunk, verdict in enumerate(("accepted", "rejected", "accepted", "rejected")):
        earlier.decide(verdict, 0, hunk)  # pyright: ignore[reportArgumentType]
    for line, text, is_removed in ((11, "ten", False), (33, "thirty-one", False), (51, "fifty", True)):
        earlier.comment(0, line, text, is_removed=is_removed)
    # Above all of them a line came, and the last hunk is another one now.
    now = [b"new\n", *edited[:50], b"half a hundred\n", *edited[51:]]
    review = Review([changed(before, b"".join(now))])
    review.go_on_from(earlier)
    assert [(hunk.new, hunk.verdict) for hunk in review.files[0].hunks] == [
        ((b"new\n",), "undecided"),
        ((b"ten\n",), "accepted"),
        ((b"thirty\n",), "rejected"),
        ((b"thirty-two\n",), "accepted"),
        ((b"half a hundred\n",), "undecided"),
    ]
    assert [(said.line, said.text) for said in review.comments] == [(12, "ten"), (34, "thirty-one")]
    assert not review.undo()


def test_of_lines_that_come_more_than_once_none_goes_on() -> None:
    before = b"".join(b"%d\n" % number for number in range(30))
    twice = before.replace(b"5\n", b"5\nx\n", 1).replace(b"25\n", b"25\nx\n")
    earlier = Review([changed(before, twice)])
    earlier.decide("rejected", 0)
    review = Review([changed(before, twice.replace(b"15\n", b"fifteen\n"))])
    review.go_on_from(earlier)
    assert {hunk.verdict for hunk in review.files[0].hunks} == {"undecided"}
