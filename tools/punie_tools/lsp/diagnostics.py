"""Findings from the warm language server: only what a change can have touched is checked again."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from lsprotocol import types

from punie_tools.lsp.connection import Json
from punie_tools.lsp.language_server import LanguageServer
from punie_tools.lsp.server import Server
from punie_tools.lsp.structure import structured
from punie_tools.quality.pyright_report import PyrightFinding, PyrightReport, Severity
from punie_tools.safe_text import whole_characters
from punie_tools.sentences import counted
from punie_tools.tool import ToolContext

MOST_FILES_TO_OPEN = 100
"""A folder of more files is answered from a check of the whole tree."""

_LARGEST_SHARE = 10
# A configuration that another one extends may exclude files too.
_EXCLUDING = ("exclude", "extends")
_SEVERITIES: dict[types.DiagnosticSeverity | None, Severity] = {
    types.DiagnosticSeverity.Error: "error",
    types.DiagnosticSeverity.Warning: "warning",
}


def check_by_server(context: ToolContext, language_server: LanguageServer, target: Path) -> PyrightReport | None:
    """The findings of pyright's command for a path of the workspace; None where only the command itself knows them.

    Raises ServerFailedError and ToolCancelledError.
    """

    def check(server: Server) -> PyrightReport | None:
        if server.configuration_problem:
            return None
        if target == context.workspace.root:
            return _whole_tree(context, server)
        return _part(context, server, target)

    return language_server.call(check, context.cancelled)


def _whole_tree(context: ToolContext, server: Server) -> PyrightReport:
    rechecked = _check_all(context, server)
    known = {file: found for file, found in server.published.items() if file.exists()}
    return _report(known, files_checked=server.source_file_count, files_rechecked=len(rechecked))


def _part(context: ToolContext, server: Server, target: Path) -> PyrightReport | None:
    """The command checks all Python files below a path but those that the configuration excludes."""
    files = [path for path in map(Path, server.files_on_disk) if path == target or target in path.parents]
    if not files:
        return None
    if server.checks_whole_tree and not server.published.keys() >= set(files):
        # A file is new; whether the configuration includes it shows when all others are done.
        _check_all(context, server)
    if len(files) <= MOST_FILES_TO_OPEN and not _may_exclude(server.root):
        found = server.findings_of(files, context.cancelled)
        if found is None:
            return None
        return _report(found, files_checked=len(files), files_rechecked=len(files))
    if len(files) * _LARGEST_SHARE < len(server.files_on_disk) and not server.checks_whole_tree:
        return None
    rechecked = _check_all(context, server).intersection(files)
    if not server.published.keys() >= set(files):
        return None
    known = {file: server.published[file] for file in files}
    return _report(known, files_checked=len(files), files_rechecked=len(rechecked))


def _check_all(context: ToolContext, server: Server) -> set[Path]:
    """Have the whole tree checked; returns the files that were."""

    def report(file: Path, done: int, total: int) -> None:
        """Findings of a file that was edited are told at once; they are what a person waits for."""
        context.report_progress(
            min(done, total), total or None, _in_short(context, server, file, is_edited=file in edited)
        )

    server.check_whole_tree(context.cancelled)
    edited = set(islice(server.published.keys() & set(map(Path, server.edited_files)), MOST_FILES_TO_OPEN))
    with server.opened(sorted(edited)):
        server.wait_until_settled(context.cancelled, on_published=report)
    return server.take_checked()


def _in_short(context: ToolContext, server: Server, file: Path, *, is_edited: bool) -> str:
    name = context.workspace.relative(file) if file.is_relative_to(context.workspace.root) else str(file)
    found = Counter(finding.severity for finding in _findings(file, server.published[file]))
    counts = ", ".join(counted(count, noun) for noun, count in found.items())
    return f"{name}: {counts or 'no type errors'}" if is_edited else name


def _may_exclude(root: Path) -> bool:
    """Whether a configuration may leave files out, which the server would check all the same once they are opened."""
    folders = (root, *root.parents)
    in_json = (_content(folder / "pyrightconfig.json") for folder in folders)
    if any(f'"{key}"'.encode() in text for text in in_json for key in _EXCLUDING):
        return True
    return any(_excludes(_content(folder / "pyproject.toml")) for folder in folders)


def _excludes(pyproject: bytes) -> bool:
    """Other tools of the project have settings of that name too."""
    try:
        settings: Json = tomllib.loads(pyproject.decode()).get("tool", {}).get("pyright", {})
        return any(key in settings for key in _EXCLUDING)
    except (ValueError, AttributeError, TypeError):
        return b"pyright" in pyproject


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:
        return b""


def _report(published: Mapping[Path, list[Json]], *, files_checked: int, files_rechecked: int) -> PyrightReport:
    findings = [finding for file, found in published.items() for finding in _findings(file, found)]
    return PyrightReport.of(findings, files_checked=files_checked, files_rechecked=files_rechecked, is_warm=True)


def _findings(file: Path, published: Iterable[Json]) -> list[PyrightFinding]:
    found = [structured(each, types.Diagnostic) for each in published]
    return [
        PyrightFinding(
            file=file,
            line=each.range.start.line + 1,
            utf16_units=each.range.start.character,
            severity=_SEVERITIES[each.severity],
            rule=str(each.code or ""),
            message=whole_characters(each.message),
        )
        for each in found
        if each.severity in _SEVERITIES
    ]
