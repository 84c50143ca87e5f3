"""Prompts kept from one start to the next."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from punie_tui.agent import prompt_history
from punie_tui.agent.prompt_history import MOST_PROMPTS, PromptHistory, prompt_history_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return prompt_history_file(tmp_path / "state", tmp_path / "project")


def test_prompts_come_back_in_their_order_each_once(path: Path) -> None:
    history = PromptHistory(path)
    for prompt in ("one", "two\nlines", "one", "half \ud83d a pair"):
        history.add(prompt)
    assert PromptHistory(path).load() == ["two\nlines", "one", "half \ud83d a pair"]


def test_only_the_person_can_read_them(path: Path) -> None:
    PromptHistory(path).add("secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_folders_of_one_name_share_nothing(tmp_path: Path) -> None:
    one, other = (prompt_history_file(tmp_path, tmp_path / name / "project") for name in "ab")
    PromptHistory(one).add("one")
    assert PromptHistory(other).load() == []


def test_torn_and_foreign_lines_cost_only_themselves(path: Path) -> None:
    history = PromptHistory(path)
    history.add("first")
    with path.open("ab") as file:
        file.write(b'[1]\n\0\0\xff\n{"other": 1}\n{"prompt": 3}\n{"prompt": " "}\n"text"\n{"prompt": "torn')
    history.add("second")
    assert history.load() == ["first", "second"]


def test_a_file_that_grew_too_long_keeps_the_newest(path: Path) -> None:
    history = PromptHistory(path)
    path.parent.mkdir(parents=True)
    long = "x" * 4_000
    path.write_text("".join(json.dumps({"prompt": f"{number} {long}"}) + "\n" for number in range(600)))
    assert path.stat().st_size > prompt_history.MOST_BYTES
    history.add("newest")
    assert path.stat().st_size < prompt_history.MOST_BYTES
    loaded = history.load()
    assert loaded[-1] == "newest"
    assert loaded[-2].startswith("599 ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_more_than_the_newest_are_loaded(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps({"prompt": str(number)}) + "\n" for number in range(MOST_PROMPTS + 50)))
    loaded = PromptHistory(path).load()
    assert (len(loaded), loaded[0]) == (MOST_PROMPTS, "50")


def test_what_is_too_long_to_be_asked_again_is_not_kept(path: Path) -> None:
    PromptHistory(path).add("x" * 1_000_000)
    assert PromptHistory(path).load() == []


def test_programs_that_add_at_once_lose_nothing(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from punie_tui.agent.prompt_history import PromptHistory\n"
        "history = PromptHistory(Path(sys.argv[1]))\n"
        "for number in range(60): history.add(f'{sys.argv[2]}{number} ' + 'x' * 20_000)"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "ab"]
    assert [program.wait(120) for program in running] == [0, 0]
    newest = [prompt.split()[0] for prompt in PromptHistory(path).load()]
    # The file was made shorter meanwhile: what is left are the newest of both, without a gap.
    for name in "ab":
        own = [each for each in newest if each.startswith(name)]
        assert own == [f"{name}{number}" for number in range(60 - len(own), 60)]
    assert path.stat().st_size < 2_000_000
