"""What a review says of tests: below each hunk of those that reach it, below a file's name of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from punie_tools.sentences import counted, first_of
from punie_tui.app.widgets.review.rows import Note

if TYPE_CHECKING:
    from punie_tools.changes.review import Hunk, HunkPlace, Review
    from punie_tools.effects.effects import Finding
    from punie_tools.effects.hunk_tests import FileTests, ReachingTest

MOST_NOTES_AT_A_PLACE = 3


def notes_on_tests(review: Review, found: FileTests) -> Iterator[Note]:
    """Below the hunks that are not rejected, and of the tests that reach none of these below the file's name.

    A test that fails or is cured is named once with what it says: where its failure came through, or else at the
    first hunk that it reaches.
    """
    file = review.files[found.file]
    kept = {number: hunk for number, hunk in enumerate(file.hunks) if hunk.verdict != "rejected"}
    if not kept:
        return
    if found.names_at is None:
        yield from _of_file(found.file, found.tests, "tests that reach this file")
        return
    reaching = {number: found.of(hunk) for number, hunk in kept.items() if not file.is_rename(number)}
    homes = _homes(kept, reaching)
    others = [test for test in found.tests if test.name not in homes]
    if not found.tests:
        yield from _of_file(found.file, (), "tests that reach this file")
        return
    if others:
        yield from _of_file(found.file, others, "tests that reach this file, but no hunk of it by name")
    for number, tests in reaching.items():
        at_home = [test for test in tests if homes[test.name] == number]
        yield from _named((found.file, number), at_home)
        yield Note((found.file, number), _told_of_hunk(found, kept[number], tests, homes, number), None)


def test_fails(found: Finding) -> str:
    return f"{found.code} fails: {found.message}" if found.message else f"{found.code} fails"


def _homes(hunks: dict[int, Hunk], reaching: dict[int, list[ReachingTest]]) -> dict[str, int]:
    """By each test that reaches a hunk the one at which it is told."""
    from punie_tools.effects.hunk_tests import passes_through

    homes: dict[str, int] = {}
    for number, tests in reaching.items():
        for test in tests:
            homes.setdefault(test.name, number)
    for number, tests in sorted(reaching.items(), reverse=True):
        homes.update({test.name: number for test in tests if passes_through(test, hunks[number])})
    return homes


def _of_file(file: int, tests: Sequence[ReachingTest], which: str) -> Iterator[Note]:
    yield from _named((file, 0), tests, is_of_file=True)
    told = ", ".join(_counts(tests)) or "none"
    yield Note((file, 0), f"{which}: {told}", None, is_of_file=True)


def _named(place: HunkPlace, tests: Sequence[ReachingTest], *, is_of_file: bool = False) -> Iterator[Note]:
    """The first that fail now, and the first that are cured."""
    broken = [test.finding for test in tests if test.ending == "broken" and test.finding]
    for found in broken[:MOST_NOTES_AT_A_PLACE]:
        yield Note(place, test_fails(found), is_worse=True, is_of_file=is_of_file)
    if (more := len(broken) - MOST_NOTES_AT_A_PLACE) > 0:
        yield Note(place, f"and {counted(more, 'more test')}", is_worse=True, is_of_file=is_of_file)
    cured = [test.name for test in tests if test.ending == "cured"]
    for name in cured[:MOST_NOTES_AT_A_PLACE]:
        yield Note(place, f"{name} passes now", is_worse=False, is_of_file=is_of_file)


def _told_of_hunk(
    found: FileTests, hunk: Hunk, tests: Sequence[ReachingTest], homes: dict[str, int], number: int
) -> str:
    from punie_tools.effects.hunk_tests import told_names

    names = told_names(found.names_of(hunk))
    what = first_of(names) if names else "these lines"
    if not tests:
        return f"no test found that reaches {what}" if names else "no test: only comments and blank lines change here"
    elsewhere = sorted({homes[test.name] for test in tests if test.ending == "broken"} - {number})
    told_at = f" (told at hunk {first_of([str(each + 1) for each in elsewhere])})" if elsewhere else ""
    listed = first_of(list(dict.fromkeys(map(_short_name, tests))))
    return f"tests that reach {what}: {listed}; {', '.join(_counts(tests, told_at))}"


def _counts(tests: Sequence[ReachingTest], told_at: str = "") -> list[str]:
    """How many ended how; those that fail as before by name."""
    of = {ending: [test for test in tests if test.ending == ending] for ending in ("passes", "broken", "cured")}
    passing = len(of["passes"]) + len(of["cured"])
    counts = ((passing, "pass"), (len(of["broken"]), f"broken{told_at}"), (len(of["cured"]), "of these cured"))
    parts = [f"{count} {what}" for count, what in counts if count]
    still = [test.name for test in tests if test.ending == "fails still"]
    return [*parts, f"{first_of(still)} failed before as well"] if still else parts


def _short_name(test: ReachingTest) -> str:
    """Without its file and its parameters."""
    path, _, inside = test.name.partition("[")[0].partition("::")
    return inside or path
