"""Which definitions a piece of code can reach through the names it writes: it is read, and not run.

A method is reached where its class and its name are, whoever calls it on what. So some are taken for reached that never
run, and what is called by a name that is put together only while the code runs is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from punie_tools.imports.import_graph import Modules
from punie_tools.imports.named_code import MODULE_CODE, Definition, ImportedName, NamedCode, is_plain_base
from punie_tools.imports.source_imports import module_named_by

Place = tuple[str, str]
"""A file and the dotted name of a definition in it; a name alone, that of a module's code or of a class."""

_CONFTEST = "conftest.py"
_MOST_IMPORTS_ON_THE_WAY = 5
_USED_BY_PYTEST = frozenset(
    {
        *("setup_module", "setup_class", "setup_method", "setup_function", "setUp", "setUpClass", "setUpModule"),
        *("teardown_module", "teardown_class", "teardown_method", "teardown_function"),
        *("tearDown", "tearDownClass", "tearDownModule", "asyncSetUp", "asyncTearDown", "pytestmark"),
    }
)


class ReachedCode:
    """Of a tree's files; `code_of` reads one, and gives None for what is no Python."""

    def __init__(
        self,
        imports: Mapping[str, Collection[str]],
        modules: Modules,
        code_of: Callable[[str], NamedCode | None],
    ) -> None:
        self._imports = imports
        self._modules = modules
        self._code_of = code_of
        self._members: dict[Place, dict[str, list[Place]]] = {}
        self._containers_with: dict[str, list[Place]] = {}
        self._steps: dict[Place, _Steps] = {}
        self._conftests: dict[str, list[str]] = {}
        self._of_files: dict[str, Search] = {}
        self._kept: dict[Place, list[Place]] = {}
        self._searched_for_kept: set[str] = set()

    def from_test(self, file: str, name: str) -> Search:
        """What the test can reach, named as in its node id: `TestLedger::test_add[1]`."""
        if file not in self._of_files:
            self._of_files[file] = self._from_import_of(file)
        search = self._of_files[file].copy()
        parts = name.partition("[")[0].split("::")
        search.add(
            [(file, ".".join(parts[:end])) for end in range(1, len(parts) + 1)], parts[-1:] if len(parts) > 1 else ()
        )
        return search

    def files_below(self, file: str) -> set[str]:
        """The file, and all that is imported for it, however far away."""
        found, pending = {file}, [file]
        while pending:
            for imported in self._imports.get(pending.pop(), ()):
                if imported not in found:
                    found.add(imported)
                    pending.append(imported)
        return found

    def _from_import_of(self, file: str) -> Search:
        """What runs for each test of a file: the code of modules, and what pytest uses without being told."""
        search = Search(self)
        files = sorted(self.files_below(file))
        self._note_what_is_kept(files)
        search.add((each, MODULE_CODE) for each in files)
        for each in (file, *self.conftests_of(file)):
            search.add(
                (each, found.name)
                for definitions in self.definitions(each).values()
                for found in definitions
                if found.is_automatic or _is_used_by_pytest(found)
            )
        return search

    def _note_what_is_kept(self, files: Iterable[str]) -> None:
        for file in files:
            if file in self._searched_for_kept:
                continue
            self._searched_for_kept.add(file)
            for each in (each for found in self.definitions(file).values() for each in found):
                if not _is_test((file, each.name)):
                    for place in (place for name in each.kept_by for place in self._keepers(file, name)):
                        self._kept.setdefault(place, []).append((file, each.name))

    def _keepers(self, file: str, name: str) -> list[Place]:
        """What a name stands for that is a value of the tree; modules keep nothing."""
        code = self._code_of(file)
        if code is None or name not in code.imports:
            return [(file, name)]
        imported = [place for place in self.imported_by(file, name) if place[1]]
        return [(file, name), *imported] if imported else []

    def kept_by(self, place: Place) -> Iterable[Place]:
        """What was handed to it by decorating, such as the routes of an application."""
        return self._kept.get(place, ())

    def is_of_framework(self, file: str, definition: Definition, way: int = 0) -> bool:
        """Whether a class stands behind it that is not of the tree, and may call methods that nobody names."""
        for base in definition.bases:
            classes = list(self._classes_named(file, base))
            if classes and way < _MOST_IMPORTS_ON_THE_WAY:
                if any(self.is_of_framework(other, each, way + 1) for other, each in classes):
                    return True
            elif not is_plain_base(base):
                return True
        return False

    def _classes_named(self, file: str, name: str, way: int = 0) -> Iterator[tuple[str, Definition]]:
        for each in self.definitions(file).get(name, ()):
            if each.is_class:
                yield file, each
        if way < _MOST_IMPORTS_ON_THE_WAY:
            for other, its_name in self.imported_by(file, name):
                if its_name:
                    yield from self._classes_named(other, its_name, way + 1)

    def definitions(self, file: str) -> Mapping[str, Iterable[Definition]]:
        code = self._code_of(file)
        return code.definitions if code else {}

    def conftests_of(self, file: str) -> list[str]:
        """Where a test finds its fixtures; for other files none."""
        if file not in self._conftests:
            paths = (str(folder / _CONFTEST) for folder in PurePosixPath(file).parents)
            self._conftests[file] = [path for path in paths if path in self._imports and path != file]
        return self._conftests[file]

    def named_in(self, file: str, name: str) -> Iterator[Place]:
        """What a name may mean that code of the file writes."""
        code = self._code_of(file)
        if code is None:
            return
        if code.knows(name):
            yield file, name
        else:
            yield from ((other, name) for star in code.stars for other in self._files_of(file, star.level, star.module))
        for conftest in self.conftests_of(file):
            found = self._code_of(conftest)
            if found is not None and found.knows(name):
                yield conftest, name

    def imported_by(self, file: str, name: str) -> Iterator[Place]:
        """What a name stands for that the file imported: a definition elsewhere, or a module."""
        code = self._code_of(file)
        if code is None:
            return
        for imported in code.imports.get(name, ()):
            yield from self._meant_by(file, imported)
        if not code.knows(name):
            for star in code.stars:
                yield from ((other, name) for other in self._files_of(file, star.level, star.module))

    def named_by_text(self, text: str) -> Iterator[tuple[Place, str]]:
        """A module that a dotted text leads to, and the name in it, as in `patch("shop.money.add")`."""
        module, _, name = module_named_by(text).rpartition(".")
        while module:
            for file in self._modules.exactly(module):
                yield (file, MODULE_CODE), name
            module, _, name = module.rpartition(".")

    def members(self, container: Place) -> dict[str, list[Place]]:
        """What can be had by an attribute of a module or a class."""
        if container not in self._members:
            found: dict[str, list[Place]] = {}
            file, name = container
            code = self._code_of(file)
            for each in code.definitions if code else ():
                if each and each.rpartition(".")[0] == name:
                    found.setdefault(each.rpartition(".")[2], []).append((file, each))
            if not name:
                for each in code.imports if code else ():
                    found.setdefault(each, []).append((file, each))
            self._members[container] = found
            for each in found:
                self._containers_with.setdefault(each, []).append(container)
        return self._members[container]

    def containers_with(self, name: str) -> Iterable[Place]:
        """The modules and classes that have such a member, of those whose members were asked for."""
        return self._containers_with.get(name, ())

    def steps(self, place: Place) -> _Steps:
        """Where a definition leads by what it names."""
        if place not in self._steps:
            self._steps[place] = self._find_steps(*place)
        return self._steps[place]

    def _find_steps(self, file: str, name: str) -> _Steps:
        places: set[Place] = set()
        attributes: set[str] = set()
        containers: set[Place] = set()
        for each in self.definitions(file).get(name, ()):
            places.update(found for written in each.names for found in self.named_in(file, written))
            attributes |= each.attributes
            for text in each.texts:
                if "." in text:
                    for module, member in self.named_by_text(text):
                        containers.add(module)
                        attributes.add(member)
                elif each.is_decorated or each.last_name == "pytestmark":
                    # As fixtures are, in `usefixtures("ledger")`.
                    places.update(self.named_in(file, text))
            if each.is_class:
                containers.add((file, name))
                places.update(self._called_unnamed(file, each))
        if name:
            for found in self.imported_by(file, name):
                (places if found[1] else containers).add(found)
        return _Steps(frozenset(places), frozenset(attributes), frozenset(containers))

    def _called_unnamed(self, file: str, definition: Definition) -> Iterator[Place]:
        """What runs of a class though nobody names it."""
        calls_any = self.is_of_framework(file, definition)
        for members in self.members((file, definition.name)).values():
            for place in members:
                for each in self.definitions(file).get(place[1], ()):
                    is_test = each.last_name.startswith("test")
                    if _is_used_by_pytest(each) or (not is_test and (calls_any or each.is_called_unnamed)):
                        yield place

    def _meant_by(self, file: str, imported: ImportedName) -> Iterator[Place]:
        if not imported.name:
            parts = imported.module.split(".")
            for end in range(1, len(parts) + 1):
                yield from ((each, MODULE_CODE) for each in self._modules.exactly(".".join(parts[:end])))
            return
        yield from ((each, imported.name) for each in self._files_of(file, imported.level, imported.module))
        inside = f"{imported.module}.{imported.name}".lstrip(".")
        yield from ((each, MODULE_CODE) for each in self._files_of(file, imported.level, inside))

    def _files_of(self, file: str, level: int, module: str) -> Iterable[str]:
        return self._modules.exactly_relative(file, level, module) if level else self._modules.exactly(module)


@dataclass(frozen=True)
class _Steps:
    """Where a definition leads: to others, to names behind dots, and to what has members from then on."""

    places: frozenset[Place]
    attributes: frozenset[str]
    containers: frozenset[Place]


@dataclass
class Search:
    """Goes on from each definition that is reached to those that it names, until nothing is new."""

    _code: ReachedCode
    _reached: set[Place] = field(default_factory=set[Place])
    _containers: set[Place] = field(default_factory=set[Place])
    _attributes: set[str] = field(default_factory=set[str])

    def copy(self) -> Search:
        return Search(self._code, set(self._reached), set(self._containers), set(self._attributes))

    def has(self, place: Place) -> bool:
        """Whether it is reached, also where it is no longer there to be."""
        file, name = place
        container, _, last = name.rpartition(".")
        return place in self._reached or ((file, container) in self._containers and last in self._attributes)

    def add(self, places: Iterable[Place], attributes: Collection[str] = ()) -> None:
        """Reach these, the members that have one of these names, and all that they lead to."""
        pending = [*places, *self._members_named(attributes)]
        while pending:
            here = pending.pop()
            if here not in self._reached:
                self._reached.add(here)
                steps = self._code.steps(here)
                pending += steps.places - self._reached
                pending += self._members_named(steps.attributes)
                pending += self._code.kept_by(here)
                for container in steps.containers - self._containers:
                    self._containers.add(container)
                    pending += self._members_of(container)

    def _members_named(self, attributes: Collection[str]) -> list[Place]:
        new = [each for each in attributes if each not in self._attributes]
        self._attributes.update(new)
        having = ((name, container) for name in new for container in self._code.containers_with(name))
        return [
            place
            for name, container in having
            if container in self._containers
            for place in self._code.members(container)[name]
        ]

    def _members_of(self, container: Place) -> list[Place]:
        members = self._code.members(container)
        return [place for name in members.keys() & self._attributes for place in members[name]]


def _is_used_by_pytest(definition: Definition) -> bool:
    return definition.last_name in _USED_BY_PYTEST or definition.name.startswith("pytest_")


def _is_test(place: Place) -> bool:
    return place[1].rpartition(".")[2].startswith("test")
