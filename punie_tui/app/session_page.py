"""A session as a web page of one file that looks like the app: its colours, its marks, its rows of results.

The page loads nothing and runs nothing; all text of the session is escaped.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from html import escape

from markdown_it import MarkdownIt

from punie_tools.safe_text import safe_text
from punie_tui.agent.events import (
    Event,
    PersonActed,
    PersonRan,
    TextStreamed,
    ToolDenied,
    ToolFailed,
    ToolFinished,
    ToolRequested,
    TurnFinished,
    TurnStarted,
    TurnSteered,
)
from punie_tui.agent.session_markdown import call_text
from punie_tui.agent.session_record import RecordedTurn, SessionRecord
from punie_tui.app.palettes import DARK, LIGHT, Palette
from punie_tui.app.widgets.trace.results import rows_of
from punie_tui.app.widgets.trace.rows import Row

_COLUMNS = 100
_ENDINGS = {"stopped": "Stopped.", "limit": "Stopped at a limit."}
_STYLE = """
:root { %(dark)s }
@media (prefers-color-scheme: light) { :root { %(light)s } }
body { background: var(--background); color: var(--foreground); margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  font: 15px/1.5 ui-monospace, "JetBrains Mono", Menlo, Consolas, monospace; }
h1 { font-size: 1.2rem; }
header p, .note, .row .muted, summary .muted { color: var(--secondary); }
article { border-top: 1px solid var(--panel); padding: .5rem 0; }
.prompt { color: var(--primary); font-weight: bold; white-space: pre-wrap; overflow-wrap: anywhere; }
.prompt::before { content: "\\203A  "; }
details, .result, .answer { margin: .5rem 0 .5rem 1.5rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.row { white-space: pre-wrap; overflow-wrap: anywhere; }
.result { white-space: pre-wrap; overflow-wrap: anywhere; }
.good { color: var(--success); } .bad { color: var(--error); } .strong { font-weight: bold; }
pre { background: var(--surface); padding: .5rem 1rem; overflow-x: auto; }
a { color: inherit; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--panel); padding: .1rem .5rem; text-align: left; }
"""


def session_page(record: SessionRecord, title: str) -> str:
    """The current turns as HTML, in the dark colours or the light ones as the reader's system prefers."""
    shown = escape(safe_text(title, single_line=True))
    style = _STYLE % {"dark": _variables(DARK), "light": _variables(LIGHT)}
    turns = "\n".join((*_parts(record.before), *(_turn(turn) for turn in record.current_turns)))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{shown}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{style}</style>\n</head>\n<body>\n<header><h1>{shown}</h1>{_about(record)}</header>\n"
        f"{turns}\n</body>\n</html>\n"
    )


def _about(record: SessionRecord) -> str:
    if record.started is None:
        return ""
    about = f"{record.started.workspace} · {record.started.model} · {record.started.time:%Y-%m-%d %H:%M}"
    return f"<p>{escape(safe_text(about, single_line=True))}</p>"


def _turn(turn: RecordedTurn) -> str:
    return "<article>\n" + "\n".join(_parts(turn.events)) + "\n</article>"


def _parts(events: Iterable[Event]) -> Iterator[str]:
    requests: dict[str, ToolRequested] = {}
    streamed = ""
    for event in events:
        match event:
            case TurnStarted():
                yield f'<div class="prompt">{escape(safe_text(event.prompt))}</div>'
            case TurnSteered():
                streamed = ""
                yield f'<div class="prompt">{escape(safe_text(event.text))}</div>'
            case TextStreamed():
                # In several pieces where the person did something meanwhile.
                streamed += event.text
                yield f'<div class="answer">{_markdown().render(safe_text(event.text))}</div>'
            case ToolRequested():
                streamed = ""
                requests[event.call_id] = event
            case ToolFinished():
                rows = _rows(rows_of(event.tool, event.result, _COLUMNS), 0)
                yield _call(requests.get(event.call_id), "good", "✓", f"{event.seconds:.1f} s", rows)
            case ToolFailed():
                yield _call(requests.get(event.call_id), "bad", "✗", f"{event.seconds:.1f} s", _wrapped(event.error))
            case ToolDenied():
                yield _call(requests.get(event.call_id), "bad", "–", "not run", _wrapped(event.reason))
            case TurnFinished():
                if event.answer and event.answer != streamed:
                    kind = "bad" if event.reason == "failed" else "plain"
                    yield f'<div class="result {kind}">{escape(safe_text(event.answer))}</div>'
                if ending := _ENDINGS.get(event.reason):
                    yield f'<div class="result note">{ending}</div>'
            case PersonActed():
                yield f'<div class="result note">{escape(safe_text(event.text, single_line=True))}</div>'
            case PersonRan():
                yield _command(event)
            case _:
                pass


def _call(request: ToolRequested | None, role: str, mark: str, told: str, rows: Iterable[str]) -> str:
    title = call_text(request.tool, request.arguments) if request else ""
    return (
        f'<details><summary><span class="{role}">{mark}</span> <span class="strong">{escape(title)}</span> '
        f'<span class="muted">{escape(told)}</span></summary>{"".join(rows)}</details>'
    )


def _command(event: PersonRan) -> str:
    """Unfolded, as what it printed stands in the chat."""
    told = escape(safe_text(f"! {event.command}", single_line=True))
    ending = escape(safe_text(event.ending, single_line=True))
    return (
        f'<details open><summary><span class="strong">{told}</span> <span class="muted">{ending}</span></summary>'
        f'<div class="row">{escape(safe_text(event.output))}</div></details>'
    )


def _rows(rows: Iterable[Row], depth: int) -> Iterator[str]:
    for each in rows:
        parts = "".join(f'<span class="{role or "plain"}">{escape(text)}</span>' for text, role in each.parts)
        yield f'<div class="row">{"  " * depth}{parts}</div>'
        yield from _rows(each.children, depth + 1)


def _wrapped(text: str) -> Iterator[str]:
    for line in safe_text(text).split("\n"):
        for piece in textwrap.wrap(line, _COLUMNS) or [""]:
            yield f'<div class="row">{escape(piece)}</div>'


def _markdown() -> MarkdownIt:
    """Without HTML of the text's own, and without pictures, which would be fetched from elsewhere."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _variables(palette: Palette) -> str:
    names = ("primary", "secondary", "success", "error", "foreground", "background", "surface", "panel")
    return " ".join(f"--{name}: {getattr(palette, name)};" for name in names)
