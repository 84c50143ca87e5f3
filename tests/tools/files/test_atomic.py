"""Replacing a file: all of it or nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from punie_tools.files.atomic import replace_file


def test_a_new_file_gets_what_the_umask_allows_or_the_mode_asked_for(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        replace_file(tmp_path / "plain", b"x")
        replace_file(tmp_path / "private", b"x", mode=0o600)
        replace_file(tmp_path / "open", b"x", mode=0o666)
    finally:
        os.umask(previous)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"plain": 0o640, "private": 0o600, "open": 0o666}


def test_a_file_keeps_its_mode_and_a_link_leads_where_it_led(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o751)
    link.symlink_to("target")
    replace_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o751


def test_a_failure_leaves_the_old_content_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError):
        replace_file(tmp_path / "target", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "missing" / "file", b"x")
