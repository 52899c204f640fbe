"""A stream that is mapped to a function, and a record of the function's invocations."""

import contextlib
import dataclasses
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

# Reports the ids of a batch, and then does what its records request.
FUNCTION = """
    import base64, json, os, time, urllib.request

    def handler(event, context):
        records = [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
        body = json.dumps([record["id"] for record in records]).encode()
        urllib.request.urlopen(os.environ["JOURNAL_URL"], data=body).close()
        for record in records:
            match record.get("do"):
                case "sleep": time.sleep(record["seconds"])
                case "fail": raise RuntimeError("as asked")
                case "answer": return record["answer"]
"""


# The same for a table's stream: an item's id, and what it requests of the function.
TABLE_FUNCTION = """
    import json, os, time, urllib.request

    def handler(event, context):
        items = [record["dynamodb"]["NewImage"] for record in event["Records"]]
        body = json.dumps([item["id"]["S"] for item in items]).encode()
        urllib.request.urlopen(os.environ["JOURNAL_URL"], data=body).close()
        for item in items:
            match item.get("do", {}).get("S"):
                case "sleep": time.sleep(1)
                case "fail": raise RuntimeError("as asked")
"""


@dataclasses.dataclass
class Journal:
    """The record ids of each invocation, oldest first, by path."""

    url: str = ""
    batches: dict[str, list[list[Any]]] = dataclasses.field(default_factory=dict)


@pytest.fixture(scope="session")
def journal() -> Iterator[Journal]:
    """A server that functions report to, each at its own path."""
    journal = Journal()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            journal.batches.setdefault(self.path, []).append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_request(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        journal.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield journal
        server.shutdown()


@dataclasses.dataclass
class MappedStream:
    """A stream and its mappings to a function."""

    kinesis: Any
    functions: Any
    eventually: Callable[..., Any]
    stream: str
    function_name: str
    journal: Journal
    mappings: list[str] = dataclasses.field(default_factory=list)

    def put(self, *items: dict[str, Any] | int) -> None:
        """Put items in one request; an int is `{"id": int}`, and an item's "key" is its partition key."""
        documents = [item if isinstance(item, dict) else {"id": item} for item in items]
        entries = [{"Data": json.dumps(one).encode(), "PartitionKey": one.get("key", "key")} for one in documents]
        assert self.kinesis.put_records(StreamName=self.stream, Records=entries)["FailedRecordCount"] == 0

    def summary(self) -> dict[str, Any]:
        """Return the stream's DescribeStreamSummary."""
        answer: dict[str, Any] = self.kinesis.describe_stream_summary(StreamName=self.stream)
        return dict(answer["StreamDescriptionSummary"])

    def await_active(self) -> None:
        """Wait until the stream is active."""
        self.eventually(lambda: self.summary()["StreamStatus"] == "ACTIVE", "the stream is active")

    def map(self, **settings: Any) -> str:
        """Create a mapping, wait until it is enabled and return its UUID."""
        settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        settings = {"EventSourceArn": self.summary()["StreamARN"], **settings}
        mapping = self.functions.create_event_source_mapping(FunctionName=self.function_name, **settings)
        self.mappings.append(mapping["UUID"])
        self.await_state(mapping["UUID"], "Enabled")
        return str(mapping["UUID"])

    def update(self, mapping: str, state: str = "Enabled", **settings: Any) -> None:
        """Update a mapping and wait for a state."""
        self.functions.update_event_source_mapping(UUID=mapping, **settings)
        self.await_state(mapping, state)

    def await_state(self, mapping: str, state: str) -> None:
        """Wait until a mapping has a state."""
        self.eventually(
            lambda: self.functions.get_event_source_mapping(UUID=mapping)["State"] == state, f"the mapping is {state}"
        )

    def batches(self) -> list[list[Any]]:
        """Return the ids of each invocation, oldest first."""
        return list(self.journal.batches.get(f"/{self.stream}", []))

    def delivered(self) -> list[Any]:
        """Return the ids of all invocations in one list, oldest first."""
        return [one for batch in self.batches() for one in batch]

    def await_reports(self, count: int) -> None:
        """Wait until the function was invoked `count` times."""
        self.eventually(lambda: len(self.batches()) >= count, f"{count} invocations", 30)

    def await_ids(self, expected: set[Any]) -> list[list[Any]]:
        """Wait until every id was delivered at least once; return the ids of each invocation."""
        self.eventually(lambda: expected <= set(self.delivered()), f"delivery of {expected}", 30)
        return self.batches()


class MappedTable(MappedStream):
    """A table whose stream is mapped to a function; `kinesis` is the client of tables."""

    def put(self, *items: dict[str, Any] | int) -> None:
        """Put items one by one; an int is `{"id": int}`, and all values are texts."""
        for item in items:
            content = item if isinstance(item, dict) else {"id": item}
            texts = {name: {"S": str(value)} for name, value in content.items()}
            self.kinesis.put_item(TableName=self.stream, Item=texts)

    def summary(self) -> dict[str, Any]:
        """Return the ARN of the table's stream."""
        return {"StreamARN": self.kinesis.describe_table(TableName=self.stream)["Table"]["LatestStreamArn"]}


@pytest.fixture
def create_mapped_table(
    localstack: Any,
    create_function: Callable[..., Any],
    journal: Journal,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> Iterator[Callable[..., MappedTable]]:
    """Return a function that creates a table with a stream and a function that reports, without a mapping."""
    created: list[MappedTable] = []

    def create(source: str = TABLE_FUNCTION) -> MappedTable:
        tables, table = localstack.client("dynamodb"), f"table-{uuid.uuid4().hex[:8]}"
        tables.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        environment = {"Variables": {"JOURNAL_URL": f"{journal.url}/{table}"}}
        function = create_function(source, Timeout=30, Environment=environment)
        created.append(MappedTable(tables, localstack.client("lambda"), eventually, table, function.name, journal))
        return created[-1]

    yield create
    for one in created:
        for mapping in one.mappings:
            delete_mapping(one.functions, mapping)
        one.kinesis.delete_table(TableName=one.stream)


@pytest.fixture
def create_mapped_stream(
    localstack: Any,
    create_stream: Callable[..., str],
    create_function: Callable[..., Any],
    journal: Journal,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> Iterator[Callable[..., MappedStream]]:
    """Return a function that creates a stream and a function that reports to the journal, without a mapping.

    All is deleted afterwards. `where` is a LocalStack other than the shared one, `source` the code of another function.
    """
    created: list[MappedStream] = []

    def create(shards: int = 1, where: Any = localstack, source: str = FUNCTION) -> MappedStream:
        stream = create_stream(shards, where=where)
        environment = {"Variables": {"JOURNAL_URL": f"{journal.url}/{stream}"}}
        function = create_function(source, Timeout=30, Environment=environment, where=where)
        kinesis, functions = where.client("kinesis"), where.client("lambda")
        created.append(MappedStream(kinesis, functions, eventually, stream, function.name, journal))
        return created[-1]

    yield create
    for one in created:
        for mapping in one.mappings:
            with contextlib.suppress(Exception):  # its LocalStack may be gone on purpose
                delete_mapping(one.functions, mapping)


@pytest.fixture
def event_counts(localstack: Any) -> Callable[[str], dict[str, float]]:
    """Return a function that returns the sums of a mapping's EventCount metrics by name."""
    cloudwatch = localstack.client("cloudwatch")

    def counts(mapping: str) -> dict[str, float]:
        now = datetime.now(UTC)
        dimensions = [{"Name": "EventSourceMappingUUID", "Value": mapping}]
        wanted: Any = {"Namespace": "AWS/Lambda", "Dimensions": dimensions, "Period": 3600, "Statistics": ["Sum"]}
        wanted |= {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}
        names = {one["MetricName"] for one in cloudwatch.list_metrics(Dimensions=dimensions)["Metrics"]}
        read = cloudwatch.get_metric_statistics
        return {name: sum(point["Sum"] for point in read(MetricName=name, **wanted)["Datapoints"]) for name in names}

    return counts


ECHO = """
    import boto3, json, os, uuid
    def handler(event, context):
        body = json.dumps(event["Records"]).encode()
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=uuid.uuid4().hex, Body=body)
        if any("fail" in record["body"] for record in event["Records"]):
            raise ValueError
"""


@pytest.fixture
def queue(localstack: Any) -> Any:
    """Return a function that creates a queue with attributes and returns its URL and its ARN."""
    sqs, urls = localstack.client("sqs"), []

    def create(**attributes: str) -> tuple[str, str]:
        name = f"q-{uuid.uuid4().hex[:8]}{'.fifo' if 'FifoQueue' in attributes else ''}"
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        urls.append(url)
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    yield create
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def map_queue(
    localstack: Any,
    create_function: Callable[..., Any],
    create_bucket: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> Any:
    """Return a function that maps a queue to a function, and returns the mapping and what reads the batches.

    `source` is that of a function which writes its batches, or whatever it finds out, as JSON into its bucket.
    """
    functions, made = localstack.client("lambda"), []

    def create(arn: str, source: str = ECHO, **settings: Any) -> tuple[str, Callable[..., list[Any]]]:
        bucket, s3 = create_bucket(), localstack.client("s3")
        function = create_function(source, Environment={"Variables": {"BUCKET": bucket}}, MemorySize=512)
        answer = functions.create_event_source_mapping(FunctionName=function.name, EventSourceArn=arn, **settings)
        made.append(answer["UUID"])

        def batches(prefix: str = "") -> list[Any]:
            found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
            return [json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in found]

        return answer["UUID"], batches

    yield create
    for mapping in made:
        delete_mapping(functions, mapping)

    def gone() -> bool:
        found = functions.list_event_source_mappings()["EventSourceMappings"]
        return not set(made) & {mapping["UUID"] for mapping in found}

    eventually(gone, "the batches under way are done: they write to the bucket", 60)
