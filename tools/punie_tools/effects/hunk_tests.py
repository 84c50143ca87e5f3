"""The tests that reach each file of a review, and which of them reach which hunk; hunks may be split and joined.

What a test reaches is read from the code, name by name, and not traced. A failure that came through a hunk's own lines
is the hunk's whatever was read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from punie_tools.changes.review import FileReview, Hunk, HunkPlace, Review
from punie_tools.effects.effects import Effect, Finding, renamed_test
from punie_tools.effects.placing import line_in_file
from punie_tools.files.line_matching import changed_pieces
from punie_tools.imports.named_code import MODULE_CODE, NamedCode, named_code_of

Ending = Literal["passes", "broken", "cured", "fails still"]
ChangedLine = tuple[bool, int]
"""Whether it is one of the proposed file or of the one before, and its number from 0, as hunks count."""


@dataclass(frozen=True)
class ReachingTest:
    """A test that can reach a file: which of its names, and through which proposed lines its failure came."""

    name: str
    ending: Ending
    finding: Finding | None
    names: frozenset[str]
    lines: frozenset[int]


@dataclass(frozen=True)
class FileTests:
    """`names_at` has what each changed line of code defines; it is None where that is not known."""

    file: int
    tests: tuple[ReachingTest, ...]
    names_at: Mapping[ChangedLine, frozenset[str]] | None

    def names_of(self, hunk: Hunk) -> frozenset[str]:
        """What a hunk changes; empty where only comments and blank lines do."""
        names_at = self.names_at or {}
        return frozenset(name for line in _lines_of(hunk) for name in names_at.get(line, ()))

    def of(self, hunk: Hunk) -> list[ReachingTest]:
        """Those that reach a hunk."""
        names = self.names_of(hunk)
        return [test for test in self.tests if test.names & names or passes_through(test, hunk)]


def passes_through(test: ReachingTest, hunk: Hunk) -> bool:
    """Whether its failure came through the hunk's lines."""
    return any(hunk.new_start <= line < hunk.new_start + len(hunk.new) for line in test.lines)


def reaching_tests(review: Review, effect: Effect, kept: Collection[HunkPlace]) -> list[FileTests]:
    """Of each file of which it is known which tests can reach it; no test reaches a text that no code names.

    `kept` are the hunks that the effect was found with.
    """
    after = effect.after
    if "tests" in after.missing:
        return []
    found: list[FileTests] = []
    for place, file in enumerate(review.files):
        path = file.change.path
        test_files = after.reaching.get(path)
        if test_files is None or not (test_files or path.endswith(".py")):
            continue
        before, now = (_code(file, path, (place, kept) if is_new else None) for is_new in (False, True))
        names_at = None
        if after.reached and before and now:
            names_at = dict(_names_at(file, place, kept, before, now))
        tests = (_reaching(review, place, effect, kept, test, now) for test in _tests_in(test_files, effect))
        found.append(FileTests(place, tuple(tests), names_at))
    return found


def _tests_in(test_files: Collection[str], effect: Effect) -> Iterator[tuple[str, Ending, Finding | None]]:
    """What failed first, each test once."""
    after = effect.after
    added, passing_now = effect.added, (found for found in effect.cured if found.kind == "tests")
    cured = {renamed_test(found.code, effect.new_names): found for found in passing_now}
    failing = {found.code: found for found in after.of("tests") if found.file in test_files}
    for name, found in failing.items():
        yield name, "broken" if found in added else "fails still", found
    for name, test_file in after.passing.items():
        if test_file in test_files and name not in failing:
            yield name, "cured" if name in cured else "passes", cured.get(name)


def _reaching(
    review: Review,
    file: int,
    effect: Effect,
    kept: Collection[HunkPlace],
    test: tuple[str, Ending, Finding | None],
    code: NamedCode | None,
) -> ReachingTest:
    name, ending, finding = test
    path = review.files[file].change.path
    way = [number for each, number in effect.after.ways.get(name, ()) if each == path]
    lines = (line_in_file(review, file, number - 1, kept) for number in way)
    names = {known for each, known in effect.after.reached.get(name, ()) if each == path}
    # What its failure came through it does reach.
    names.update(known for number in way for known in (code.names_at(number) if code else ()))
    return ReachingTest(
        name, ending, finding, frozenset(names), frozenset(line.number for line in lines if line and line.is_new)
    )


def _code(file: FileReview, path: str, kept: tuple[int, Collection[HunkPlace]] | None) -> NamedCode | None:
    """The file's code with the kept hunks, or before; of one that is not there that of an empty one."""
    if not path.endswith(".py") or file.is_binary:
        return None
    lines = [*file.lines] if kept is None else _lines_with(file, *kept)
    return named_code_of(b"".join(lines))


def _lines_with(file: FileReview, number: int, kept: Collection[HunkPlace]) -> list[bytes]:
    lines: list[bytes] = []
    end = 0
    for place, hunk in enumerate(file.hunks):
        lines += [*file.lines[end : hunk.old_start], *(hunk.new if (number, place) in kept else hunk.old)]
        end = hunk.old_start + len(hunk.old)
    return [*lines, *file.lines[end:]]


def _names_at(
    file: FileReview, number: int, kept: Collection[HunkPlace], before: NamedCode, now: NamedCode
) -> Iterator[tuple[ChangedLine, frozenset[str]]]:
    """Of each changed line of the kept hunks; `now` counts its lines with these alone."""
    shift = 0
    for place, hunk in enumerate(file.hunks):
        if (number, place) not in kept:
            continue
        for first, last, new_first, new_last in changed_pieces(hunk.old, hunk.new):
            for line in range(hunk.old_start + first, hunk.old_start + last):
                yield (False, line), before.names_at(line + 1)
            for line in range(new_first, new_last):
                yield (True, hunk.new_start + line), now.names_at(hunk.old_start + shift + line + 1)
        shift += len(hunk.new) - len(hunk.old)


def _lines_of(hunk: Hunk) -> Iterator[ChangedLine]:
    yield from ((False, line) for line in range(hunk.old_start, hunk.old_start + len(hunk.old)))
    yield from ((True, line) for line in range(hunk.new_start, hunk.new_start + len(hunk.new)))


def told_names(names: Collection[str]) -> list[str]:
    """In an order, as a person reads them."""
    return [name or "what runs at import" for name in sorted(names, key=lambda each: (each == MODULE_CODE, each))]
