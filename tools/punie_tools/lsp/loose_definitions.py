"""The names that a file defines, read from its tokens alone: for files that cannot be parsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from keyword import iskeyword

from punie_tools.lsp.naming import Name, Scope, ScopeKind, variable_kind
from punie_tools.lsp.python_source import PythonSource
from punie_tools.lsp.python_tokens import Token, TokenKind, python_tokens

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_TAB = 8
_LOOP_ENDS = frozenset({",", "in", ")"})
_AUGMENTED = frozenset("+-*/%@&|^><")
_BLOCKS = frozenset(
    {"if", "elif", "else", "while", "for", "try", "except", "finally", "with", "match", "case", "lambda"}
)


def loose_definitions(source: PythonSource) -> Iterator[Name]:
    """Classes, functions with their parameters, assignments, loop and `as` targets, imports; never an error."""
    return _Reader(source).names()


@dataclass
class _Reader:
    source: PythonSource
    scopes: list[tuple[int, Scope]] = field(default_factory=lambda: [(-1, Scope())])

    def names(self) -> Iterator[Name]:
        statement: list[Token] = []
        for token in python_tokens(self.source.text):
            if token.kind is not TokenKind.NEWLINE:
                statement.append(token)
            elif statement:
                yield from self._statement(statement)
                statement = []
        if statement:
            yield from self._statement(statement)

    def _statement(self, tokens: list[Token]) -> Iterator[Name]:
        indent = self._indent(tokens[0])
        while self.scopes[-1][0] >= indent:
            self.scopes.pop()
        scope = self.scopes[-1][1]
        words = [self._word(token) for token in tokens]
        first = words.index("async") + 1 if words[0] == "async" else 0
        match words[first : first + 2]:
            case ["def", name] if name.isidentifier():
                yield from self._function(name, tokens[first + 1 :], scope, indent)
            case ["class", name] if name.isidentifier():
                yield scope.name(name, "class", tokens[first + 1].start)
                self.scopes.append((indent, scope.class_(name)))
            case ["type", name] if name.isidentifier() and len(words) > 2 and words[2] in ("=", "["):
                yield scope.name(name, "variable", tokens[first + 1].start)
            case ["global", *_]:
                scope.global_names.update(words[first + 1 :])
            case ["import" | "from", *_]:
                yield from self._imports(words, tokens, scope)
            case _:
                yield from self._targets(words, tokens, scope)

    def _function(self, name: str, tokens: list[Token], scope: Scope, indent: int) -> Iterator[Name]:
        kind = "method" if scope.kind is ScopeKind.CLASS else "function"
        yield scope.name(name, kind, tokens[0].start)
        parameters = list(self._parameters(tokens))
        inner = scope.function(name, self._word(parameters[0]) if kind == "method" and parameters else "")
        self.scopes.append((indent, inner))
        for parameter in parameters:
            yield inner.name(self._word(parameter), "parameter", parameter.start)

    def _parameters(self, tokens: list[Token]) -> Iterator[Token]:
        """The names that follow an opening parenthesis, a comma or a star at the parameters' own level."""
        depth, before = 0, ""
        for token in tokens:
            word = self._word(token)
            if token.kind is TokenKind.NAME and depth == 1 and before in ("(", ",", "*"):
                yield token
            depth += (word in _OPENING) - (word in _CLOSING)
            if depth == 0 and word == ")":
                return
            before = word

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
            depth += (word in _OPENING) - (word in _CLOSING)
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


def _last_equals(words: list[str]) -> int:
    """Where the last assignment of a statement stands, outside of brackets; -1 for none."""
    depth, last = 0, -1
    for index, word in enumerate(words):
        depth += (word in _OPENING) - (word in _CLOSING)
        if word == "=" and depth == 0 and words[index - 1] not in _AUGMENTED:
            last = index
    return last
