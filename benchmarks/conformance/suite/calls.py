"""What the cases that need no mapping share: streams, functions, their neighbours, and refusals."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from textwrap import dedent
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.conformance.suite.resources import Journal
from benchmarks.conformance.suite.target import Target


class Calls:
    """Makes resources of one test and deletes them at its end.

    Args:
        target: the endpoint.
        journal: its role is that of the functions.
        stack: deletes the resources.
    """

    def __init__(self, target: Target, journal: Journal, stack: ExitStack) -> None:
        self.target = target
        self.journal = journal
        self._stack = stack

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self.target.client(service)

    def name(self) -> str:
        """A new name, with which the role may do everything."""
        return f"{self.journal.name}-{uuid.uuid4().hex[:8]}"

    def stream(self, shards: int = 1, **more: Any) -> str:
        """An active stream."""
        kinesis, name = self.client("kinesis"), self.name()
        kinesis.create_stream(StreamName=name, ShardCount=shards, **more)
        self._defer(lambda: kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True))
        self.await_stream(name)
        return name

    def await_stream(self, name: str) -> None:
        """Wait until a stream is active."""
        kinesis = self.client("kinesis")

        def active() -> bool:
            summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            return bool(summary["StreamStatus"] == "ACTIVE")

        self.target.eventually(active, "an active stream")

    def arn_of(self, stream: str) -> str:
        """The stream's ARN."""
        summary = self.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        return str(summary["StreamARN"])

    def iterator(self, stream: str, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        """A shard iterator."""
        answer = self.client("kinesis").get_shard_iterator(
            StreamName=stream, ShardId=shard, ShardIteratorType=kind, **more
        )
        return str(answer["ShardIterator"])

    def shards(self, stream: str) -> list[dict[str, Any]]:
        """The stream's shards."""
        found: list[dict[str, Any]] = self.client("kinesis").list_shards(StreamName=stream)["Shards"]
        return found

    def function(self, source: str, **more: Any) -> str:
        """An active function with the journal's role."""
        functions, name = self.client("lambda"), self.name()
        settings = {"Runtime": "python3.13", "Handler": "f.handler", "Timeout": 15, "MemorySize": 256, **more}
        functions.create_function(
            FunctionName=name, Role=self.journal.role_arn, Code={"ZipFile": zipped(source)}, **settings
        )
        self._defer(lambda: functions.delete_function(FunctionName=name))
        self.await_function(name)
        return name

    def await_function(self, name: str) -> None:
        """Wait until a function's creation or update has ended."""
        functions = self.client("lambda")

        def done() -> bool:
            found = functions.get_function_configuration(FunctionName=name)
            return bool(found["State"] != "Pending" and found.get("LastUpdateStatus") != "InProgress")

        self.target.eventually(done, "a function that is not being changed")

    def invoke(self, name: str, event: Any = None, **more: Any) -> tuple[dict[str, Any], Any]:
        """The response of Invoke, and its payload."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
        text = answer["Payload"].read()
        return answer, json.loads(text) if text else None

    def group(self) -> str:
        """A log group with the stream `one`."""
        logs, name = self.client("logs"), f"/{self.name()}"
        logs.create_log_group(logGroupName=name)
        self._defer(lambda: logs.delete_log_group(logGroupName=name))
        logs.create_log_stream(logGroupName=name, logStreamName="one")
        return name

    def lines(self, group: str) -> list[str]:
        """The messages in a log group; none if it does not exist."""
        logs = self.client("logs")
        with suppress(ClientError):
            return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        return []

    def repository(self, **more: Any) -> str:
        """A repository of images."""
        ecr, name = self.client("ecr"), self.name()
        ecr.create_repository(repositoryName=name, **more)
        self._defer(lambda: ecr.delete_repository(repositoryName=name, force=True))
        return name

    def bucket(self) -> str:
        """A bucket."""
        s3, name = self.client("s3"), self.name()
        place = {"LocationConstraint": self.target.region}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)

        def delete() -> None:
            for entry in s3.list_objects_v2(Bucket=name).get("Contents", []):
                s3.delete_object(Bucket=name, Key=entry["Key"])
            s3.delete_bucket(Bucket=name)

        self._defer(delete)
        return name

    def queue(self, *, fifo: bool = False) -> tuple[str, str]:
        """A queue's URL and ARN."""
        sqs, ending = self.client("sqs"), ".fifo" if fifo else ""
        attributes = {"FifoQueue": "true"} if fifo else {}
        url = sqs.create_queue(QueueName=f"{self.name()}{ending}", Attributes=attributes)["QueueUrl"]
        self._defer(lambda: sqs.delete_queue(QueueUrl=url))
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, found["QueueArn"]

    def queue_for(self, bucket: str) -> str:
        """The ARN of a queue that takes a bucket's notifications."""
        url, arn = self.queue()
        allowed = {
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return arn

    def role_for(self, service: str) -> str:
        """The ARN of a role that only a service may assume."""
        iam, name = self.client("iam"), self.name()
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        self._defer(lambda: iam.delete_role(RoleName=name))
        return str(arn)

    def _defer(self, delete: Callable[[], Any]) -> None:
        def suppressed() -> None:
            with suppress(ClientError):  # the test may have deleted it
                delete()

        self._stack.callback(suppressed)


@contextmanager
def opened(target: Target, journal: Journal) -> Iterator[Calls]:
    """Calls of one test."""
    with ExitStack() as stack:
        yield Calls(target, journal, stack)


def zipped(source: str) -> bytes:
    """A Zip with a function's source as `f.py`."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", dedent(source))
    return code.getvalue()


def refused(call: Callable[..., Any], *codes: str, status: int | None = None, **arguments: Any) -> str:
    """Require that AWS's error refuses a call; return its message.

    Args:
        call: an operation.
        codes: one of them is the error's.
        status: of HTTP; None for any.
        arguments: of the call.
    """
    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in codes, f"refused with {code}, not {' or '.join(codes)}"
        found = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status in (None, found), f"HTTP status {found}, not {status}"
        return str(error.response["Error"]["Message"])
    pytest.fail(f"not refused with {' or '.join(codes)}", pytrace=False)
