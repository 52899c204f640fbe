"""Turns a function's output into log messages: lines of standard output and error, frames of the runtime's logger.

Both come through one pipe, and so in the order in which they were written.
"""

import asyncio
import contextlib
import os
import re
import struct
import sys
import time
from collections.abc import Callable

from pipeline_emulator.lambda_runtime.log_levels import LogSettings

type Sink = Callable[[int, str], None]
"""Receives the time at which a message was written, in milliseconds since 1970, and the message."""

# One read per turn of the event loop, which serves all environments: a function that never stops writing must not block
# the others.
_READ_BYTES = 16 * 1024
# Capacity of a pipe, unless the function enlarges it: a drain finds all earlier output within these bytes.
_PIPE_BYTES = 64 * 1024
# A log event of CloudWatch Logs holds at most 1 MiB; longer lines are split.
_MAX_LINE_BYTES = 256 * 1024
# Big-endian frame type, length, microseconds since 1970: see FramedTelemetryLogSink in awslambdaric's bootstrap.py.
_FRAME_HEADER = struct.Struct(">IIQ")
# No text begins like a type. Those of our own clients may have one more bit: another part of the message follows.
_FRAME = re.compile(rb"\xa5\x5a\x00[\x02-\x1f\x82-\x9f]")
_BEGIN_OF_FRAME = re.compile(rb"\xa5(?:\x5a\x00?)?\Z")
_CONTINUES = 0x80


class Pipe:
    """A pipe. The event loop watches its read end, and the function inherits its write end."""

    def __init__(self, parse: Callable[[bytearray, bool], None]) -> None:
        self._parse = parse  # called with the buffer, and whether an unfinished line may still be completed
        self._buffer = bytearray()
        self._read_fd, self.write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        asyncio.get_running_loop().add_reader(self._read_fd, self._read)

    def drain(self) -> None:
        """Read everything written so far, including an unfinished line."""
        for _ in range(_PIPE_BYTES // _READ_BYTES):
            self._read()
        self._parse(self._buffer, False)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._buffer += os.read(self._read_fd, _READ_BYTES)
            self._parse(self._buffer, True)

    def clear(self) -> None:
        """Forget what has been read and not been parsed."""
        self._buffer.clear()

    def close(self) -> None:
        """Read the rest and close both ends."""
        self.drain()
        asyncio.get_running_loop().remove_reader(self._read_fd)
        os.close(self._read_fd)
        os.close(self.write_fd)


class Output:
    """The pipe of one execution environment.

    Attributes:
        pipe: its write end is for standard output and error.
        frames_fd: the write end for frames.
    """

    def __init__(self, sink: Sink, settings: LogSettings | None = None) -> None:
        self._sink = sink
        self._settings = settings or LogSettings()
        self._text, self._text_ms = bytearray(), 0
        self._message, self._left = bytearray(), 0
        self._kind, self._frame_ms = 0, 0
        self.pipe = Pipe(self._take)
        self.frames_fd = _reopened(self.pipe.write_fd)

    def drain(self) -> None:
        """Read everything written so far."""
        self.pipe.drain()

    def forget(self) -> None:
        """Forget an unfinished frame, since its process has ended."""
        self.pipe.clear()
        self._message.clear()
        self._kind, self._left = 0, 0

    def close(self) -> None:
        """Read the rest and close the pipe."""
        self.pipe.close()
        os.close(self.frames_fd)

    def _take(self, buffer: bytearray, more: bool) -> None:
        while buffer:
            if self._left:
                self._take_message(buffer)
                continue
            found = _FRAME.search(buffer) or (_BEGIN_OF_FRAME.search(buffer) if more else None)
            at = found.start() if found else len(buffer)
            self._text += buffer[:at]
            del buffer[:at]
            header = _FRAME_HEADER.unpack_from(buffer) if len(buffer) >= _FRAME_HEADER.size else None
            self._take_lines(header[2] // 1000 if header else None)
            if buffer and not header:
                break
            if header:
                del buffer[: _FRAME_HEADER.size]
                self._kind, self._left, microseconds = header
                self._frame_ms = max(microseconds // 1000, self._text_ms)
        if not more and self._text:
            self._send_line(len(self._text), None)

    def _take_lines(self, latest_ms: int | None) -> None:
        """Send complete lines, whose time is before that of the next frame."""
        while (end := self._text.find(b"\n") + 1) or len(self._text) >= _MAX_LINE_BYTES:
            self._send_line(min(end or len(self._text), _MAX_LINE_BYTES), latest_ms)

    def _send_line(self, size: int, latest_ms: int | None) -> None:
        line = self._text[:size].decode(errors="replace")
        del self._text[:size]
        now_ms = time.time_ns() // 1_000_000
        self._text_ms = now_ms if latest_ms is None else max(self._text_ms, min(now_ms, latest_ms))
        if self._settings.keeps_line(line):
            self._sink(self._text_ms, line)

    def _take_message(self, buffer: bytearray) -> None:
        """Take a part of a frame's message. It is sent in pieces if it is too long: a header may announce 4 GiB."""
        size = min(self._left, len(buffer), _MAX_LINE_BYTES - len(self._message))
        self._message += buffer[:size]
        del buffer[:size]
        self._left -= size
        if len(self._message) < _MAX_LINE_BYTES and (self._left or self._kind & _CONTINUES):
            return
        if self._settings.keeps_frame(self._kind):
            self._sink(self._frame_ms, self._message.decode(errors="replace"))
        self._message.clear()


def _reopened(write_fd: int) -> int:
    """Return a descriptor of the same pipe that blocks even if the function makes its standard output non-blocking.

    Node.js does.
    """
    if sys.platform == "linux":
        return os.open(f"/proc/self/fd/{write_fd}", os.O_WRONLY | os.O_CLOEXEC)
    else:  # noqa: RET505 - mypy knows the platform
        return os.dup(write_fd)
