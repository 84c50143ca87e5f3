"""All keys on one screen, read from the bindings themselves so that they are true."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from punie_tui.app.slash_commands import COMMANDS

Keys = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Where keys work, and there each key and what it does."""

_KEYS: Keys = (
    (
        "Anywhere",
        (
            ("F1", "these keys (also ? outside the prompt)"),
            ("F2  F3  F4", "prompt and chat, trace, repo"),
            ("Tab  Shift+Tab", "next and previous pane"),
            ("F5", "next mode: plan, ask, accept edits, all in sandbox"),
            ("F6", "dark or light"),
            ("F7  F8", "chat narrower, wider"),
            ("F9  F10", "trace lower, higher"),
            ("Esc", "stop the turn and its tools, or go to the prompt"),
            ("Ctrl+O", "sessions: go on with one, search, rename, fork, export"),
            ("Ctrl+G", "turns: go back to one with its files, and forward"),
            ("Ctrl+T", "trust this folder, or no longer"),
            ("Ctrl+N", "tests: run, read, debug"),
            ("Ctrl+L", "findings: types and lint, and their fixes"),
            ("Ctrl+Q", "quit"),
        ),
    ),
    (
        "Prompt",
        (
            ("Enter", "send; it waits while a turn runs"),
            ("Ctrl+J  Alt+Enter", "new line"),
            ("Up  Down", "earlier and later prompts, at the edges"),
            ("Ctrl+R", "search earlier prompts as you type"),
            ("@", "complete a file or a symbol; sending attaches it"),
            ("/", "commands; a space before it sends it as a prompt"),
            ("!", "a command in your own shell; Esc stops it"),
            ("Backspace", "in the empty prompt: drop the output it would bring"),
            ("Tab  Enter  Esc", "take what is offered, or not (Up, Down choose)"),
            ("F12", "write the prompt in $VISUAL or $EDITOR"),
            ("Ctrl+Z  Ctrl+Y", "undo, redo what was typed"),
            ("[pasted 240 lines]", "is sent as its text; Backspace removes it"),
        ),
    ),
    (
        "Chat",
        (
            ("Up  Down  PgUp  PgDn", "scroll"),
            ("g  G", "oldest, newest"),
            ("Space", "unfold long prompts and what is attached, or fold"),
        ),
    ),
    (
        "Trace and repo",
        (
            ("Up  Down", "choose a row"),
            ("Enter", "open the file at that line"),
            ("Space", "fold and unfold"),
            ("r", "repo: review the working tree, stage and take back by hunk"),
            ("s", "repo: review what is staged, unstage by hunk"),
            ("c", "repo: commit what is staged"),
        ),
    ),
    (
        "When punie asks",
        (
            ("y", "allow this call"),
            ("a", "always: edits, tests here, or exactly this command"),
            ("r", "review an edit hunk by hunk"),
            ("n", "deny; say why, or Enter"),
            ("Up  Down  PgUp  PgDn", "scroll what it is about (Home, End)"),
        ),
    ),
)


_IN_A_REVIEW = (
    ("Up  Down  PgUp  PgDn", "move line by line, page by page (Home, End)"),
    ("Left  Right", "move sideways in long lines"),
    ("v", "side by side, or one below the other"),
    ("w", "fold long lines to the width"),
    ("Space", "fold the file"),
)
_STEPS_IN_A_REVIEW = (
    ("n  p", "next and previous hunk (also ] and [)"),
    ("N  P", "next and previous file"),
)

REVIEW_KEYS: Keys = (
    (
        "Review",
        (
            ("a  r", "accept, reject the hunk; on a file's row all of it"),
            ("A  R", "accept, reject all of the file"),
            *_STEPS_IN_A_REVIEW,
            ("Enter", "apply what is accepted"),
            ("s", "split the hunk where lines between are equal"),
            ("e", "edit what the hunk puts there"),
            ("c", "comment on the line; the model reads it"),
            ("u  U", "undo, redo"),
            ("t", "take green: accept the hunks that leave types and tests no worse"),
            *_IN_A_REVIEW,
            ("Esc", "leave, with nothing applied"),
        ),
    ),
)


def _keys_of_git_review(place: str, accept: str, reject: str, enter: str) -> Keys:
    return (
        (
            place,
            (
                ("a  r", f"{accept}, {reject} the hunk; on a file's row all of it"),
                ("A  R", f"{accept}, {reject} all of the file"),
                *_STEPS_IN_A_REVIEW,
                ("Enter", enter),
                ("s", "split the hunk where lines between are equal"),
                ("c", "comment on the line, for the model to read"),
                ("u  U", "undo, redo"),
                *_IN_A_REVIEW,
                ("Esc", "leave, with nothing done"),
            ),
        ),
    )


_TO_THE_COMMIT = "do so, and go on to the commit if anything is staged"
TREE_REVIEW_KEYS = _keys_of_git_review("The working tree", "stage", "take back", _TO_THE_COMMIT)
STAGED_KEYS = _keys_of_git_review("What is staged", "keep", "unstage", _TO_THE_COMMIT)
PAST_REVIEW_KEYS = _keys_of_git_review(
    "A revision or a turn", "keep", "take back", "propose to take back what is marked so"
)


SESSIONS_KEYS: Keys = (
    (
        "Sessions",
        (
            ("Enter", "go on with the session"),
            ("/", "search in names, prompts and answers as you type"),
            ("Up  Down  PgUp  PgDn", "choose (Home, End)"),
            ("n", "name it"),
            ("f", "fork it: a copy that goes its own way"),
            ("e", "export it as Markdown or HTML, by the file's name"),
            ("d", "delete it, after a question"),
            ("N", "begin a new session"),
            ("Esc", "out of the search, or back"),
        ),
    ),
)

FINDINGS_KEYS: Keys = (
    (
        "Findings",
        (
            ("Enter", "open the file at the line"),
            ("/", "filter as you type; Enter keeps it, Esc clears it"),
            ("g", "group by rule, or by file"),
            ("f", "make the fix that is offered, if it is safe"),
            ("F", "make all safe fixes of ruff in this file"),
            ("x", "hand the finding to the model"),
            ("r", "check again (a change of a file does, too)"),
            ("Space  Left  Right", "fold, unfold"),
            ("Up  Down  PgUp  PgDn", "move (Home, End)"),
            ("Esc  q", "leave"),
        ),
    ),
)

TURNS_KEYS: Keys = (
    (
        "Turns",
        (
            ("Enter", "go to the end of that turn, with its files"),
            ("f", "fork: go on from there in a copy; files stay"),
            ("Up  Down  PgUp  PgDn", "choose (Home, End)"),
            ("Esc", "back, with nothing changed"),
        ),
    ),
)

TESTS_KEYS: Keys = (
    (
        "Tests",
        (
            ("r", "run what is under the cursor: test, class or file"),
            ("a  f", "run all, run what failed"),
            ("c", "run what the uncommitted changes can reach"),
            ("w", "watch: at each change run what it can reach"),
            ("Esc", "stop the run; else leave"),
            ("Enter  Tab", "read the report of the test; Esc leads back"),
            ("n  p", "next and previous failure"),
            ("d", "debug: run to the failure, show stack and values"),
            ("x", "fix this: hand the failure to the model"),
            ("o", "open the file at the line"),
            ("Space  Left  Right", "fold, unfold"),
            ("Up  Down  PgUp  PgDn", "move, or scroll the report (Home, End)"),
            ("Ctrl+T", "trust this folder, or no longer"),
            ("q", "leave; what runs goes on"),
        ),
    ),
)


def _commands() -> Keys:
    named = tuple((f"/{command.name} {command.argument}".strip(), command.purpose) for command in COMMANDS)
    return (("Commands in the prompt", named),)


class KeysScreen(ModalScreen[None]):
    """Closes by Escape, q, F1 or ?."""

    DEFAULT_CSS = """
    KeysScreen { align: center middle; background: $background 60%; }
    KeysScreen > VerticalScroll {
        width: 76; max-width: 100%; height: auto; max-height: 90%;
        border: round $border; background: $surface; padding: 0 1;
    }
    KeysScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1,question_mark", "dismiss", "Close", priority=True)]

    def __init__(self, keys: Keys | None = None) -> None:
        """Without `keys` those of the main screen, and the commands of its prompt."""
        super().__init__()
        self._keys_of_places = keys or (*_KEYS, *_commands())

    def compose(self) -> ComposeResult:
        lines: list[Content] = []
        for place, keys in self._keys_of_places:
            lines.append(Content.styled(place, "bold"))
            lines += [Content(f"  {key:<22} {what}") for key, what in keys]
            lines.append(Content(""))
        with VerticalScroll() as scroll:
            scroll.border_title = "Keys"
            yield Static(Content("\n").join(lines[:-1]), markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
