"""The findings, failing tests and diffs that a mention can bring, as choices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from punie_tools.errors import ToolError
from punie_tools.git.git_log import git_log
from punie_tools.git.git_status import git_status
from punie_tools.safe_text import safe_text
from punie_tools.sentences import counted
from punie_tools.tool import ToolContext
from punie_tui.agent.known_results import Checker, KnownResults
from punie_tui.agent.mentions import ALL, STAGED, TREE, mention_of
from punie_tui.app.widgets.chat.popup import Choice

_MOST_COMMITS = 20
_SHORT_HASH = 10
_NOUNS: dict[Checker, str] = {"types": "type finding", "lint": "lint finding"}


@dataclass(frozen=True)
class Repository:
    """How many files differ, and the last commits, hash and subject."""

    unstaged: int = 0
    staged: int = 0
    commits: Sequence[tuple[str, str]] = ()


def read_repository(context: ToolContext) -> Repository:
    """An empty one where the folder is in no repository that git can read."""
    try:
        status = git_status(context)
        commits = git_log(context, count=_MOST_COMMITS).commits if status.commit else ()
    except ToolError:
        return Repository()
    subjects = [(each.hash[:_SHORT_HASH], each.message.partition("\n")[0]) for each in commits]
    return Repository(len(status.unstaged) + len(status.untracked), len(status.staged), subjects)


def whole_choices(query: str, known: KnownResults | None, repository: Repository) -> list[Choice]:
    """All there is of a kind, for each kind that begins with what is typed."""
    wanted = query.lower()
    return [_choice(*each) for each in _whole(known, repository) if each[0].startswith(wanted)]


def single_choices(query: str, known: KnownResults | None, repository: Repository) -> list[Choice]:
    """What there is of a file, a test or a commit. Until a colon is typed only names count, and no commits."""
    kind, colon, wanted = query.lower().partition(":")
    if not colon:
        kind, wanted = "", kind
    offered = [*_of_files_and_tests(known), *(_commits(repository) if colon else ())]
    return [
        _choice(name, detail)
        for name, detail in offered
        if name.startswith(f"{kind}{colon}")
        and wanted in (f"{name} {detail}" if colon else name).partition(":")[2].lower()
        and '"' not in name
        and "\n" not in name
    ]


def _whole(known: KnownResults | None, repository: Repository) -> Iterator[tuple[str, str]]:
    for checker, noun in _NOUNS.items():
        findings = known.findings(checker) if known else None
        if findings and findings.found:
            yield f"{checker}:{ALL}", counted(len(findings.found), noun)
    if known and known.failures and known.failures.tests:
        yield f"failed:{ALL}", counted(len(known.failures.tests), "failing test")
    if repository.unstaged:
        yield f"diff:{TREE}", f"{counted(repository.unstaged, 'file')} changed and not staged"
    if repository.staged:
        yield f"diff:{STAGED}", f"{counted(repository.staged, 'file')} staged"


def _of_files_and_tests(known: KnownResults | None) -> Iterator[tuple[str, str]]:
    for checker, noun in _NOUNS.items():
        findings = known.findings(checker) if known else None
        for file, count in Counter(each.file for each in findings.found).items() if findings else ():
            yield f"{checker}:{file}", counted(count, noun)
    for name, test in known.failures.tests.items() if known and known.failures else ():
        yield f"failed:{name}", test.message.partition("\n")[0]


def _commits(repository: Repository) -> Iterator[tuple[str, str]]:
    for commit, subject in repository.commits:
        yield f"diff:{commit}", subject


def _choice(name: str, detail: str) -> Choice:
    return Choice(f"{mention_of(name)} ", safe_text(name, single_line=True), safe_text(detail, single_line=True))
