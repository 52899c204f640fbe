"""A stream, the journal function, and mappings between them."""

import contextlib
import json
import uuid
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from benchmarks.conformance.suite.resources import Journal, create_journal, delete_journal


class Scene:
    """One stream and its mappings to the function; `close` removes them."""

    def __init__(self, target: Any, journal: Journal) -> None:
        """Take a target and its journal function."""
        self.target = target
        self.eventually = target.eventually
        self.kinesis, self.s3, self.awslambda, self.sqs = (
            target.client(service) for service in ("kinesis", "s3", "lambda", "sqs")
        )
        self.bucket = self.function_name = journal.name
        self.bucket_arn = f"arn:aws:s3:::{journal.name}"
        self.to_bucket = {"OnFailure": {"Destination": self.bucket_arn}}
        self.role_arn = journal.role_arn
        self.stream = ""
        self.stream_arn = ""
        self.mappings: list[str] = []
        self._read: dict[tuple[str, str], bytes] = {}

    def create_stream(self, shards: int = 1) -> None:
        """Create the stream and wait until it is active."""
        self.stream = f"{self.function_name}-{uuid.uuid4().hex[:8]}"
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
        """Create a mapping with `settings` and wait until it is enabled (or disabled, if requested)."""
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

    def delivered(self) -> list[Any]:
        """Return the ids of all invocations in one list, oldest first."""
        return [one for batch in self.ids() for one in batch]

    def switch(self, name: str) -> None:
        """Make the records succeed that fail until `name` is set."""
        self.s3.put_object(Bucket=self.bucket, Key=f"switch/{self.stream}/{name}", Body=b"")

    def await_ids(self, expected: set[Any], seconds: float | None = None) -> list[list[Any]]:
        """Wait until every id was delivered at least once; return the ids of all invocations."""

        def delivered() -> list[list[Any]] | None:
            batches = self.ids()
            return batches if expected <= {one for batch in batches for one in batch} else None

        def missing() -> str:
            left = sorted(map(str, expected - set(self.delivered())))
            return f"record {left[0]}" if len(left) == 1 else f"{len(left)} of {len(expected)} records"

        batches: list[list[Any]] = self.eventually(delivered, missing, seconds)
        return batches

    def failures(self) -> list[dict[str, Any]]:
        """Return the S3 failure records, by key."""
        return [
            json.loads(body) | {"key": key}
            for mapping in self.mappings
            for key, body in self.objects(f"aws/lambda/{mapping}/")
        ]

    def failed_ids(self) -> list[Any]:
        """Return the ids in all S3 failure records; the payload is JSON text on AWS, an object on other tools."""
        payloads = [record["payload"] for record in self.failures()]
        events = [json.loads(payload) if isinstance(payload, str) else payload for payload in payloads]
        return [self.data(record)["id"] for event in events for record in event["Records"]]

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
        if self.stream:
            self.kinesis.delete_stream(StreamName=self.stream, EnforceConsumerDeletion=True)

    @staticmethod
    def data(event: dict[str, Any]) -> Any:
        """Return the JSON in an event's data."""
        return json.loads(b64decode(event["kinesis"]["data"]))


@contextlib.contextmanager
def opened(target: Any, journal: Journal | None = None) -> Iterator[Scene]:
    """A scene without a stream yet, with its own function unless one is given."""
    scene = Scene(target, journal or create_journal(target))
    try:
        yield scene
    finally:
        scene.close()
        if journal is None:
            delete_journal(target, Journal(scene.function_name, scene.role_arn))
