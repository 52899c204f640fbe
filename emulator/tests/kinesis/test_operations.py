"""Every operation in the emulator's botocore is implemented, and its requests are validated."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

pytestmark = pytest.mark.local_only

NEED_NOTHING = {"DescribeAccountSettings", "DescribeLimits", "ListStreams"}


def model() -> ServiceModel:
    """Return the model that the provider validates requests against."""
    return ServiceModel(Loader().load_service_model("kinesis", "service-2"), "kinesis")


OPERATIONS = [model().operation_model(name) for name in model().operation_names]


def send(endpoint_url: str, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Send a request and return the status and the JSON of the response."""
    credential = "test/20261124/ap-south-1/kinesis/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"Kinesis_20131202.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
    }
    request = urllib.request.Request(endpoint_url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_operation_is_implemented(localstack: Any, operation: OperationModel) -> None:
    status, answer = send(localstack.endpoint_url, operation.name, b"{}")
    required = operation.input_shape.required_members if operation.input_shape else []
    if required:
        assert (status, answer["__type"]) == (400, "ValidationException")
        for member in required:
            assert (
                f"'{member[0].lower()}{member[1:]}' failed to satisfy constraint: Member must not be null"
                in (answer["message"])
            )
    elif operation.name in NEED_NOTHING:
        assert status == 200
    else:
        assert (status, answer["__type"]) == (400, "InvalidArgumentException")


def test_the_model_has_the_latest_operations() -> None:
    assert {"UpdateAccountSettings", "UpdateStreamWarmThroughput"} <= {operation.name for operation in OPERATIONS}


@pytest.fixture(scope="module")
def kinesis(localstack: Any) -> Any:
    return localstack.client("kinesis")


def commit(kinesis: Any, status: str) -> dict[str, Any]:
    answer = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": status})
    found: dict[str, Any] = answer["MinimumThroughputBillingCommitment"]
    return found


def refused(operation: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        operation(**request)
    return str(raised.value.response["Error"]["Code"])


def test_warm_throughput_needs_an_on_demand_stream_and_a_commitment(
    kinesis: Any, create_stream: Callable[..., str]
) -> None:
    stream = create_stream()
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    warm = {"StreamName": stream, "WarmThroughputMiBps": 100}
    on_demand = {"StreamARN": arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    assert kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"] == {"Status": "DISABLED"}
    kinesis.update_stream_mode(**on_demand)
    assert refused(kinesis.update_stream_warm_throughput, **warm) == "InvalidArgumentException"
    begun = commit(kinesis, "ENABLED")
    assert (begun["EarliestAllowedEndAt"] - begun["StartedAt"]).total_seconds() == 24 * 3600
    expected = {"TargetMiBps": 100, "CurrentMiBps": 100}
    assert kinesis.update_stream_warm_throughput(**warm)["WarmThroughput"] == expected
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["WarmThroughput"] == expected
    too_much = {"StreamName": stream, "WarmThroughputMiBps": 10_241}
    assert refused(kinesis.update_stream_warm_throughput, **too_much) == "LimitExceededException"
    missing = {"StreamName": "missing", "WarmThroughputMiBps": 1}
    assert refused(kinesis.update_stream_warm_throughput, **missing) == "ResourceNotFoundException"
    kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "PROVISIONED"})
    assert refused(kinesis.update_stream_warm_throughput, **warm) == "InvalidArgumentException"
    kinesis.update_stream_mode(**on_demand, WarmThroughputMiBps=7)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["WarmThroughput"]["TargetMiBps"] == 7
    assert commit(kinesis, "DISABLED")["Status"] == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"


def test_pages_of_shards_and_streams_have_up_to_a_hundred(kinesis: Any, create_stream: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html and API_ListStreams.html"""
    stream = create_stream(101)
    described = kinesis.describe_stream(StreamName=stream, Limit=10_000)["StreamDescription"]
    assert (len(described["Shards"]), described["HasMoreShards"]) == (100, True)
    names = [f"page-{uuid.uuid4().hex[:8]}-{number}" for number in range(100)]
    for name in names:
        kinesis.create_stream(StreamName=name, ShardCount=1)
    listed = kinesis.list_streams(Limit=10_000)
    assert (len(listed["StreamNames"]), listed["HasMoreStreams"]) == (100, True)
    for name in names:
        kinesis.delete_stream(StreamName=name)


def test_a_consumer_s_name_and_stream_must_fit_its_arn(kinesis: Any, create_stream: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamConsumer.html"""
    stream = create_stream()
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")["Consumer"]["ConsumerARN"]
    fitting = {"ConsumerARN": consumer, "ConsumerName": "one", "StreamARN": arn}
    described = kinesis.describe_stream_consumer(**fitting)["ConsumerDescription"]
    assert described["ConsumerARN"] == consumer
    for other in ({"ConsumerName": "other"}, {"StreamARN": f"{arn}-other"}):
        assert refused(kinesis.describe_stream_consumer, **fitting | other) == "InvalidArgumentException"
    kinesis.deregister_stream_consumer(**fitting)
