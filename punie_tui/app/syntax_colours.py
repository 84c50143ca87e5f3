"""Highlighted text in text areas, in the colours of the theme; Textual's own are made for one dark ground."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from punie_tui.app.textual_adapter import app_of, call_when_theme_changes

_NAME = "punie"
_RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN = range(1, 7)
_COLOURS = {
    "comment": 0,
    "string": _GREEN,
    "string.documentation": _GREEN,
    "string.special": _GREEN,
    "number": _YELLOW,
    "float": _YELLOW,
    "boolean": _YELLOW,
    "constant": _YELLOW,
    "constant.builtin": _YELLOW,
    "keyword": _MAGENTA,
    "keyword.function": _MAGENTA,
    "keyword.return": _MAGENTA,
    "keyword.operator": _MAGENTA,
    "conditional": _MAGENTA,
    "repeat": _MAGENTA,
    "include": _MAGENTA,
    "exception": _MAGENTA,
    "function": _BLUE,
    "function.call": _BLUE,
    "method": _BLUE,
    "method.call": _BLUE,
    "class": _CYAN,
    "type": _CYAN,
    "type.class": _CYAN,
    "type.builtin": _CYAN,
    "tag": _BLUE,
    "heading": _BLUE,
    "heading.marker": 0,
    "link.uri": _CYAN,
    "link.label": _CYAN,
    "list.marker": _MAGENTA,
    "inline_code": _GREEN,
    "json.label": _BLUE,
    "toml.type": _BLUE,
    "yaml.field": _BLUE,
}
_BOLD = frozenset({"heading", "bold", "class", "type.class"})
_ITALIC = frozenset({"comment", "italic"})


def colour_syntax(area: TextArea) -> None:
    """Use the theme that the app has, and each that it gets."""
    call_when_theme_changes(area, lambda: _apply(area))
    _apply(area)


def _apply(area: TextArea) -> None:
    shown = app_of(area).ansi_theme.ansi_colors
    styles = {
        name: Style(
            color=Color.from_triplet(shown[_COLOURS[name]]) if name in _COLOURS else None,
            bold=name in _BOLD or None,
            italic=name in _ITALIC or None,
        )
        for name in {*_COLOURS, *_BOLD, *_ITALIC}
    }
    area.register_theme(TextAreaTheme(name=_NAME, syntax_styles=styles))
    area.theme = _NAME
