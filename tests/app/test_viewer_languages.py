"""Every language that the viewer colours can be coloured with what is installed."""

from __future__ import annotations

import subprocess
import sys

from punie_tui.app.screens.viewer import LANGUAGES, MOST_COLOURED, language_of

SOURCE = """
import sys
from textual.widgets import TextArea
for language in sys.argv[1:]:
    assert TextArea("x", language=language).is_syntax_aware, language
"""


def test_no_language_ends_the_process() -> None:
    languages = sorted(set(LANGUAGES.values()))
    finished = subprocess.run([sys.executable, "-c", SOURCE, *languages], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr


def test_what_would_hold_up_the_keys_is_not_parsed() -> None:
    assert language_of("a.py", "x" * MOST_COLOURED) == "python"
    assert language_of("a.py", "x" * (MOST_COLOURED + 1)) is None
    assert language_of("a.unknown", "x") is None
