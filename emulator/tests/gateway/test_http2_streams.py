"""Streams of HTTP/2, as AWS's SDK for JavaScript reads them."""

import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.eventstream import EventStreamBuffer

pytestmark = pytest.mark.local_only


@pytest.fixture
def stream(localstack: Any) -> Iterator[str]:
    kinesis, name = localstack.client("kinesis"), uuid.uuid4().hex
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    yield name
    kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


def test_a_subscription_goes_on_after_its_client_has_announced_the_end(
    localstack: Any, sender: Any, stream: str
) -> None:
    """RFC 9113: the sender of a GOAWAY finishes the streams that it has begun.

    The SDK for JavaScript sends one as soon as an answer with an event stream begins (`session.close()`):
    https://github.com/smithy-lang/smithy-typescript/blob/main/packages/node-http-handler/src/node-http2-handler.ts
    https://www.rfc-editor.org/rfc/rfc9113.html#section-6.8
    """
    from h2.connection import H2Connection
    from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset

    kinesis = localstack.client("kinesis")
    arn = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{stream}"
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="c")["Consumer"]["ConsumerARN"]
    position = {"ConsumerARN": consumer, "ShardId": "shardId-000000000000", "StartingPosition": {"Type": "LATEST"}}
    body = json.dumps(position).encode()
    signed = sender.signed("SubscribeToShard", body)
    authority = signed.pop("Host")
    client, buffer = H2Connection(), EventStreamBuffer()
    pseudo = {":method": "POST", ":scheme": "http", ":path": "/", ":authority": authority}
    name, _, port = urlsplit(localstack.endpoint_url).netloc.partition(":")
    with socket.create_connection((name, int(port)), 30) as link:
        client.initiate_connection()
        headers = [*pseudo.items(), *((name.lower(), value) for name, value in signed.items())]
        client.send_headers(1, headers)
        client.send_data(1, body, end_stream=True)
        link.sendall(client.data_to_send())
        while data := link.recv(65536):
            for event in client.receive_data(data):
                if isinstance(event, ResponseReceived):
                    assert dict(event.headers)[b":status"] == b"200"
                    link.sendall(GOAWAY)
                    kinesis.put_record(StreamName=stream, Data=b"later", PartitionKey="x")
                assert not isinstance(event, (StreamEnded, StreamReset, ConnectionTerminated))
                if isinstance(event, DataReceived):
                    buffer.add_data(event.data)
            if any(b"bGF0ZXI=" in each.payload for each in buffer):
                return
            link.sendall(client.data_to_send())
    pytest.fail("the connection was closed before the record came")


# Length 8, type 7, no flags, stream 0; the last stream of the server 0, NO_ERROR.
GOAWAY = b"\x00\x00\x08\x07\x00" + bytes(4) + bytes(8)
