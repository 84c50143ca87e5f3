"""Messages with a `Content-Length` header, as language servers and debuggers send them, cut out of a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator

MESSAGE_LIMIT = 512 * 1024 * 1024
HEADER_LIMIT = 4096

_LENGTH = re.compile(rb"-?\d{1,20}")


def framed(body: bytes) -> bytes:
    """The message as it goes over the wire."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameDecoder:
    """Takes chunks as they come; all methods raise ValueError for what is no message."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._length: int | None = None
        self._is_in_body = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The bodies of the messages that are whole now, one by one: those before a wrong one are given."""
        self._rest += chunk
        while True:
            if not self._is_in_body and not self._take_header():
                return
            length = self._length or 0
            if len(self._rest) < length:
                return
            body = bytes(self._rest[:length])
            del self._rest[:length]
            self._length, self._is_in_body = None, False
            yield body

    def finish(self) -> None:
        """The stream has ended."""
        if self._is_in_body:
            raise ValueError("a message was cut short")
        if self._rest:
            raise ValueError("a header has no end")

    def _take_header(self) -> bool:
        """Whether the whole header is there, up to its empty line."""
        while (end := self._rest.find(b"\n", 0, HEADER_LIMIT)) >= 0:
            line = bytes(self._rest[: end + 1])
            del self._rest[: end + 1]
            if not line.strip():
                if self._length is None:
                    raise ValueError("a message without a length")
                self._is_in_body = True
                return True
            self._take_line(line)
        if len(self._rest) >= HEADER_LIMIT:
            raise ValueError("a header has no end")
        return False

    def _take_line(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("a line that is no header")
        if name.strip().lower() == b"content-length":
            if not _LENGTH.fullmatch(value.strip()):
                raise ValueError("a length that is no number")
            self._length = int(value)
            if not 0 <= self._length <= MESSAGE_LIMIT:
                raise ValueError(f"a message of {self._length} bytes")
