"""What code recognises in a request."""

from __future__ import annotations

import itertools

import pytest

from punie_tui.engine.nano.candidates import find_candidates

ACTION = "src/ab.py:3:ruff:0f1e2d3c4b5a:a0b1c2d3e4f5"
NUMBERED_PLACE = [("file", "b.py"), ("number", "8"), ("number", "9")]


def seen(text: str, *existing: str) -> list[tuple[str, str]]:
    return [(found.kind.value, found.value) for found in find_candidates(text, lambda path: path in existing)]


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("where is Ledger defined?", [("symbol", "Ledger")]),
        ("who calls parse_config()", [("symbol", "parse_config")]),
        ("is User.save used in app/models", [("symbol", "User.save"), ("folder", "app/models")]),
        ("show src/foo.py:42-50 please", [("file", "src/foo.py"), ("number", "42"), ("number", "50")]),
        ("open foo.py#L10-L20", [("file", "foo.py"), ("number", "10"), ("number", "20")]),
        ("Dockerfile.dev, lines 5..18", [("file", "Dockerfile.dev"), ("number", "5"), ("number", "18")]),
        ("MANIFEST.in please", [("file", "MANIFEST.in")]),
        ("pyproject.toml[30:55]", [("file", "pyproject.toml"), ("number", "30"), ("number", "55")]),
        ("typings/foo.pyi: 8→16", [("file", "typings/foo.pyi"), ("number", "8"), ("number", "16")]),
        ("a.py: 8->16", [("file", "a.py"), ("number", "8"), ("number", "16")]),
        ("write x into .python-version", [("file", ".python-version")]),
        ("everything in .github", [("folder", ".github")]),
        ("run tests/test_p.py::test_t[a b-c], please", [("test", "tests/test_p.py::test_t[a b-c]")]),
        ("exec tests/test_u.py::test_p[https://x.io/?q=1]", [("test", "tests/test_u.py::test_p[https://x.io/?q=1]")]),
        ("edge.Dockerfile and mail.tpl", [("file", "edge.Dockerfile"), ("file", "mail.tpl")]),
        (
            "Pipfile.lock, .env.local, .DS_Store",
            [("file", "Pipfile.lock"), ("file", ".env.local"), ("file", ".DS_Store")],
        ),
        ("who calls weight?", [("symbol", "weight")]),
        ("who calls the method weight, please", [("symbol", "weight")]),
        ("who calls it?", []),
        ("who calls the shots here", []),
        ("rename discount to lessen", [("symbol", "discount"), ("symbol", "lessen")]),
        ("rename the function discount to the_lesser", [("symbol", "discount"), ("symbol", "the_lesser")]),
        ("where is total defined", [("symbol", "total")]),
        ("where is everything", []),
        ("references of flush.", [("symbol", "flush")]),
        ("is there a function called normalise", [("symbol", "normalise")]),
        ("a class named after me", []),
        ("rename the method flush of Buffer to drain", [("symbol", "Buffer.flush")]),
        ("the attribute total in the class Cart, please", [("symbol", "Cart.total")]),
        ("method flush of Buffer.Inner", [("symbol", "Buffer.Inner")]),
        ("uses of the file", []),
        ("switch to branch shipping", [("revision", "shipping")]),
        ("check out shipping", [("revision", "shipping")]),
        ("switch to another branch", []),
        ("only the F401s", [("quote", "F401")]),
        ('grep os.environ["HOME"] in b.py', [("quote", 'os.environ["HOME"]'), ("file", "b.py")]),
        ("print('hi') is what it says", [("quote", "print('hi')")]),
        ('grep("TODO")', [("quote", "TODO")]),
        ('glob("**/*.yaml")', [("quote", "**/*.yaml")]),
        ("httpx>=0.27 becomes httpx>=0.27,<1", [("quote", "httpx>=0.27"), ("quote", "httpx>=0.27,<1")]),
        ("uvicorn[standard]~=0.30.1, please", [("quote", "uvicorn[standard]~=0.30.1")]),
        ("requires >=3.10,<3.13.", [("quote", ">=3.10,<3.13")]),
        ("write 'a==1.2' there", [("quote", "a==1.2")]),
        ("files of 300+ lines", [("number", "300")]),
        ("b.py @8, @9", NUMBERED_PLACE),
        ("blame b.py -L8,9", NUMBERED_PLACE),
        ("b.py+8, L9+", NUMBERED_PLACE),
        ("look at `b.py:8-9`", NUMBERED_PLACE),
        ('it says "b.py:8" and line 9', NUMBERED_PLACE),
        ("b.py:8:5 and L9", NUMBERED_PLACE),
        ("b.py:8:21: E501 line too long (9", NUMBERED_PLACE),
        ("b.py:8:12 - error: a and b:9", [("file", "b.py"), ("number", "8")]),
        ("head -n20 b.py", [("number", "20"), ("file", "b.py")]),
        ("sed -n '12,$p' b.py", [("number", "12"), ("file", "b.py")]),
        ("the same with release-3.x", [("revision", "release-3.x")]),
        ("make docs, timeout 2m", [("number", "120")]),
        ("make docs for at most a minute", [("number", "60")]),
        ("make docs, half an hour max", [("number", "1800")]),
        ("let it run up to 10 min, or 1h", [("number", "600"), ("number", "3600")]),
        ("make docs, give it 90 seconds", [("number", "90")]),
        ("five minutes should be plenty", [("number", "300")]),
        ("what happened 5 minutes ago", [("number", "5")]),
        ("an hour ago", []),
        ("L42 of app.py", [("number", "42"), ("file", "app.py")]),
        ("lines 10 to 20 of models/user.py", [("number", "10"), ("number", "20"), ("file", "models/user.py")]),
        ("last twenty five commits", [("number", "25")]),
        ("that one, the last one", []),
        ("run tests/test_x.py::test_y", [("test", "tests/test_x.py::test_y")]),
        ("run test_login", [("test", "test_login")]),
        ('grep "TODO" in *.py', [("quote", "TODO"), ("glob", "*.py")]),
        ("list the python files", [("glob", "*.py")]),
        ("how many TODOs", [("quote", "TODO")]),
        ("diff HEAD~3..HEAD", [("revision", "HEAD~3..HEAD")]),
        ("what changed since v1.2.0?", [("revision", "v1.2.0")]),
        ("log for a1b2c3d", [("revision", "a1b2c3d")]),
        ("feature/login vs origin/main", [("revision", "feature/login"), ("revision", "origin/main")]),
        ("show me the readme", [("file", "README.md")]),
        ("rename `foo` to 'bar'", [("quote", "foo"), ("quote", "bar")]),
        ("geo/box.py's callers, Board.mk's type", [("file", "geo/box.py"), ("symbol", "Board.mk")]),
        ("what is make_total's? (shop/a.py's)", [("symbol", "make_total"), ("file", "shop/a.py")]),
        ("path=src/app.py line=12", [("file", "src/app.py"), ("number", "12")]),
        ("L26..L49 of a.js, b.py@8-9", [("number", "26"), ("number", "49"), ("file", "a.js"), *NUMBERED_PLACE]),
        ("sed -n '16,180p' tools/a.py", [("number", "16"), ("number", "180"), ("file", "tools/a.py")]),
        (f"apply {ACTION}, please", [("quote", ACTION)]),
        (f"yes, `{ACTION}`", [("quote", ACTION)]),
        ("rename df2 to orders", [("symbol", "df2"), ("symbol", "orders")]),
        ("diff to the tag black-friday", [("revision", "black-friday")]),
        ("how far am I off fw-2.9", [("revision", "fw-2.9")]),
        ("a well-known up-to-date read-only thing", []),
        ("all the configs (*.cfg)", [("glob", "*.cfg")]),
        ("plt.show in notebooks", [("symbol", "plt.show")]),
        ("it's the user's fault, isn't it", []),
        ("can you lint and/or test w/ care", []),
        ("Show Me The Diff", []),
        ("python 3.12 or 3.11?", []),
    ],
)
def test_notations_are_recognised(request_text: str, expected: list[tuple[str, str]]) -> None:
    assert seen(request_text) == expected


def test_a_path_that_exists_is_no_branch() -> None:
    assert seen("lint feature/login", "feature/login") == [("folder", "feature/login")]


def test_a_snake_case_folder_of_the_tree_is_no_symbol() -> None:
    assert seen("lint punie_tui", "punie_tui") == [("folder", "punie_tui")]
    assert seen("lint punie_tui") == [("symbol", "punie_tui")]


def test_what_the_tree_has_is_a_path_whatever_it_looks_like() -> None:
    assert seen("show game.unityproj", "game.unityproj") == [("file", "game.unityproj")]
    assert seen("show game.unityproj") == [("symbol", "game.unityproj")]
    assert seen("scan notebooks", "notebooks") == [("folder", "notebooks")]
    assert seen("scan notebooks") == [("glob", "*.ipynb")]


def test_candidates_lie_apart_and_in_order() -> None:
    found = find_candidates('replace "a.b" in src/a.py:3 by `x_y()` on main since HEAD~2', lambda path: False)
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))


def test_a_plain_word_is_a_folder_where_one_stands_and_the_tree_has_it() -> None:
    assert seen("any type errors in shop?", "shop") == [("folder", "shop")]
    assert seen("is the shop open", "shop") == []
    assert seen("lint shop and the till", "shop", "till") == [("folder", "shop")]
    assert seen("any type errors in shop?") == []
    # The model knows the usual names as words, and people say them of other things.
    assert seen("run the tests in tests", "tests") == []
