"""Which tests reach which hunk, found with the project's real pytest and read from its code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.changes.tree_access import FileImage
from punie_tools.effects.effects import EffectFinder
from punie_tools.effects.hunk_tests import FileTests, reaching_tests
from punie_tools.effects.reached_names import KnownCode
from punie_tools.quality.affected_tests import affected_tests
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files
from tests.tools.quality.conftest import make_environment

BETWEEN = "\n\n" + "# between\n" * 8 + "\n\n"
MONEY = BETWEEN.join(
    (
        "RATE = 2\n",
        "def one():\n    return 1\n",
        "def two():\n    return 2\n",
        "class Ledger:\n    def total(self):\n        return RATE\n\n    def name(self):\n        return 'ledger'\n",
        "def by_text():\n    return 5\n",
    )
)
FILES = {
    "shop/__init__.py": "from shop.money import one\n",
    "shop/money.py": MONEY,
    "shop/report.py": "from shop import money\n\n\ndef report(ledger):\n    return money.two() + ledger.total()\n",
    "tests/conftest.py": (
        "import pytest\nfrom shop.money import Ledger\n\n\n@pytest.fixture\ndef ledger():\n    return Ledger()\n"
    ),
    "tests/test_money.py": (
        "import shop\nfrom shop import money\nfrom shop.report import report\n\n\n"
        "def test_one():\n    assert shop.one() == 1\n\n\n"
        "def test_report(ledger):\n    assert report(ledger) == 4\n\n\n"
        "def test_name(ledger):\n    assert ledger.name() == 'ledger'\n\n\n"
        "def test_by_text():\n    assert getattr(money, 'by_' + 'text')() == 5\n\n\n"
        "def test_raised():\n    assert getattr(money, 'tw' + 'o')() == 2\n"
    ),
    "pytest.ini": "[pytest]\npythonpath = .\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_files(folder, FILES)
    make_environment(folder)
    return folder


Find = Callable[..., tuple[Review, list[FileTests]]]


@pytest.fixture
def find(project: Path) -> Iterator[Find]:
    finders: list[EffectFinder] = []

    def found(*changes: FileChange) -> tuple[Review, list[FileTests]]:
        review = Review(changes)
        finders.append(EffectFinder(ToolContext(Workspace.at(project, is_trusted=True)), review.proposed_changes))
        kept = frozenset(review.places)
        effect = finders[-1].effect_of(review.changes_with(kept), threading.Event(), lambda _: None)
        return review, reaching_tests(review, effect, kept)

    yield found
    for finder in finders:
        finder.close()


def edit(path: str, *replacements: tuple[str, str]) -> FileChange:
    after = FILES[path]
    for old, new in replacements:
        assert after.count(old) == 1, old
        after = after.replace(old, new)
    return FileChange(path, FileImage(FILES[path].encode(), 0o644), FileImage(after.encode(), 0o644))


def told(review: Review, found: FileTests) -> list[Mapping[str, str]]:
    """Of each hunk the tests that reach it, with how they ended."""
    hunks = review.files[found.file].hunks
    return [{test.name.partition("::")[2]: test.ending for test in found.of(hunk)} for hunk in hunks]


def test_each_hunk_has_the_tests_that_reach_it_and_no_others(find: Find) -> None:
    change = edit(
        "shop/money.py", ("return 1", "return 10"), ("return RATE", "return RATE + 1"), ("'ledger'", "'led' + 'ger'")
    )
    review, (found,) = find(change)
    # The two methods stand near each other, and are one hunk until it is split.
    assert told(review, found) == [{"test_one": "broken"}, {"test_report": "broken", "test_name": "passes"}]
    assert review.split(0, 1)
    assert told(review, found) == [{"test_one": "broken"}, {"test_report": "broken"}, {"test_name": "passes"}]
    names = [found.names_of(hunk) for hunk in review.files[0].hunks]
    assert names == [{"one"}, {"Ledger.total"}, {"Ledger.name"}]
    unclaimed = {test.name for test in found.tests} - {
        test.name for each in review.files[0].hunks for test in found.of(each)
    }
    assert unclaimed == {"tests/test_money.py::test_by_text", "tests/test_money.py::test_raised"}


def test_comments_are_reached_by_none_and_a_constant_by_who_uses_what_names_it(find: Find) -> None:
    commented = MONEY.replace("# between", "# in between", 1).replace("RATE = 2", "RATE = 3")
    change = FileChange("shop/money.py", FileImage(MONEY.encode(), 0o644), FileImage(commented.encode(), 0o644))
    review, (found,) = find(change)
    assert review.split(0, 0)
    assert told(review, found) == [{"test_report": "broken"}, {}]
    assert [found.names_of(hunk) for hunk in review.files[0].hunks] == [{"RATE"}, frozenset()]


def test_a_failure_that_came_through_a_hunk_is_its_own_though_no_name_leads_there(find: Find) -> None:
    change = edit("shop/money.py", ("return 2", "raise KeyError(2)"), ("return 5", "return 6"))
    review, (found,) = find(change)
    assert told(review, found) == [{"test_report": "broken", "test_raised": "broken"}, {}]
    raised = next(test for test in found.tests if test.name.endswith("test_raised"))
    assert raised.lines == {review.files[0].hunks[0].new_start}
    by_text = next(test for test in found.tests if test.name.endswith("test_by_text"))
    assert by_text.ending == "broken"


@pytest.mark.parametrize("line", ["nowhere()", "return = 1"])
def test_a_file_that_cannot_be_imported_is_the_fault_of_its_hunk(find: Find, line: str) -> None:
    change = edit("shop/report.py", ("from shop import money\n", f"from shop import money\n{line}\n"))
    review, (found,) = find(change)
    (test,) = [test for test in found.tests if test.ending == "broken"]
    assert test.lines == {review.files[0].hunks[0].new_start}
    assert found.of(review.files[0].hunks[0]) == [test]


def test_what_is_gone_is_still_reached_by_its_name(find: Find) -> None:
    change = edit("shop/money.py", ("def two():\n    return 2\n", ""), ("return 5", "return 5.0"))
    review, (found,) = find(change)
    assert told(review, found) == [{"test_report": "broken"}, {}]


def test_a_hunk_of_a_test_is_reached_by_that_test(find: Find) -> None:
    review, (found,) = find(edit("tests/test_money.py", ("shop.one() == 1", "shop.one() == 11")))
    assert told(review, found) == [{"test_one": "broken"}]


def test_where_reading_takes_too_long_nothing_is_said_of_hunks(project: Path) -> None:
    context = ToolContext(Workspace.at(project, is_trusted=True))
    change = edit("shop/money.py", ("return 1", "return 10"))
    graph = affected_tests(project, [change.path], threading.Event()).graph
    assert graph
    named = [("tests/test_money.py::test_one", "tests/test_money.py")]
    code = KnownCode()
    assert code.reached_by_tests(context, graph, named, [change], seconds=0.0) == {}
    found = code.reached_by_tests(context, graph, named, [change])
    assert found == {"tests/test_money.py::test_one": {("shop/money.py", "one")}}
