"""The names that a file defines, read from its tokens alone: for files that cannot be parsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from keyword import iskeyword

from punie_tools.symbols.naming import Name, Scope, ScopeKind, variable_kind
from punie_tools.symbols.python_source import PythonSource
from punie_tools.symbols.python_tokens import Token, TokenKind, statements

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_TAB = 8
_LOOP_ENDS = frozenset({",", "in", ")"})
_AUGMENTED = frozenset("+-*/%@&|^><")
_BLOCKS = frozenset(
    {"if", "elif", "else", "while", "for", "try", "except", "finally", "with", "match", "case", "lambda"}
)


def loose_definitions(source: PythonSource) -> Iterator[Name]:
    """Classes, functions with their parameters, assignments, loop and `as` targets, imports; never an error."""
    return iter(_Reader(source).names())


@dataclass
class _Block:
    """What follows a `class` or `def`, as long as it is indented more; `index` is that of its name."""

    indent: int
    scope: Scope
    index: int | None = None


@dataclass
class _Reader:
    source: PythonSource
    blocks: list[_Block] = field(default_factory=lambda: [_Block(-1, Scope())])
    found: list[Name] = field(default_factory=list[Name])
    end: int = 0

    def names(self) -> list[Name]:
        for statement in statements(self.source.text):
            indent = self._indent(statement[0])
            self._close(indent)
            self._statement(statement, self.blocks[-1].scope, indent)
            self.end = statement[-1].end
        self._close(0)
        return self.found

    def _close(self, indent: int) -> None:
        """End the blocks that are not outside of a statement that is indented so."""
        while self.blocks[-1].indent >= indent:
            block = self.blocks.pop()
            if block.index is not None:
                self.found[block.index] = replace(self.found[block.index], end=self.end)

    def _open(self, name: Name, scope: Scope, indent: int) -> None:
        self.blocks.append(_Block(indent, scope, len(self.found)))
        self.found.append(name)

    def _statement(self, tokens: list[Token], scope: Scope, indent: int) -> None:
        words = [self._word(token) for token in tokens]
        first = 1 if words[0] == "async" else 0
        match words[first : first + 2]:
            case ["def", name] if name.isidentifier():
                self._function(name, tokens[first + 1 :], scope, indent)
            case ["class", name] if name.isidentifier():
                class_ = scope.name(name, "class", tokens[1].start, bases=self._bases(tokens))
                self._open(class_, scope.class_(name), indent)
            case ["type", name] if name.isidentifier() and words[2:3] in (["="], ["["]):
                self.found.append(scope.name(name, "variable", tokens[1].start))
            case ["global", *_]:
                scope.global_names.update(words[1:])
            case ["import" | "from", *_]:
                self.found += self._imports(words, tokens, scope)
            case _:
                self.found += self._targets(words, tokens, scope)

    def _function(self, name: str, tokens: list[Token], scope: Scope, indent: int) -> None:
        kind = "method" if scope.kind is ScopeKind.CLASS else "function"
        parameters = list(self._parameters(tokens))
        inner = scope.function(name, self._word(parameters[0]) if kind == "method" and parameters else "")
        self._open(scope.name(name, kind, tokens[0].start), inner, indent)
        self.found += [inner.name(self._word(each), "parameter", each.start) for each in parameters]

    def _parameters(self, tokens: list[Token]) -> Iterator[Token]:
        """The names that follow the opening parenthesis, a comma or a star at the parameters' own level."""
        for before, token, _ in self._in_parentheses(tokens):
            if before in ("(", ",", "*"):
                yield token

    def _bases(self, tokens: list[Token]) -> tuple[str, ...]:
        return tuple(
            self._word(token)
            for before, token, after in self._in_parentheses(tokens)
            if before != "=" and after in (",", ")", "[")
        )

    def _in_parentheses(self, tokens: list[Token]) -> Iterator[tuple[str, Token, str]]:
        """The names at the level of a definition's parentheses, each with the words around it."""
        words = [self._word(token) for token in tokens]
        start = next((index for index, word in enumerate(words) if word == "(" and _depth(words[:index]) == 0), None)
        depth = 0
        for index in range(len(words) if start is None else start, len(words)):
            if depth == 1 and tokens[index].kind is TokenKind.NAME:
                yield words[index - 1], tokens[index], words[index + 1] if index + 1 < len(words) else ""
            depth += _step(words[index])
            if depth == 0:
                return

    def _imports(self, words: list[str], tokens: list[Token], scope: Scope) -> Iterator[Name]:
        """Of each part between commas the last name, which is the one behind `as` if there is one."""
        start = words.index("import") + 1 if "import" in words else len(words)
        module = "".join(words[1 : start - 1])
        part: list[int] = []
        for index in [*range(start, len(words)), len(words)]:
            if index == len(words) or words[index] in (",", ";"):
                if part:
                    at = part[-1] if module or "as" in (words[each] for each in part) else part[0]
                    origin = f"{module}.{words[part[0]]}" if module else words[part[0]]
                    yield scope.name(words[at], "import", tokens[at].start, imported_from=origin)
                part = []
            elif tokens[index].kind is TokenKind.NAME:
                part.append(index)

    def _targets(self, words: list[str], tokens: list[Token], scope: Scope) -> Iterator[Name]:
        """What stands in front of `=`, `:=` or an annotation, behind `as`, or between `for` and `in`."""
        last_equals = _last_equals(words)
        is_annotated = len(words) > 1 and ":" in words[1:4:2] and words[0] not in _BLOCKS
        depth, loop = 0, None
        for index, (word, token) in enumerate(zip(words, tokens, strict=True)):
            depth += _step(word)
            if word in ("for", "in"):
                loop = (scope.expression() if depth else scope) if word == "for" else None
            if token.kind is not TokenKind.NAME or iskeyword(word):
                continue
            before, after = words[index - 1] if index else "", words[index + 1] if index + 1 < len(words) else ""
            is_assigned = depth == 0 and index < last_equals and after in ("=", ",") and not is_annotated
            is_declared = is_annotated and after == ":" and index in (0, 2) and depth == 0
            if is_assigned or is_declared or before == "as" or after == ":=" or (loop and after in _LOOP_ENDS):
                yield from self._target(words, index, token, loop or scope)

    def _target(self, words: list[str], index: int, token: Token, scope: Scope) -> Iterator[Name]:
        """Of attributes only those of a method's own instance."""
        name = words[index]
        if index == 0 or words[index - 1] != ".":
            yield scope.name(name, variable_kind(name), token.start)
        elif scope.owner and words[max(0, index - 3) : index - 1] in ([scope.receiver], [",", scope.receiver]):
            yield scope.owner.name(name, variable_kind(name), token.start)

    def _word(self, token: Token) -> str:
        return self.source.text[token.start : token.end]

    def _indent(self, token: Token) -> int:
        line_start = self.source.text.rfind("\n", 0, token.start) + 1
        before = self.source.text[line_start : token.start].replace("\f", "")
        return len(before.expandtabs(_TAB)) if not before.strip() else len(before) - len(before.lstrip())


def _step(word: str) -> int:
    return (word in _OPENING) - (word in _CLOSING)


def _depth(words: list[str]) -> int:
    return sum(map(_step, words))


def _last_equals(words: list[str]) -> int:
    """Where the last assignment of a statement stands, outside of brackets; -1 for none."""
    depth, last = 0, -1
    for index, word in enumerate(words):
        depth += _step(word)
        if word == "=" and depth == 0 and words[index - 1] not in _AUGMENTED:
            last = index
    return last
