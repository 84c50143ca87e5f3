"""What `@types:`, `@lint:`, `@failed:` and `@diff:` mean: findings and failing tests as last known, and diffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches

from punie_tools.errors import ToolError
from punie_tools.files.diff import unified_diff
from punie_tools.git.git_diff import git_diff
from punie_tools.git.git_show import git_show
from punie_tools.git.git_status import git_status
from punie_tools.git.revision_review import read_revision_review
from punie_tools.moment import Moment
from punie_tools.quality.pytest_run import TestOutcome
from punie_tools.quality.typecheck import TypeFinding
from punie_tools.sentences import counted
from punie_tools.tool import ToolContext
from punie_tui.agent.attachment import Attachment
from punie_tui.agent.known_results import Checker, Finding, KnownResults
from punie_tui.agent.mentions import ALL, STAGED, TREE, ResultKind

_NOUNS: dict[Checker, str] = {"types": "type finding", "lint": "lint finding"}
_ASKING: dict[Checker, str] = {"types": "typecheck", "lint": "ruff_check"}


def read_result(kind: ResultKind, of: str, mention: str, context: ToolContext, known: KnownResults) -> Attachment:
    """Raises ToolError where there is nothing to bring."""
    match kind:
        case "types" | "lint":
            return _findings(kind, of, mention, context, known)
        case "failed":
            return _failures(of, mention, context, known)
        case "diff":
            return _diff(of, mention, context)


def _findings(checker: Checker, of: str, mention: str, context: ToolContext, known: KnownResults) -> Attachment:
    """Of a file, a folder, or of one line: `src/app.py:12`."""
    held = known.findings(checker)
    if held is None:
        raise ToolError(f"The {_NOUNS[checker]}s are not known yet; /findings or a {_ASKING[checker]} call finds them.")
    path, line = (".", 0) if of == ALL else _path_and_line(of, context)
    found = [each for each in held.of(path) if line in (0, each.line)]
    where = "" if of == ALL else f" in {of}"
    if not found:
        raise ToolError(f"No {_NOUNS[checker]} is known{where}.")
    title = f"{counted(len(found), _NOUNS[checker])}{where}, as of {_clock(held.at)}"
    text = "\n".join([*map(_finding_line, found), *_changed_since((each.file for each in found), held.moment, context)])
    return Attachment(kind="findings", name=title, mention=mention, path="" if path == "." else path, text=text)


def _path_and_line(of: str, context: ToolContext) -> tuple[str, int]:
    path, _, line = of.rpartition(":")
    if path and line.isdecimal() and len(line) <= 7 and not (context.workspace.root / of).exists():
        return path, int(line)
    return of, 0


def _finding_line(found: Finding) -> str:
    severity = f"{found.severity}: " if isinstance(found, TypeFinding) else ""
    rule = f" ({found.code})" if found.code else ""
    return f"{found.file}:{found.line}:{found.column}: {severity}{found.message}{rule}"


def _failures(of: str, mention: str, context: ToolContext, known: KnownResults) -> Attachment:
    """Of one test, of the tests below a file or a class, or of all."""
    held = known.failures
    if held is None:
        raise ToolError("No test has run yet; /tests or a pytest_run call runs them.")
    found = [test for name, test in held.tests.items() if of in (ALL, name) or name.startswith((f"{of}::", f"{of}["))]
    if not found:
        near = get_close_matches(of, held.tests, 1, 0.5)
        nearest = f"; nearest: {near[0]}" if near else ""
        raise ToolError(f"No failing test {of!r} is known{nearest}." if held.tests else "No test has failed.")
    title = found[0].name if len(found) == 1 else counted(len(found), "failing test")
    parts = ["\n".join(_failure_lines(test)) for test in found]
    parts += _changed_since((test.file for test in found), held.moment, context)
    path = found[0].file if len(found) == 1 else ""
    name = f"{title}, as of {_clock(held.at)}"
    return Attachment(kind="tests", name=name, mention=mention, path=path, text="\n\n".join(parts))


def _failure_lines(test: TestOutcome) -> Sequence[str]:
    place = f"{test.file}:{test.line}" if test.line else test.file
    printed = ["It printed:", test.output.strip("\n")] if test.output.strip() else []
    return [f"{test.name} {test.outcome} at {place}", test.message.strip("\n"), *printed]


def _changed_since(files: Iterable[str], looked_at: Moment, context: ToolContext) -> Sequence[str]:
    """A line that names what changed after it was looked at: lines may have moved there."""
    changed: list[str] = []
    for file in dict.fromkeys(files):
        try:
            if (context.workspace.root / file).stat().st_mtime > looked_at.earliest:
                changed.append(file)
        except OSError:
            changed.append(file)
    return [f"Changed since: {', '.join(changed)}"] if changed else []


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def _diff(of: str, mention: str, context: ToolContext) -> Attachment:
    if of == TREE:
        title, text = _tree_diff(context)
    elif of == STAGED:
        title, text = _staged_diff(context)
    elif ".." in of:
        title, text = _diff_between(of, context)
    else:
        title, text = _diff_of_commit(of, context)
    return Attachment(kind="diff", name=title, mention=mention, text=text)


def _staged_diff(context: ToolContext) -> tuple[str, str]:
    found = git_diff(context, staged=True)
    if not found.patch.strip():
        raise ToolError("Nothing is staged.")
    return f"staged, {_size(found.file_count, found.additions, found.deletions)}", found.patch


def _tree_diff(context: ToolContext) -> tuple[str, str]:
    """What is not staged; new files, which git shows no diff of, are named."""
    found, untracked = git_diff(context), git_status(context).untracked
    new = f"New files: {', '.join(untracked)}\n" if untracked else ""
    if not found.patch.strip() and not new:
        raise ToolError(f"The working tree holds nothing that is not staged; @diff:{STAGED} brings what is.")
    size = _size(found.file_count, found.additions, found.deletions)
    more = f", {counted(len(untracked), 'new file')}" if untracked else ""
    return f"working tree, {size}{more}", new + found.patch


def _diff_of_commit(revision: str, context: ToolContext) -> tuple[str, str]:
    shown = git_show(context, revision)
    head = f"{shown.hash[:10]} by {shown.author}, {shown.date[:10]}\n{shown.message}\n\n"
    return f"{shown.hash[:10]}, {_size(len(shown.files), shown.additions, shown.deletions)}", head + shown.patch


def _diff_between(revisions: str, context: ToolContext) -> tuple[str, str]:
    reviewed = read_revision_review(context, revisions)
    renamed = [
        f"{file.renamed_from} is now {file.change.path}\n" for file in reviewed.review.files if file.renamed_from
    ]
    diffs = [
        unified_diff(
            file.shown_path,
            *(
                image.data.decode("utf-8", "replace") if image else ""
                for image in (file.change.before, file.change.after)
            ),
        )
        for file in reviewed.review.files
        if not file.is_binary
    ]
    if not reviewed.review.files:
        raise ToolError(f"Nothing differs in {revisions}.")
    size = _size(len(reviewed.review.files), sum(each.added for each in diffs), sum(each.removed for each in diffs))
    return f"{reviewed.title}, {size}", "".join([*renamed, *(each.text for each in diffs)])


def _size(files: int, added: int, removed: int) -> str:
    return f"{counted(files, 'file')} +{added} -{removed}"
