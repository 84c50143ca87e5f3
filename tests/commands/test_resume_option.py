"""`--resume`: which session and which folder the words after it mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from punie_tui.commands.app import _parse


@pytest.mark.parametrize(
    ("arguments", "folder", "resume"),
    [
        ([], None, None),
        (["--resume"], None, "last"),
        (["--continue"], None, "last"),
        (["-c"], None, "last"),
        (["--resume", "20260311-093100"], None, "20260311-093100"),
        (["--resume", "here"], "here", "last"),
        (["here", "--resume"], "here", "last"),
        (["here", "--resume", "my talk"], "here", "my talk"),
        # As the supervisor asks for after a crash, whatever was asked for at first.
        (["--resume", "my talk", "--resume"], None, "last"),
    ],
)
def test_what_resume_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], folder: str | None, resume: str | None
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    options = _parse(arguments)
    assert (options.folder, options.resume) == (folder, resume)


def test_review_names_a_revision(capsys: pytest.CaptureFixture[str]) -> None:
    assert _parse(["--review", "HEAD~1..HEAD"]).review == "HEAD~1..HEAD"
    with pytest.raises(SystemExit):
        _parse(["explain this change", "--review", "HEAD"])
    assert "takes no prompt beside it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "prompt"),
    [
        ("any type errors in pkg?", "any type errors in pkg?"),
        ("status?", "status?"),
        ("what is in src/app.py", "what is in src/app.py"),
        # Longer than any name that a file system takes.
        ("explain this " * 40, "explain this " * 40),
        ("what is in src/" + "deeper " * 60, "what is in src/" + "deeper " * 60),
        ("my work", ""),
        ("srv", ""),
        ("./my wrok", ""),
        ("my work/srv of mine", ""),
    ],
)
def test_what_is_no_folder_and_reads_as_a_sentence_is_the_first_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, prompt: str
) -> None:
    (tmp_path / "my work").mkdir()
    monkeypatch.chdir(tmp_path)
    options = _parse([written])
    assert (options.prompt, options.folder) == (prompt, None if prompt else written)
