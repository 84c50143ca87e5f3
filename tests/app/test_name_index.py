"""Names found as the person types."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punie_tui.app.name_index import NameIndex

PATHS = [
    "src/ledger/accounts.py",
    "src/ledger/report.py",
    "tests/test_accounts.py",
    "docs/accounts/index.md",
    "README.md",
    "odd\nname.py",
    "İstanbul/straße.py",
]


def found(names: list[str], query: str, separator: str = "/") -> list[str]:
    index = NameIndex(names, separator)
    return [names[place] for _, place in index.best(query, 20, lambda: False)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("accounts", ["src/ledger/accounts.py", "tests/test_accounts.py", "docs/accounts/index.md"]),
        ("accounts.py", ["src/ledger/accounts.py", "tests/test_accounts.py"]),
        ("ledger/rep", ["src/ledger/report.py"]),
        ("READ", ["README.md"]),
        ("slacc", ["src/ledger/accounts.py"]),
        ("straße", ["İstanbul/straße.py"]),
        ("re", ["README.md", "src/ledger/report.py"]),
        ("zzz", []),
        ("name.py", []),
    ],
)
def test_the_best_names_come_first(query: str, names: list[str]) -> None:
    shown = found(PATHS, query)
    assert shown[: len(names)] == names
    assert names or not shown


def test_without_letters_the_top_of_the_tree_is_shown() -> None:
    assert found(PATHS, "")[0] == "README.md"


def test_symbols_are_parted_by_dots() -> None:
    names = ["Ledger", "Ledger.post", "Poster.send", "compost"]
    assert found(names, "post", ".") == ["Ledger.post", "compost", "Poster.send"]
    assert found(names, "ledger.p", ".") == ["Ledger.post"]


def test_letters_that_begin_words_in_camel_case_stand_as_near_as_those_behind_an_underscore() -> None:
    names = ["Transcript._holds_view", "TranscriptView", "transient_overview", "HTTPServer"]
    assert found(names, "transview", ".")[0] == "TranscriptView"
    assert found(names, "tv", ".")[0] == "TranscriptView"


letters = st.text(alphabet="abA/._é", max_size=6)


@given(names=st.lists(letters, max_size=30), query=letters)
def test_whatever_holds_the_letters_in_their_order_is_found(names: list[str], query: str) -> None:
    if len(query) < 3:
        return
    shown = set(found([f"{number}{name}" for number, name in enumerate(names)], query))
    for number, name in enumerate(names):
        rest = iter(f"{number}{name}".lower())
        holds = all(letter in rest for letter in query.lower())
        assert (f"{number}{name}" in shown) == holds or len(shown) == 20


def test_a_cancelled_search_looks_no_further() -> None:
    names = [f"folder/{number}.py" for number in range(50_000)]
    asked: list[int] = []

    def is_cancelled() -> bool:
        asked.append(1)
        return True

    NameIndex(names, "/").best("49999", 10, is_cancelled)
    # Once for each way of looking, and not for each of the chunks.
    assert 1 <= len(asked) <= 2


def test_the_best_of_many_is_found_wherever_it_stands() -> None:
    generator = random.Random(1)
    names = [f"pkg{generator.randrange(900)}/mod{number}_handlers.py" for number in range(100_000)]
    names[77_777] = "pkg/very_special.py"
    assert found(names, "very_special")[0] == "pkg/very_special.py"
    assert found(names, "vspecial")[0] == "pkg/very_special.py"
