"""Random, rare and real-looking values for the slots of a phrasing, in the notations that people use."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from punie_tui.engine.nano.catalogue import CATALOGUE, Argument, Kind
from punie_tui.engine.nano.programs import PROGRAMS
from punie_tui.lab.phrasings import SLOT, Phrasing

_LISTS = tomllib.loads((Path(__file__).parent / "data" / "slots.toml").read_text(encoding="utf-8"))
_WORDS: list[str] = _LISTS["words"]
_VERBS: list[str] = _LISTS["verbs"]
_ABBREVIATIONS: list[str] = _LISTS["abbreviations"]
_ENDINGS: list[str] = _LISTS["endings"]
_PLAIN_SYMBOLS: list[str] = _LISTS["plain_symbols"]
_PLAIN_FOLDERS: list[str] = _LISTS["plain_folders"]
_TOP: list[str] = _LISTS["top"]
_KNOWN_FILES: list[str] = _LISTS["known_files"]
_EXTENSIONS: list[str] = _LISTS["extensions"]
_TEXTS: list[str] = _LISTS["texts"]
_LITERALS: list[str] = _LISTS["literals"]
_REGEXES: list[str] = _LISTS["regexes"]
_COMMANDS: list[str] = _LISTS["commands"]
_EDITS: list[str] = _LISTS["edits"]
_MESSAGES: list[str] = _LISTS["messages"]
_EXPRESSIONS: list[str] = _LISTS["expressions"]
_PATCHES: list[str] = _LISTS["patches"]
_TYPE_RULES: list[str] = _LISTS["type_rules"]
_KEYWORDS: list[str] = _LISTS["keywords"]
_PYTEST_EXPRESSIONS: list[str] = _LISTS["pytest_expressions"]
_GLOB_NAMES: list[str] = _LISTS["glob_names"]
_BRANCHES: list[str] = _LISTS["branches"]
_RULES: list[str] = _LISTS["rules"]
_PEOPLE: list[str] = _LISTS["people"]
_REVISIONS = ("base", "revision", "start")
_NUMBER_WORDS: dict[int, str] = {int(number): word for number, word in _LISTS["number_words"].items()}


@dataclass(frozen=True)
class Filled:
    """A slot's value as a tool gets it, and as the person wrote it."""

    value: str
    written: str


def fill(phrasing: Phrasing, rng: random.Random) -> tuple[str, dict[str, str]]:
    """The prompt with values written into it, and each slot's value."""
    needs = _needs(phrasing)
    filled: dict[str, Filled] = {}
    for slot in sorted(phrasing.slots):
        while (new := _fill_slot(slot, phrasing.prompt, needs.get(slot, []), rng)).value in _values(filled):
            pass
        filled[slot] = new
    prompt = SLOT.sub(lambda match: filled[match.group()].written, phrasing.prompt)
    return prompt, {slot: value.value for slot, value in filled.items()}


def _values(filled: Mapping[str, Filled]) -> set[str]:
    return {value.value for value in filled.values()}


def _needs(phrasing: Phrasing) -> dict[str, list[tuple[str, str]]]:
    """For each slot the (tool, argument) pairs that it goes to."""
    needs: dict[str, list[tuple[str, str]]] = {}
    for turn in (phrasing.calls, *phrasing.history):
        for tool, arguments in turn:
            for name, value in arguments.items():
                for match in SLOT.finditer(value):
                    needs.setdefault(match.group(), []).append(
                        (tool, _purpose(tool, name, arguments.get("program", "")))
                    )
    return needs


def _purpose(tool: str, name: str, program: str) -> str:
    """The argument's name, or a better one where the name says too little of what stands there."""
    if name == "program":
        return name
    if program in ("ruff violations of code", "commits of author", "typecheck errors of rule"):
        return {"keyword": program.split()[-1]}.get(name, name)
    if tool == "git_branch" and name == "name":
        return "branch"
    return "glob" if argument_of(tool, name, program).kind is Kind.GLOB else name


def argument_of(tool: str, name: str, program: str = "") -> Argument:
    """The argument's kind, of a tool or of a program."""
    return PROGRAMS[program].arguments[name] if tool == "execute_code" else CATALOGUE[tool][name]


def _fill_slot(slot: str, prompt: str, needs: Sequence[tuple[str, str]], rng: random.Random) -> Filled:
    before, after = _around(slot, prompt)
    match slot[1]:
        case "S" if any(name == "target" for _, name in needs) and rng.random() < 0.8:
            return _plain(_test_name(rng), before, after, rng)
        case "S":
            return _symbol(before, after, rng, is_new=any(name == "new_name" for _, name in needs))
        case "P":
            return _path(before, after, needs, rng)
        case "N":
            return _number(before, after, needs, rng)
        case "R":
            return _plain(revision(rng), before, after, rng)
        case "K":
            return _keyword(before, after, rng)
        case _:
            return _text(before, after, needs, rng)


def _around(slot: str, prompt: str) -> tuple[str, str]:
    place = prompt.find(slot)
    return ("", "") if place < 0 else (prompt[:place], prompt[place + len(slot) :])


def _plain(value: str, before: str, after: str, rng: random.Random) -> Filled:
    """Now and then in backticks, unless the writer put marks around the slot."""
    is_bare = not before[-1:].strip() and (not after[:1].strip() or after[:1] in ",.?!;")
    return Filled(value, f"`{value}`" if is_bare and rng.random() < 0.06 else value)


def word(rng: random.Random) -> str:
    """A noun of some program; sometimes an invented one."""
    if rng.random() < 0.08:
        return "".join(rng.choice("bcdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(2, 3)))
    return rng.choice(_WORDS)


def _class_name(rng: random.Random) -> str:
    name = "".join(word(rng).capitalize() for _ in range(rng.choice((1, 2, 2, 2, 3))))
    draw = rng.random()
    if draw < 0.25:
        name += rng.choice(_ENDINGS)
    elif draw < 0.35:
        name = rng.choice(_ABBREVIATIONS).upper() + name
    return ("_" + name) if rng.random() < 0.03 else name


def _function_name(rng: random.Random) -> str:
    parts = [rng.choice(_VERBS), *(word(rng) for _ in range(rng.choice((1, 1, 1, 2))))]
    if rng.random() < 0.1:
        parts.append(rng.choice(_ABBREVIATIONS))
    name = "_".join(parts)
    return ("_" + name) if rng.random() < 0.1 else name


def symbol(rng: random.Random) -> str:
    """A function, class, method, constant or dotted name."""
    draw = rng.random()
    if draw < 0.34:
        return _function_name(rng)
    if draw < 0.64:
        return _class_name(rng)
    if draw < 0.74:
        return f"{_class_name(rng)}.{rng.choice((_function_name(rng), rng.choice(_VERBS), '__init__'))}"
    if draw < 0.79:
        return f"{word(rng)}_{word(rng)}".upper()
    if draw < 0.83:
        return f"{word(rng)}.{_function_name(rng)}"
    if draw < 0.86:
        return rng.choice(_VERBS) + word(rng).capitalize()
    if draw < 0.89:
        return f"test_{_function_name(rng)}"
    if draw < 0.95:
        return rng.choice((word(rng), rng.choice(_VERBS)))
    return rng.choice(_PLAIN_SYMBOLS)


def _symbol(before: str, after: str, rng: random.Random, *, is_new: bool) -> Filled:
    value = symbol(rng)
    while is_new and "." in value:
        value = symbol(rng)
    is_function = value.split(".")[-1].islower()
    if is_function and not after.startswith("(") and rng.random() < 0.2 and not is_new:
        return Filled(value, f"{value}()")
    filled = _plain(value, before, after, rng)
    is_bare = filled.written == value and not before[-1:].strip() and not after[:1].strip()
    return Filled(value, f"'{value}'") if is_bare and rng.random() < 0.02 else filled


def file_path(rng: random.Random, *, is_test: bool = False, is_python: bool = False) -> str:
    """A file, mostly Python."""
    if not is_test and rng.random() < 0.16:
        return rng.choice([name for name in _KNOWN_FILES if not is_python or name.endswith(".py")])
    name = "_".join(word(rng) for _ in range(rng.choice((1, 1, 2))))
    if is_test or rng.random() < 0.08:
        folder = rng.choice(("tests/", "tests/", "test/", "", f"tests/{word(rng)}/", "tests/unit/"))
        return f"{folder}test_{name}.py"
    folders = [
        rng.choice(_TOP) if rng.random() < 0.6 else word(rng),
        *(word(rng) for _ in range(rng.choice((0, 1, 1, 2)))),
    ]
    folder = "/".join(folders) + "/" if rng.random() < 0.7 else ""
    return f"{'./' if rng.random() < 0.03 else ''}{folder}{name}.{'py' if is_python else rng.choice(_EXTENSIONS)}"


def folder_path(rng: random.Random) -> str:
    """A folder; half of them one plain word."""
    draw = rng.random()
    if draw < 0.4:
        return rng.choice(_PLAIN_FOLDERS)
    if draw < 0.47:
        return word(rng)
    path = "/".join(
        [rng.choice(_TOP) if rng.random() < 0.7 else word(rng), *(word(rng) for _ in range(rng.choice((1, 1, 2))))]
    )
    if draw < 0.7:
        return path + "/"
    return f"{rng.choice(_PLAIN_FOLDERS)}/" if draw < 0.8 else path


def _path(before: str, after: str, needs: Sequence[tuple[str, str]], rng: random.Random) -> Filled:
    return _plain(_path_value(before, after, needs, rng), before, after, rng)


_FILE_TOOLS = frozenset({"read_file", "git_blame", "document_symbols", "edit_file", "write_file", "code_actions"})


def _path_value(before: str, after: str, needs: Sequence[tuple[str, str]], rng: random.Random) -> str:
    tools = {tool for tool, _ in needs}
    words = (before[-30:] + " " + after[:20]).lower()
    if "debug_run" in tools or any(name == "breakpoints" for _, name in needs):
        return file_path(rng, is_python=True)
    if tools & _FILE_TOOLS or after[:1] in (":", "#"):
        return file_path(rng, is_python=bool(tools & {"document_symbols"}))
    if any(mark in words for mark in ("folder", "directory", " dir", "package")) or "list_files" in tools:
        return folder_path(rng)
    if any(name == "target" for _, name in needs):
        draw = rng.random()
        if draw < 0.45:
            return file_path(rng, is_test=True)
        if draw < 0.65:
            return f"{file_path(rng, is_test=True)}::{_test_name(rng)}"
        return _test_name(rng) if draw < 0.78 else folder_path(rng)
    is_file = " file" in words or "module" in words or rng.random() < 0.62
    python = bool(tools & {"typecheck", "ruff_check", "ruff_format", "execute_code"})
    return file_path(rng, is_python=python) if is_file else folder_path(rng)


def _test_name(rng: random.Random) -> str:
    if rng.random() < 0.15:
        return f"Test{word(rng).capitalize()}{word(rng).capitalize()}"
    return "test_" + "_".join(word(rng) for _ in range(rng.choice((1, 2, 2, 3))))


def _number(before: str, after: str, needs: Sequence[tuple[str, str]], rng: random.Random) -> Filled:
    is_back = any(name in _REVISIONS for _, name in needs)
    is_count = is_back or any(name == "count" for _, name in needs)
    if is_back:
        value = rng.choice((2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, rng.randint(2, 40)))
    elif is_count:
        value = rng.choice((2, 3, 3, 4, 5, 5, 6, 7, 8, 10, 10, 12, 15, 20, 20, 25, 30, 50, 100, rng.randint(2, 200)))
    else:
        value = rng.choice((rng.randint(2, 60), rng.randint(2, 400), rng.randint(20, 3000)))
    touches = bool(before[-1:].strip()) or (bool(after[:1].strip()) and after[:1] not in ",.?!;)")
    if is_count and not touches and value in _NUMBER_WORDS and rng.random() < 0.4:
        return Filled(str(value), _NUMBER_WORDS[value])
    if not is_count and not touches and before.lower().rstrip().endswith("line") and rng.random() < 0.1:
        return Filled(str(value), f"L{value}" if rng.random() < 0.3 else f"#{value}")
    return Filled(str(value), str(value))


def revision(rng: random.Random) -> str:
    """A commit, tag, branch or place counted from HEAD."""
    draw = rng.random()
    if draw < 0.3:
        length = rng.choice((7, 7, 8, 10, 12, 40))
        return (
            rng.choice("0123456789")
            + "".join(rng.choice("0123456789abcdef") for _ in range(length - 2))
            + rng.choice("abcdef")
        )
    if draw < 0.5:
        return rng.choice(("HEAD", "HEAD~1", "HEAD^", f"HEAD~{rng.randint(2, 12)}", "HEAD~2", "@~1"))
    if draw < 0.68:
        tag = f"{rng.randint(0, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"
        return rng.choice((f"v{tag}", f"v{tag}", tag, f"v{rng.randint(1, 9)}.{rng.randint(0, 9)}", f"v{tag}rc1"))
    while "{w}" in (branch := rng.choice(_BRANCHES)):
        return branch.replace("{w}", word(rng))
    return branch


def _keyword(before: str, after: str, rng: random.Random) -> Filled:
    draw = rng.random()
    if draw < 0.7:
        value = rng.choice(_KEYWORDS)
    elif draw < 0.9:
        value = word(rng)
    else:
        value = f"{word(rng)}_{word(rng)}"
    if before.rstrip().endswith("-k") and rng.random() < 0.15:
        value = rng.choice(_PYTEST_EXPRESSIONS)
        return Filled(value, f'"{value}"')
    is_bare = not before[-1:].strip() and not after[:1].strip()
    quote = rng.choice("\"'`")
    return Filled(value, f"{quote}{value}{quote}") if is_bare and rng.random() < 0.06 else Filled(value, value)


def _text(before: str, after: str, needs: Sequence[tuple[str, str]], rng: random.Random) -> Filled:
    if ("apply_patch", "patch") in needs:
        return _patch(rng)
    value = _text_value(needs, rng)
    has_quotes = before[-1:] in ("'", '"', "`", "\u201c")
    if has_quotes:
        return Filled(value.replace(before[-1], ""), value.replace(before[-1], ""))
    is_seldom_quoted = any(name in ("glob", "arguments") for _, name in needs)
    if before[-1:] != "/" and rng.random() < (0.08 if is_seldom_quoted else 0.4):
        quote = rng.choice(('"', '"', "'", "`"))
        return Filled(value.replace(quote, ""), f"{quote}{value.replace(quote, '')}{quote}")
    return Filled(value.strip(), value.strip())


def _patch(rng: random.Random) -> Filled:
    """A pasted patch, in a fence or on lines of its own."""
    patch = rng.choice(_PATCHES).replace("FILE", file_path(rng, is_python=True)).replace("NAME", word(rng))
    if rng.random() < 0.6:
        return Filled(patch + "\n", f"\n```{rng.choice(('diff', 'patch', ''))}\n{patch}\n```\n")
    return Filled(patch, f"\n{patch}")


def _action_id(rng: random.Random) -> str:
    """As `code_actions` gives it, or shorter as people tell of others."""
    if rng.random() < 0.4:
        content, action = ("".join(rng.choice("0123456789abcdef") for _ in range(12)) for _ in range(2))
        source = rng.choice(("ruff", "pyright"))
        return f"{file_path(rng, is_python=True)}:{rng.randint(1, 400)}:{source}:{content}:{action}"
    return (
        rng.choice(("ruff", "pyright", "fix", "action", "quickfix"))
        + rng.choice(":-.")
        + "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice((4, 8, 12))))
    )


def _argument(rng: random.Random) -> str:
    """What may stand on a script's command line."""
    name = rng.choice((word(rng), f"{word(rng)}-{word(rng)}"))
    value = rng.choice((str(rng.randint(0, 200)), word(rng), file_path(rng)))
    return rng.choice((f"--{name}", f"--{name}", f"--{name} {value}", f"--{name}={value}", f"-{name[0]}", value))


def _text_value(needs: Sequence[tuple[str, str]], rng: random.Random) -> str:
    names = {name for _, name in needs}
    if "code" in names:
        return rng.choice(_RULES)
    if "rule" in names:
        return rng.choice(_TYPE_RULES)
    if "message" in names:
        return rng.choice(_MESSAGES) if rng.random() < 0.7 else f"{rng.choice(_VERBS)} {word(rng)} {word(rng)}"
    if "branch" in names:
        return rng.choice((revision(rng), f"{word(rng)}-{word(rng)}", f"{rng.choice(_VERBS)}-{word(rng)}", word(rng)))
    if "expressions" in names:
        return rng.choice((*_EXPRESSIONS, word(rng), f"self.{word(rng)}", f"len({word(rng)}s)"))
    if "arguments" in names:
        return " ".join(_argument(rng) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    if "id" in names:
        return _action_id(rng)
    if "author" in names:
        return rng.choice(_PEOPLE)
    if "command" in names:
        return rng.choice(_COMMANDS)
    if "glob" in names:
        return _glob(rng)
    if names & {"old", "new", "content"}:
        return rng.choice(
            (
                *_EDITS,
                *_EDITS,
                symbol(rng),
                f"{word(rng)} = {rng.randint(0, 99)}",
                word(rng),
                " ".join(word(rng) for _ in range(2)),
            )
        )
    return pattern(rng)


def _glob(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.5:
        return rng.choice(_GLOB_NAMES)
    if draw < 0.7:
        return f"{word(rng)}.{rng.choice(_EXTENSIONS)}"
    return rng.choice(
        (
            f"*{word(rng)}*",
            f"test_{word(rng)}*.py",
            f"*.{rng.choice(_EXTENSIONS)}",
            f"{word(rng)}_*.py",
            f"{word(rng)}/**/*.py",
        )
    )


def pattern(rng: random.Random) -> str:
    """Something to search for: a mark, a word, a phrase, code or a regular expression."""
    draw = rng.random()
    if draw < 0.45:
        return rng.choice(_TEXTS)
    if draw < 0.55:
        return rng.choice(_REGEXES)
    if draw < 0.63:
        return rng.choice(_LITERALS)
    if draw < 0.83:
        return rng.choice(
            (
                word(rng),
                f"{word(rng)} {word(rng)}",
                f"{rng.choice(_VERBS)} {word(rng)}",
                f"{word(rng)} {word(rng)} {word(rng)}",
            )
        )
    return symbol(rng)
