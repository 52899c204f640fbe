"""A sample event that fails ends the wait for its answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness import failed, paths, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.local import canary
from harness.pipeline import definition
from harness.stack import attempts, denials, invocations, mapping

FAILED: dict[str, Any] = {"state_of_record": "failed", "discarded": None}
STACK: Any = SimpleNamespace(resources=SimpleNamespace(failed_events=None))


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The attempts that the emulator lists, with the log of each."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(attempts, "known", lambda _, ids: dict.fromkeys(ids, made))
    monkeypatch.setattr(invocations, "log", lambda *_: [{"text": "[ERROR] ValueError: never\nTraceback …"}])
    monkeypatch.setattr(mapping, "log_group", lambda _: "/aws/lambda/f")
    monkeypatch.setattr(denials, "summary", lambda _: "")
    return made


def test_three_failed_attempts_are_enough_and_one_log_is_shown(tried: list[dict[str, Any]]) -> None:
    # GIVEN a function that fails and is tried again, for as long as the record is kept
    tried += [FAILED, {**FAILED, "state_of_record": "not invoked"}, FAILED]
    canary._check_failure(STACK, SimpleNamespace(logs=None), "shard:1")  # type: ignore[arg-type]
    # WHEN it has failed three times THEN the wait ends, with the log of one attempt
    tried.append(FAILED)
    with pytest.raises(HarnessError, match="the function failed 3 times with the sample event") as raised:
        canary._check_failure(STACK, SimpleNamespace(logs=None), "shard:1")  # type: ignore[arg-type]
    assert raised.value.cause.count("Traceback") == 1


def test_a_record_that_was_given_up_is_not_waited_for(tried: list[dict[str, Any]]) -> None:
    tried.append({**FAILED, "discarded": "RetryAttemptsExhausted"})
    with pytest.raises(HarnessError, match="the function failed once"):
        canary._check_failure(STACK, SimpleNamespace(logs=None), "shard:1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "reason", "shown"),
    [("aws/lambda/x", "RetryAttemptsExhausted (Unhandled)", True), ("invalid/x.json", "bad", False)],
)
def test_with_a_bucket_the_log_is_shown_if_the_mapping_gave_up(
    tried: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, key: str, reason: str, shown: bool
) -> None:
    # GIVEN a bucket that has the event, because the function failed or because the handler wrote it
    event = failed.Failed(key, reason, "shard:1", "k", b"{}", "2026-01-01", reason)
    monkeypatch.setattr(failed, "read", lambda *_: [event])
    stack: Any = SimpleNamespace(resources=SimpleNamespace(failed_events="bucket"))
    tried.append({**FAILED, "discarded": "RetryAttemptsExhausted"})
    with pytest.raises(HarnessError, match="the event failed: ") as found:
        canary._check_failure(stack, SimpleNamespace(logs=None, s3=None), "shard:1")  # type: ignore[arg-type]
    assert reason in found.value.cause
    assert ("Traceback" in found.value.cause) is shown


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("Cannot find package '@aws-sdk/client-kinesis' imported from /var/task/index.mjs", "@aws-sdk/client-kinesis"),
        ("Error: Cannot find module '@aws-sdk/lib-dynamodb/x'\nRequire stack: …", "@aws-sdk/lib-dynamodb"),
        ("Cannot find module 'left-pad'", ""),
    ],
)
def test_a_missing_sdk_is_named_with_the_command_that_installs_it(
    tried: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, text: str, packages: str
) -> None:
    monkeypatch.setattr(invocations, "log", lambda *_: [{"text": text}])
    tried.append({**FAILED, "discarded": "RetryAttemptsExhausted"})
    with pytest.raises(HarnessError, match="the function failed once") as raised:
        canary._check_failure(STACK, SimpleNamespace(logs=None), "shard:1")  # type: ignore[arg-type]
    command = f"npm install --prefix {paths.LAMBDA_RUNTIME / 'nodejs'} {packages}, then make local-down local-up"
    assert (command in raised.value.next_step) is bool(packages)


def test_a_record_that_does_not_name_the_event_is_shown_with_the_key_to_correct(
    tried: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers are whatever the function puts: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
    # GIVEN an answer that has the id in another place than pipeline.toml says
    pipeline = definition.current()
    answer = streams.Read(b'{"result": {"key": 512}}', "k", "shard", "1", 1.0, 1.0)
    put = streams.Put(b"{}", "k", "shard:1", 1.0)
    monkeypatch.setattr(canary, "Clients", lambda _: SimpleNamespace(kinesis=None))
    monkeypatch.setattr(streams, "Reader", lambda *_: SimpleNamespace(until=lambda _: iter([[answer]])))
    monkeypatch.setattr(streams, "put", lambda *_: iter([put]))
    monkeypatch.setattr(mapping, "of", lambda _: {"FilterCriteria": {"Filters": [{"Pattern": '{"a":[1]}'}]}})
    names = SimpleNamespace(source_stream="in", output_stream="out", failed_events=None)
    stack: Any = SimpleNamespace(resources=names, pipeline=pipeline)
    # WHEN the time for the answer is over THEN the record and the line are shown
    with pytest.raises(HarnessError, match=r"pipeline\.toml, line \d+: no answer") as raised:
        canary.answer_to(stack, pipeline.samples()[0], Step("Send"), seconds=0.0)
    assert 'ledger.source_id, event_id: {"result": {"key": 512}}' in raised.value.cause
    # AND what may have kept the event from the function
    assert 'match none of its filters: {"a":[1]}.' in raised.value.cause
