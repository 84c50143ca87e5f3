"""A picture of what grows with the transcript and with the repository, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from punie_tui.bench.figure import Figure

_WIDTH, _HEIGHT = 720, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 150, 46, 46
_COLOURS = ("#1a537a", "#a02626", "#22602c", "#8a5a00", "#6d338f", "#1f6f6f")
_PAPER, _INK, _FAINT, _RULE = "#fbfbf8", "#2b2b28", "#6f6f68", "#deded6"
_LINES_OF_TEXT = 15


@dataclass
class _Panel:
    """`rows` are the lines, each by what it is of; `levels` what does not depend on the size."""

    title: str
    unit: str
    rows: dict[str, list[tuple[int, float]]] = field(default_factory=dict[str, list[tuple[int, float]]])
    levels: dict[str, float] = field(default_factory=dict[str, float])


def cost_picture(figures: Sequence[Figure]) -> str:
    """SVG; a panel for each measurement that was taken at more than one size, with its goal and the bare program's."""
    panels = [panel for panel in _panels(figures) if panel.rows]
    drawn = "".join(_drawn(panel, number * _HEIGHT) for number, panel in enumerate(panels))
    height = max(len(panels), 1) * _HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="11" fill="{_INK}">'
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>{drawn}</svg>\n'
    )


def _panels(figures: Sequence[Figure]) -> Iterator[_Panel]:
    panels: dict[str, _Panel] = {}
    # Ratios are told by the lines themselves.
    for figure in (each for each in figures if each.unit != "times"):
        what, of, how = figure.parts
        title = f"{what}, {how}" if how else what
        panel = panels.setdefault(title, _Panel(title, figure.unit))
        if figure.at is None:
            panel.levels[of] = figure.value
        else:
            panel.rows.setdefault(of, []).append((figure.at, figure.value))
        if figure.goal is not None:
            panel.levels["goal"] = figure.goal
    for panel in panels.values():
        panel.rows = {of: sorted(points) for of, points in panel.rows.items() if len(points) > 1}
        yield panel


def _drawn(panel: _Panel, offset: int) -> str:
    sizes = sorted({size for points in panel.rows.values() for size, _ in points})
    ticks = _ticks(max([*panel.levels.values(), *(value for points in panel.rows.values() for _, value in points)]))
    bottom, right = offset + _HEIGHT - _BOTTOM, _WIDTH - _RIGHT

    def x(size: int) -> float:
        # Sizes lie tenfold apart, and nothing at all as far below the least.
        least = next((each for each in sizes if each), 1)
        first = log10(sizes[0] or least / 10)
        return _LEFT + (right - _LEFT) * (log10(size or least / 10) - first) / max(log10(sizes[-1]) - first, 1e-9)

    def y(value: float) -> float:
        return bottom - (_HEIGHT - _TOP - _BOTTOM) * value / ticks[-1]

    against = "files in the tree" if panel.title.startswith("first frame") else "lines above"
    parts = [f'<text x="{_LEFT}" y="{offset + 24}" font-size="13" font-weight="bold">{escape(panel.title)}</text>']
    for tick in ticks:
        parts.append(f'<path d="M{_LEFT} {y(tick):.1f}H{right}" stroke="{_RULE}"/>')
        parts.append(_text(f"{tick:g} {panel.unit}", _LEFT - 8, y(tick) + 4, "end", _FAINT))
    parts += [_text(f"{size:,}", x(size), bottom + 17, "middle", _FAINT) for size in sizes]
    parts.append(_text(against, (_LEFT + right) / 2, bottom + 33, "middle", _FAINT))
    labels: list[tuple[float, str, str]] = []
    for name, value in panel.levels.items():
        parts.append(f'<path d="M{_LEFT} {y(value):.1f}H{right}" stroke="{_FAINT}" stroke-dasharray="4 4"/>')
        labels.append((y(value), name, _FAINT))
    for number, (name, points) in enumerate(panel.rows.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="2.5" fill="{colour}"/>' for size, value in points]
        labels.append((y(points[-1][1]), name or "punie", colour))
    return "".join([*parts, *_placed(labels, right + 10, bottom + 4)])


def _placed(labels: list[tuple[float, str, str]], x: float, lowest: float) -> Iterator[str]:
    """Each beside its line or above it, and none over another."""
    for y, name, colour in sorted(labels, reverse=True):
        lowest = min(y + 4, lowest)
        yield _text(name, x, lowest, "start", colour)
        lowest -= _LINES_OF_TEXT


def _text(text: str, x: float, y: float, anchor: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _ticks(most: float) -> list[float]:
    """Round numbers from nothing up to one that is not less than the most."""
    rough = (most or 1.0) / 4
    magnitude = 10.0 ** floor(log10(rough))
    step = next(each * magnitude for each in (1, 2, 2.5, 5, 10) if each * magnitude >= rough * 0.999)
    return [number * step for number in range(ceil((most or 1.0) / step - 1e-9) + 1)]
