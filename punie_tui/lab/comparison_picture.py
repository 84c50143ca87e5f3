"""A comparison as an SVG picture: for each category a bar a model, and under the names what each model costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from punie_tools.safe_text import safe_text
from punie_tui.engine.machine import readable_size
from punie_tui.lab.compare import Scored

# Told apart by people who see no red or green as well (Okabe and Ito, "Color Universal Design", 2008).
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#666666")
_LEFT, _WIDTH, _RIGHT = 150, 420, 90
_BAR, _GAP, _LINE = 12, 10, 20


def draw_comparison(scored: Sequence[Scored]) -> str:
    """The text of an SVG file. All models have been scored on the same suite."""
    names = ["all", *scored[0].by_category]
    top = _LINE * (len(scored) + 1)
    height = top + len(names) * (_BAR * len(scored) + _GAP) + _GAP
    width = _LEFT + _WIDTH + _RIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            ' font-family="sans-serif" font-size="11">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *_legend(scored),
            *_bars(scored, names, top),
            "</svg>\n",
        ]
    )


def _legend(scored: Sequence[Scored]) -> Iterator[str]:
    for place, one in enumerate(scored):
        y = _LINE * (place + 1)
        costs = [f"{one.share:.1%}", f"{one.median_seconds:.2f} s a request", f"loaded in {one.load_seconds:.1f} s"]
        if one.weight_bytes is not None:
            costs.append(f"{readable_size(one.weight_bytes)} of weights")
        if one.peak_memory_bytes is not None:
            costs.append(f"{readable_size(one.peak_memory_bytes)} of memory")
        yield f'<rect x="10" y="{y - 9}" width="10" height="10" fill="{_COLOURS[place % len(_COLOURS)]}"/>'
        yield f'<text x="26" y="{y}">{escape(safe_text(one.model))}: {", ".join(costs)}</text>'


def _bars(scored: Sequence[Scored], names: Sequence[str], top: int) -> Iterator[str]:
    y = top
    for name in names:
        middle = y + _BAR * len(scored) / 2 + 4
        yield f'<text x="{_LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(safe_text(name))}</text>'
        for place, one in enumerate(scored):
            passed, total = (one.passed, one.total) if name == "all" else one.by_category[name]
            share = passed / total
            colour = _COLOURS[place % len(_COLOURS)]
            yield f'<rect x="{_LEFT}" y="{y}" width="{_WIDTH * share:.1f}" height="{_BAR - 2}" fill="{colour}"/>'
            yield f'<text x="{_LEFT + _WIDTH * share + 4:.1f}" y="{y + 9}">{passed}/{total}</text>'
            y += _BAR
        y += _GAP
