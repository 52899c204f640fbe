"""Starts a function of Python, as the managed runtime's file of this name does. Runs with every Python since 3.10.

Modules are searched in the function's folder, in its layers, then in the folders of PYTHONPATH.
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html#python-layer-paths

Arguments: the handler, the folder of the layers, and the one of the runtime client and the SDK.
"""

import os
import select
import sys
import time
from typing import Any

CONTINUES = 0x80  # of a frame's type: another part of the message follows. The emulator's output.py puts them together.
HEADER_BYTES = 16


def main() -> None:
    """Set the search path and run the runtime client."""
    handler, layers, runtime = sys.argv[1:]
    packages = f"{layers}/python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    sys.path[:1] = [os.getcwd(), packages, f"{layers}/python"]
    if runtime not in sys.path:  # the function has a PYTHONPATH of its own
        sys.path.append(runtime)

    from awslambdaric import bootstrap
    from awslambdaric.__main__ import main as run

    sink = getattr(bootstrap, "FramedTelemetryLogSink", None)  # a function may bring an old client
    if sink:
        sink.log = log_in_parts
    run([sys.argv[0], handler])


def log_in_parts(sink: Any, msg: str, frame_type: bytes | None = None) -> None:
    """Write a message of the logger as short frames: standard output is the same pipe, which may split long writes."""
    left, kind = msg.encode(errors="replace"), bytearray(frame_type or b"\xa5\x5a\x00\x03")
    now = (time.time_ns() // 1000).to_bytes(8, "big")
    kind[-1] |= CONTINUES
    while left:
        part, left = left[: select.PIPE_BUF - HEADER_BYTES], left[select.PIPE_BUF - HEADER_BYTES :]
        if not left:
            kind[-1] &= ~CONTINUES & 0xFF
        sink.file.write(bytes(kind) + len(part).to_bytes(4, "big") + now + part)


if __name__ == "__main__":
    main()
