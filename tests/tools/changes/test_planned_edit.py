"""Where the places of an edit stand, once all of it or a part of it was made."""

from __future__ import annotations

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.planned_edit import PlannedEdit
from punie_tools.changes.replacements import Replacement, replaced
from punie_tools.changes.tree_access import FileImage

TEXT = "one = 1\n\nprint(one, one)\n\n\nuse(one)\n"


def image(text: str) -> FileImage:
    return FileImage(text.encode(), 0o644)


def plan_of(new: str) -> PlannedEdit:
    starts = [place for place in range(len(TEXT)) if TEXT.startswith("one", place)]
    # As they come from a server, in no order.
    replacements = tuple(Replacement(start, start + 3, new) for start in reversed(starts))
    after = replaced(TEXT, replacements, "a.py")
    return PlannedEdit(FileChange("a.py", image(TEXT), image(after)), TEXT, replacements)


def left_with(plan: PlannedEdit, text: str) -> list[FileChange]:
    return [FileChange("a.py", plan.change.before, image(text))]


def test_all_of_it_stands_in_its_lines_also_where_these_become_more() -> None:
    assert plan_of("first").lines_in([plan_of("first").change]) == [1, 3, 3, 6]
    assert plan_of("(a,\nb)").lines_in([plan_of("(a,\nb)").change]) == [1, 4, 5, 9]


def test_of_what_a_review_left_the_lines_are_those_of_the_file_as_it_then_is() -> None:
    plan = plan_of("first")
    assert plan.lines_in(left_with(plan, TEXT.replace("use(one)", "use(first)"))) == [6]
    # Somebody wrote two lines more into the hunk that they let stand.
    assert plan.lines_in(left_with(plan, TEXT.replace("one = 1\n", "# here\n# it is\nfirst = 1\n"))) == [1]
    edited = "# new\n\n# new\n" + TEXT.replace("use(one)", "use(first)")
    assert plan.lines_in(left_with(plan, edited))[-1:] == [9]
    assert plan.lines_in([]) == []
