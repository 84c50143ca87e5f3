"""The one place that knows ripgrep: where it is, and how it is called so that no configuration steers it."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from punie_tools.errors import ToolError
from punie_tools.files.glob import name_glob
from punie_tools.files.temporary_files import TEMPORARY_GLOB
from punie_tools.process import FinishedProcess, find_program, run_process
from punie_tools.tool import ToolContext

PYTHON_SEARCH = [sys.executable, "-I", "-m", "punie_tools.files.search_process"]

SECONDS = 60.0
_FATAL = 2
# Ignore files count without a git repository too; hidden files are part of a project, .git is not.
_OPTIONS = (
    *("--no-config", "--no-messages", "--color=never", "--hidden", "--no-require-git"),
    *("--glob=!.git", f"--glob=!{TEMPORARY_GLOB}"),
)


def run_ripgrep(
    context: ToolContext,
    options: list[str],
    operands: list[str],
    *,
    output_limit: int,
    seconds: float = SECONDS,
    command: Sequence[str],
    stdin: bytes = b"",
    on_stdout: Callable[[bytes], None] | None = None,
) -> FinishedProcess:
    """Run the command, rg or what understands its options, in the workspace.

    Raises ToolError with its own reason, such as a regular expression that is none.
    """
    finished = run_process(
        [*command, *_OPTIONS, *options, "--", *operands],
        cwd=context.workspace.root,
        timeout=seconds,
        cancelled=context.cancelled,
        output_limit=output_limit,
        stdin=stdin,
        on_stdout=on_stdout,
    )
    if finished.timed_out:
        noun = "second" if seconds == 1 else "seconds"
        raise ToolError(f"The search took more than {seconds:g} {noun}; narrow it with a path or a glob.")
    reason = finished.stderr.decode("utf-8", "replace").strip()
    if finished.exit_code == _FATAL and reason:
        raise ToolError(f"The search failed: {_one_line(reason)}")
    if finished.exit_code < 0:
        raise ToolError(f"The search died of signal {-finished.exit_code}.")
    return finished


def search_root(context: ToolContext, path: str) -> tuple[Path, str]:
    """A path to search below, and its spelling for rg, which may begin with a dash or hold any byte."""
    resolved = context.workspace.resolve(path)
    below = resolved.relative_to(context.workspace.root).as_posix()
    return resolved, "./" if below == "." else f"./{below}"


def type_options(glob: str) -> list[str]:
    """Narrow a search to names. A type does it like --glob, but unlike it leaves ignored files out."""
    names = name_glob(glob)
    return [f"--type-add=wanted:{names}", "--type=wanted"] if names else []


def search_command(root: Path) -> list[str]:
    """What searches the tree at `root`: rg, or where there is none the same in Python."""
    found = find_ripgrep(root)
    return [found] if found else PYTHON_SEARCH


def find_ripgrep(root: Path) -> str | None:
    """The `rg` that was installed with punie; one on PATH, outside of the tree, only if there is none."""
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    beside.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    return find_program("rg", root, beside)


def _one_line(reason: str) -> str:
    """rg's message without its drawing of where the pattern is wrong."""
    lines = [line.strip() for line in reason.removeprefix("rg: ").splitlines()]
    told = [line for line in lines if line.startswith("error: ")] or lines[:1]
    head = "" if told[0] == lines[0] else lines[0].rstrip(":") + ": "
    return (head + told[0].removeprefix("error: ")).rstrip(".") + "."
