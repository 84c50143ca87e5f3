"""A small server that speaks the hub's protocol over one folder of models, and can be told to misbehave."""

from __future__ import annotations

import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_MODEL = r"/api/models/(?P<model>[\w.-]+/[\w.-]+)"


class LocalHub(ThreadingHTTPServer):
    """Serves `root/ORG/NAME/…`. Weights are redirected to another path, as the hub does with large files."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.cut_after: int | None = None
        self.knows_ranges = True
        self.claimed_size: int | None = None
        self.gated: set[str] = set()
        self.damaged: set[str] = set()
        self.ranges: list[str] = []
        self.fetched: list[str] = []
        self.commit = "5f0d4c35a3f5f1d0b6b6d2d8a2d3c7e9f0a1b2c3"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: LocalHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if found := re.fullmatch(rf"{_MODEL}(/revision/[\w.-]+)?", path):
            self._model_info(found["model"])
        elif found := re.fullmatch(rf"{_MODEL}/tree/[\w.-]+", path):
            self._tree(found["model"])
        elif found := re.fullmatch(r"/(?P<model>[\w.-]+/[\w.-]+)/resolve/[\w.-]+/(?P<name>.+)", path):
            self._resolve(found["model"], found["name"])
        elif path.startswith("/large/"):
            self._content(self.server.root / path.removeprefix("/large/"))
        else:
            self._answer(404, b"")

    def _model_info(self, model: str) -> None:
        if not (self.server.root / model).is_dir():
            self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif model in self.server.gated:
            self._answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
        else:
            names = [{"rfilename": path.name} for path in sorted((self.server.root / model).iterdir())]
            self._json({"id": model, "modelId": model, "sha": self.server.commit, "private": False, "siblings": names})

    def _tree(self, model: str) -> None:
        self._json([self._entry(path) for path in sorted((self.server.root / model).iterdir())])

    def _entry(self, path: Path) -> dict[str, Any]:
        content = path.read_bytes()
        entry = {"type": "file", "path": path.name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
        if path.suffix == ".safetensors":
            oid = hashlib.sha256(content).hexdigest()
            entry["size"] = self.server.claimed_size or len(content)
            entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 134}
        return entry

    def _resolve(self, model: str, name: str) -> None:
        path = self.server.root / model / name
        if not path.is_file():
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
        elif path.suffix == ".safetensors":
            self._answer(302, b"", {"Location": f"/large/{model}/{name}", "X-Repo-Commit": self.server.commit})
        else:
            self._content(path)

    def _content(self, path: Path) -> None:
        content = path.read_bytes()
        if path.name in self.server.damaged:
            content = content[:-1] + b"!"
        start = 0
        if self.server.knows_ranges and (asked := self.headers.get("Range")):
            self.server.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        self.server.fetched.append(path.name)
        body = content[start:]
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": self.server.commit}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._answer(206 if start else 200, body, headers)

    def _json(self, content: object) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut_after = self.server.cut_after
        if cut_after is not None and len(body) > cut_after:
            self.wfile.write(body[:cut_after])
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - named by http.server
        """Tests print nothing."""
