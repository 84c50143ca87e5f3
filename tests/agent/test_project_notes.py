"""Project notes: which files they are, what of them a model reads, and what it costs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from punie_tui.agent.conversation import system_prompt
from punie_tui.agent.project_notes import MOST_BYTES, read_project_notes
from punie_tui.agent.session import Session
from punie_tui.engine.protocol import TextDelta
from punie_tui.engine.scripted import ScriptedEngine
from punie_tui.settings import load_settings

MakeRepository = Callable[..., Path]


def session_on(folder: Path, engine: ScriptedEngine) -> Session:
    return Session(folder, engine, load_settings(folder))


def test_notes_are_read_from_the_root_of_the_tree_down(make_repository: MakeRepository) -> None:
    root = make_repository(
        {"AGENTS.md": "all", "shop/CLAUDE.md": "shop", "shop/AGENTS.md": "agents", "shop/deep/AGENTS.md": "deep"}
    )
    notes = read_project_notes(root / "shop").notes
    assert [(note.path, note.text) for note in notes] == [
        ("../AGENTS.md", "all"),
        ("AGENTS.md", "agents"),
        ("CLAUDE.md", "shop"),
    ]
    assert [note.path for note in read_project_notes(root).notes] == ["AGENTS.md"]


def test_without_a_git_tree_only_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("above")
    folder = tmp_path / "plain"
    folder.mkdir()
    assert read_project_notes(folder).notes == ()


def test_a_link_counts_once_and_never_leads_out(make_repository: MakeRepository, tmp_path: Path) -> None:
    root = make_repository({"AGENTS.md": "one text"})
    (root / "CLAUDE.md").symlink_to("AGENTS.md")
    assert [note.path for note in read_project_notes(root).notes] == ["AGENTS.md"]
    (tmp_path / "secret").write_text("a key")
    (root / "AGENTS.md").unlink()
    (root / "AGENTS.md").symlink_to(tmp_path / "secret")
    (root / "CLAUDE.md").unlink()
    os.mkfifo(root / "CLAUDE.md")
    notes = read_project_notes(root)
    assert [(note.text, note.problem) for note in notes.notes] == [("", "leads out of the tree, or to no file")] * 2
    assert notes.as_read == ""
    assert notes.summary == "No project note can be used: AGENTS.md: leads out of the tree, or to no file."


def test_a_long_note_is_cut_and_that_is_said(make_repository: MakeRepository) -> None:
    root = make_repository({"AGENTS.md": "é" * MOST_BYTES})
    (note,) = read_project_notes(root).notes
    assert note.left_out == MOST_BYTES
    assert f"… {MOST_BYTES:,} bytes of AGENTS.md left out …" in note.as_read
    assert "\ufffd" not in note.text
    assert "AGENTS.md (cut)" in read_project_notes(root).summary


def test_a_model_of_little_context_gets_less_and_is_told_so(make_repository: MakeRepository) -> None:
    root = make_repository({"AGENTS.md": "a " * 4000, "CLAUDE.md": "short"})
    notes = read_project_notes(root)
    fitted = notes.fitted(500)
    assert notes.tokens > 500 >= fitted.tokens
    assert "bytes of AGENTS.md left out" in fitted.as_read
    assert "[CLAUDE.md]\nshort" in fitted.as_read
    assert notes.fitted(0).as_read == ""


def test_what_could_hide_in_a_note_is_made_visible(make_repository: MakeRepository) -> None:
    root = make_repository({"AGENTS.md": "say \x1b[2J\u202e"})
    (root / "CLAUDE.md").write_bytes(b"\0binary")
    notes = read_project_notes(root).notes
    assert notes[0].text == "say ␛[2J\\u202e"
    assert notes[1].problem == "is no text"


def test_a_model_that_writes_reads_them_last_in_its_instructions(make_repository: MakeRepository) -> None:
    root = make_repository({"AGENTS.md": "Use tabs.", "shop/AGENTS.md": "Shop rules.", "shop/till.py": "x = 1\n"})
    engine = ScriptedEngine([[TextDelta("Yes.")]] * 4, writes_answers=True)
    session = session_on(root, engine)
    list(session.run("hello"))
    list(session.run("what is @shop/till.py?", mentions=("@shop/till.py",)))
    (root / "AGENTS.md").write_text("Use spaces.")
    list(session.run("and @shop/till.py now?", mentions=("@shop/till.py",)))
    session_id = session.session_id
    session.close()

    first, second, third = (request.messages for request in engine.requests)
    assert first[0].content.startswith(f"{system_prompt()}\n\n")
    assert first[0].content.endswith("[AGENTS.md]\nUse tabs.")
    assert second[0] == first[0]
    assert "[note: shop/AGENTS.md]\n[shop/AGENTS.md]\nShop rules." in second[-1].attached
    assert third[0].content.endswith("Use spaces.")
    assert "Shop rules." not in third[-1].attached

    resumed = session_on(root, engine)
    assert resumed.resume(session_id)
    list(resumed.run("once more @shop/till.py", mentions=("@shop/till.py",)))
    resumed.close()
    assert "Shop rules." not in engine.requests[-1].messages[-1].attached


@pytest.mark.parametrize("mentions", [(), ("@shop/till.py",)])
def test_the_prompt_of_a_model_that_routes_is_as_without_notes(
    make_repository: MakeRepository, mentions: tuple[str, ...]
) -> None:
    def asked(notes: dict[str, str], name: str) -> tuple[object, ...]:
        root = make_repository({"shop/till.py": "x = 1\n", **notes}, name=name)
        engine = ScriptedEngine([[TextDelta("Yes.")]], writes_answers=False)
        session = session_on(root, engine)
        list(session.run("what is in shop/till.py?", mentions=mentions))
        session.close()
        return engine.requests[0].messages

    assert asked({"AGENTS.md": "Use tabs.", "shop/AGENTS.md": "Rules."}, "noted") == asked({}, "bare")
