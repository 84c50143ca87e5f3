"""What a mention in a prompt means: a file, a folder, a symbol, findings, tests or a diff, as the model gets it."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from punie_tools.errors import ToolCancelledError, ToolError
from punie_tools.files.list_files import list_files
from punie_tools.files.read_file import read_file
from punie_tools.lsp.call_hierarchy import call_hierarchy
from punie_tools.lsp.find_references import find_references
from punie_tools.lsp.hover import hover
from punie_tools.lsp.symbol_question import candidates_for, file_name
from punie_tools.symbols.candidates import Candidate
from punie_tools.symbols.text_fallback import classes_and_functions
from punie_tools.tool import ToolContext
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.known_results import KnownResults
from punie_tui.agent.mentions import mentioned_name, named_result
from punie_tui.agent.result_reader import read_result

_MOST_CHARACTERS = 40_000
_MOST_FILES = 200
_MOST_USES = 30
_SECONDS_FOR_SERVER = 20.0
_SYMBOL = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_LINES = re.compile(r"(?P<path>.+?):(?P<first>\d{1,7})(?:-(?P<last>\d{1,7}))?$")


def read_mentions(mentions: Sequence[str], context: ToolContext, known: KnownResults) -> tuple[Attachment, ...]:
    """What all of them mean, in order; empty where the person stopped it."""
    try:
        return tuple(read_mention(mention, context, known) for mention in mentions)
    except ToolCancelledError:
        return ()


def read_mention(mention: str, context: ToolContext, known: KnownResults) -> Attachment:
    """What one mention means. Raises ToolCancelledError."""
    name = mentioned_name(mention)
    try:
        if named := named_result(name):
            read = read_result(*named, mention, context, known)
            return read.model_copy(update={"text": _bounded(read.text)})
        return _read_path(name, mention, context) or _read_symbol(name, mention, context)
    except ToolCancelledError:
        raise
    except ToolError as error:
        return Attachment(kind="file", name=name, mention=mention, problem=str(error))


def _read_path(name: str, mention: str, context: ToolContext) -> Attachment | None:
    """None if that is no path here. A path ends in `:10` or `:10-20` where only these lines are meant."""
    lines = _LINES.match(name)
    path, first, last = name, 1, None
    if not _exists(name, context) and lines:
        path, first = lines["path"], int(lines["first"])
        last = int(lines["last"] or first)
    if not _exists(path, context):
        return None
    if context.workspace.resolve(path).is_dir():
        listed = list_files(context, path=path)
        more = f"\n… and {listed.file_count - _MOST_FILES} more" if listed.file_count > _MOST_FILES else ""
        text = "\n".join(listed.files[:_MOST_FILES]) + more
        title = f"{listed.path}, {listed.file_count} files"
        return Attachment(kind="file", name=title, mention=mention, path=listed.path, text=text)
    read = read_file(context, path, max(first, 1), last)
    is_whole = (read.start_line, read.end_line) == (1, read.line_count) and not read.truncated
    shown = f"{read.line_count} lines" if is_whole else f"lines {read.start_line} to {read.end_line}"
    title = f"{read.path}, {shown}"
    return Attachment(kind="file", name=title, mention=mention, path=read.path, text=_bounded(read.content))


def _exists(path: str, context: ToolContext) -> bool:
    """A path that leads out of the tree is none here."""
    try:
        return (context.workspace.root / path).exists() and bool(context.workspace.resolve(path))
    except (OSError, ValueError, ToolError):
        return False


def _read_symbol(name: str, mention: str, context: ToolContext) -> Attachment:
    if not _SYMBOL.fullmatch(name):
        raise ToolError(f"There is no file {name!r} here.")
    found = candidates_for(context, name, None, None)[0]
    file = file_name(context.workspace, found.file)
    first, last = _extent(found)
    source = read_file(context, file, first, last).content
    parts = [f"{found.kind} {found.qualified_name} in {file}, lines {first} to {last}:", source.rstrip("\n")]
    with _deadline(context) as limited:
        parts += _type_of(found, file, limited)
        parts += _uses_of(found, file, limited)
    title = f"{found.qualified_name}, {file}:{found.line}"
    return Attachment(kind="symbol", name=title, mention=mention, path=file, text=_bounded("\n".join(parts)))


def _extent(found: Candidate) -> tuple[int, int]:
    """The lines of a definition, decorators included; of anything else the one where it stands."""
    rows = classes_and_functions(found.file) if found.is_definition else []
    last = next((end for name, _, line, end, _ in rows if (name, line) == (found.name, found.line)), found.line)
    with found.file.open(encoding="utf-8", errors="replace") as lines:
        before = [line.strip() for _, line in zip(range(found.line - 1), lines, strict=False)]
    first = found.line
    while first > 1 and before[first - 2].startswith("@"):
        first -= 1
    return first, last


def _type_of(found: Candidate, file: str, context: ToolContext) -> Sequence[str]:
    try:
        return ("", f"Type: {hover(context, found.name, file, found.line).type_info}")
    except ToolError:
        return ()


def _uses_of(found: Candidate, file: str, context: ToolContext) -> Sequence[str]:
    """The callers of a function, the places of anything else; without a language server places by name."""
    if found.kind in ("function", "method"):
        try:
            told = call_hierarchy(context, found.name, "incoming", file, found.line)
        except ToolError:
            pass
        else:
            calls = [f"- {each.name}, {each.calls_in}:{_numbers(each.call_lines)}" for each in told.calls]
            return ("", f"Called by {told.call_count}:", *calls[:_MOST_USES])
    try:
        told = find_references(context, found.name, file, found.line)
    except ToolError:
        return ()
    uses = [each for each in told.references if not each.is_definition]
    shown = [f"- {each.file}:{each.line}: {each.preview}" for each in uses[:_MOST_USES]]
    return ("", f"Used in {max(told.reference_count - (len(told.references) - len(uses)), 0)} places:", *shown)


def _numbers(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:5])) + ("…" if len(lines) > 5 else "")


@contextmanager
def _deadline(context: ToolContext) -> Generator[ToolContext]:
    """A context that the person's stop ends, and time too: a prompt does not wait long for a server that starts."""
    cancelled, ended = threading.Event(), threading.Event()

    def watch() -> None:
        for _ in range(int(_SECONDS_FOR_SERVER / 0.05)):
            if ended.wait(0.05):
                return
            if context.cancelled.is_set():
                break
        cancelled.set()

    watcher = threading.Thread(target=watch, name="mention deadline", daemon=True)
    watcher.start()
    try:
        yield replace(context, cancelled=cancelled)
    except ToolCancelledError:
        context.raise_if_cancelled()
    finally:
        ended.set()


def _bounded(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return (
        f"{text[:_MOST_CHARACTERS]}\n… {len(text) - _MOST_CHARACTERS} characters left out; read the file for the rest"
    )
