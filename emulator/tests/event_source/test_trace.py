"""The journal in a real LocalStack: what it says of a batch's attempts."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def ask(localstack: Any, path: str, **arguments: Any) -> Any:
    """Return the document at a path below /_pipeline/."""
    url = f"{localstack.endpoint_url}/_pipeline/{path}?{urllib.parse.urlencode(arguments)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_attempts_of_a_record_have_outcome_report_and_discard(localstack: Any, create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    placed = mapped.kinesis.put_record(
        StreamName=mapped.stream, Data=json.dumps({"id": 1, "do": "fail"}).encode(), PartitionKey="key"
    )
    uuid = mapped.map(MaximumRetryAttempts=1)
    event_id = f"{placed['ShardId']}:{placed['SequenceNumber']}"

    def found() -> list[dict[str, Any]]:
        return list(ask(localstack, "attempts", stream=mapped.stream, event_id=event_id)["attempts"])

    mapped.eventually(lambda: len(found()) == 2 and found()[-1]["discarded"], "two attempts and the discard", 30)
    first, second = found()
    assert [first["state"], second["state"]] == ["failed", "failed"]
    assert (first["mapping"], first["records"], first["position"]) == (uuid, 1, 1)
    assert first["request_id"] != second["request_id"]
    assert first["init_ms"] > 0
    assert second["init_ms"] is None
    assert first["started"] < first["ended"] <= second["started"]
    assert first["discarded"] is None
    assert second["discarded"] == "RetryAttemptsExhausted"
    # A stream of the same shard id is another stream.
    assert ask(localstack, "attempts", stream="other", event_id=event_id)["attempts"] == []
    [given_up] = ask(localstack, "discarded", stream=mapped.stream)["discarded"]
    assert (given_up["event_id"], given_up["condition"]) == (event_id, "RetryAttemptsExhausted")
    assert (given_up["error"], given_up["invocations"], given_up["destination"]) == ("Unhandled", 2, None)
    assert ask(localstack, "discarded", stream=mapped.stream, after=given_up["number"])["discarded"] == []
    assert ask(localstack, "discarded", stream="other")["discarded"] == []
    activity = ask(localstack, "activity")
    assert activity["put"][mapped.stream] == 1
    assert activity["discarded"][mapped.stream] == 1
    newest = max(each["number"] for each in activity["attempts"])
    assert ask(localstack, "activity", after=newest)["attempts"] == []


def test_latencies_count_the_records_that_are_done(localstack: Any, create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put(1, 2, 3)
    mapped.map()
    mapped.await_ids({1, 2, 3})

    def done() -> int:
        attempts = [each for each in ask(localstack, "activity")["attempts"] if each["stream"] == mapped.stream]
        return sum(sum(each["latencies_ms"].values()) for each in attempts)

    mapped.eventually(lambda: done() == 3, "the journal has all three records")


@pytest.mark.parametrize(
    "path", ["attempts", "attempts?stream=a&event_id=1", "activity?after=x", "discarded", "discarded?stream=a&after=x"]
)
def test_bad_questions_are_refused(localstack: Any, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(f"{localstack.endpoint_url}/_pipeline/{path}", timeout=10)
