"""The warm server's findings are those of pyright's command, whatever happens to the files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Server
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

RunWarm = Callable[..., Any]

PROJECT = {
    "shop/__init__.py": "",
    "shop/money.py": "def add(a: int, b: int) -> int:\n    return a + b\n",
    "shop/ledger.py": "from shop.money import add\n\n\nclass Ledger:\n"
    "    def post(self) -> int:\n        return add(1, 2)\n",
    "shop/report.py": "from shop.ledger import Ledger\n\ntext: str = Ledger().post()\n",
    "tests/test_ledger.py": "from shop.ledger import Ledger\n\n\ndef test_it() -> None:\n"
    "    assert Ledger().pst() == 3\n",
    ".hidden/notes.py": "x: int = 'no'\n",
}


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def steps(root: Path) -> list[Callable[[], object]]:
    """One change after the other, each of another kind."""
    return [
        lambda: write(root, "shop/money.py", "def add(a: int, b: int) -> str:\n    return str(a + b)\n"),
        lambda: write(root, "shop/fees.py", "from shop.report import nothing\nfrom shop.taxes import rate\n"),
        lambda: write(root, "shop/taxes/__init__.py", "rate: float = '1'\n"),
        lambda: (root / "shop/money.py").rename(root / "shop/cash.py"),
        lambda: write(
            root, "shop/ledger.pyi", "class Ledger:\n    def post(self) -> str: ...\n    def pst(self) -> int: ...\n"
        ),
        lambda: (root / "shop/ledger.pyi").unlink(),
        lambda: write(root, "shop/report.py", "a = '😀😀'; b:\tint = 'é'\nclass (:\n\r\x0c x: str = 3"),
        lambda: shutil.rmtree(root / "shop/taxes"),
        lambda: write(root, "pyrightconfig.json", '{"typeCheckingMode": "strict", "exclude": ["tests"]}'),
        lambda: write(root, "tests/test_more.py", "y: int = 'no'\n"),
        lambda: write(root, "pyrightconfig.json", '{"include": ["tests"], "ignore": ["tests/test_more.py"]}'),
        lambda: (root / "pyrightconfig.json").unlink(),
    ]


@pytest.fixture
def root(shared_folder: Path) -> Path:
    return shared_folder


@pytest.fixture
def language_server(shared_server: LanguageServer) -> LanguageServer:
    return shared_server


@pytest.fixture
def project(root: Path) -> Path:
    for name, text in PROJECT.items():
        write(root, name, text)
    return root


def outcome(result: Any) -> tuple[object, ...]:
    return (result.error_count, result.warning_count, result.errors, result.files_checked)


def test_after_every_kind_of_change_the_findings_are_those_of_the_command(
    project: Path, run_warm: RunWarm, tmp_path: Path
) -> None:
    """The command is asked for copies, when all is answered: while it ran, the server could rest between changes."""
    part_path = "tests/test_ledger.py"
    answers: list[tuple[Any, Any, Path]] = []
    for number, step in enumerate([lambda: None, *steps(project)]):
        step()
        part, whole = run_warm("typecheck", path=part_path), run_warm("typecheck")
        answers.append((part, whole, shutil.copytree(project, tmp_path / str(number))))
    tool = find_tool("typecheck")
    for part, warm, copy in answers:
        cold = ToolContext(Workspace.at(copy))
        whole = tool.run(cold, {})
        assert outcome(warm) == outcome(whole), copy.name
        if (copy / "pyrightconfig.json").exists():
            # It may leave the file out of the whole.
            assert outcome(part) == outcome(tool.run(cold, {"path": part_path})), copy.name
        else:
            assert part.files_checked == 1, copy.name
            assert part.errors == tuple(found for found in whole.errors if found.file == part_path), copy.name


def test_a_removal_that_pyright_notices_before_it_is_told_counts(
    project: Path, language_server: LanguageServer, run_warm: RunWarm
) -> None:
    """As happens to a file that goes at once after an answer, when pyright looks at it for the last time."""
    stub = project / "shop/ledger.pyi"
    write(project, "shop/ledger.pyi", "class Ledger:\n    def post(self) -> str: ...\n    def pst(self) -> int: ...\n")
    assert run_warm("typecheck").errors == ()

    def remove(server: Server) -> None:
        with server.opened([stub]):
            server.wait_until_settled(Event())
            stub.unlink()
        server.wait_until_settled(Event())

    language_server.call(remove, Event())
    assert outcome(run_warm("typecheck")) == outcome(find_tool("typecheck").run(ToolContext(Workspace.at(project)), {}))


@pytest.mark.parametrize("path", ["tests", "."])
def test_files_that_are_not_included_may_come_and_go(project: Path, run_warm: RunWarm, path: str) -> None:
    """Whether or not it is known yet what the configuration includes."""
    write(project, "pyrightconfig.json", '{"include": ["tests"]}')
    stub = project / "shop/ledger.pyi"
    for is_there in (False, True, False):
        if is_there:
            write(project, "shop/ledger.pyi", "class Ledger:\n    def pst(self) -> int: ...\n")
        else:
            stub.unlink(missing_ok=True)
        assert run_warm("typecheck", path=path).error_count == (0 if is_there else 1), is_there


@pytest.mark.parametrize("version", ["3.13", "3.14"])
def test_the_newest_pythons_are_answered_warm(project: Path, run_warm: RunWarm, version: str) -> None:
    """For Python 3.14 pyright checks a file of its own as well, and never says that it is done."""
    write(project, "pyrightconfig.json", json.dumps({"pythonVersion": version}))
    for step in (lambda: None, *steps(project)[:3]):
        step()
        warm = run_warm("typecheck")
        assert (warm.is_warm, warm.note) == (True, "")
        assert warm.files_rechecked <= warm.files_checked
    assert outcome(warm) == outcome(find_tool("typecheck").run(ToolContext(Workspace.at(project)), {}))


def test_a_part_is_answered_without_a_check_of_the_whole_tree(project: Path) -> None:
    workspace, tool = Workspace.at(project), find_tool("typecheck")
    with closing(LanguageServer(workspace)) as server:
        for path in ("shop/report.py", "shop", "tests"):
            warm: Any = tool.run(ToolContext(workspace, language_server=server), {"path": path})
            assert warm.is_warm, path
            assert outcome(warm) == outcome(tool.run(ToolContext(workspace), {"path": path})), path


def test_only_what_depends_on_an_edit_is_checked_again(project: Path) -> None:
    workspace = Workspace.at(project)
    with closing(LanguageServer(workspace)) as server:
        context = ToolContext(workspace, language_server=server)
        first, unchanged = (find_tool("typecheck").run(context, {}) for _ in range(2))
        write(project, "shop/report.py", "x: int = 'a'\n")
        again = find_tool("typecheck").run(context, {})
    assert (first.is_warm, first.files_rechecked) == (True, first.files_checked)
    assert unchanged.files_rechecked == 0
    assert again.files_rechecked == 1
    assert [(each.file, each.line) for each in again.errors] == [("shop/report.py", 1), ("tests/test_ledger.py", 5)]
    assert "1 of 5 files checked again" in again.summary


def test_a_second_write_within_the_clocks_grain_is_seen(project: Path, run_warm: RunWarm) -> None:
    for text in ("x: int = 1\n", "x: int = ''\n"[:10] + "a", "x: int = b\n"):
        write(project, "shop/report.py", text)
        result = run_warm("typecheck", path="shop/report.py")
        expected = find_tool("typecheck").run(ToolContext(Workspace.at(project)), {"path": "shop/report.py"})
        assert outcome(result) == outcome(expected), text


def test_a_new_file_counts_for_the_whole_tree_when_it_was_asked_for_by_name(project: Path, run_warm: RunWarm) -> None:
    run_warm("typecheck")
    write(project, "shop/fees.py", "x: int = 'a'\n")
    assert run_warm("typecheck", path="shop/fees.py").error_count == 1
    assert "shop/fees.py" in {each.file for each in run_warm("typecheck").errors}


def test_an_excluded_file_has_no_findings_like_with_the_command(project: Path, run_warm: RunWarm) -> None:
    write(project, "pyproject.toml", '[tool.pyright]\nexclude = ["shop/report.py"]\n')
    assert run_warm("typecheck", path="shop/report.py").errors == ()
    assert run_warm("typecheck", path=".hidden").errors == ()


def test_a_base_configuration_excludes_too(project: Path, run_warm: RunWarm) -> None:
    write(project, "base.json", '{"exclude": ["shop/report.py"]}')
    write(project, "pyrightconfig.json", '{"extends": "base.json"}')
    assert run_warm("typecheck", path="shop/report.py").errors == ()


def test_what_the_configuration_does_not_include_is_checked_warm_too(project: Path, run_warm: RunWarm) -> None:
    write(project, "pyproject.toml", '[tool.pyright]\ninclude = ["shop"]\n[tool.ruff]\nextend-exclude = ["docs"]\n')
    for _ in range(2):
        warm = run_warm("typecheck", path="tests")
        assert warm.is_warm
        cold = find_tool("typecheck").run(ToolContext(Workspace.at(project)), {"path": "tests"})
        assert outcome(warm) == outcome(cold)
        write(project, "shop/ledger.py", "class Ledger:\n    def pst(self) -> str: ...\n")


def test_files_that_are_not_included_have_all_their_findings(project: Path, run_warm: RunWarm) -> None:
    write(project, "pyrightconfig.json", '{"include": ["shop"]}')
    for number in range(30):
        others = "".join(f"from more.part{other} import Part{other}\n" for other in range(30) if other != number)
        calls = "".join(f"Part{other}().nothing\n" for other in range(30) if other != number)
        write(project, f"more/part{number}.py", f"{others}class Part{number}: ...\n{calls}")
    warm = run_warm("typecheck", path="more")
    assert (warm.is_warm, warm.files_checked) == (True, 30)
    assert warm.error_count >= 30 * 29
    assert outcome(warm) == outcome(find_tool("typecheck").run(ToolContext(Workspace.at(project)), {"path": "more"}))


def test_findings_of_an_edited_file_are_told_before_the_answer(project: Path, language_server: LanguageServer) -> None:
    told: list[str] = []
    context = ToolContext(
        Workspace.at(project),
        language_server=language_server,
        report_progress=lambda _done, _total, text: told.append(text),
    )
    tool = find_tool("typecheck")
    tool.run(context, {})
    write(project, "shop/money.py", "def add(a: int, b: int) -> int:\n    return ''\n")
    told.clear()
    tool.run(context, {})
    assert "shop/money.py: 1 error" in told
