"""`punie [DIR | PROMPT]`: the terminal app, in a child of its supervisor.

Imports stay light until the first frame: whatever reads settings, tools or models is imported on the turn thread.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

LAST_SESSION = "last"
# For whoever writes a program with Textual: another driver, a log, keys that type themselves, an end after a picture.
_FOR_PROGRAMMERS = ("TEXTUAL_DRIVER", "TEXTUAL_LOG", "TEXTUAL_PRESS", "TEXTUAL_SCREENSHOT")
_NUMBERS = ("TEXTUAL_DIM_FACTOR", "TEXTUAL_FPS", "ESCDELAY")
_MOST_DIGITS = 6
_COLOUR_SYSTEMS = ("auto", "standard", "256", "truecolor", "windows")

if TYPE_CHECKING:
    import argparse

    from punie_tui.agent.approval import AskPerson
    from punie_tui.agent.meant import AskWhich
    from punie_tui.agent.session import Session


def run(argv: list[str]) -> int:
    """Check the terminal, then run the app under its supervisor."""
    if "--help" in argv or "-h" in argv:
        _parser().parse_args(argv)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _refuse('the app needs a terminal; without one use: punie ask "…"')
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return _refuse('the app cannot draw on this terminal (TERM); use: punie ask "…", or set TERM=xterm-256color')
    from punie_tui.supervisor import supervise

    # What died on the way is not asked once more.
    return supervise(lambda arguments: _run_app(arguments, asks_prompt=arguments == argv), argv)


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(prog="punie", description="The terminal app. `punie --help` lists the commands.")
    parser.add_argument("folder", nargs="?", metavar="DIR", help="work on DIR, or begin with a prompt in quotes")
    parser.add_argument("--model", metavar="nano|PATH|HUB_ID|URL[#NAME]", help="the model that answers")
    parser.add_argument("--cwd", default=".", metavar="DIR", help="work on DIR")
    parser.add_argument("--yes", action="store_true", help="allow what would be asked")
    parser.add_argument(
        "--resume",
        nargs="?",
        const=LAST_SESSION,
        metavar="SESSION",
        help="go on with the last session of this folder, or with the one of this id or name (`punie sessions`)",
    )
    parser.add_argument(
        "-c",
        "--continue",
        dest="resume",
        action="store_const",
        const=LAST_SESSION,
        help="the same as --resume alone",
    )
    parser.add_argument("--review", metavar="REVISION", help="begin with the review of a commit, or of A..B")
    return parser


class _Options(NamedTuple):
    """What the command line says."""

    folder: str | None = None
    model: str | None = None
    cwd: str = "."
    yes: bool = False
    resume: str | None = None
    review: str | None = None
    prompt: str = ""


def _parse(argv: list[str]) -> _Options:
    """Without options there is nothing to parse, and the first frame does not wait for argparse."""
    if not argv:
        return _Options()
    options = _Options(**vars(_parser().parse_args(argv)))
    if options.folder is None and options.resume and _is_folder(Path(options.resume).expanduser()):
        # `punie --resume DIR`: no session has the name of a folder that is there.
        return options._replace(folder=options.resume, resume=LAST_SESSION)
    if options.folder is not None and not _is_folder(_folder(options)) and _is_prompt(options.folder):
        if options.review:
            _parser().error("--review begins with the review, and takes no prompt beside it")
        return options._replace(folder=None, prompt=options.folder)
    return options


def _is_folder(path: Path) -> bool:
    """Also a prompt is asked about, which may be longer than any name: pathlib would raise there."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_prompt(text: str) -> bool:
    """Whether what names no folder is something to ask: it has a blank or a question mark, and begins as no path."""
    begins_as_path = text.startswith(("/", "~", "./", "../")) or ("/" in text and _is_folder(Path(text).parent))
    return any(letter.isspace() or letter == "?" for letter in text.strip()) and not begins_as_path


def _folder(options: _Options) -> Path:
    return Path(options.cwd).expanduser() / Path(options.folder or ".").expanduser()


def _refuse(message: str) -> int:
    printable = "".join(letter if letter.isprintable() else "?" for letter in message)
    print(f"punie: {printable}", file=sys.stderr)
    return 2


def _run_app(argv: list[str], *, asks_prompt: bool) -> int:
    # Nothing of what the start allocates is garbage; the screen turns the collector on after its first frame.
    gc.disable()
    options = _parse(argv)
    # It may be gone in the end.
    folder, started_in = _folder(options).resolve(), Path.cwd()
    if not _is_folder(folder):
        asks = (
            " To ask something, put a whole sentence in quotes, or start punie and type it." if options.folder else ""
        )
        return _refuse(f"{options.folder or options.cwd}: there is no such folder.{asks}")
    _drop_variables_that_end_textual()
    from punie_tui.app.app import PunieApp
    from punie_tui.app.key_map import KeyChoice
    from punie_tui.app.themes import colours_of_terminal
    from punie_tui.own_files import log_to_file, saved_look

    log_to_file()
    _draw_on_terminal()
    _ask_terminal_for_its_size()

    def open_session(ask_person: AskPerson, ask_which: AskWhich) -> Session:
        return _open_session(folder, options, ask_person, ask_which)

    begin_with = f"/review {options.review}" if options.review else options.prompt if asks_prompt else ""
    look = saved_look()
    app = PunieApp(
        folder,
        open_session,
        look.theme,
        begin_with=begin_with,
        keys=KeyChoice(look.keys or "default", look.key_map),
        colours=colours_of_terminal(),
        is_still=look.reduced_motion,
        flags={"model": options.model},
    )
    app.run()
    app.terminal_title.put_back(_write_to_terminal)
    if app.left_session:
        _tell_how_to_go_on(app.left_session, folder, started_in)
    return app.return_code or 0


def _write_to_terminal(sequence: str) -> None:
    """Once the app has ended; a terminal that is gone is not told."""
    with suppress(OSError, ValueError):
        sys.stderr.write(sequence)
        sys.stderr.flush()


def _tell_how_to_go_on(session: Session, folder: Path, started_in: Path) -> None:
    """Also that something is lost; the session is closed by now, with a last try to write what waited."""
    from shlex import quote

    from punie_tools.safe_text import safe_text

    where = "" if folder == started_in else f" {quote(str(folder))}"
    told = f"`punie --resume{where}` goes on with this session."
    if reason := session.unsaved_because:
        told = f"This session could not be saved: {reason}."
        if session.has_saved_events:
            told = (
                f"What came last in this session could not be saved: {reason}. "
                f"`punie --resume{where}` goes on with what was saved before."
            )
    print(safe_text(told, single_line=True))


def _drop_variables_that_end_textual() -> None:
    """Textual reads them when it is imported, and trusts them."""
    environment = os.environ
    for name in _FOR_PROGRAMMERS:
        environment.pop(name, None)
    for name in _NUMBERS:
        if len(environment.get(name, "")) > _MOST_DIGITS:
            del environment[name]
    if environment.get("TEXTUAL_COLOR_SYSTEM") not in _COLOUR_SYSTEMS:
        environment.pop("TEXTUAL_COLOR_SYSTEM", None)


def _draw_on_terminal() -> None:
    """Textual draws on stderr, which may be redirected, or be encoded as no terminal reads it."""
    if reconfigure := getattr(sys.stderr, "reconfigure", None):
        reconfigure(encoding="utf-8", errors="replace")
    if not sys.stderr.isatty():
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())


def _ask_terminal_for_its_size() -> None:
    """What the environment says of it stands against every later size, and may be more than there is memory for."""
    if all(os.get_terminal_size(sys.stdout.fileno())):
        os.environ.pop("COLUMNS", None)
        os.environ.pop("LINES", None)


def _open_session(folder: Path, options: _Options, ask_person: AskPerson, ask_which: AskWhich) -> Session:
    from punie_tui.agent.session import Session
    from punie_tui.engine.open_engine import open_engine
    from punie_tui.settings import load_settings

    settings = load_settings(folder, {"model": options.model})
    engine = open_engine(settings.model, route_above=settings.route_above if settings.route_first else None)
    session = Session(folder, engine, settings, ask_person=ask_person, ask_which=ask_which, allow_all=options.yes)
    if options.resume:
        session.resume(options.resume)
    engine.start()
    return session
