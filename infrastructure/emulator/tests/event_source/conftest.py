"""A stream, a function that keeps a journal, and mappings between them, on the shared LocalStack."""

import contextlib
import io
import json
import uuid
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

JOURNAL_FUNCTION = Path(__file__).with_name("journal_function.py")


class Journal(NamedTuple):
    """The function that keeps the journal."""

    function_name: str
    role_arn: str
    bucket: str


class Scene:
    """One stream and its mappings to a function; `close` removes them."""

    def __init__(self, localstack: Any, journal: Journal, eventually: Callable[..., Any]) -> None:
        self.eventually = eventually
        self.kinesis, self.s3, self.awslambda, self.sqs = (
            localstack.client(service) for service in ("kinesis", "s3", "lambda", "sqs")
        )
        self.bucket = journal.bucket
        self.bucket_arn = f"arn:aws:s3:::{journal.bucket}"
        self.function_name = journal.function_name
        self.role_arn = journal.role_arn
        self.stream = ""
        self.stream_arn = ""
        self.mappings: list[str] = []
        self._read: dict[tuple[str, str], bytes] = {}

    def create_stream(self, shards: int = 1) -> None:
        """Create the stream, active when this returns."""
        self.stream = f"stream-{uuid.uuid4().hex[:8]}"
        self.kinesis.create_stream(StreamName=self.stream, ShardCount=shards)
        self.stream_arn = self.stream_active()["StreamARN"]

    def stream_active(self) -> dict[str, Any]:
        """Wait until the stream is active and return its summary."""

        def summary() -> dict[str, Any] | None:
            found = self.kinesis.describe_stream_summary(StreamName=self.stream)["StreamDescriptionSummary"]
            return found if found["StreamStatus"] == "ACTIVE" else None

        active: dict[str, Any] = self.eventually(summary, "an active stream")
        return active

    def map(self, **settings: Any) -> str:
        """Create a mapping with `settings` and wait until it is enabled (or disabled, if so wanted)."""
        mapping = self.awslambda.create_event_source_mapping(
            FunctionName=self.function_name,
            EventSourceArn=self.stream_arn,
            **{"StartingPosition": "TRIM_HORIZON"} | settings,
        )
        self.mappings.append(mapping["UUID"])
        self.await_state(mapping["UUID"], "Enabled" if settings.get("Enabled", True) else "Disabled")
        return str(mapping["UUID"])

    def update(self, mapping_id: str, state: str = "Enabled", **settings: Any) -> None:
        """Update a mapping and wait until it has `state`."""
        self.awslambda.update_event_source_mapping(UUID=mapping_id, **settings)
        self.await_state(mapping_id, state)

    def mapping(self, mapping_id: str) -> dict[str, Any]:
        """Return the configuration of a mapping."""
        configuration: dict[str, Any] = self.awslambda.get_event_source_mapping(UUID=mapping_id)
        return configuration

    def await_state(self, mapping_id: str, state: str) -> None:
        """Wait until the mapping has `state`."""
        self.eventually(lambda: self.mapping(mapping_id)["State"] == state, f"state {state}")

    def put(self, *items: dict[str, Any] | int, key: str = "key", shard: int | None = None) -> list[str]:
        """Put items in one request (an int is `{"id": int}`) and return their sequence numbers.

        `shard` picks one of two equal shards; an item's own "key" goes before `key`.
        """
        entries = []
        for item in items:
            data = item if isinstance(item, dict) else {"id": item}
            entry = {"Data": json.dumps(data).encode(), "PartitionKey": str(data.get("key", key))}
            if shard is not None:
                entry["ExplicitHashKey"] = str(2**127 * shard)
            entries.append(entry)
        response = self.kinesis.put_records(StreamName=self.stream, Records=entries)
        assert response["FailedRecordCount"] == 0
        return [record["SequenceNumber"] for record in response["Records"]]

    def invocations(self) -> list[dict[str, Any]]:
        """Return the journal, oldest invocation first."""
        return [json.loads(body) for _, body in self.objects(f"journal/{self.stream}/")]

    def ids(self) -> list[list[Any]]:
        """Return the ids of each invocation, oldest first."""
        return [entry["ids"] for entry in self.invocations()]

    def await_ids(self, expected: set[Any], seconds: float = 20.0) -> list[list[Any]]:
        """Wait until every id was delivered at least once and return all invocations' ids."""

        def delivered() -> list[list[Any]] | None:
            batches = self.ids()
            return batches if expected <= {one for batch in batches for one in batch} else None

        batches: list[list[Any]] = self.eventually(delivered, f"delivery of {expected}", seconds)
        return batches

    def failures(self) -> list[dict[str, Any]]:
        """Return the S3 failure records, by key."""
        return [
            json.loads(body) | {"key": key}
            for mapping in self.mappings
            for key, body in self.objects(f"aws/lambda/{mapping}/")
        ]

    def failed_ids(self) -> list[Any]:
        """Return the ids in all S3 failure records."""
        return [
            self.data(event)["id"] for record in self.failures() for event in json.loads(record["payload"])["Records"]
        ]

    def objects(self, prefix: str) -> list[tuple[str, bytes]]:
        """Return keys and bodies under `prefix` in the scene's bucket."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        for entry in listed:
            if (version := (entry["Key"], entry["ETag"])) not in self._read:
                self._read[version] = self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()
        return [(entry["Key"], self._read[entry["Key"], entry["ETag"]]) for entry in listed]

    def close(self) -> None:
        """Delete the mappings and the stream."""
        for mapping_id in self.mappings:
            with contextlib.suppress(self.awslambda.exceptions.ResourceNotFoundException):
                self.awslambda.delete_event_source_mapping(UUID=mapping_id)
        self.kinesis.delete_stream(StreamName=self.stream)

    @staticmethod
    def data(event: dict[str, Any]) -> Any:
        """Return the JSON in an event's data."""
        return json.loads(b64decode(event["kinesis"]["data"]))


def create_journal(localstack: Any, eventually: Callable[..., Any]) -> Journal:
    """Create the journal function, its role and its bucket."""
    name = f"journal-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = localstack.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]
    s3, awslambda = localstack.client("s3"), localstack.client("lambda")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(JOURNAL_FUNCTION, JOURNAL_FUNCTION.name)
    awslambda.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role["Arn"],
        Handler=f"{JOURNAL_FUNCTION.stem}.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
        MemorySize=256,
        Environment={"Variables": {"JOURNAL_BUCKET": name}},
    )
    eventually(lambda: awslambda.get_function_configuration(FunctionName=name)["State"] == "Active", "a function")
    return Journal(name, role["Arn"], name)


@pytest.fixture(scope="session")
def journal(localstack: Any, eventually: Callable[..., Any]) -> Journal:
    """The function that most tests share; it goes with its LocalStack."""
    return create_journal(localstack, eventually)


@pytest.fixture
def scene(localstack: Any, journal: Journal, eventually: Callable[..., Any]) -> Iterator[Scene]:
    """A scene on the shared function, still without a stream."""
    scene = Scene(localstack, journal, eventually)
    yield scene
    scene.close()


@pytest.fixture
def own_scene(localstack: Any, eventually: Callable[..., Any]) -> Iterator[Scene]:
    """A scene with a function of its own, for tests that change the function."""
    scene = Scene(localstack, create_journal(localstack, eventually), eventually)
    yield scene
    scene.close()
    scene.awslambda.delete_function(FunctionName=scene.function_name)


@pytest.fixture
def make_scene(eventually: Callable[..., Any]) -> Callable[[Any], Scene]:
    """Make a scene on another LocalStack, with which it goes."""
    return lambda localstack: Scene(localstack, create_journal(localstack, eventually), eventually)
