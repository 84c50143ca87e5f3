"""Messages are cut out of a stream wherever its chunks end; what is no message is told after those before it."""

from __future__ import annotations

import pytest

from punie_tools.message_frames import FrameDecoder, framed

BODIES = [b"{}", b"", b'{"a": "\xc3\xa9\\r\\n\\r\\n"}', b"x" * 5000]


@pytest.mark.parametrize("size", [1, 2, 7, 4096, 1 << 20])
def test_chunks_of_any_size(size: int) -> None:
    stream = b"".join(framed(body) for body in BODIES)
    decoder = FrameDecoder()
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [body for chunk in chunks for body in decoder.feed(chunk)] == BODIES
    decoder.finish()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (b"hello\n", "a line that is no header"),
        (b"Content-Length: x\r\n", "a length that is no number"),
        (b"Content-Length: -1\r\n", "a message of -1 bytes"),
        (b"Content-Length: 9999999999\r\n", "a message of 9999999999 bytes"),
        (b"\r\n", "a message without a length"),
        (b"x" * 5000, "a header has no end"),
        (b"Content-Len", "a header has no end"),
        (b"Content-Length: 5\r\n\r\nabc", "a message was cut short"),
    ],
)
def test_what_is_no_message(wrong: bytes, message: str) -> None:
    decoder = FrameDecoder()
    got: list[bytes] = []

    def feed() -> None:
        for body in decoder.feed(framed(b"{}") + wrong):
            got.append(body)
        decoder.finish()

    with pytest.raises(ValueError, match=message):
        feed()
    assert got == [b"{}"]
