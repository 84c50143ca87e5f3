"""A language server that misbehaves: `fake_server.py BEHAVIOUR METHOD STARTS [always]`, over stdin and stdout.

It answers properly until METHOD is asked for, and properly always once it was started before, unless told `always`.
STARTS is a file that gets a line with the process id of every start. Requests that pyright does not know are echoed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    behaviour, method, starts, *always = sys.argv[1:]
    with Path(starts).open("a+", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
        file.seek(0)
        start = len(file.readlines())
    if behaviour == "exit_then_silent":
        behaviour = {1: "exit", 2: "silent"}.get(start, "proper")
    if behaviour == "ignore_sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    misbehave = BEHAVIOURS[behaviour] if start == 1 or always else None
    while message := read():
        if misbehave and message["method"] == method:
            Path(starts).with_name("reached").touch()
            misbehave(message)
        else:
            serve(message)


def read() -> dict[str, Any] | None:
    length = 0
    while line := sys.stdin.buffer.readline():
        if not line.strip():
            return json.loads(sys.stdin.buffer.read(length))
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return None


def serve(message: dict[str, Any]) -> None:
    """What a proper server does."""
    match message["method"]:
        case "textDocument/didOpen" | "textDocument/didChange":
            document = message["params"]["textDocument"]
            publish(document["uri"], document["version"])
        case _:
            if "id" in message:
                answer(message)


def answer(message: dict[str, Any], **changed: Any) -> None:
    send({"id": message["id"], "result": {"echo": message.get("params")}, **changed})


def publish(uri: str, version: int | None = None) -> None:
    notify("textDocument/publishDiagnostics", {"uri": uri, "version": version, "diagnostics": []})


def notify(method: str, params: Any) -> None:
    send({"method": method, "params": params})


def send(message: Any) -> None:
    body = json.dumps(message).encode()
    write(b"Content-Length: %d\r\n\r\n" % len(body) + body)


def write(data: bytes, to: int = 1) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(to, rest) :]


def hang() -> None:
    """Until we are killed."""
    while True:
        time.sleep(600)


def raw(data: bytes, *, then: Callable[[], object] = hang) -> Callable[[dict[str, Any]], None]:
    def misbehave(message: dict[str, Any]) -> None:
        write(data)
        then()

    return misbehave


def body(data: bytes) -> Callable[[dict[str, Any]], None]:
    return raw(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))


def leave(code: int = 7) -> None:
    os._exit(code)


def die_with_last_words(message: dict[str, Any]) -> None:
    write(b"\x1b[31mFatal error: out of memory\n    at stack\n", to=2)
    leave(134)


def kill_itself(message: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def close_stdout(message: dict[str, Any]) -> None:
    os.close(1)
    hang()


def close_stdin(message: dict[str, Any]) -> None:
    os.close(0)
    hang()


def answer_twice(message: dict[str, Any]) -> None:
    answer(message)
    answer(message, result="again")


def answer_with_other_ids(message: dict[str, Any]) -> None:
    for other in (message["id"] + 1000, str(message["id"]), -1, None, [1], {"a": 1}, True, 1.5):
        answer(message, id=other, result="wrong")
    answer(message)


def answer_with_error(message: dict[str, Any]) -> None:
    answer(message, result=None, error={"code": -32603, "message": "no\nsuch\tthing " + "x" * 5000})


def answer_with_odd_error(message: dict[str, Any]) -> None:
    answer(message, result=None, error={"message": None})


def flood_notifications(message: dict[str, Any]) -> None:
    for number in range(100_000):
        notify("window/logMessage", {"type": 3, "message": f"message {number}"})
    answer(message)


def flood_stderr(message: dict[str, Any]) -> None:
    block = b"x" * (1 << 20)
    for _ in range(1024):
        write(block, to=2)
    answer(message)


def flood_for_ever(message: dict[str, Any]) -> None:
    while True:
        notify("window/logMessage", {"type": 3, "message": "still here"})


def ask_unknown(message: dict[str, Any]) -> None:
    """Answers with what it was answered itself."""
    send({"id": "mine", "method": "client/unheard", "params": {}})
    send({"id": 1, "method": "workspace/configuration", "params": {"items": [{"section": "python"}, {}]}})
    answer(message, result=[read(), read()])


def ask_without_reading(message: dict[str, Any]) -> None:
    for number in range(200_000):
        send({"id": number, "method": "workspace/configuration", "params": {"items": [{"section": "python"}]}})
    hang()


def ask_and_read(message: dict[str, Any]) -> None:
    """10,000 requests, of which it reads each answer."""
    threading.Thread(
        target=lambda: [
            send({"id": n, "method": "workspace/configuration", "params": {"items": []}}) for n in range(9_000)
        ]
    ).start()
    answer(message, result=sum(bool(read()) for _ in range(9_000)))


def stop_reading(message: dict[str, Any]) -> None:
    answer(message)
    hang()


def start_child_in_own_session(message: dict[str, Any]) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    answer(message, result={"child": child.pid})


def start_orphan_and_die(message: dict[str, Any]) -> None:
    """A child that holds our pipes open, and outlives us."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    leave()


def begin_progress(message: dict[str, Any]) -> None:
    notify("pyright/beginProgress", None)
    serve(message)


def silent(message: dict[str, Any]) -> None:
    """Reads on, and says nothing to this."""


BEHAVIOURS: dict[str, Callable[[dict[str, Any]], None]] = {
    "proper": serve,
    "ignore_sigterm": silent,
    "silent": silent,
    "exit": lambda message: leave(),
    "sigkill": kill_itself,
    "last_words": die_with_last_words,
    "half_a_body": raw(b'Content-Length: 50\r\n\r\n{"id": ', then=leave),
    "half_a_body_then_silence": raw(b'Content-Length: 50\r\n\r\n{"id": '),
    "half_a_header": raw(b"Content-Le"),
    "half_a_header_then_end": raw(b"Content-Le", then=leave),
    "header_without_colon": raw(b"Hello\r\n\r\n{}"),
    "header_without_length": raw(b"Content-Type: application/json\r\n\r\n{}"),
    "header_without_end": raw(b"x" * 10_000),
    "length_negative": raw(b"Content-Length: -1\r\n\r\n{}"),
    "length_huge": raw(b"Content-Length: 99999999999999999999\r\n\r\n{}"),
    "length_no_number": raw(b"Content-Length: many\r\n\r\n{}"),
    "no_json": body(b"hello"),
    "a_list": body(b"[1, 2]"),
    "a_number": body(b"1"),
    "empty_body": body(b""),
    "invalid_utf8": body(b'{"id": 1, "result": "\xff\xfe"}'),
    "deeply_nested": body(b"[" * 200_000),
    "publish_without_uri": body(b'{"method": "textDocument/publishDiagnostics", "params": {}}'),
    "publish_nothing": body(b'{"method": "textDocument/publishDiagnostics"}'),
    "publish_odd_uri": body(b'{"method": "textDocument/publishDiagnostics", "params": {"uri": "http://[::1"}}'),
    "log_nothing": body(b'{"method": "window/logMessage", "params": 3}'),
    "ask_for_odd_settings": body(b'{"id": 1, "method": "workspace/configuration", "params": {"items": 3}}'),
    "close_stdout": close_stdout,
    "close_stdin": close_stdin,
    "answer_twice": answer_twice,
    "other_ids": answer_with_other_ids,
    "error": answer_with_error,
    "odd_error": answer_with_odd_error,
    "flood_notifications": flood_notifications,
    "flood_stderr": flood_stderr,
    "flood_for_ever": flood_for_ever,
    "ask_unknown": ask_unknown,
    "ask_without_reading": ask_without_reading,
    "ask_and_read": ask_and_read,
    "stop_reading": stop_reading,
    "begin_progress": begin_progress,
    "child": start_child_in_own_session,
    "orphan": start_orphan_and_die,
}

if __name__ == "__main__":
    main()
