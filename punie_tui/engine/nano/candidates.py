"""Typed candidates: what code recognises in a request, so that the model chooses values instead of spelling them."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePosixPath

from punie_tui.engine.nano.catalogue import CATALOGUE
from punie_tui.engine.nano.told_texts import commit_messages


class CandidateKind(StrEnum):
    """How a candidate looks; its name is part of the placeholder that the model sees."""

    FILE = "file"
    FOLDER = "folder"
    TEST = "test"
    GLOB = "glob"
    SYMBOL = "symbol"
    QUOTE = "quote"
    NUMBER = "number"
    REVISION = "revision"


_FILES = (CandidateKind.FILE, CandidateKind.TEST)
_WORDS_READ = 400
"""Of a long text that is sent along, the view shows the model less than that."""
_LETTERS_BEFORE = 80


@dataclass(frozen=True)
class Candidate:
    """A value and where it is written: `text[start:end]`, quotes included."""

    kind: CandidateKind
    value: str
    start: int
    end: int


PathExists = Callable[[str], bool]

_LISTS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_EXTENSIONS = frozenset[str](_LISTS["extensions"])
_FILE_NAMES = frozenset[str](_LISTS["file_names"])
_SHOUTED = frozenset[str](_LISTS["shouted_file_names"])
_HIDDEN_FOLDERS = frozenset[str](_LISTS["hidden_folders"])
_FILE_OF_TOOL = re.compile(rf"^(?:{'|'.join(_LISTS['files_of_tools'])})\.[\w-]+$")
_NOT_FOLDERS = frozenset[str](_LISTS["not_folders"])
_SPOKEN_FOLDERS = frozenset[str](_LISTS["spoken_folders"])
_BEFORE_FOLDER = re.compile(rf"\b(?:{'|'.join(_LISTS['before_folder'])})\s+(?:the\s+|folder\s+)?$", re.IGNORECASE)
_NOT_SYMBOLS = frozenset[str](_LISTS["not_symbols"])
FUNCTION_WORDS = frozenset[str](_LISTS["function_words"])
NO_SYMBOLS = frozenset[str](_LISTS["no_symbols"])
NO_PATHS = frozenset[str](_LISTS["no_paths"])
"""Words of time and order, which name no path unless the tree has it."""
_COMMON_CAPITALISED = frozenset[str](_LISTS["common_capitalised"])
_BEFORE_REVISION = re.compile(rf"\b(?:{'|'.join(_LISTS['before_revision'])})\s+(?:the\s+)?$", re.IGNORECASE)
_DOUBTFUL = frozenset[str](_LISTS["doubtful_extensions"])
_BRANCH_PREFIXES: list[str] = _LISTS["branch_prefixes"]
_WELL_KNOWN: dict[str, str] = _LISTS["well_known"]
_GLOB_WORDS: dict[str, str] = _LISTS["glob_words"]
_UNITS: list[str] = _LISTS["units"]
_TENS: dict[str, int] = _LISTS["tens"]
# "one" is left out: "the last one", "that one" are no numbers.
_NUMBER_WORDS = {
    **{word: value for value, word in enumerate(_UNITS) if value > 1},
    **_TENS,
    "dozen": 12,
    "hundred": 100,
}

_QUOTED = re.compile(
    r"```(?:[a-z]*\n)?(?P<fence>[^`]+)```|(?P<marked>\*\*\* Begin Patch\n.*?\*\*\* End Patch)"
    r"|(?<![^\n])(?P<unified>(?:diff --git .*?\n)?--- .*?\n\+\+\+ .*?\n@@.*)"
    r"|`(?P<tick>[^`\n]+)`|(?<![\w\"])\"(?P<double>[^\"\n]+)\"(?!\w)"
    r"|(?<![\w'])'(?P<single>[^'\n]*[^'\n\s]|\s)'(?!\w)|\u201c(?P<curly>[^\u201d\n]+)\u201d"
    r"|\u2018(?P<thin>[^\u2019\n]+)\u2019|\u00ab(?P<angle>[^\u00bb\n]+)\u00bb",
    re.DOTALL,
)
# Code and requirements hold quotes and commas that end nothing: `os.environ["HOME"]`, `httpx>=0.27,<1`.
_QUOTES_INSIDE = re.compile(
    r"(?<![\w.`\"'])(?P<name>[A-Za-z_][\w.]*)(?:\[(?:\"[^\"\n]*\"|'[^'\n]*')\]|\((?:\"[^\"\n]*\"|'[^'\n]*')\))+"
)
_REQUIREMENT = re.compile(
    r"(?<![\w.`\"'=<>~!])(?:[A-Za-z][\w.-]*(?:\[[\w,-]+\])?)?(?:[=~!<>]=|[<>])\d+\.[\d.]*(?:\.\*)?\w*"
    r"(?:,(?:[=~!<>]=|[<>])\d[\w.]*(?:\.\*)?)*(?<!\.)"
)
# Where only a name can stand, a plain word is one: `weight` in "who calls weight?".
_KIND_OF_NAME = r"\s+the|(?:\s+the)?\s+(?:function|method|class|variable|constant|symbol|attribute|helper|fixture)|"
_PLAIN_NAME = r"[a-z][a-z\d]+"
_END = r"(?=\s*(?:[?.,;!]|$))"
_NAMED: tuple[tuple[CandidateKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{before})\s+(?P<name>{_PLAIN_NAME}){after}", re.IGNORECASE))
    for kind, before, after in (
        (CandidateKind.SYMBOL, rf"(?:who|what|which\s+\w+|everything\s+that)\s+calls?(?:{_KIND_OF_NAME})", _END),
        (CandidateKind.SYMBOL, rf"rename(?:{_KIND_OF_NAME})", r"(?=\s+(?:in(?:to)?|to|as|->|\u2192)\s)"),
        (CandidateKind.SYMBOL, rf"rename(?:{_KIND_OF_NAME})\s+\S+\s+(?:to|as|into|->|\u2192)", _END),
        (CandidateKind.SYMBOL, rf"where(?:'s|\s+is)(?:{_KIND_OF_NAME})", r"(?=\s+(?:defined|declared)\b)"),
        (CandidateKind.SYMBOL, r"(?:function|method|class|symbol|variable|constant|helper)\s+(?:called|named)", _END),
        (
            CandidateKind.SYMBOL,
            r"(?:definition|references|usages|uses|callers|callees|signature|docstring|call\s+hierarchy)\s+(?:of|to|for)"
            rf"(?:{_KIND_OF_NAME})",
            _END,
        ),
        (
            CandidateKind.REVISION,
            r"(?:switch(?:\s+(?:back|over))?\s+to|check\s?out|git\s+switch|git\s+checkout)(?:\s+the)?(?:\s+branch)?",
            _END,
        ),
    )
)
_MEMBER = re.compile(
    r"\b(?:method|attribute|property|field)\s+(?P<name>[a-z_]\w*)(?:\(\))?\s+(?:of|in|on)\s+(?:the\s+)?(?:class\s+)?"
    r"(?P<owner>[A-Z]\w+)(?![\w./])"
)
"""`flush` of `Buffer`, which is `Buffer.flush`."""
_NO_NAMES = frozenset[str](_LISTS["no_names"])
_MARK = re.compile(r"\b(?P<mark>todo|fixme)(?:'?s)?\b(?![./(_])", re.IGNORECASE)
_SED = re.compile(r"(?<![\w/])s/(?P<old>[^/\n]+)/(?P<new>[^/\n]+)/g?(?![\w/])")
_WORD = re.compile(r"\S+")
_URL = re.compile(r"^(?:https?|ssh|git)://\S+$|^www\.\S+$")
# As `code_actions` names what it offers: where, by which tool, for which content, and which one.
_ACTION_ID = re.compile(r"^\S+:\d+:[a-z]+:\w+:\w+$")
_SHA = re.compile(r"^(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,40}$")
_SIMPLE_REVISION = re.compile(
    r"^(?:(?:HEAD|ORIG_HEAD|FETCH_HEAD|head|Head)(?:[~^]\d*)*(?:@\{[^}]+\})?|@(?:[~^]\d*)+|@\{[^}]+\}|stash@\{\d+\}"
    r"|(?:[vV]|release-)\d+(?:\.\d+)*(?:\.x|[-.]?(?:rc|a|b|alpha|beta|dev|post)\.?\d*)?|\d+\.\d+\.\d+(?:[-.]?(?:rc|a|b|alpha|beta|dev|post)\.?\d*)?"
    r"|[\w./-]+(?:[~^]\d*)+)$"
)
_BRANCH = re.compile(rf"^(?:{'|'.join(_BRANCH_PREFIXES)})/[\w./#-]*\w$")
_RANGE = re.compile(r"^(?P<left>[\w./~^@{}-]*?)(?P<dots>\.\.\.?)(?P<right>[\w/~^@{}-][\w./~^@{}-]*)?$")
# What stands between the first and the last of some lines, marks that are more than that aside.
_TO = r"-|->|\.\.|\u2013|\u2014|\u2192"
_PATH_LINES = re.compile(
    rf"^(?P<path>.*?)(?:[:@(\[+]L?(?P<first>\d+)(?:(?:{_TO}|:|,)L?(?P<last>\d+))?[)\]]?"
    r"|#L(?P<hash>\d+)(?:-L?(?P<hashend>\d+))?)?$"
)
_AFTER_COLUMN = re.compile(r":\s|\s+-\s+(?:error|warning|info)")
_LINE_MARK = re.compile(rf"^(?:-?[Ll]\.?|@)(?P<first>\d+)(?:(?:{_TO}|:|,)[Ll]?(?P<last>\d+)|\+|,)?$")
_NUMBERS = re.compile(
    rf"^(?:[:#~+-]|-n)?(?P<first>\d+)(?:(?:{_TO}|:|,)(?P<last>\d+))?(?:-(?:end|eof)|st|nd|rd|th|s|x|p|\+)?$"
)
_TEST_WITH_PARAMETERS = re.compile(r"(?<!\S)[\w./\\-]+\.py(?:::\w+)+\[[^\]\n]*\]")
_LIMIT = re.compile(
    r"\b(?:time ?out|limit|at (?:the )?most|max(?:imum)?|up to|(?:no|not) more than|longer than|within"
    r"|give (?:it|that|them)|let it|plenty|enough|kill)\b",
    re.IGNORECASE,
)
_SECONDS = {"m": 60, "h": 3600}
_DURATION = re.compile(
    rf"(?<![\w.-])(?:(?P<digits>\d+)(?:(?P<letter>[mh])\b| ?(?P<long>min(?:ute)?s?|hours?|hrs?)\b)"
    rf"|(?P<word>half an|an?|{'|'.join(_NUMBER_WORDS)})[ -](?P<unit>min(?:ute)?s?|hours?)\b)",
    re.IGNORECASE,
)
_SED_LINES = re.compile(r"\bsed -n (?P<quote>['\"]?)(?P<first>\d+)(?:,(?:(?P<last>\d+)|\$))?p(?P=quote)")
_RULES = re.compile(r"^[A-Z]{1,4}\d{3,4}s$")
_DOTTED = re.compile(r"^@?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$")
_CALL = re.compile(r"^@?(?P<name>[A-Za-z_][\w.]*)\((?:\.\.\.)?\)$")
_SNAKE = re.compile(r"^@?(?=.*[A-Za-z])(?:\w*[^\W_]_\w*|__?\w+)$")
_CAMEL = re.compile(r"^@?[A-Za-z]*[a-z0-9]+[A-Z]\w*$|^[A-Z]{2,}[a-z]+\w*$|^[A-Z][a-z]*\d+[A-Za-z]\w*$")
_CAPITALISED = re.compile(r"^[A-Z][a-z]{2,}$")
_NUMBERED = re.compile(r"^[A-Za-z]{2,}\d+$|^[a-z]\d$")
_HYPHENATED = re.compile(r"^[A-Za-z]\w*(?:[-.]\w+)+$|^\d+\.\d+$")
_ARGUMENT = re.compile(rf"^(?:{'|'.join(sorted({name for tool in CATALOGUE.values() for name in tool}))}|file)=(?=\S)")
_IDENTIFIER = re.compile(r"^[A-Za-z_][\w.]*$")
_GLOB_PHRASE = re.compile(
    rf"(?<![\w./*-])\*?\.?(?P<word>{'|'.join(_GLOB_WORDS)})[ -](?:files?|modules|sources|scripts|documents|docs)\b"
    r"|(?<![\w./*-])(?<!\bin )(?P<alone>yaml|yml|toml|csv|markdown|notebook|ipynb|dockerfiles|makefiles)s?\b(?![./\w])"
    r"|(?<![\w/*])\.(?P<extension>[a-z]{2,5})(?:s|es)?(?: files?\b|(?![\w./]))",
    re.IGNORECASE,
)
_NUMBER_PHRASE = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<unit>{'|'.join(_UNITS[1:10])}))?"
    rf"|(?P<word>{'|'.join(_NUMBER_WORDS)}))\b",
    re.IGNORECASE,
)
_LEADING = "([{<,;\"'`\u201c\u2018*"
_POSSESSIVE = ("'s", "\u2019s")
_TRAILING = ".,;:!?)]}>\"'`\u201d\u2019*\u2026"


def find_candidates(text: str, path_exists: PathExists) -> tuple[Candidate, ...]:
    """The candidates of a request from left to right, none inside another."""
    found = _Found(text)
    found.add(_sed_parts(text))
    found.add(Candidate(CandidateKind.QUOTE, text[start:end], start, end) for start, end in commit_messages(text))
    found.add(_sed_lines(text))
    found.add(_code(text))
    found.add(_quoted(text, path_exists))
    found.add(_members(text))
    found.add(_named(text, path_exists))
    found.add(_glob_phrases(text, path_exists))
    found.add(_marks(text))
    found.add(_tests_with_parameters(text))
    found.add(_durations(text))
    masked = found.masked
    is_title_case = _is_title_case(masked)
    for match in islice(_WORD.finditer(masked), _WORDS_READ):
        start, word = _trim(match.start(), match.group())
        if name := _ARGUMENT.match(word):
            start, word = _trim(start + name.end(), word[name.end() :])
        if word:
            found.add(_read_word(text, word, start, path_exists, is_title_case=is_title_case))
    found.add(_number_words(text))
    return tuple(sorted(found.candidates, key=lambda candidate: candidate.start))


class _Found:
    """Candidates of a text, none inside another; the first one that is added keeps its place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_taken = bytearray(len(text))
        self.candidates: list[Candidate] = []

    def add(self, more: Iterator[Candidate]) -> None:
        """Those whose place is still free."""
        for candidate in more:
            if not any(self._is_taken[candidate.start : candidate.end]):
                self._is_taken[candidate.start : candidate.end] = b"\1" * (candidate.end - candidate.start)
                self.candidates.append(candidate)

    @property
    def masked(self) -> str:
        """The text with blanks where candidates are."""
        letters = zip(self._text, self._is_taken, strict=True)
        return "".join(" " if is_taken else letter for letter, is_taken in letters)


def _is_title_case(text: str) -> bool:
    """Whether nearly every word begins in upper case, so that it says nothing about names."""
    words = re.findall(r"[A-Za-z]{3,}", text)
    return len(words) > 1 and sum(word[0].isupper() for word in words) > 0.6 * len(words)


def _trim(start: int, word: str) -> tuple[int, str]:
    """The word without the punctuation around it; brackets and quotes that close inside it stay."""
    while word and word[0] in _LEADING and not (word[0] in "*[" and _is_glob(word)):
        word, start = word[1:], start + 1
    while word and (word[-1] in _TRAILING or word.endswith(_POSSESSIVE)):
        if word.endswith(_POSSESSIVE):
            word = word[:-2]
            continue
        if (word[-1] == ")" and word.count("(") >= word.count(")")) or (word[-1] == "}" and "{" in word):
            break
        if word[-1] in "*]" and _is_glob(word):
            break
        word = word[:-1]
    return start, word


def _is_glob(word: str) -> bool:
    return "*" in word and len(word) > 1 and not word.strip("*").isspace() and not re.fullmatch(r"\*+\w+\*\*", word)


def _code(text: str) -> Iterator[Candidate]:
    """What quotes inside it, or commas, must not take apart; a call of a tool is an order and no text."""
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    for match in (*_QUOTES_INSIDE.finditer(text), *_REQUIREMENT.finditer(text)):
        is_order = match.groupdict().get("name") in (*CATALOGUE, "glob")
        place = bisect_left(quoted, match.span())
        is_inside = place > 0 and match.end() < quoted[place - 1][1]
        if not is_order and not is_inside:
            yield Candidate(CandidateKind.QUOTE, match.group(), match.start(), match.end())


def _named(text: str, path_exists: PathExists) -> Iterator[Candidate]:
    """Plain words where only the name of a symbol or of a branch can stand."""
    for kind, pattern in _NAMED:
        for match in pattern.finditer(text):
            word = match["name"]
            is_word = word.lower() in FUNCTION_WORDS or word.lower() in _NO_NAMES or word.lower() in _WELL_KNOWN
            if word == word.lower() and not is_word and not path_exists(word):
                yield Candidate(kind, word, match.start("name"), match.end("name"))


def _members(text: str) -> Iterator[Candidate]:
    """The member of a class that is named after it."""
    for match in _MEMBER.finditer(text):
        yield Candidate(CandidateKind.SYMBOL, f"{match['owner']}.{match['name']}", match.start("name"), match.end())


def _quoted(text: str, path_exists: PathExists) -> Iterator[Candidate]:
    for match in _QUOTED.finditer(text):
        name = match.lastgroup
        assert name is not None
        value = match.group(name)
        if place := list(_quoted_place(value, match.start(name), path_exists)):
            yield from place
            continue
        if name != "tick":
            yield Candidate(CandidateKind.QUOTE, value, match.start(), match.end())
            continue
        inner = list(_read_word(value, value, 0, path_exists, is_title_case=False)) if " " not in value else []
        whole = len(inner) == 1 and inner[0].end - inner[0].start == len(value) and value[0] != "@"
        kind = inner[0].kind if whole else CandidateKind.QUOTE
        yield Candidate(kind, inner[0].value if whole else value, match.start(), match.end())


def _quoted_place(value: str, start: int, path_exists: PathExists) -> Iterator[Candidate]:
    """A path with a line, which nobody wants as a text."""
    match = _PATH_LINES.match(value) if " " not in value else None
    if match and (match["first"] or match["hash"]) and _path_kind(match["path"], path_exists) in _FILES:
        yield from _read_word(value, value, start, path_exists, is_title_case=False)


def _sed_parts(text: str) -> Iterator[Candidate]:
    """Both sides of `s/old/new/`."""
    for match in _SED.finditer(text):
        for side in ("old", "new"):
            yield Candidate(CandidateKind.QUOTE, match[side], match.start(side), match.end(side))


def _sed_lines(text: str) -> Iterator[Candidate]:
    """The lines of `sed -n 10,20p`."""
    for match in _SED_LINES.finditer(text):
        yield from _numbers(match, 0, "first", "last")


def _marks(text: str) -> Iterator[Candidate]:
    """The marks people leave in code, which they write in any case and number when they ask for them."""
    for match in _MARK.finditer(text):
        yield Candidate(CandidateKind.QUOTE, match["mark"].upper(), match.start(), match.end())


def _tests_with_parameters(text: str) -> Iterator[Candidate]:
    """The parameters of a test may hold anything, blanks too."""
    for match in _TEST_WITH_PARAMETERS.finditer(text):
        yield Candidate(CandidateKind.TEST, match.group(), match.start(), match.end())


def _durations(text: str) -> Iterator[Candidate]:
    """Minutes and hours in seconds, where they limit something: "2 minutes ago" is no number for a tool."""
    for match in _DURATION.finditer(text) if _LIMIT.search(text) else ():
        unit = _SECONDS[(match["letter"] or match["long"] or match["unit"])[0].lower()]
        seconds = unit * int(match["digits"]) if match["digits"] else _seconds_in_words(match["word"].lower(), unit)
        yield Candidate(CandidateKind.NUMBER, str(seconds), match.start(), match.end())


def _seconds_in_words(word: str, unit: int) -> int:
    return unit // 2 if word == "half an" else unit if word in ("a", "an") else unit * _NUMBER_WORDS[word]


def _glob_phrases(text: str, path_exists: PathExists) -> Iterator[Candidate]:
    for match in _GLOB_PHRASE.finditer(text):
        if match.group("alone") and path_exists(match.group()):
            continue
        if word := match.group("word") or match.group("alone"):
            yield Candidate(CandidateKind.GLOB, _GLOB_WORDS[word.lower()], match.start(), match.end())
        elif match.group("extension").lower() in _EXTENSIONS - {"env"}:
            extension = match.group("extension").lower()
            yield Candidate(CandidateKind.GLOB, f"*.{extension}", match.start(), match.end())


def _read_word(
    text: str, word: str, start: int, path_exists: PathExists, *, is_title_case: bool
) -> Iterator[Candidate]:
    end = start + len(word)
    if word == "head" and text.startswith(" -", end):
        return  # the command, not the newest commit
    if _RULES.match(word):
        yield Candidate(CandidateKind.QUOTE, word[:-1], start, end)
    elif _URL.match(word) or _ACTION_ID.match(word):
        yield Candidate(CandidateKind.QUOTE, word, start, end)
    elif "::" in word and not word.startswith("::"):
        yield Candidate(CandidateKind.TEST, word, start, end)
    elif numbers := _LINE_MARK.match(word):
        yield from _numbers(numbers, start, "first", "last")
    elif _is_revision(word, path_exists) or _is_named_as_revision(text, word, start):
        yield Candidate(
            CandidateKind.REVISION, "HEAD" + word[4:] if word.lower().startswith("head") else word, start, end
        )
    elif _is_glob(word):
        yield Candidate(CandidateKind.GLOB, word, start, end)
    elif numbers := _NUMBERS.match(word):
        yield from _numbers(numbers, start, "first", "last")
    elif (path := _PATH_LINES.match(word)) and (kind := _path_kind(path["path"], path_exists)):
        yield Candidate(kind, _resolve(path["path"], path_exists), start, start + len(path["path"]))
        yield from _numbers(path, start, "first", *(() if _is_column(path, text[start:]) else ("last",)))
        yield from _numbers(path, start, "hash", "hashend")
    elif _SNAKE.match(word) and path_exists(word):
        yield Candidate(CandidateKind.FOLDER, word, start, end)
    elif name := _symbol(text, word, start, is_title_case=is_title_case):
        kind = CandidateKind.TEST if re.match(r"test_\w|Test[A-Z]", name) else CandidateKind.SYMBOL
        yield Candidate(kind, name, start, end)
    elif word.lower() in _WELL_KNOWN:
        yield Candidate(CandidateKind.FILE, _WELL_KNOWN[word.lower()], start, end)
    elif (_is_plain_folder(text, word, start) or _names_files(word)) and path_exists(word):
        yield Candidate(CandidateKind.FOLDER, word, start, end)


def _is_column(place: re.Match[str], text: str) -> bool:
    """Whether the second number of `a.py:12:5` is where in the line, as linters and type checkers print it."""
    if not place["last"] or place.string[place.start("last") - 1] != ":":
        return False
    return int(place["last"]) < int(place["first"]) or bool(_AFTER_COLUMN.match(text[place.end("last") :]))


def _names_files(word: str) -> bool:
    """Whether a word would stand for files of a kind, as `notebooks` does, if no folder were called so."""
    return bool((match := _GLOB_PHRASE.fullmatch(word)) and match["alone"])


def _is_plain_folder(text: str, word: str, start: int) -> bool:
    """Whether a word without any mark of a path stands where a folder does; the model knows the usual ones as words."""
    is_name = re.fullmatch(r"[A-Za-z][\w-]*", word) and word.lower() not in _SPOKEN_FOLDERS
    return bool(is_name and _BEFORE_FOLDER.search(_just_before(text, start)))


def _numbers(match: re.Match[str], start: int, *groups: str) -> Iterator[Candidate]:
    for group in groups:
        if match[group]:
            yield Candidate(
                CandidateKind.NUMBER, str(int(match[group])), start + match.start(group), start + match.end(group)
            )


def _is_revision(word: str, path_exists: PathExists) -> bool:
    if _SHA.match(word) or _SIMPLE_REVISION.match(word):
        return True
    if (ends := _RANGE.match(word)) and (ends["left"] or ends["right"]):
        return not re.fullmatch(r"\d*", ends["left"]) and "/" not in word[:3]
    is_file = word.rsplit(".", 1)[-1].lower() in _EXTENSIONS
    return bool(_BRANCH.match(word)) and not is_file and not path_exists(word)


def _is_named_as_revision(text: str, word: str, start: int) -> bool:
    """Whether a word such as `black-friday` or `fw-2.9` stands where a branch or a tag is named."""
    is_file = word.rsplit(".", 1)[-1].lower() in _EXTENSIONS
    is_name = _HYPHENATED.match(word) and not is_file and not _DOTTED.match(word)
    return bool(is_name and _BEFORE_REVISION.search(_just_before(text, start)))


def _just_before(text: str, start: int) -> str:
    """As much of what stands before a word as tells what the word is."""
    return text[max(0, start - _LETTERS_BEFORE) : start]


def _path_kind(word: str, path_exists: PathExists) -> CandidateKind | None:
    name = word.rstrip("/").rsplit("/", 1)[-1]
    if not name.strip("."):
        return CandidateKind.FOLDER if word in ("./", "..", "../", ".") or (word != "/" and "/" in word) else None
    extension = name.rsplit(".", 1)[1].lower() if "." in name[1:] else ""
    if word.lower() in _NOT_FOLDERS and not path_exists(word):
        return None
    if _FILE_OF_TOOL.match(name):
        return CandidateKind.FILE
    if name in _HIDDEN_FOLDERS:
        return CandidateKind.FOLDER
    if extension in _DOUBTFUL and re.match(r"[A-Z]\w*\.\w+$", word) and not path_exists(word):
        return None
    if word.endswith("/") and not re.search(r"\W", name[0]):
        return CandidateKind.FOLDER
    if (extension in _EXTENSIONS and not word.endswith("(")) or name.lower() in _FILE_NAMES or name in _SHOUTED:
        is_test = re.match(r"test_|.*_tests?\.py$", name) or (
            "test" in word.split("/")[0] and extension == "py" and "/" in word
        )
        return CandidateKind.TEST if is_test else CandidateKind.FILE
    if extension and path_exists(word):
        return CandidateKind.FILE
    if "/" in word and re.fullmatch(r"~?[\w./@+-]+", word):
        return CandidateKind.FOLDER if re.search(r"[A-Za-z]", word) and "//" not in word else None
    if name.startswith(".") and path_exists(word):
        return CandidateKind.FOLDER
    return None


def _resolve(word: str, path_exists: PathExists) -> str:
    """The usual file behind a bare `readme` or `changelog`, unless the word itself is a file."""
    return word if path_exists(word) else _WELL_KNOWN.get(word.lower(), word)


def _symbol(text: str, word: str, start: int, *, is_title_case: bool) -> str | None:
    if call := _CALL.match(word):
        return call["name"]
    if word.lower() in _NOT_SYMBOLS:
        return None
    if _DOTTED.match(word) or _SNAKE.match(word) or _CAMEL.match(word) or _NUMBERED.match(word):
        return word.lstrip("@")
    before = _just_before(text, start).rstrip()
    begins_sentence = not before or before[-1] in ".!?:"
    is_name = _CAPITALISED.match(word) and word.lower() not in _COMMON_CAPITALISED
    return word if is_name and not begins_sentence and not is_title_case else None


def _number_words(text: str) -> Iterator[Candidate]:
    for match in _NUMBER_PHRASE.finditer(text):
        if match["tens"]:
            value = _TENS[match["tens"].lower()] + (_UNITS.index(str(match["unit"]).lower()) if match["unit"] else 0)
        else:
            value = _NUMBER_WORDS[match["word"].lower()]
        yield Candidate(CandidateKind.NUMBER, str(value), match.start(), match.end())


def looks_like_path(text: str) -> bool:
    """Whether a quoted text can stand where a path is wanted."""
    return (
        bool(text.strip())
        and "\n" not in text
        and len(PurePosixPath(text).parts) > 0
        and not re.search(r"[<>|\"*?]", text)
    )


def looks_like_symbol(text: str) -> bool:
    """Whether a quoted text can stand where a symbol's name is wanted."""
    return bool(_IDENTIFIER.match(text))
