"""The part of S3 and Kinesis that the function uses, over HTTP, so that tests use the real boto3.

The end-to-end suite runs against LocalStack; this server produces faults that LocalStack cannot.
"""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PutRecordsAnswer = tuple[int, dict[str, Any]]


@dataclass
class FakeAws:
    """State of the server.

    Attributes:
        objects: content by (bucket, key).
        streams: records (partition key, data) by stream name, in order of arrival.
        denied_keys: S3 keys (or parts of them) that answer 403.
        busy_writes: how many of the next writes to S3 answer 503.
        silent: services ("s3", "kinesis") that accept a write and never answer.
        put_records: called for each record before it is written; an error code refuses the record.
        page_size: keys per answer of ListObjectsV2.
    """

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    streams: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    denied_keys: list[str] = field(default_factory=list)
    busy_writes: int = 0
    silent: set[str] = field(default_factory=set)
    put_records: Callable[[str, bytes], str | None] = lambda _key, _data: None
    page_size: int = 2
    url: str = ""

    def list_objects(self, bucket: str, query: dict[str, list[str]]) -> str:
        """Answer ListObjectsV2 in pages."""
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        entries: dict[str, str] = {}
        for name, key in sorted(self.objects):
            if name != bucket or not key.startswith(prefix):
                continue
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            entry = prefix + head + delimiter if found else key
            kind = "CommonPrefixes><Prefix" if found else "Contents><Key"
            entries[entry] = f"<{kind}>{escape(entry)}</{'></'.join(reversed(kind.split('><')))}>"
        names = [name for name in sorted(entries) if name > after]
        page = names[: self.page_size]
        more = len(names) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        body = "".join(entries[name] for name in page)
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{body}</ListBucketResult>"

    def put(self, request: dict[str, Any]) -> PutRecordsAnswer:
        """Answer PutRecords."""
        name, records = request["StreamName"], request["Records"]
        if name not in self.streams:
            return 400, {"__type": "ResourceNotFoundException", "message": f"Stream {name} not found."}
        answers: list[dict[str, str]] = []
        for record in records:
            data = base64.b64decode(record["Data"])
            if code := self.put_records(record["PartitionKey"], data):
                answers.append({"ErrorCode": code, "ErrorMessage": "refused by the test"})
            else:
                self.streams[name].append((record["PartitionKey"], data))
                answers.append({"SequenceNumber": str(len(self.streams[name])), "ShardId": "shardId-000000000000"})
        failed = sum("ErrorCode" in answer for answer in answers)
        return 200, {"FailedRecordCount": failed, "Records": answers}


class _Handler(BaseHTTPRequestHandler):
    aws: FakeAws
    closing: threading.Event
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each answer on a kept-alive connection waits 40 ms for an ACK

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if bucket not in {name for name, _ in self.aws.objects}:
            self._error(404, "NoSuchBucket")
        elif not key:
            self._answer(200, self.aws.list_objects(bucket, parse_qs(parts.query)).encode())
        elif any(part in key for part in self.aws.denied_keys):
            self._error(403, "AccessDenied")
        elif (bucket, key) in self.aws.objects:
            self._answer(200, self.aws.objects[bucket, key])
        else:
            self._error(404, "NoSuchKey")

    def do_PUT(self) -> None:
        body = self._body()
        if "s3" in self.aws.silent:
            self._stay_silent()
            return
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        if self.aws.busy_writes:
            self.aws.busy_writes -= 1
            self._error(503, "SlowDown")
        elif any(part in key for part in self.aws.denied_keys):
            self._error(403, "AccessDenied")
        else:
            self.aws.objects[bucket, key] = body
            self._answer(200, b"")

    def do_POST(self) -> None:
        body = self._body()
        assert self.headers["X-Amz-Target"] == "Kinesis_20131202.PutRecords"
        if "kinesis" in self.aws.silent:
            self._stay_silent()
            return
        status, answer = self.aws.put(json.loads(body))
        self._answer(status, json.dumps(answer).encode(), "application/x-amz-json-1.1")

    def _stay_silent(self) -> None:
        self.close_connection = True
        self.closing.wait()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes, kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class FakeAwsServer:
    """Serves a FakeAws on a free port while the context is open."""

    def __enter__(self) -> FakeAws:
        aws = FakeAws()
        self._closing = threading.Event()
        handler = type("Handler", (_Handler,), {"aws": aws, "closing": self._closing})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        aws.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return aws

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
