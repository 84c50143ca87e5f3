"""Hostile texts as files, tools and models may hold them: escape sequences, and what some library reads as markup.

The same ones each time. Each begins with a name of its own, by which it is found on the screen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

COUNT = 500
NAME = re.compile(r"[em]\d{3}")

_ESCAPES = (
    "\x1b]8;;http://a.example/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]8;;file:///etc/passwd\alink\x1b]8;;\a",
    "\x1b]52;c;cm0gLXJmIH4=\a",
    "\x1b]0;a title\a",
    "\x1b]1337;File=inline=1:AAAA\a",
    "\x1bP1$r0m\x1b\\",
    "\x1bPtmux;\x1b\x1b]52;c;AAAA\a\x1b\\",
    "\x1b_Gf=100,a=T;AAAA\x1b\\",
    "\x1b^a message\x1b\\",
    "\x1b[2J\x1b[H",
    "\x1b[31;1m",
    "\x1b[?1049l",
    "\x1b[?25l",
    "\x1b[6n",
    "\x1b[200~",
    "\x1b[99999;99999H",
    "\x1bc",
    "\x1b(0",
    "\x1b",
    "\x9b31m",
    "\x9d0;a title\x9c",
    "\x90q\x9c",
    "\x84\x85\x8d",
    "\a",
    "\b\b\b\b",
    "\x7f\x7f",
    "\0",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "\v\f",
    "\x0e\x0f",
    "\u202egnp.exe",
    "\u2066\u2069",
    "\u200e\u200f\u061c",
    "\u200b\u200d\u2060\ufeff",
    "\u2028\u2029",
    "".join(chr(0xE0000 + ord(letter)) for letter in "tags"),
    "\ud83d",
    "\udcff\udc80",
    "\U0010ffff",
    "a" + "\u0301" * 300,
    "\u0e33" * 5,
    "字字字",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ufffa\ufffb",
)
_MARKUP = (
    "[bold",
    "[bold]b[/bold]",
    "[/]",
    "[/bold]",
    "[",
    "]",
    "[[",
    "]]",
    "\\[",
    "\\\\[bold]",
    "[]",
    "[@click=app.quit]x[/]",
    "[@click=app.quit()]x[/]",
    "[@click='screen.dismiss']x[/]",
    "[@click=app.bell]",
    "[on click=app.quit]x[/]",
    "[link=file:///etc/passwd]x[/link]",
    '[link="javascript:alert(1)"]x[/]',
    "[red on blue]x[/]",
    "[$primary 50%]x[/]",
    "[rgb(1,2,3)]",
    "[#ff0000]",
    "[not a tag at all]",
    "[reverse][conceal]",
    "[x](javascript:alert(1))",
    "[x](file:///etc/passwd)",
    "![x](data:text/html,x)",
    "<a href='javascript:alert(1)'>x</a>",
    "<script>alert(1)</script>",
    "[x]: file:///etc/passwd",
    "`[@click=app.quit]x[/]`",
    "**[@click=app.quit]x[/]**",
    "| a | [@click=app.quit]b[/] |",
    "\n```python\n[@click=app.quit]x[/]\n```\n",
    "\n# [@click=app.quit]x[/]\n",
    "\n- [ ] [bold\n",
    "&#27;[31m",
    "{x!r}",
    "%s%n",
    ":smile:",
    "$text-muted",
)


def escape_strings() -> list[str]:
    return list(_strings("e", _ESCAPES, seed=1))


def markup_strings() -> list[str]:
    return list(_strings("m", _MARKUP, seed=2))


def _strings(letter: str, parts: Sequence[str], *, seed: int) -> Iterator[str]:
    """Each part alone, and then some of them in a row, with plain text between them or not."""
    chance = random.Random(seed)
    for number in range(COUNT):
        chosen = [parts[number]] if number < len(parts) else chance.choices(parts, k=chance.randint(2, 5))
        yield f"{letter}{number:03} " + chance.choice(("", " ", "x")).join(chosen)
