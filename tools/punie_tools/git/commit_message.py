"""A first draft of a commit's message, made from what it changes; a person has the last word."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from punie_tools.changes.change_set import FileChange
from punie_tools.changes.tree_access import FileImage
from punie_tools.spelling import spelled

_LONGEST_SUBJECT = 72
_MOST_NAMES = 3
_MOST_FILES = 12
_VERBS = ("add", "remove", "change")
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def draft_message(changes: Sequence[FileChange]) -> str:
    """Its subject, and for several files a line on each. Definitions of Python files are named, others are not."""
    told = [(PurePosixPath(spelled(change.path)), _what(change)) for change in changes]
    if not told:
        return ""
    names = {name: verb for _, found in told for verb, named in found.items() for name in named}
    subject = _subject([path for path, _ in told], changes, names)
    if len(told) == 1:
        return f"{subject}\n"
    lines = [
        f"- {path}: {_sentence(found) or _of_file(change)}" for (path, found), change in zip(told, changes, strict=True)
    ]
    more = [f"- and {len(lines) - _MOST_FILES} more files"] if len(lines) > _MOST_FILES else []
    return "\n".join([subject, "", *lines[:_MOST_FILES], *more, ""])


def _subject(paths: Sequence[PurePosixPath], changes: Sequence[FileChange], names: Mapping[str, str]) -> str:
    """The definitions if they fit, else the files."""
    verbs = {_of_file(change) for change in changes}
    verb = verbs.pop() if len(verbs) == 1 else "change"
    files = _listed([path.name for path in paths])
    by_verb = {verb: [name for name, done in names.items() if done == verb] for verb in _VERBS}
    place = f" in {paths[0].name}" if len(paths) == 1 else ""
    forms = [f"{_sentence(by_verb)}{place}" if names else "", _sentence(by_verb), f"{verb} {files}"]
    forms += [f"{verb} {paths[0].name} and {len(paths) - 1} more" if len(paths) > 1 else f"{verb} {paths[0].name}"]
    subject = next((form for form in forms if form and len(form) <= _LONGEST_SUBJECT), f"{verb} {len(paths)} files")
    return f"{subject[0].upper()}{subject[1:]}"


def _sentence(by_verb: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{verb} {_listed(by_verb[verb])}" for verb in _VERBS if by_verb.get(verb))


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _of_file(change: FileChange) -> str:
    return "add" if change.before is None else "remove" if change.after is None else "change"


def _what(change: FileChange) -> dict[str, list[str]]:
    """Which definitions a change of a Python file adds, removes and changes; for a new or removed file none."""
    if change.before is None or change.after is None or not change.path.endswith((".py", ".pyi")):
        return {}
    try:
        before, after = _definitions(change.before), _definitions(change.after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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
