"""Paths in requests: nothing outside the workspace is reached, and a wrong name gets the right one suggested."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from punie_tools.errors import ToolError
from punie_tools.spelling import spelled, unspelled
from punie_tools.workspace import Workspace
from tests.tools.conftest import make_undecodable


@pytest.fixture
def workspace(root: Path) -> Workspace:
    (root / "src").mkdir()
    (root / "src" / "main.py").write_text("pass\n")
    return Workspace.at(root)


@pytest.mark.parametrize("path", ["src/main.py", "./src/main.py", "src/../src/main.py", "src//main.py"])
def test_every_spelling_of_a_path_inside_is_one_file(workspace: Workspace, path: str) -> None:
    assert workspace.resolve(path) == workspace.root / "src" / "main.py"
    assert workspace.relative(workspace.resolve(path)) == "src/main.py"


def test_an_absolute_path_inside_is_fine(workspace: Workspace) -> None:
    assert workspace.resolve(str(workspace.root / "src")) == workspace.root / "src"


@pytest.mark.parametrize("path", ["..", "../other", "src/../../other", "/etc/passwd", "/", "../workspace-not/x"])
def test_paths_that_lead_outside_are_refused(workspace: Workspace, path: str) -> None:
    with pytest.raises(ToolError, match="leads outside the workspace"):
        workspace.resolve(path)


def test_links_that_lead_outside_are_refused_even_if_the_target_is_missing(workspace: Workspace) -> None:
    (workspace.root / "out").symlink_to(workspace.root.parent)
    (workspace.root / "dangling").symlink_to(workspace.root.parent / "not-there")
    for path in ("out", "out/x", "dangling"):
        with pytest.raises(ToolError, match="leads outside"):
            workspace.resolve(path, must_exist=False)


def test_a_link_inside_is_followed(workspace: Workspace) -> None:
    (workspace.root / "link.py").symlink_to("src/main.py")
    assert workspace.resolve("link.py") == workspace.root / "src" / "main.py"


def test_links_in_a_circle_are_a_clear_error(workspace: Workspace) -> None:
    (workspace.root / "a").symlink_to("b")
    (workspace.root / "b").symlink_to("a")
    with pytest.raises(ToolError, match="circle"):
        workspace.resolve("a")


def test_a_link_to_nothing_is_named_as_such(workspace: Workspace) -> None:
    (workspace.root / "dangling").symlink_to("not-there")
    with pytest.raises(ToolError, match="'dangling' is a link to something that does not exist"):
        workspace.resolve("dangling")


def test_pipes_sockets_and_names_that_cannot_be_are_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A socket's path may be only about a hundred characters long.
    monkeypatch.chdir(workspace.root)
    os.mkfifo(workspace.root / "pipe")
    with socket.socket(socket.AF_UNIX) as unix_socket:
        unix_socket.bind("sock")
        with pytest.raises(ToolError, match="socket"):
            workspace.resolve("sock")
    with pytest.raises(ToolError, match="pipe"):
        workspace.resolve("pipe")
    with pytest.raises(ToolError, match="NUL"):
        workspace.resolve("a\0b")
    with pytest.raises(ToolError, match="too long"):
        workspace.resolve("x" * 5000)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("src/mian.py", "src/main.py"),
        ("main.py", "src/main.py"),
        ("lib/main.py", "src/main.py"),
        ("scr/main.py", "src/main.py"),
        ("scr/new.py", "src"),
    ],
)
def test_a_missing_file_gets_the_nearest_name(workspace: Workspace, wrong: str, right: str) -> None:
    with pytest.raises(ToolError) as caught:
        workspace.resolve(wrong)
    assert str(caught.value) == f"There is no file or folder {wrong!r}; did you mean {right!r}?"


def test_a_missing_file_that_is_like_nothing_gets_no_suggestion(workspace: Workspace) -> None:
    with pytest.raises(ToolError, match=r"'zzz\.toml'\.$"):
        workspace.resolve("zzz.toml")
    with pytest.raises(ToolError, match="no file or folder"):
        workspace.resolve("src/main.py/x")


def test_a_path_through_a_link_to_the_workspace_gets_a_suggestion(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(workspace.root)
    with pytest.raises(ToolError, match=r"did you mean 'src/main\.py'"):
        workspace.resolve(str(tmp_path / "alias" / "src" / "mian.py"))


def test_the_end_of_a_path_means_the_one_that_ends_so(workspace: Workspace) -> None:
    (workspace.root / "src" / "deep").mkdir()
    (workspace.root / "src" / "deep" / "mains.py").touch()
    assert workspace.only_path_ending("main.py") == "src/main.py"
    assert workspace.only_path_ending("./deep/mains.py") == "src/deep/mains.py"
    assert workspace.only_path_ending("deep") == "src/deep"
    assert workspace.only_path_ending("ain.py") is None
    (workspace.root / "main.py").touch()
    assert workspace.only_path_ending("main.py") is None


def test_a_new_path_need_not_exist(workspace: Workspace) -> None:
    assert workspace.resolve("new/deep.py", must_exist=False) == workspace.root / "new" / "deep.py"


def test_a_name_with_bytes_that_are_no_text_has_a_spelling_that_leads_back(workspace: Workspace) -> None:
    file = make_undecodable(workspace.root)
    spelling = workspace.relative(workspace.resolve(file.name))
    assert spelling == r"caf\xe9.py"
    assert workspace.resolve(spelling) == file


@pytest.mark.parametrize("name", ["plain", "naïve", "a\nb", "\ud83d", "\udcff\ud800"])
def test_every_spelling_can_be_encoded(name: str) -> None:
    assert spelled(name).encode()


def test_spelling_of_bytes_is_reversible() -> None:
    assert os.fsencode(unspelled(spelled(b"a\xff\xc3\xa9"))) == b"a\xff\xc3\xa9"
