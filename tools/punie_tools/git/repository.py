"""Ask git about a repository that may be hostile: nothing that its files name is started.

git runs commands named by a repository's configuration: file system monitors, hooks, pagers, external diffs, text
conversions, filters, signature checkers, transports. Each is switched off here, and only here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from uuid import uuid4

from punie_tools.errors import ToolError
from punie_tools.git.git_adapter import start_git
from punie_tools.process import DEFAULT_OUTPUT_LIMIT, MARKER, FinishedProcess, attend_process, find_program
from punie_tools.sentences import first_of
from punie_tools.spelling import unspelled
from punie_tools.tool import ToolContext
from punie_tools.workspace import refuse_impossible

# `--submodule=short`: the other forms start git in the submodule, with the submodule's own configuration.
DIFF_OPTIONS = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--find-renames",
)
STATUS_OPTIONS = ("--ignore-submodules=dirty",)

_SECONDS = 60.0
_LISTING_LIMIT = 256 * 1024 * 1024
_OPTIONS = ("--no-pager", "--no-optional-locks", "--literal-pathspecs")
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "log.showRoot": "true",
    "log.showSignature": "false",
    # git would start itself in each submodule, with the submodule's own filters and hooks.
    "submodule.recurse": "false",
}
# No editor opens: there is nobody at the terminal of a tool.
_TRUSTING_SETTINGS = {"core.fsmonitor": "false", "core.quotePath": "false", "core.editor": "true"}
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
# The person's own configuration and name stay; every other GIT_ variable would point git at something else.
_KEPT_VARIABLES = (
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_PYTHON_",
    *_ENVIRONMENT,
)
_SCOPES_OF_THE_REPOSITORY = frozenset({"local", "worktree"})


@dataclass(frozen=True)
class Repository:
    """The repository that a workspace lies in; the workspace may be a folder below its root."""

    context: ToolContext

    @classmethod
    def of(cls, context: ToolContext) -> Repository:
        """Raises ToolError if the workspace is in no repository, or in one whose files lie elsewhere."""
        repository = cls(context)
        top = Path(os.fsdecode(repository._ask("rev-parse", "--show-toplevel").stdout.removesuffix(b"\n")))
        if not context.workspace.root.is_relative_to(top.resolve()):
            raise ToolError(f"The git repository keeps its working tree in {top}, not around the workspace.")
        return repository

    def run(self, *arguments: str, output_limit: int = DEFAULT_OUTPUT_LIMIT) -> FinishedProcess:
        """Run a git command in the workspace. Raises ToolError with git's own reason when it fails."""
        return self._ask(*self._filters_off, *arguments, output_limit=output_limit)

    def read(self, *arguments: str, output_limit: int = DEFAULT_OUTPUT_LIMIT, stdin: bytes = b"") -> FinishedProcess:
        """Run a command that looks at commits and names alone. No filter can run for those, so none is looked for."""
        return self._ask(*arguments, output_limit=output_limit, stdin=stdin)

    def change(self, *arguments: str, stdin: bytes = b"") -> FinishedProcess:
        """Run a command that changes the index or the history. Raises ToolError with git's own reason when it fails.

        In a trusted folder the person's hooks and filters run, as they would for their own call.
        """
        if self.context.workspace.is_trusted:
            return self._ask(*arguments, stdin=stdin, settings=_TRUSTING_SETTINGS)
        return self._ask(*self._filters_off, *arguments, stdin=stdin, settings=_SETTINGS | {"commit.gpgSign": "false"})

    def stage(self, pathspecs: Sequence[str]) -> None:
        """Put files into the index as they are.

        In an untrusted folder nothing asks what changed inside submodules: `git add` asks that, and then a submodule's
        own filters run; only its commit can be staged anyway.
        """
        submodules = () if self.context.workspace.is_trusted else self.submodules(pathspecs)
        if not submodules:
            self.change("add", "--all", "--", *pathspecs)
            return
        literal = [f":(literal){path}" for path in pathspecs if path not in submodules]
        if literal:
            self.change("--no-literal-pathspecs", "add", "--all", "--", *literal, *_all_but(submodules))
        named = b"".join(os.fsencode(path) + b"\0" for path in submodules)
        self.change("update-index", "--add", "--remove", "-z", "--stdin", stdin=named)

    def submodules(self, pathspecs: Sequence[str] = ()) -> tuple[str, ...]:
        """Those in the index, by their path from the workspace."""
        listed = self._ask("ls-files", "--stage", "-z", "--", *pathspecs, output_limit=_LISTING_LIMIT).stdout
        entries = (entry.partition(b"\t") for entry in listed.split(b"\0"))
        return tuple(dict.fromkeys(os.fsdecode(path) for stage, _, path in entries if stage.startswith(b"160000 ")))

    def succeeds(self, *arguments: str) -> bool:
        """Whether the command ends well."""
        return self._start(*self._filters_off, *arguments).exit_code == 0

    def output_of(self, *arguments: str) -> bytes:
        """What a command prints, without its last line break; nothing if it fails."""
        finished = self._start(*arguments)
        return finished.stdout.removesuffix(b"\n") if finished.exit_code == 0 else b""

    @cached_property
    def prefix(self) -> str:
        """The workspace's place below the repository's root, as `folder/`; empty at the root."""
        return os.fsdecode(self._ask("rev-parse", "--show-prefix").stdout.removesuffix(b"\n"))

    @cached_property
    def has_commits(self) -> bool:
        return self._start("rev-parse", "--verify", "--quiet", "HEAD").exit_code == 0

    @property
    def is_shallow(self) -> bool:
        """Whether older commits are known to be elsewhere only."""
        return self.output_of("rev-parse", "--is-shallow-repository") == b"true"

    def commit_of(self, revision: str) -> str:
        """The full hash of the commit that a revision means. Raises ToolError if there is none."""
        if revision and not revision.startswith("-") and "\0" not in revision:
            found = self._start("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
            if found.exit_code == 0:
                return found.stdout.decode().strip()
        raise ToolError(f"There is no revision {revision[:100]!r}{self._nearest_revision(revision)}")

    def pathspec(self, path: str) -> str:
        """How git is told of a path, which need not exist any more. Raises ToolError for one that git never knew."""
        relative = self._lexical(path)
        if not os.path.lexists(self.context.workspace.root / relative) and not self._ever_knew(relative):
            self.context.workspace.resolve(path)
        return relative

    @cached_property
    def _filters_off(self) -> tuple[str, ...]:
        """Options that empty every filter which the repository's own files define; the person's own ones stay."""
        listed = self._start("config", "--includes", "--show-scope", "--name-only", "-z", "--get-regexp", r"^filter\.")
        if listed.exit_code not in (0, 1):
            raise ToolError(_reason(listed))
        fields = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
        names = {
            name.rpartition(".")[0]
            for scope, name in zip(fields[0::2], fields[1::2], strict=False)
            if scope in _SCOPES_OF_THE_REPOSITORY
        }
        return tuple(option for name in sorted(names) for option in _filter_off(name))

    def _ask(
        self,
        *arguments: str,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
        stdin: bytes = b"",
        settings: Mapping[str, str] = _SETTINGS,
    ) -> FinishedProcess:
        finished = self._start(*arguments, output_limit=output_limit, stdin=stdin, settings=settings)
        if finished.exit_code != 0:
            raise ToolError(_reason(finished))
        return finished

    def _start(
        self,
        *arguments: str,
        output_limit: int = DEFAULT_OUTPUT_LIMIT,
        stdin: bytes = b"",
        settings: Mapping[str, str] = _SETTINGS,
    ) -> FinishedProcess:
        self.context.raise_if_cancelled()
        root = self.context.workspace.root
        marker = uuid4().hex
        chosen = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        git = _executable(root)
        command = [*_without_steering(), git, "-C", str(root), *_OPTIONS, *chosen, *arguments]
        finished = attend_process(
            start_git(command, git, root, {**_ENVIRONMENT, MARKER: marker}, has_input=bool(stdin)),
            timeout=_SECONDS,
            marker=marker,
            cancelled=self.context.cancelled,
            output_limit=output_limit,
            stdin=stdin,
        )
        if finished.timed_out:
            raise ToolError(f"git took more than {_SECONDS:.0f} seconds and was stopped.")
        return finished

    def _lexical(self, path: str) -> str:
        """Relative to the workspace; links in its folders are resolved, one in its last part is what git knows."""
        workspace = self.context.workspace
        refuse_impossible(path)
        pure = PurePosixPath(path)
        if pure.name in ("", ".."):
            resolved = workspace.resolve(path)
        else:
            resolved = workspace.resolve(str(pure.parent), must_exist=False) / pure.name
        relative = resolved.relative_to(workspace.root).as_posix()
        return relative if os.path.lexists(resolved) else unspelled(relative)

    def _ever_knew(self, path: str) -> bool:
        in_index = self.succeeds("ls-files", "--error-unmatch", "--", path)
        return in_index or (self.has_commits and bool(self.run("log", "-1", "--format=%H", "--", path).stdout))

    def _nearest_revision(self, revision: str) -> str:
        if not self.has_commits:
            return "; the repository has no commits yet."
        from difflib import get_close_matches

        names = self._ask("for-each-ref", "--format=%(refname:short)").stdout.decode("utf-8", "replace").splitlines()
        nearest = get_close_matches(revision, names, n=1)
        return f"; did you mean {nearest[0]!r}?" if nearest else "."


def _all_but(paths: Iterable[str]) -> list[str]:
    """What leaves these out of the pathspecs before it; only with `--no-literal-pathspecs` it does."""
    return [f":(exclude,literal){path}" for path in paths]


def _filter_off(name: str) -> Iterator[str]:
    if "=" in name:
        # git's command line cannot name it, so it could not be switched off.
        raise ToolError(
            f"The repository defines a filter called {name.removeprefix('filter.')!r}; git is not run here."
        )
    for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")):
        yield from ("-c", f"{name}.{key}={value}")


def _executable(root: Path) -> str:
    if found := find_program("git", root):
        return found
    raise ToolError("git is not installed, or not on PATH.")


def _without_steering() -> list[str]:
    """A command prefix that takes variables out of the environment, which GitPython hands on whole; mostly empty."""
    steering = [name for name in os.environ if name.startswith("GIT_") and not name.startswith(_KEPT_VARIABLES)]
    return ["/usr/bin/env", *(part for name in steering for part in ("-u", name))] if steering else []


def _reason(finished: FinishedProcess) -> str:
    message = finished.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in message:
        return "The workspace is not in a git repository."
    if "dubious ownership" in message:
        return (
            "git does not open this repository because somebody else owns it; "
            "`git config --global --add safe.directory` with its folder allows it."
        )
    if "tell me who you are" in message:
        return (
            "git does not know who you are; tell it with "
            "`git config --global user.name NAME` and `git config --global user.email ADDRESS`."
        )
    if "must be run in a work tree" in message:
        return "The workspace is inside a git repository's own files, not in a working tree."
    if "promisor remote" in message:
        return (
            "This is a partial clone that lacks what is asked for. punie fetches nothing; "
            "the same git command in a terminal does."
        )
    lines = message.splitlines()
    reasons = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    cause = reasons[-1].partition(": ")[2] or reasons[-1] if reasons else f"it ended with code {finished.exit_code}"
    if cause.endswith(":"):
        # The files that it is about follow, a line each.
        names = [line.strip() for line in lines[lines.index(reasons[-1]) + 1 :] if line.startswith("\t")]
        cause = f"{cause} {first_of(names)}"
    return f"git failed: {cause.rstrip('.')}."
