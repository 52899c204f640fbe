"""A server that answers puts with constants: no Kinesis can answer the same client faster on this machine.

It reads as much of a request as it takes to find its end, and checks nothing. Run as a program, it prints its port.
"""

from __future__ import annotations

import asyncio
import json
import re

_PLACED = {"ShardId": "shardId-000000000000", "SequenceNumber": "49" + "6" * 54}
_ONE = json.dumps(_PLACED).encode()
_MANY = json.dumps({"FailedRecordCount": 0, "Records": [_PLACED] * 500}).encode()
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
_END = b"\r\n\r\n"


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is complete."""
        self._received += data
        head_end = self._received.find(_END)
        if head_end < 0:
            return
        head = bytes(self._received[: head_end + len(_END)])
        length = _LENGTH.search(head)
        if len(self._received) < len(head) + (int(length[1]) if length else 0):
            return
        self._received.clear()
        self._answer(_MANY if b"Kinesis_20131202.PutRecords" in head else _ONE)

    def _answer(self, body: bytes) -> None:
        assert self._transport is not None
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve() -> None:
    """Serve on a free port of the loopback address until the process ends."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
