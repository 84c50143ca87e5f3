"""What a proposal adds and cures is found on a copy; the person's files are never touched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.review import Review
from punie_tools.changes.tree_access import FileImage
from punie_tools.effects.effects import Effect, EffectFinder, Finding, State
from punie_tools.effects.green_gate import green_hunks
from punie_tools.effects.overlay import Overlay
from punie_tools.effects.placing import placed
from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace
from tests.conftest import write_files
from tests.tools.quality.conftest import files_below, make_environment

Write = Callable[[Mapping[str, str | bytes]], Path]

MONEY = """\
def add(a: int, b: int) -> int:
    return a + b


# one
# two
# three
# four
# five
# six
# seven


def double(a: int) -> int:
    return add(a, "a")
"""
PROJECT = {
    "shop/__init__.py": "",
    "shop/money.py": MONEY,
    "shop/report.py": "import os\n\nfrom shop.money import add\n\nprint(add(1, 2))\n",
    "tests/test_money.py": (
        "from shop.money import add, double\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n"
        "def test_double():\n    assert double(2) == 4\n"
    ),
    "tests/test_other.py": "def test_other(): ...\n",
}
DOUBLE = ('return add(a, "a")', "return add(a, a)")
ADD = ("return a + b", "return str(a + b)")


FILES = {**PROJECT, "pytest.ini": "[pytest]\npythonpath = .\n"}


@pytest.fixture
def project(write: Write, environment: Path) -> Path:
    return write(FILES)


def edit(path: str, *replacements: tuple[str, str]) -> FileChange:
    after = PROJECT[path]
    for old, new in replacements:
        assert after.count(old) == 1
        after = after.replace(old, new)
    return FileChange(path, FileImage(PROJECT[path].encode(), 0o644), FileImage(after.encode(), 0o644))


CURE = edit("shop/money.py", DOUBLE)
LINT = edit("shop/report.py", ("import os\n\n", ""))
GONE = FileChange("shop/report.py", FileImage(PROJECT["shop/report.py"].encode(), 0o644), None)
NEW = FileChange("shop/fresh/new.py", None, FileImage(b"x: int = ''\n", 0o644))


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For tests that change nothing of it."""
    folder = tmp_path_factory.mktemp("shared")
    write_files(folder, FILES)
    make_environment(folder)
    return folder


@pytest.fixture(scope="module")
def finder(shared_project: Path) -> Iterator[EffectFinder]:
    """One that looks at each state of the three files once, whichever tests ask for it."""
    finder = EffectFinder(ToolContext(Workspace.at(shared_project, is_trusted=True)), [CURE, LINT, NEW])
    yield finder
    finder.close()


@pytest.fixture
def find(project: Path) -> Iterator[Callable[..., EffectFinder]]:
    finders: list[EffectFinder] = []

    def make(*proposal: FileChange, is_trusted: bool = True, is_made: bool = False) -> EffectFinder:
        context = ToolContext(Workspace.at(project, is_trusted=is_trusted))
        finders.append(EffectFinder(context, proposal, is_made=is_made))
        return finders[-1]

    yield make
    for finder in finders:
        finder.close()


def effect_of(finder: EffectFinder, *changes: FileChange) -> Effect:
    return finder.effect_of(changes, threading.Event(), lambda _: None)


def test_types_lint_and_tests_that_are_added_and_cured(finder: EffectFinder, shared_project: Path) -> None:
    before = files_below(shared_project)
    effect = effect_of(finder, CURE, LINT)
    assert {(found.kind, found.file) for found in effect.cured} == {
        ("types", "shop/money.py"),
        ("lint", "shop/report.py"),
        ("tests", "tests/test_money.py"),
    }
    assert effect.added == []
    assert effect.is_no_worse
    assert effect.summary == "types -1 · lint -1 · tests 2 run, 1 cured"
    assert files_below(shared_project) == before


def test_a_test_that_fails_as_it_did_before_is_told_as_such() -> None:
    failing = Finding("tests", "tests/test_money.py", 3, "tests/test_money.py::test_add", "assert 1 == 2")
    broken = Finding("tests", "tests/test_money.py", 9, "tests/test_money.py::test_sub", "assert 0")
    effect = Effect(State((failing,)), State((failing, broken), tests_run=6))
    assert effect.summary == "types same · lint same · tests 6 run, 1 broken, 1 failed before as well"


def test_what_gets_worse_is_named_with_its_place(finder: EffectFinder) -> None:
    effect = effect_of(finder, edit("shop/money.py", ADD))
    assert [(found.file, found.line) for found in effect.added if found.kind == "types"] == [("shop/money.py", 2)]
    assert [found.code for found in effect.added if found.kind == "tests"] == ["tests/test_money.py::test_add"]
    assert not effect.is_no_worse


def test_what_the_tree_holds_already_is_compared_with_what_it_was(
    project: Path, find: Callable[..., EffectFinder], files_of: Callable[[], dict[str, bytes]]
) -> None:
    worse, cure = edit("shop/money.py", ADD), edit("shop/report.py", ("import os\n\n", ""))
    both = [worse, cure, FileChange("shop/new.py", None, FileImage(b"x: int = ''\n", 0o644))]
    for change in both:
        assert change.after
        (project / change.path).write_bytes(change.after.data)
    before = files_of()
    finder = find(*both, is_made=True)
    effect = effect_of(finder, *both)
    assert {(found.kind, found.file) for found in effect.added} == {
        ("types", "shop/money.py"),
        ("tests", "tests/test_money.py"),
        ("types", "shop/new.py"),
    }
    assert [found.file for found in effect.cured] == ["shop/report.py"]
    assert effect_of(finder, cure).is_no_worse
    assert files_of() == before


def test_a_test_that_no_longer_runs_is_not_cured(finder: EffectFinder) -> None:
    effect = effect_of(finder, edit("shop/money.py", ("def double", "def twice")))
    assert [found.kind for found in effect.cured if found.kind == "tests"] == []
    assert "tests/test_money.py" in {found.code for found in effect.added}


def test_a_part_of_a_proposal_shows_its_own_effect_and_new_and_gone_files_count(finder: EffectFinder) -> None:
    assert {found.kind for found in effect_of(finder, GONE).cured} == {"lint"}
    assert [found.file for found in effect_of(finder, NEW).added] == ["shop/fresh/new.py"]
    assert effect_of(finder).added == effect_of(finder).cured == []
    assert {found.kind for found in effect_of(finder, CURE).cured} == {"types", "tests"}


def test_no_test_runs_before_the_folder_is_trusted(find: Callable[..., EffectFinder]) -> None:
    effect = effect_of(find(CURE, is_trusted=False), CURE)
    assert "tests not run (folder not trusted)" in effect.summary
    assert {found.kind for found in effect.cured} == {"types"}


def test_the_green_gate_keeps_the_hunks_that_do_no_harm(finder: EffectFinder) -> None:
    review = Review([edit("shop/money.py", ADD, DOUBLE)])
    assert len(review.places) == 2
    green = green_hunks(review, finder, threading.Event(), lambda _: None)
    assert green == {(0, 1)}
    review.accept(green)
    assert [hunk.verdict for hunk in review.files[0].hunks] == ["undecided", "accepted"]


def test_a_hunk_by_which_the_tests_come_to_no_end_is_not_green(find: Callable[..., EffectFinder]) -> None:
    change = edit("shop/money.py", ("return a + b", "raise SystemExit(__import__('os')._exit(1))"), DOUBLE)
    finder = find(change)
    green = green_hunks(Review([change]), finder, threading.Event(), lambda _: None)
    assert green == {(0, 1)}
    assert "tests not known (" in effect_of(finder, change).summary


def test_a_hunk_that_needs_a_later_one_is_green_with_it(finder: EffectFinder) -> None:
    use = edit("shop/money.py", ("return a + b", "return total(a, b)"), DOUBLE)
    after = use.after
    assert after is not None
    made = after.data + b"\n\ndef total(a: int, b: int) -> int:\n    return sum((a, b))\n"
    change = FileChange("shop/money.py", use.before, FileImage(made, 0o644))
    bad = edit("shop/report.py", ("add(1, 2)", "add(1, None)"))
    green = green_hunks(Review([change, bad]), finder, threading.Event(), lambda _: None)
    assert green == {(0, 0), (0, 1)}


def test_an_environment_that_a_link_leads_to_runs_the_tests(
    project: Path, tmp_path_factory: pytest.TempPathFactory, find: Callable[..., EffectFinder]
) -> None:
    elsewhere = tmp_path_factory.mktemp("environments") / "shop"
    (project / ".venv").rename(elsewhere)
    (project / ".venv").symlink_to(elsewhere)
    assert effect_of(find(CURE), CURE).summary == "types -1 · lint same · tests 2 run, 1 cured"


def test_no_version_of_a_file_has_the_second_of_another(project: Path) -> None:
    overlay = Overlay(ToolContext(Workspace.at(project)))
    path = overlay.root / "shop/money.py"
    seconds: set[int] = set()
    for change in (edit("shop/money.py", ADD), edit("shop/money.py", DOUBLE), edit("shop/money.py", ADD)):
        overlay.show([change])
        seconds.add(int(path.stat().st_mtime))
    overlay.close()
    assert len(seconds) == 3


def test_a_tree_that_is_too_large_says_so(project: Path) -> None:
    with pytest.raises(ToolError, match="too large to try a proposal on a copy"):
        Overlay(ToolContext(Workspace.at(project)), most_files=3)
    with pytest.raises(ToolError, match="too large"):
        Overlay(ToolContext(Workspace.at(project)), most_bytes=10)


def test_a_stop_ends_it_and_the_copy_holds_no_way_out(project: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine")
    (project / "out").symlink_to(tmp_path / "outside")
    (project / "in").symlink_to("pytest.ini")
    # Git in the copy would change what the person has staged, also by the file that a worktree has in that place.
    write_files(project, {".git": "gitdir: /elsewhere/.git/worktrees/project\n", "part/.git/index": "mine"})
    overlay = Overlay(ToolContext(Workspace.at(project)))
    assert not (overlay.root / "out").is_symlink()
    assert (overlay.root / "in").resolve() == overlay.root / "pytest.ini"
    assert not (overlay.root / ".venv").exists()
    assert not [path for path in overlay.root.rglob("*") if path.name == ".git"]
    overlay.close()
    assert not overlay.root.exists()
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(ToolCancelledError):
        Overlay(ToolContext(Workspace.at(project), cancelled=stopped))


def test_what_a_renamed_file_had_before_is_neither_new_nor_gone(find: Callable[..., EffectFinder]) -> None:
    test, money = "tests/test_money.py", "shop/money.py"
    bad_lint = "import os\n\n" + PROJECT[test].replace("shop.money", "shop.extra")
    renamed = [
        FileChange(test, FileImage(PROJECT[test].encode(), 0o644), None),
        FileChange("tests/test_sums.py", None, FileImage(bad_lint.encode(), 0o644)),
        FileChange("shop/extra.py", None, FileImage(MONEY.replace("# one", "# uno").encode(), 0o644)),
        FileChange(money, FileImage(MONEY.encode(), 0o644), None),
        edit("shop/report.py", ("from shop.money import add", "from shop.extra import add")),
    ]
    review = Review(renamed)
    effect = effect_of(find(*renamed), *renamed)
    assert [(found.kind, found.file, found.code) for found in effect.added] == [("lint", "tests/test_sums.py", "F401")]
    assert effect.cured == []
    assert "1 failed before as well" in effect.summary
    assert {file.shown_path: file.renamed_from for file in review.files if file.renamed_from} == {
        "tests/test_sums.py": test,
        "shop/extra.py": money,
    }


def test_what_is_cured_in_a_renamed_file_stands_at_its_hunk(find: Callable[..., EffectFinder]) -> None:
    cured = MONEY.replace(*DOUBLE)
    changes = [
        FileChange("shop/money.py", FileImage(MONEY.encode(), 0o644), None),
        FileChange("shop/extra.py", None, FileImage(cured.encode(), 0o644)),
    ]
    review = Review(changes)
    places = frozenset(review.places)
    effect = effect_of(find(*changes), *review.changes_with(places))
    (found,) = [each for each in placed(review, effect, places) if each.finding.file == "shop/money.py"]
    assert found.is_cured and found.line and not found.line.is_new
