"""A function in a container reaches its own Runtime API only, and is never the root user."""

import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

ATTACKER = """
    import http.client, os, socket
    from urllib.parse import urlsplit

    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import ClientError

    os.environ["AWS_MAX_ATTEMPTS"] = "1"
    KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

    def next_event(address):
        host, port = address.split(":")
        connection = socket.create_connection((host, int(port)), 5)
        connection.settimeout(2)
        try:
            request = f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: {address}\\r\\n\\r\\n"
            connection.sendall(request.encode())
            return connection.recv(999).decode() or "closed"
        except TimeoutError:
            return "nothing"
        except OSError:
            return "closed"

    def code(action):
        try:
            action()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "served"

    def status(path):
        connection = http.client.HTTPConnection(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc)
        connection.request("GET", path)
        return connection.getresponse().status

    def handler(event, context):
        if event:
            return next_event(event)
        return {
            "address": os.environ["AWS_LAMBDA_RUNTIME_API"],
            "role": code(boto3.client("kinesis").list_streams),
            "root": [
                code(boto3.client("kinesis", **KEYS).list_streams),
                code(boto3.client("s3", **KEYS).list_buckets),
                code(boto3.client("sts", **KEYS).get_caller_identity),
                code(boto3.client("kinesis", config=Config(signature_version=UNSIGNED)).list_streams),
            ],
            "interfaces": [status("/_localstack/info"), status("/_pipeline/iam/denials")],
        }
"""


def test_a_container_is_its_role_and_answers_for_itself_only(create_image_function: Callable[..., Any]) -> None:
    victim, attacker = create_image_function(ATTACKER, Timeout=60), create_image_function(ATTACKER, Timeout=60)

    found = victim.invoke().payload

    assert found["role"] == "served"
    *signed, unsigned = found["root"]
    assert set(signed) <= {"AccessDenied", "AccessDeniedException"}
    assert unsigned == "MissingAuthenticationTokenException"
    assert found["interfaces"] == [403, 403]
    assert attacker.invoke(found["address"]).payload == "closed"
    # AND no program of the machine gets the function's events
    host, _, port = found["address"].partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 5) as outsider:
        outsider.settimeout(2)
        request = f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {found['address']}\r\n\r\n"
        outsider.sendall(request.encode())
        assert outsider.recv(999) == b""
    assert victim.invoke().payload["role"] == "served"
    victim.localstack.client("s3").list_buckets()  # the machine's own requests are root's as before
