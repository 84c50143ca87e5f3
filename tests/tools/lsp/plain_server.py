"""A conversation with pyright's language server that shares no code with punie's: what an editor would be told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from punie_tools.quality.pyright_process import find_pyright

Position = tuple[str, int, int]
"""File, line and UTF-16 column, both from 0, as the protocol counts them."""


class PlainServer:
    """The plain program, with every file of the tree open, so that nothing depends on what it has loaded so far."""

    def __init__(self, root: Path, python: str) -> None:
        pyright = find_pyright()
        self._python = python
        self._process = subprocess.Popen(
            [pyright.node, pyright.language_server, "--stdio"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._last_id = 0
        folder = {"uri": root.as_uri(), "name": "tree"}
        capabilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            },
        }
        introduction = {"processId": None, "rootUri": folder["uri"], "workspaceFolders": [folder]}
        self.ask("initialize", {**introduction, "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        for file in sorted(root.rglob("*.py")):
            document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": file.read_text("utf-8")}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, method: str, params: object) -> Any:
        """The answer's result; None for an error."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._next()
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})
            elif message.get("id") == self._last_id:
                return message.get("result")

    def ask_at(self, method: str, at: Position, more: dict[str, object] | None = None) -> Any:
        file, line, character = at
        place = {"textDocument": {"uri": Path(file).as_uri()}, "position": {"line": line, "character": character}}
        return self.ask(f"textDocument/{method}", {**place, **(more or {})})

    def places(self, method: str, at: Position, more: dict[str, object] | None = None) -> set[Position]:
        return {position_of(each["uri"], each["range"]) for each in self.ask_at(method, at, more) or []}

    def calls(self, direction: str, at: Position) -> set[tuple[str, Position, tuple[int, ...]]]:
        """Name and place of the other end, and the lines of the calls."""
        end = "from" if direction == "incoming" else "to"
        found: set[tuple[str, Position, tuple[int, ...]]] = set()
        for item in self.ask_at("prepareCallHierarchy", at) or []:
            for call in self.ask(f"callHierarchy/{direction}Calls", {"item": item}) or []:
                lines = tuple(sorted({each["start"]["line"] for each in call["fromRanges"]}))
                other = call[end]
                found.add((other["name"], position_of(other["uri"], other["selectionRange"]), lines))
        return found

    def _answer(self, message: Any) -> object:
        if message["method"] != "workspace/configuration":
            return None
        settings = {"pythonPath": self._python, "analysis": {"diagnosticMode": "openFilesOnly"}}
        return [settings if item.get("section") == "python" else None for item in message["params"]["items"]]

    def _send(self, message: dict[str, object]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _next(self) -> Any:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the plain server has ended"
        return json.loads(self._process.stdout.read(length))


def position_of(uri: str, where: Any) -> Position:
    """Where a range of the protocol begins."""
    path = unquote(uri.removeprefix("file://"))
    return path, where["start"]["line"], where["start"]["character"]
