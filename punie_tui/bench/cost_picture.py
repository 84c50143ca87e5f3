"""A picture of what grows with the transcript and with the repository, and what does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import log10
from xml.sax.saxutils import escape

from punie_tui.bench.figure import Figure

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 640, 240, 60, 40, 40
_COLOURS = ("#1a537a", "#a02626", "#22602c", "#724a00", "#6d338f")


def cost_picture(figures: Sequence[Figure]) -> str:
    """SVG; a panel for each unit, with a line for each figure that was taken at more than one size."""
    panels: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for figure in figures:
        if figure.at is not None:
            panels[figure.unit][figure.name].append((figure.at, figure.value))
    drawn: list[str] = []
    for unit, rows in panels.items():
        lines = {name: sorted(points) for name, points in rows.items() if len(points) > 1}
        if lines:
            drawn.append(_panel(unit, lines, len(drawn) * _HEIGHT))
    height = max(len(drawn), 1) * _HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="monospace" '
        f'font-size="11"><rect width="100%" height="100%" fill="#f7f7f4"/>{"".join(drawn)}</svg>\n'
    )


def _panel(unit: str, lines: dict[str, list[tuple[int, float]]], offset: int) -> str:
    sizes = sorted({size for points in lines.values() for size, _ in points})
    most = max(value for points in lines.values() for _, value in points) or 1.0
    bottom = offset + _HEIGHT - _BOTTOM

    def x(size: int) -> float:
        # Sizes lie tenfold apart; nothing at all stands at the left edge.
        first, last = (log10(max(each, 1)) for each in (sizes[0], sizes[-1]))
        return _LEFT + (_WIDTH - _LEFT - 200) * (log10(max(size, 1)) - first) / max(last - first, 1e-9)

    def y(value: float) -> float:
        return bottom - (_HEIGHT - _TOP - _BOTTOM) * value / most

    parts = [f'<text x="8" y="{offset + 20}">{escape(unit)}, against lines above or files (tenfold steps)</text>']
    parts += [f'<text x="{x(size):.0f}" y="{bottom + 16}" text-anchor="middle">{size:,}</text>' for size in sizes]
    parts += [f'<text x="8" y="{y(value) + 4:.0f}">{value:.3g}</text>' for value in (0.0, most)]
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = offset + _TOP + 14 * number
        parts.append(f'<text x="{_WIDTH - 190}" y="{label}" fill="{colour}">{escape(name[:32])}</text>')
    return "".join(parts)
