"""A first draft of a commit's message, made from what it changes; a person has the last word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.tree_access import FileImage
from punie_tools.spelling import spelled

_LONGEST_SUBJECT = 72
_MOST_NAMES = 3
_MOST_FILES = 12
_PYTHON = (".py", ".pyi")
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_WORDS = re.compile(r"\w+|\W+")
_VERBS = ("add", "remove", "change")
_NO_RENAMES: Mapping[str, str] = MappingProxyType({})
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def draft_message(changes: Sequence[FileChange], renamed: Mapping[str, str] = _NO_RENAMES) -> str:
    """Its subject, and for several files a line on each. Definitions of Python files are named, others are not.

    `renamed` gives the old path of each file that has another name now; its change holds the new path and both
    contents.
    """
    told = [(PurePosixPath(spelled(change.path)), _what(change)) for change in changes]
    if not told:
        return ""
    names = {name: verb for _, found in told for verb, named in found.items() for name in named}
    paths = [path for path, _ in told]
    old_paths = [PurePosixPath(spelled(renamed.get(change.path, ""))) for change in changes]
    subject = _file_rename_subject(paths, old_paths, names) if renamed else _rename_subject(paths, changes)
    subject = subject or _subject(paths, changes, names)
    if len(told) == 1:
        return f"{subject}\n"
    lines = [
        f"- {path}: {_of_renamed(old_path, found) or _sentence(found) or _of_file(change)}"
        for (path, found), old_path, change in zip(told, old_paths, changes, strict=True)
    ]
    more = [f"- and {len(lines) - _MOST_FILES} more files"] if len(lines) > _MOST_FILES else []
    return "\n".join([subject, "", *lines[:_MOST_FILES], *more, ""])


def _subject(paths: Sequence[PurePosixPath], changes: Sequence[FileChange], names: Mapping[str, str]) -> str:
    """The definitions if they fit, else the files."""
    verbs = {_of_file(change) for change in changes}
    verb = verbs.pop() if len(verbs) == 1 else "change"
    files = _listed([path.name for path in paths])
    by_verb = {verb: [name for name, done in names.items() if done == verb] for verb in _VERBS}
    place = f" in {paths[0].name}" if len(paths) == 1 else f" in {len(paths)} files"
    told = [_sentence(by_verb, most) for most in range(_MOST_NAMES, 0, -1)] if names else []
    forms = [form for sentence in told for form in (f"{sentence}{place}", sentence)] + [f"{verb} {files}"]
    if len(paths) > 1 and (kind := _kind_of_all(paths)):
        forms.append(f"{verb} {kind} in {len(paths)} files")
    forms += [f"{verb} {paths[0].name} and {len(paths) - 1} more" if len(paths) > 1 else f"{verb} {paths[0].name}"]
    subject = next((form for form in forms if form and len(form) <= _LONGEST_SUBJECT), f"{verb} {len(paths)} files")
    return f"{subject[0].upper()}{subject[1:]}"


def _file_rename_subject(
    paths: Sequence[PurePosixPath], old_paths: Sequence[PurePosixPath], names: Mapping[str, str]
) -> str:
    """For files that all have another name now; else empty, since the rename is not the whole of it."""
    if not all(path.name for path in old_paths):
        return ""
    if len(paths) > 1:
        return "" if names else f"Rename {len(paths)} files"
    old, new = old_paths[0], paths[0]
    told = f"Rename {old} to {new}" if old.name == new.name else f"Rename {old.name} to {new.name}"
    sentence = _sentence({verb: [name for name, done in names.items() if done == verb] for verb in _VERBS})
    forms = (f"{told}, {sentence}" if sentence else told, told, f"Rename {old.name}")
    return next((form for form in forms if len(form) <= _LONGEST_SUBJECT), "")


def _of_renamed(old_path: PurePosixPath, found: Mapping[str, Sequence[str]]) -> str:
    """What the line of a renamed file says; empty for a file that kept its name."""
    return ", ".join(filter(None, (f"rename from {old_path}", _sentence(found)))) if old_path.name else ""


def _rename_subject(paths: Sequence[PurePosixPath], changes: Sequence[FileChange]) -> str:
    """For changes that are one renamed symbol and nothing else, and are seen to define it; else empty."""
    swapped: set[tuple[str, str]] = set()
    bound_before: set[str] = set()
    bound_after: set[str] = set()
    for change in changes:
        if change.before is None or change.after is None or change.before.mode != change.after.mode:
            return ""
        try:
            before, after = (_WORDS.findall(image.data.decode()) for image in (change.before, change.after))
            if change.path.endswith(_PYTHON):
                bound_before |= _bound(change.before)
                bound_after |= _bound(change.after)
        except _UNREADABLE:
            return ""
        if len(before) != len(after):
            return ""
        swapped |= {pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]}
    if len(swapped) != 1:
        return ""
    old, new = swapped.pop()
    if old not in bound_before - bound_after or new not in bound_after - bound_before:
        return ""
    place = f" in {paths[0].name}" if len(paths) == 1 else f" in {len(paths)} files"
    forms = (f"Rename {old} to {new}{place}", f"Rename {old} to {new}")
    return next((form for form in forms if len(form) <= _LONGEST_SUBJECT), "")


def _bound(image: FileImage) -> set[str]:
    """The names that a Python file gives to something of its own; imported ones are another file's."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(image.data)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case _:
                pass
    return names


def _kind_of_all(paths: Sequence[PurePosixPath]) -> str:
    """What all the files are, tests or docs; empty where they are not all of a kind."""
    if all(path.suffix == ".py" and path.name.startswith(("test_", "conftest.")) for path in paths):
        return "tests"
    return "docs" if all(path.suffix in (".md", ".rst") for path in paths) else ""


def _sentence(by_verb: Mapping[str, Sequence[str]], most: int = _MOST_NAMES) -> str:
    return ", ".join(f"{verb} {_listed(by_verb[verb], most)}" for verb in _VERBS if by_verb.get(verb))


def _listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _of_file(change: FileChange) -> str:
    return "add" if change.before is None else "remove" if change.after is None else "change"


def _what(change: FileChange) -> dict[str, list[str]]:
    """Which definitions a change of a Python file adds, removes and changes; for a new or removed file none."""
    if change.before is None or change.after is None or not change.path.endswith(_PYTHON):
        return {}
    try:
        before, after = _definitions(change.before), _definitions(change.after)
    except _UNREADABLE:
        return {}
    both = [name for name in after if name in before and after[name] != before[name]]
    return {
        "add": [name for name in after if name not in before],
        "remove": [name for name in before if name not in after],
        "change": both,
    }


def _definitions(image: FileImage) -> dict[str, str]:
    """By their qualified names, each with what it says; a class without the definitions inside it."""
    return dict(_within(ast.parse(image.data), ""))


def _within(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
            name = f"{prefix}{child.name}"
            if isinstance(child, ast.ClassDef):
                inner = [part for part in child.body if not isinstance(part, _Definition)]
                head = [*child.bases, *child.decorator_list, *inner]
                yield name, "\n".join(ast.dump(part) for part in head)
                yield from _within(child, f"{name}.")
            else:
                yield name, ast.dump(child)
