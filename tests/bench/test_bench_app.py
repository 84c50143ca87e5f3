"""`punie bench app`: every measurement at a tiny size gives its figures. How large they are is no matter here."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from punie_tui.bench import record_timings
from punie_tui.bench.app import MEASUREMENTS, QUICK, measure_app
from punie_tui.bench.cost_picture import cost_picture
from punie_tui.bench.figure import Figure
from punie_tui.bench.program_on_terminal import BenchProgramError, ProgramOnTerminal
from punie_tui.bench.streamed_texts import TEXTS, TOKENS_A_SECOND, tokens_of
from punie_tui.bench.written_cells import written_cells
from punie_tui.commands import bench


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("first-frame", ["first frame, bare program", "first frame", "first frame, against a bare program"]),
        ("key-to-paint", ["key to paint, list, median", "key to paint, list, 99 of 100"]),
        ("markdown", ["fence, against Textual's Markdown", "list, against Textual's Markdown"]),
        ("memory", ["memory of 1,000 lines"]),
        ("memory-nano", ["memory with nano loaded"]),
        ("idle", ["idle, of a core", "idle, written", "idle, written while the cursor blinks"]),
        ("resume", ["resume of a long session"]),
    ],
)
def test_each_measurement_gives_its_figures(name: str, wanted: list[str]) -> None:
    assert name in MEASUREMENTS
    figures = list(measure_app([name], QUICK))
    assert [each for each in wanted if each not in [figure.name for figure in figures]] == []
    assert all(figure.value >= 0 for figure in figures if name != "memory")


def test_figures_are_told_as_json_and_as_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "cost.svg"
    assert bench.run(["app", "--quick", "--only", "resume", "--json", "--svg", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"runs", "figures"} <= told.keys()
    assert all({"name", "value", "unit", "goal", "is_met", "at"} == figure.keys() for figure in told["figures"])
    assert ElementTree.fromstring(picture.read_text()).tag.endswith("svg")
    assert bench.run(["app", "--only", "nothing"]) == 1
    assert "nothing is not measured; these are: first-frame" in capsys.readouterr().err


def test_a_row_of_sizes_becomes_a_line_of_the_picture() -> None:
    figures = [Figure("first <frame>", value, "s", None, at) for at, value in ((100, 0.5), (10_000, 0.6))]
    for at, value in ((0, 4.0), (1_000, 4.2), (100_000, 4.1)):
        figures.append(Figure("key to paint, list, median", value, "ms", 8.0 if at == 0 else None, at))
    figures += [
        Figure("key to paint, bare program, median", 22.0, "ms"),
        Figure("key to paint, with lines above", 1.0, "times", 1.3, 1_000),
        Figure("alone", 1.0, "s", None, 5),
    ]
    drawn = list(ElementTree.fromstring(cost_picture(figures)).iter())
    first, keys = (each.attrib["points"].split() for each in drawn if each.tag.endswith("polyline"))
    assert (len(first), len(keys)) == (2, 3)
    across = [float(point.split(",")[0]) for point in keys]
    # An empty transcript stands a tenth below a thousand lines, a hundred thousand two tenths above.
    assert (across[2] - across[1]) / (across[1] - across[0]) == pytest.approx(2, rel=0.01)
    texts = [each.text for each in drawn if each.tag.endswith("text")]
    assert {
        "first <frame>",
        "key to paint, median",
        "goal",
        "bare program",
        "list",
        "1,000",
        "30 ms",
        "lines above",
    } <= {*texts}
    assert "alone" not in texts


def test_a_program_that_does_not_say_it_is_one_sentence(tmp_path: Path) -> None:
    with (
        ProgramOnTerminal(["sh", "-c", "echo gone"], {"PATH": "/usr/bin:/bin"}, str(tmp_path)) as program,
        pytest.raises(BenchProgramError, match="'here' was not written; the last was b'gone"),
    ):
        program.wait_for("here")


def test_gaps_between_tokens_are_recorded_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    record_timings.main(["nano", "5"])
    told = json.loads(capsys.readouterr().out)
    assert told["command"] == "python -m punie_tui.bench.record_timings nano 5"
    assert [gap > 0 for gap in told["microseconds"]] == [True] * 5
    with pytest.raises(SystemExit, match="no-such-model"):
        record_timings.main(["no-such-model", "5"])
    kept = json.loads(Path(record_timings.__file__).with_name("token_timings.json").read_text())
    assert kept.keys() == told.keys()
    assert len(set(kept["microseconds"])) > 100


def test_cells_that_are_written_are_told_with_what_no_move_explains() -> None:
    blink = b"\x1b[37;4H\x1b[7m \x1b[0m\x1b[37;4H"
    assert written_cells(blink) == ({(4, 37)}, (4, 37))
    assert written_cells(b"\x1b[?2026h\x1b[2;3Ha\xe4\xb8\x80\r\nb\x1b[?2026l") == (
        {(3, 2), (4, 2), (5, 2), (1, 3)},
        (2, 3),
    )
    assert len(written_cells(blink + b"\x1b[2J")[0]) > 1


@pytest.mark.parametrize("kind", TEXTS)
def test_tokens_come_as_a_model_gives_them(kind: str) -> None:
    text = TEXTS[kind].of(100)
    tokens = list(tokens_of(text))
    assert "".join(token for _, token in tokens) == text
    mean = sum(gap for gap, _ in tokens) / len(tokens)
    assert mean == pytest.approx(1 / TOKENS_A_SECOND, rel=0.1)
