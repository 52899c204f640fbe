"""Turns a function's output into log messages: lines of standard output and error, frames of the runtime's logger."""

import asyncio
import contextlib
import os
import struct
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

    def close(self) -> None:
        """Read the rest and close both ends."""
        self.drain()
        asyncio.get_running_loop().remove_reader(self._read_fd)
        os.close(self._read_fd)
        os.close(self.write_fd)


class Output:
    """The two pipes of one execution environment."""

    def __init__(self, sink: Sink, settings: LogSettings | None = None) -> None:
        self._sink = sink
        self._settings = settings or LogSettings()
        self._frame_left, self._frame_ms, self._frame_kept = 0, 0, True
        self.lines = Pipe(self._take_lines)
        self.frames = Pipe(self._take_frames)

    def drain(self) -> None:
        """Read everything written so far."""
        self.frames.drain()
        self.lines.drain()

    def close(self) -> None:
        """Read the rest and close the pipes."""
        self.frames.close()
        self.lines.close()

    def _take_lines(self, buffer: bytearray, more: bool) -> None:
        while (end := buffer.find(b"\n") + 1) or len(buffer) >= _MAX_LINE_BYTES or (buffer and not more):
            size = min(end or len(buffer), _MAX_LINE_BYTES)
            line = buffer[:size].decode(errors="replace")
            if self._settings.keeps_line(line):
                self._sink(time.time_ns() // 1_000_000, line)
            del buffer[:size]

    def _take_frames(self, buffer: bytearray, _more: bool) -> None:
        """Take complete frames, and pieces of a longer one: its header may announce up to 4 GiB."""
        while True:
            if not self._frame_left:
                if len(buffer) < _FRAME_HEADER.size:
                    return
                kind, self._frame_left, microseconds = _FRAME_HEADER.unpack_from(buffer)
                self._frame_kept = self._settings.keeps_frame(kind)
                self._frame_ms = microseconds // 1000
                del buffer[: _FRAME_HEADER.size]
            size = min(self._frame_left, _MAX_LINE_BYTES)
            if len(buffer) < size:
                return
            if self._frame_kept:
                self._sink(self._frame_ms, buffer[:size].decode(errors="replace"))
            del buffer[:size]
            self._frame_left -= size
