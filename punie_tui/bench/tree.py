"""A package tree to measure tools on: the same for each number of files, a git repository with a history and tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_MODULES = 2_000
"""More would keep pyright busy for minutes; the files of a larger tree are texts and data, as in most large trees."""

_FOLDER = 20
_MODULE = '''\
"""Part {number} of the shop."""

from __future__ import annotations

from dataclasses import dataclass
{imports}

LIMIT_{number} = {number}


@dataclass(frozen=True)
class Item{number}:
    """One line of an order."""

    name: str
    count: int
    price: float

    def total(self) -> float:
        """What the line costs."""
        return self.count * self.price


def cheapest_{number}(items: list[Item{number}]) -> Item{number} | None:
    """The item that costs least."""
    return min(items, key=lambda item: item.total(), default=None)


def describe_{number}(items: list[Item{number}]) -> dict[str, float]:
    """What each item costs, by name."""
    described: dict[str, float] = {{}}
    for item in items:
        if item.count > LIMIT_{number}:
            described[item.name] = item.total()
    return described
{body}'''
_MONEY = "def rounded(value: float) -> {kind}:\n    return {kind}(value)\n"
_TEST = """\
import pytest

from {module} import Item{number}, cheapest_{number}, describe_{number}


@pytest.mark.parametrize("count", range(4))
def test_total(count: int) -> None:
    assert Item{number}("pen", count, 2.0).total() == 2 * count


def test_cheapest() -> None:
    assert cheapest_{number}([]) is None
    assert describe_{number}([]) == {{}}
"""
_PROJECT = '[project]\nname = "shop"\nversion = "1"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


@dataclass(frozen=True)
class Tree:
    """Where to edit it: a module that none depends on, one that a tenth do, and one in a cycle of a quarter."""

    root: Path
    files: int
    modules: int

    @property
    def leaf(self) -> Path:
        return self._module(self.modules - 1)

    @property
    def base(self) -> Path:
        return self.root / "shop" / "money.py"

    @property
    def in_cycle(self) -> Path:
        return self._module(0)

    def _module(self, number: int) -> Path:
        return self.root / f"{_module_name(number).replace('.', '/')}.py"

    def edit_leaf(self, turn: int) -> None:
        """Give it one finding more, or one less."""
        _edit(self.leaf, f"EDITED: int = {'1' if turn % 2 else repr('one')}\n")

    def edit_base(self, turn: int) -> None:
        """Change what a tenth of the modules get from it."""
        self.base.write_text(_MONEY.format(kind="int" if turn % 2 else "str"), encoding="utf-8")

    def edit_cycle(self, turn: int) -> None:
        """Give a module of the cycle one finding more, or one less."""
        _edit(self.in_cycle, f"EDITED: int = {'1' if turn % 2 else repr('one')}\n")


def make_tree(root: Path, files: int) -> Tree:
    """Write the tree and commit it in two steps; its last commit changes one file, and one more is changed since."""
    modules = min(max(8, files * 7 // 10), MOST_MODULES)
    contents = dict(_contents(modules))
    contents |= _texts(files - len(contents))
    for folder in {str((root / name).parent) for name in contents}:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (root / name).write_text(text, encoding="utf-8")
    tree = Tree(root, len(contents), modules)
    _git(root, "init", "-q", "-b", "main")
    _commit(root, "Start the shop")
    _edit(tree.leaf, "EDITED: int = 0\n")
    _commit(root, "Limit the last part")
    (root / "NEWS.md").write_text("Nothing yet.\n", encoding="utf-8")
    _edit(tree.leaf, "EDITED: int = 1\n")
    return tree


def _contents(modules: int) -> Iterator[tuple[str, str]]:
    yield "pyproject.toml", _PROJECT
    yield "README.md", "# Shop\n\nTODO: describe it.\n"
    yield "shop/__init__.py", ""
    yield "shop/money.py", _MONEY.format(kind="int")
    for number in range(0, modules, _FOLDER):
        yield f"shop/part_{number // _FOLDER:03}/__init__.py", ""
    for number in range(modules):
        yield f"{_module_name(number).replace('.', '/')}.py", _module(number, modules)
    for number in range(0, modules, max(1, modules // min(40, modules // 8))):
        yield f"tests/test_{number:04}.py", _TEST.format(module=_module_name(number), number=number)


def _module_name(number: int) -> str:
    return f"shop.part_{number // _FOLDER:03}.module_{number:04}"


def _module(number: int, modules: int) -> str:
    """The first quarter is a ring of imports, the next tenth uses money, the rest stands alone."""
    ring = max(2, modules // 4)
    if number < ring:
        following = (number + 1) % ring
        package, name = _module_name(following).rsplit(".", 1)
        # For types alone: when run, so long a ring would be too deep to import.
        imports = f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from {package} import {name}"
        body = f"\n\ndef more_{number}(items: list[{name}.Item{following}]) -> int:\n    return len(items)\n"
    elif number < ring + max(1, modules // 10):
        imports = "\nfrom shop.money import rounded"
        body = f"\n\ndef whole_{number}(item: Item{number}) -> int:\n    return rounded(item.total())  # TODO: cents\n"
    else:
        imports, body = "", ""
    return _MODULE.format(number=number, imports=imports, body=body)


def _texts(count: int) -> dict[str, str]:
    return {
        f"data/{number // 1000:03}/{number // 50 % 20:02}/order_{number:06}.{'json' if number % 3 else 'md'}": (
            f'{{"order": {number},\n "items": ["pen", "ink"],\n "total": {number * 3}}}\n'
        )
        for number in range(count)
    }


def _edit(path: Path, line: str) -> None:
    """Replace the line that an earlier edit added at the end."""
    text = path.read_text(encoding="utf-8").partition("EDITED")[0]
    path.write_text(text + line, encoding="utf-8")


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", message)


def _git(root: Path, *arguments: str) -> None:
    """Nothing of the person's own configuration counts: the same tree gives the same commits."""
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "Ada Example"),
            ("EMAIL", "ada@example.org"),
            ("DATE", "2026-01-05T09:30:00+01:00"),
        )
    }
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    # No housekeeping in the background, which would go on while calls are timed.
    command = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments]
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)
