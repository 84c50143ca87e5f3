"""On any bytes of any text: what is outside an edit stays, and edit, undo and redo lead back and forth."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from punie_tools.changes.journal import Journal
from punie_tools.changes.session_changes import SessionChanges
from punie_tools.errors import ToolError
from punie_tools.registry import find_tool
from punie_tools.tool import ToolContext
from punie_tools.workspace import Workspace

EXAMPLES = settings(max_examples=int(os.environ.get("PUNIE_TEST_EXAMPLES", "60")), deadline=None)

COOKIE = "# -*- coding: latin-1 -*-\n"
TOKEN = re.compile(r"\r\n|\r|\n|.", re.DOTALL)
LINE_END = re.compile(r"(?:\r\n|\r|\n)")


@dataclass(frozen=True)
class Sample:
    """A file's name and text, what it is written in, and what is before the text that may be edited."""

    name: str
    text: str
    codec: str
    mark: bytes = b""
    head: str = ""

    @property
    def data(self) -> bytes:
        return self.mark + self.bytes_of(self.head + self.text)

    def bytes_of(self, text: str) -> bytes:
        return text.encode(self.codec, "surrogateescape")

    def pattern_of(self, text: str, *, any_end: bool = False) -> bytes:
        """Matches the bytes of a text; with `any_end` whichever line ends they have."""
        if not any_end:
            return re.escape(self.bytes_of(text))
        end = b"|".join(re.escape(self.bytes_of(end)) for end in ("\r\n", "\r", "\n"))
        return (b"(?:%b)" % end).join(re.escape(self.bytes_of(line)) for line in LINE_END.split(text))

    @property
    def tokens(self) -> list[str]:
        """Characters, and line ends as a whole."""
        return TOKEN.findall(self.text)


def texts(last: int) -> SearchStrategy[str]:
    """Mostly few letters, so that lines are alike; any character up to the last one; all line ends."""
    plain = st.sampled_from(["a", "b", " ", "    ", "\t", "(", "x = 1", "'", '"', "ab"])
    any_one = st.characters(max_codepoint=last, exclude_categories=["Cs"], exclude_characters="\0\ufeff\r\n")
    ends = st.sampled_from(["\n", "\r\n", "\n", "\r"])
    return st.lists(st.one_of(plain, any_one, ends), max_size=40).map("".join)


@st.composite
def samples(draw: DrawFn) -> Sample:
    kind = draw(st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16-le", "utf-16-be", "bytes"]))
    match kind:
        case "latin-1":
            return Sample("a.py", draw(texts(0xFF)), kind, head=COOKIE)
        case "utf-16-le" | "utf-16-be":
            mark = codecs.BOM_UTF16_LE if kind == "utf-16-le" else codecs.BOM_UTF16_BE
            return Sample("a.txt", draw(texts(0x10FFFF)), kind, mark)
        case "bytes":
            data = draw(st.binary(max_size=60)).replace(b"\0", b"\xff")
            assume(not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))
            return Sample("a.bin", data.decode("utf-8", "surrogateescape"), "utf-8")
        case _:
            mark = codecs.BOM_UTF8 if kind == "utf-8-sig" else b""
            return Sample(draw(st.sampled_from(["a.txt", "b"])), draw(texts(0x10FFFF)), "utf-8", mark)


def as_models_see(text: str) -> str:
    return LINE_END.sub("\n", text)


def places_of(old: str, text: str) -> int:
    """Also those that overlap."""
    return sum(text.startswith(old, start) for start in range(len(text)))


@contextmanager
def session(sample: Sample, mode: int = 0o640) -> Generator[tuple[ToolContext, Path, Journal]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "tree").resolve()
        root.mkdir()
        file = root / sample.name
        file.write_bytes(sample.data)
        file.chmod(mode)
        journal = Journal(Path(folder, "journal"), root)
        yield ToolContext(Workspace.at(root), changes=SessionChanges(root, journal)), file, journal
        assert [path.name for path in root.iterdir()] == [sample.name]
        assert file.stat().st_mode & 0o777 == mode


def assert_back_and_forth(file: Path, journal: Journal, before: bytes) -> None:
    after = file.read_bytes()
    for _ in range(2):
        journal.undo()
        assert file.read_bytes() == before
        journal.redo()
        assert file.read_bytes() == after


@EXAMPLES
@given(samples(), st.data())
def test_bytes_outside_the_edit_are_unchanged(sample: Sample, data: st.DataObject) -> None:
    tokens = sample.tokens
    assume(tokens)
    start = data.draw(st.integers(0, len(tokens) - 1))
    stop = data.draw(st.integers(start + 1, len(tokens)))
    new = data.draw(texts(0xFF))
    prefix, place, suffix = ("".join(part) for part in (tokens[:start], tokens[start:stop], tokens[stop:]))
    old = as_models_see(place)
    with session(sample) as (context, file, journal):
        before = sample.data
        try:
            find_tool("edit_file").run(context, {"path": sample.name, "old": old, "new": new})
        except ToolError as error:
            assert file.read_bytes() == before
            is_nothing = as_models_see(new) == old
            is_unclear = places_of(old, as_models_see(sample.head + sample.text)) > 1
            assert is_nothing or is_unclear, error
            return
        after = file.read_bytes()
        head = sample.mark + sample.bytes_of(sample.head + prefix)
        tail = sample.bytes_of(suffix)
        middle = after[len(head) : len(after) - len(tail)]
        assert (after[: len(head)], after[len(after) - len(tail) :]) == (head, tail)
        assert as_models_see(middle.decode(sample.codec, "surrogateescape")) == as_models_see(new)
        assert_back_and_forth(file, journal, before)


@EXAMPLES
@given(samples(), st.data())
def test_several_edits_in_one_call(sample: Sample, data: st.DataObject) -> None:
    tokens = sample.tokens
    assume(len(tokens) >= 4)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(tokens)), min_size=4, max_size=8, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    olds = [as_models_see("".join(tokens[start:stop])) for start, stop in spans]
    news = [data.draw(texts(0x7F)) for _ in spans]
    whole = as_models_see(sample.head + sample.text)
    assume(all(places_of(old, whole) == 1 and as_models_see(new) != old for old, new in zip(olds, news, strict=True)))
    edits = [{"old": old, "new": new} for old, new in zip(olds, news, strict=True)]
    first, *more = data.draw(st.permutations(edits))
    with session(sample) as (context, file, journal):
        find_tool("edit_file").run(context, {"path": sample.name, **first, "edits": more})
        kept = ["".join(tokens[start:stop]) for start, stop in gaps(spans, len(tokens))]
        told = zip(
            map(sample.pattern_of, kept), [*(sample.pattern_of(new, any_end=True) for new in news), b""], strict=True
        )
        expected = (
            re.escape(sample.mark) + sample.pattern_of(sample.head) + b"".join(part for pair in told for part in pair)
        )
        assert re.fullmatch(expected, file.read_bytes(), re.DOTALL)
        assert_back_and_forth(file, journal, sample.data)


def gaps(spans: Sequence[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """What lies between spans, before and after them."""
    starts = [0, *(stop for _, stop in spans)]
    return list(zip(starts, [*(start for start, _ in spans), end], strict=True))


@EXAMPLES
@given(samples(), texts(0xFF))
def test_a_file_that_is_written_anew_comes_back(sample: Sample, content: str) -> None:
    with session(sample) as (context, file, journal):
        find_tool("write_file").run(context, {"path": sample.name, "content": sample.head + content})
        after = file.read_bytes()
        assert after.startswith(sample.mark)
        text = after[len(sample.mark) :].decode(sample.codec, "surrogateescape")
        assert as_models_see(text) == as_models_see(sample.head + content)
        if after != sample.data:
            assert_back_and_forth(file, journal, sample.data)
