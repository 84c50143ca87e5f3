"""What the text of the files tells about a symbol: the answers while there is no language server.

A name is taken for what it says; which `post` is meant by `ledger.post` is not known.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from punie_tools.symbols.candidates import Candidate, candidate_of, file_rank
from punie_tools.symbols.definitions import definitions
from punie_tools.symbols.naming import Name
from punie_tools.symbols.place import Place
from punie_tools.symbols.python_files import ModuleNames, PythonFiles
from punie_tools.symbols.python_source import PythonSource, read_source
from punie_tools.symbols.python_tokens import Token, TokenKind, statements
from punie_tools.symbols.uses import uses
from punie_tools.tool import ToolContext

MOST_FILES = 1_000
MOST_REFERENCES = 10_000
MOST_DEFINITIONS = 2_000

_DEFINED = ("class", "function", "method")
_NO_OUTLINE = frozenset({"self", "cls", "_"})
_RULE = "\n---\n"
_LONGEST_STATEMENT = 2_000


def text_references(context: ToolContext, candidates: Iterable[Candidate]) -> dict[Place, bool]:
    """Every place in code where one of the candidates' names stands, and whether it is that of a definition of them.

    Capped; names in strings and comments are none.
    """
    candidates = list(candidates)
    definition_places = {Place(each.file, each.line, each.column) for each in candidates if each.is_definition}
    names = sorted({each.name for each in candidates})
    found: dict[Place, bool] = {}
    for file in _files_with(context, names, candidates):
        context.raise_if_cancelled()
        source = read_source(file)
        if source is None:
            continue
        for use in (use for name in names for use in uses(source, name)):
            place = Place(file, *source.place(use.offset))
            found[place] = place in definition_places
        if len(found) >= MOST_REFERENCES:
            break
    return found


def outline(file: Path) -> list[tuple[str, str, int, int, str]]:
    """A file's names in its order: name, kind, line, last line, and the class or function around it.

    Imports are left out; a variable that a scope gives several values comes once.
    """
    source = read_source(file)
    chosen: list[Name] = []
    seen: set[str] = set()
    for name in definitions(source, with_expressions=False) if source else ():
        is_known = name.kind not in _DEFINED and name.qualified_name in seen
        if name.kind != "import" and name.name not in _NO_OUTLINE and not is_known:
            chosen.append(name)
            seen.add(name.qualified_name)
    return [_row(source, name) for name in sorted(chosen, key=lambda name: name.offset)] if source else []


def classes_and_functions(file: Path) -> list[tuple[str, str, int, int, str]]:
    """As in the outline, every overload and accessor of a property too; none of a file that cannot be parsed."""
    source = read_source(file)
    if source is None or source.tree is None:
        return []
    return [_row(source, name) for name in definitions(source, with_expressions=False) if name.kind in _DEFINED]


def definitions_like(context: ToolContext, letters: str) -> list[Candidate]:
    """Definitions in the tree whose name holds the letters in their order, whatever their case; local ones are none."""
    root = context.workspace.root
    files = PythonFiles(root, root, context.cancelled).with_definition_like(letters)
    modules = ModuleNames(root)
    found: list[Candidate] = []
    for file in _likeliest(root, files):
        context.raise_if_cancelled()
        source = read_source(file)
        if source is None:
            continue
        for name in definitions(source, with_expressions=False):
            if name.kind != "import" and not name.is_local and _holds_letters(name.name, letters):
                found.append(candidate_of(name, source, file, modules.module(file)))
        if len(found) >= MOST_DEFINITIONS:
            break
    return found


def describe(candidate: Candidate) -> str:
    """A signature or the statement of a name, and its documentation, in Markdown as the language server has it."""
    source = read_source(candidate.file)
    if source is None:
        return ""
    signature, documentation = _told(source, candidate)
    kind = candidate.kind if candidate.is_definition else "use"
    shown = f"```python\n({kind}) {signature}\n```"
    return f"{shown}{_RULE}{documentation}" if documentation else shown


def _files_with(context: ToolContext, names: list[str], candidates: list[Candidate]) -> list[Path]:
    """The candidates' own files come first, which may be ones that ignore files name."""
    root = context.workspace.root
    own = [candidate.file for candidate in candidates]
    found = _likeliest(root, PythonFiles(root, root, context.cancelled).with_word(*names))
    return list(dict.fromkeys([*own, *found]))


def _likeliest(root: Path, files: set[str]) -> list[Path]:
    return [root / file for file in sorted(files, key=file_rank)[:MOST_FILES]]


def _row(source: PythonSource, name: Name) -> tuple[str, str, int, int, str]:
    """A parameter is a variable to the language server."""
    kind = "variable" if name.kind == "parameter" else name.kind
    container = name.qualified_name.split(".")[-2:-1]
    return name.name, kind, source.place(name.offset)[0], source.place(name.end)[0], "".join(container)


def _holds_letters(name: str, letters: str) -> bool:
    rest = iter(name.lower())
    return all(letter in rest for letter in letters.lower())


def _told(source: PythonSource, candidate: Candidate) -> tuple[str, str]:
    """The signature or the statement, and the documentation."""
    every = statements(source.text)
    if candidate.kind == "module":
        return candidate.module, _documentation(source, next(every, list[Token]()))
    at = source.at(candidate.line, candidate.column)
    for statement in every:
        if statement[-1].end > at:
            header, rest = _header(source, statement)
            written = source.text[header[0].start : header[-1].end]
            return written[:_LONGEST_STATEMENT], _documentation(source, rest or next(every, list[Token]()))
    return candidate.qualified_name, ""


def _header(source: PythonSource, statement: list[Token]) -> tuple[list[Token], list[Token]]:
    """A definition without its colon, and what follows that on the line; any other statement as it is."""
    words = [source.text[token.start : token.end] for token in statement]
    if not {"def", "class"} & set(words[:2]):
        return statement, []
    depth = 0
    for index, word in enumerate(words):
        depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
        if word == ":" and depth == 0:
            return statement[:index], statement[index + 1 :]
    return statement, []


def _documentation(source: PythonSource, statement: list[Token]) -> str:
    """The text of a statement that is nothing but a string."""
    if [token.kind for token in statement] != [TokenKind.STRING]:
        return ""
    with suppress(SyntaxError, ValueError):
        text = ast.literal_eval(source.text[statement[0].start : statement[0].end])
        return inspect.cleandoc(text) if isinstance(text, str) else ""
    return ""
