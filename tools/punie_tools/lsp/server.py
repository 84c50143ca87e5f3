"""One run of pyright's language server: started, told of changes on the disk, and asked when it is done with them.

The server is not asked for the findings of a file (its pull requests never answer); it publishes them, for each file
that it checks at least once. When it has nothing more to publish is found out so: a document that lies only in the
server's memory is changed after all else, and once its findings come with the new version, and no progress is on
display behind them, everything that was sent before it has been worked off.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from punie_tools.errors import ToolCancelledError
from punie_tools.lsp.connection import Connection, Json, Receivers, ServerFailedError, ServerRefusedError
from punie_tools.lsp.disk import FileChange
from punie_tools.process import LastingProcess, clean_environment

_TICK = 0.05
_SENTINEL_NAME = ".punie-settled.py"
_FOUND_FILES = re.compile(r"(?:Found (\d+) source files?$|No source files found)")
_CONFIGURATION_PROBLEM = re.compile(r"Config file .* could not be |^(?:Error|Warning).*config", re.IGNORECASE)
_ERROR = 1
_ROUNDS_FOR_FILES = 3
_NUMBER = re.compile(r"\d+")
_QUIET_SECONDS = 0.2
"""Much more than pyright rests between two files."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, before a server counts as hung."""

    start: float = 60.0
    answer: float = 60.0
    silence: float = 120.0
    """Between two signs of life while it checks."""
    check: float = 600.0
    """For all that it has to check, however much it says meanwhile."""


@dataclass(frozen=True)
class ServerProgram:
    """What to start, what to tell it is the project's interpreter, and where it may leave its own files."""

    argv: Sequence[str | Path]
    python: Path
    temporary: Path | None = None


def _never() -> bool:
    return False


OnPublished = Callable[[Path, int, int], None]
"""Called with a file whose findings came, how many files are checked, and how many there are."""


class Server:
    """A started server. One thread asks at a time; raises ServerFailedError wherever it fails."""

    def __init__(self, program: ServerProgram, root: Path, patience: Patience) -> None:
        self.root = root
        self.published: dict[Path, list[Json]] = {}
        """The last findings of each file that the configuration includes, as the protocol's Diagnostic."""
        self.files_on_disk: Collection[str] = ()
        """The paths of the tree's Python files, as they were told."""
        self.edited_files: set[str] = set()
        """Those of them that were changed or created since `take_checked`."""
        self.source_file_count = 0
        """How many files the configuration includes."""
        self.configuration_problem = ""
        self.checks_whole_tree = False
        self._python = program.python
        self._patience = patience
        self._news = threading.Condition()
        self._last_sign = time.monotonic()
        self._files_left = 0
        """As pyright shows them; more than those that it will ever check, see `_is_quiet`."""
        self._foreign: set[Path] = set()
        """Files outside of the tree that pyright checked unasked, and found nothing in."""
        self._sentinel = root / _SENTINEL_NAME
        self._last_version = 0
        self._document_versions: dict[Path, int] = {}
        self._on_published: OnPublished | None = None
        self._recently_published: list[Path] = []
        self._checked: set[Path] = set()
        self._published_for_opened: dict[Path, list[Json]] = {}
        """Of files that were opened before it was known whether the configuration includes them."""
        # A server that is killed does not clean up behind itself.
        temporary = {"TMPDIR": str(program.temporary)} if program.temporary else {}
        process = LastingProcess(program.argv, cwd=root, environment={**clean_environment(), **temporary})
        self.pid = process.pid
        receivers = Receivers(notification=self._receive, answer=self._answer)
        self._connection = Connection(process, receivers, name="The language server (pyright)")

    def start(self, cancelled: threading.Event) -> None:
        """Introduce ourselves, and wait until the server knows which files there are."""
        try:
            self._connection.request(
                "initialize", self._introduction(), timeout=self._patience.start, cancelled=cancelled
            )
        except ServerRefusedError as error:
            self._connection.give_up(f"it did not start ({error})")
            raise ServerFailedError(str(error)) from None
        self._connection.notify("initialized", {})
        self._open(self._sentinel, "")
        self.wait_for_changes(cancelled)

    def request(self, method: str, params: Json, cancelled: threading.Event) -> Json:
        """The server's answer. Raises ServerRefusedError if it has none, ToolCancelledError."""
        return self._connection.request(method, params, timeout=self._patience.answer, cancelled=cancelled)

    def tell_changes(self, changes: Mapping[str, FileChange]) -> None:
        """Say which files on the disk are not as they were; `files_on_disk` must be told before."""
        if not changes:
            return
        told = dict(changes)
        if set(changes.values()) - {FileChange.CHANGED}:
            told |= dict.fromkeys(self._witnesses(), FileChange.CREATED)
        events = [{"uri": Path(path).as_uri(), "type": int(change)} for path, change in told.items()]
        self._connection.notify("workspace/didChangeWatchedFiles", {"changes": events})

    def _witnesses(self) -> list[str]:
        """Files whose creation, told again, makes pyright resolve every import anew: one that it includes is enough.

        What happens to a file that it does not know it ignores: to one outside of what the configuration includes,
        and to one that it missed itself first, because it read it again when it was gone. It then goes on with
        importers that it checked against the lost file.
        """
        known = {str(file) for file in self.published}
        if included := next((path for path in self.files_on_disk if path in known), None):
            return [included]
        # Before a check of the whole tree it is not known which they are.
        return list({os.path.dirname(path): path for path in self.files_on_disk}.values())  # noqa: PTH120 - thousands

    def check_whole_tree(self, cancelled: threading.Event) -> None:
        """From now on check every file, not only those opened."""
        if not self.checks_whole_tree:
            # Behind this nothing more comes for files that were opened and closed.
            self.wait_for_changes(cancelled)
            self._published_for_opened.clear()
            self.checks_whole_tree = True
            self._connection.notify("workspace/didChangeConfiguration", {"settings": None})

    def wait_for_changes(self, cancelled: threading.Event) -> None:
        """Wait until the server knows which files there are on the disk, as it was told."""
        version = self._touch_sentinel()
        self._wait(lambda: self._document_versions.get(self._sentinel) == version, cancelled)

    def wait_until_settled(
        self,
        cancelled: threading.Event,
        *,
        is_enough: Callable[[], bool] = _never,
        on_published: OnPublished | None = None,
    ) -> None:
        """Wait until every finding is published that what was told so far leads to, or until it is enough."""
        self._on_published = on_published
        try:
            version = self._touch_sentinel()
            self._wait(lambda: is_enough() or self._document_versions.get(self._sentinel) == version, cancelled)
            self._pass_barrier(cancelled)
            while True:
                self._wait(lambda: is_enough() or self._files_left <= len(self._foreign), cancelled)
                if is_enough() or not self._files_left or self._is_quiet(cancelled):
                    break
        finally:
            self._on_published = None

    def findings_of(self, files: Sequence[Path], cancelled: threading.Event) -> dict[Path, list[Json]] | None:
        """The findings of some files, which are checked before all others; None if some file has none published."""
        with self.opened(files) as version:

            def all_came() -> bool:
                return all(self._document_versions.get(file) == version for file in files)

            # One that the configuration leaves out joins the others when it is opened, and what was published of
            # them before is not the whole.
            is_enough = all_came if self.published.keys() >= set(files) else _never
            for _ in range(_ROUNDS_FOR_FILES):
                self.wait_until_settled(cancelled, is_enough=is_enough)
                if all_came():
                    known = self.published | self._published_for_opened
                    return {file: known[file] for file in files}
        return None

    def take_checked(self) -> set[Path]:
        """The files that were checked since the last call."""
        self.edited_files.clear()
        with self._news:
            taken, self._checked = self._checked, set()
        return taken

    @contextmanager
    def opened(self, files: Sequence[Path], drafts: Mapping[Path, str] = MappingProxyType({})) -> Generator[int]:
        """Keep files open, as an editor does: they are checked before all others. Yields the documents' version.

        `drafts` are files that are on no disk, with their text.
        """
        shown: list[Path] = []
        self._last_version += 1
        try:
            for file in (*files, *drafts):
                if (text := drafts.get(file) or _text(file)) is not None:
                    if file not in self.published:
                        self._published_for_opened[file] = []
                    self._open(file, text)
                    shown.append(file)
            yield self._last_version
        finally:
            for file in shown:
                document = {"uri": file.as_uri()}
                self._connection.notify("textDocument/didClose", {"textDocument": document})

    def close(self) -> None:
        """End the process; nothing of it is left when this returns."""
        self._connection.close()

    def _introduction(self) -> Json:
        folder = {"uri": self.root.as_uri(), "name": self.root.name}
        return {
            # Should punie be killed, the server misses it.
            "processId": os.getpid(),
            "rootUri": folder["uri"],
            "workspaceFolders": [folder],
            "capabilities": _CAPABILITIES,
        }

    def _open(self, file: Path, text: str) -> None:
        document = {"uri": file.as_uri(), "languageId": "python", "version": self._last_version, "text": text}
        self._connection.notify("textDocument/didOpen", {"textDocument": document})

    def _pass_barrier(self, cancelled: threading.Event) -> None:
        """What the server displays was sent before this comes back."""
        with suppress(ServerRefusedError):
            self.request("punie/barrier", {}, cancelled)

    def _is_quiet(self, cancelled: threading.Event) -> bool:
        """Whether the server rests although it shows files left.

        From Python 3.14 on pyright counts a file of its own among those left and never takes it off.
        """
        self._pass_barrier(cancelled)
        before = self._last_sign
        cancelled.wait(_QUIET_SECONDS)
        self._pass_barrier(cancelled)
        return self._last_sign == before

    def _touch_sentinel(self) -> int:
        self._last_version = version = self._last_version + 1
        document = {"uri": self._sentinel.as_uri(), "version": version}
        changes = [{"text": f"# {version}\n"}]
        self._connection.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        return version

    def _wait(self, is_reached: Callable[[], bool], cancelled: threading.Event) -> None:
        started = self._last_sign = time.monotonic()
        while True:
            with self._news:
                if not is_reached():
                    self._news.wait(_TICK)
                news, self._recently_published = self._recently_published, []
                reached = is_reached()
            self._report(news)
            if reached:
                return
            self._connection.raise_if_failed()
            if cancelled.is_set():
                raise ToolCancelledError("Stopped.")
            if time.monotonic() - self._last_sign > self._patience.silence:
                self._connection.fail_silent(f"it gave no sign for {self._patience.silence:g} s")
            if time.monotonic() - started > self._patience.check:
                self._connection.fail_silent(f"it was not done within {self._patience.check:g} s")

    def _report(self, files: Sequence[Path]) -> None:
        if self._on_published:
            for file in files:
                self._on_published(file, len(self.published), self.source_file_count)

    def _receive(self, method: str, params: Json) -> None:
        """On the reading thread."""
        with self._news:
            self._last_sign = time.monotonic()
            match method:
                case "textDocument/publishDiagnostics":
                    self._keep(params)
                case "pyright/beginProgress":
                    self._files_left = max(1, self._files_left)
                case "pyright/reportProgress":
                    shown = _NUMBER.search(str(params))
                    self._files_left = int(shown[0]) if shown else 0
                case "pyright/endProgress":
                    self._files_left = 0
                case "window/logMessage":
                    self._read_log(params)
                case _:
                    return
            self._news.notify_all()

    def _keep(self, params: Json) -> None:
        file = path_of(params["uri"])
        if version := params.get("version"):
            self._document_versions[file] = version
        if file in self._published_for_opened:
            self._published_for_opened[file] = params["diagnostics"]
        elif file not in self.published and not params["diagnostics"] and self.root not in file.parents:
            self._foreign.add(file)
        elif file != self._sentinel:
            self.published[file] = params["diagnostics"]
            self._checked.add(file)
            self._recently_published.append(file)

    def _read_log(self, params: Json) -> None:
        message = str(params.get("message", ""))
        if found := _FOUND_FILES.search(message):
            self.source_file_count = int(found[1] or 0)
        elif params.get("type") == _ERROR and _CONFIGURATION_PROBLEM.search(message):
            self.configuration_problem = message

    def _answer(self, method: str, params: Json) -> Json:
        """On the reading thread. What the server may ask besides (to register, to refresh) is answered with null."""
        if method != "workspace/configuration":
            return None
        return [self._settings() if item.get("section") == "python" else None for item in params["items"]]

    def _settings(self) -> Json:
        analysis = {
            "diagnosticMode": "workspace" if self.checks_whole_tree else "openFilesOnly",
            "autoSearchPaths": True,
            "useLibraryCodeForTypes": True,
        }
        return {"pythonPath": str(self._python), "analysis": analysis}


def path_of(uri: str) -> Path:
    """The path of a `file:` URI."""
    return Path(unquote(urlsplit(uri).path, errors="surrogateescape"))


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
    except OSError:
        return None


_CAPABILITIES: Json = {
    "workspace": {"configuration": True, "workspaceFolders": True, "didChangeConfiguration": {}},
    "textDocument": {
        "publishDiagnostics": {"versionSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "definition": {"linkSupport": False},
    },
}
