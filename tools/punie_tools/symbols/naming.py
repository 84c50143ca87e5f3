"""What a file's names are told by: the name with its place and kind, and the scope that it is given in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class Name:
    """A name at the place where something gets it; `offset` is that of the name, `end` that of the whole definition.

    A local variable, a parameter and an import within a function are `is_local`. `is_secondary` are what only adds to
    another definition: an overload, a property's setter, a second assignment.
    """

    name: str
    qualified_name: str
    kind: str
    offset: int
    end: int
    is_local: bool = False
    is_secondary: bool = False
    imported_from: str = ""
    bases: tuple[str, ...] = ()


class ScopeKind(Enum):
    """What a block of statements belongs to."""

    MODULE = auto()
    CLASS = auto()
    FUNCTION = auto()


@dataclass(frozen=True)
class Scope:
    """Where a name is given. `receiver` is how methods call their instance, `owner` the scope of its class."""

    path: tuple[str, ...] = ()
    kind: ScopeKind = ScopeKind.MODULE
    receiver: str = ""
    owner: Scope | None = None
    global_names: set[str] = field(default_factory=set[str])

    def function(self, name: str, receiver: str = "") -> Scope:
        """The inside of a function; one within a method knows the method's receiver."""
        if self.kind is ScopeKind.CLASS:
            return Scope((*self.path, name), ScopeKind.FUNCTION, receiver, self)
        return Scope((*self.path, name), ScopeKind.FUNCTION, self.receiver, self.owner)

    def expression(self) -> Scope:
        """The inside of a comprehension, a lambda or a list of type parameters: local, without a name."""
        return Scope(self.path, ScopeKind.FUNCTION, self.receiver, self.owner)

    def class_(self, name: str) -> Scope:
        """The inside of a class."""
        return Scope((*self.path, name), ScopeKind.CLASS)

    def name(
        self,
        name: str,
        kind: str,
        offset: int,
        *,
        end: int | None = None,
        is_secondary: bool = False,
        imported_from: str = "",
        bases: tuple[str, ...] = (),
    ) -> Name:
        """A name given here, unless a statement says that it is the module's."""
        path = () if name in self.global_names else self.path
        is_global = self.kind is not ScopeKind.FUNCTION or name in self.global_names
        is_local = not is_global and kind not in ("class", "function")
        end = offset + len(name) if end is None else end
        return Name(name, ".".join((*path, name)), kind, offset, end, is_local, is_secondary, imported_from, bases)


def variable_kind(name: str) -> str:
    """By its spelling, as the language server does."""
    return "constant" if _CONSTANT.fullmatch(name) else "variable"
