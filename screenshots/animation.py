"""Pictures of the app as one animated SVG: a row that does not change from picture to picture is written once."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CONTENT = re.compile(
    r'(<g transform="translate\([^"]*" clip-path="url\(#[\w-]*-clip-terminal\)">)(.*)</g>\s*</svg>', re.DOTALL
)
_ID = re.compile(r"terminal-\d+")
_STYLE = re.compile(r"\.terminal-(r\d+) \{([^}]*)\}")
_RECT = re.compile(r'<rect [^>]*? y="([\d.]+)"[^>]*/>')
_TEXT = re.compile(r'<text class="terminal-(r\d+)"([^>]*) clip-path="url\(#terminal-line-(\d+)\)">([^<]*)</text>')


def animated(pictures: Sequence[tuple[str, float]]) -> str:
    """Each picture, as the app exports it, for so many seconds, and then from the beginning; all of one size.

    Where nothing may move the last one stands still.
    """
    styles: dict[str, str] = {}
    shown: dict[tuple[int, str], list[int]] = {}
    for number, (picture, _) in enumerate(pictures):
        for row, content in enumerate(_rows(picture, styles)):
            shown.setdefault((row, content), []).append(number)
    seconds = [each for _, each in pictures]
    last = len(pictures) - 1
    names = {frames: f"v{place}" for place, frames in enumerate(dict.fromkeys(map(tuple, shown.values())))}
    rules = [
        *(f".{name} {{{rule}}}" for rule, name in styles.items()),
        *(_rule(name, frames, seconds) for frames, name in names.items() if len(frames) <= last),
        "@media (prefers-reduced-motion) { g { animation: none !important } }",
    ]
    rows = [
        f'<g class="{names[tuple(frames)]}" visibility="{"visible" if last in frames else "hidden"}">{content}</g>'
        for (_, content), frames in shown.items()
    ]
    first = _ID.sub("terminal", pictures[0][0])
    opening = _CONTENT.search(first)
    assert opening is not None
    head = _STYLE.sub("", first[: opening.start()]).replace("</style>", "\n".join(rules) + "</style>")
    return f'{head}{opening[1]}<g class="terminal-matrix">{"".join(rows)}</g></g>\n</svg>\n'


def _rows(picture: str, styles: dict[str, str]) -> list[str]:
    """The rows of a picture, grounds before letters; `styles` learns the names of their looks."""
    picture = _ID.sub("terminal", picture)
    own = {name: styles.setdefault(rule.strip(), f"s{len(styles)}") for name, rule in _STYLE.findall(picture)}
    content = _CONTENT.search(picture)
    assert content is not None
    grounds: dict[float, list[str]] = {}
    for rect in _RECT.finditer(content[2]):
        grounds.setdefault(float(rect[1]), []).append(rect[0].replace(' shape-rendering="crispEdges"', ""))
    rows = ["".join(grounds[place]) for place in sorted(grounds)]
    for name, place, line, text in _TEXT.findall(content[2]):
        rows[int(line)] += f'<text class="{own[name]}"{place}>{text}</text>'
    return rows


def _rule(name: str, frames: Sequence[int], seconds: Sequence[float]) -> str:
    """Seen in these pictures only."""
    steps = [
        f"{100 * sum(seconds[:number]) / sum(seconds):.2f}%{{visibility:{'visible' if number in frames else 'hidden'}}}"
        for number in range(len(seconds))
    ]
    return f"@keyframes k{name} {{{''.join(steps)}}} .{name} {{animation: k{name} {sum(seconds):g}s step-end infinite}}"
