"""CreateEventSourceMapping and UpdateEventSourceMapping refuse what AWS refuses, with its texts.

Ranges and the sources of each setting: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

MODEL, RULE = "ValidationException", "InvalidParameterValueException"
OUT_OF_RANGE = {
    "BatchSize": (0, 10_001),
    "MaximumBatchingWindowInSeconds": (-1, 301),
    "MaximumRecordAgeInSeconds": (-2, 604_801),
    "MaximumRetryAttempts": (-2, 10_001),
    "ParallelizationFactor": (0, 11),
    "TumblingWindowInSeconds": (-1, 901),
}
WITHIN_RANGE: dict[str, tuple[int, ...]] = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "MaximumRecordAgeInSeconds": (-1, 60, 604_800),
    "MaximumRetryAttempts": (-1, 0, 10_000),
    "ParallelizationFactor": (1, 10),
    "TumblingWindowInSeconds": (0, 900),
}
AGE = "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
UNSUPPORTED = "Unsupported {} parameter for given event source mapping type."
NO_QUEUE = "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue."


@pytest.fixture
def functions(localstack: Any) -> Any:
    """A client of Lambda that leaves all checks to the service."""
    return localstack.client("lambda", parameter_validation=False)


@pytest.fixture
def function(create_function: Callable[..., Any]) -> str:
    """The name of a function."""
    return str(create_function("def handler(event, context): return []").name)


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[int, str, str]:
    """Return status, code and message of a refused call."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def mappings(functions: Any, function: str) -> list[Any]:
    """Return the mappings of a function."""
    return list(functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"])


def out_of_range(name: str, value: int) -> tuple[int, str, str]:
    """Return the refusal of a value outside its range."""
    least, most = OUT_OF_RANGE[name][0] + 1, OUT_OF_RANGE[name][1] - 1
    bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
    path = name[0].lower() + name[1:]
    text = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value {bound}"
    return 400, MODEL, f"1 validation error detected: {text}"


def test_values_out_of_range_are_refused_and_leave_nothing(
    localstack: Any, functions: Any, function: str, create_stream: Callable[..., str]
) -> None:
    source = stream_arn(localstack, create_stream())
    wanted = {"FunctionName": function, "EventSourceArn": source, "StartingPosition": "LATEST"}
    create = functions.create_event_source_mapping
    for name, values in OUT_OF_RANGE.items():
        for value in values:
            assert refusal(create, **wanted, **{name: value}) == out_of_range(name, value)
    for age in (0, 1, 59):  # https://github.com/hashicorp/terraform-provider-aws/pull/16113
        assert refusal(create, **wanted, MaximumRecordAgeInSeconds=age) == (400, RULE, AGE)
    assert refusal(create, **wanted, FunctionResponseTypes=["No"])[:2] == (400, MODEL)
    assert refusal(create, **wanted, MetricsConfig={"Metrics": ["No"]})[:2] == (400, MODEL)
    assert mappings(functions, function) == []


def test_limits_of_the_ranges_are_accepted_and_updates_are_checked(
    localstack: Any,
    functions: Any,
    function: str,
    create_stream: Callable[..., str],
    delete_mapping: Callable[..., None],
) -> None:
    source = stream_arn(localstack, create_stream())
    mapping = functions.create_event_source_mapping(
        FunctionName=function, EventSourceArn=source, StartingPosition="LATEST", Enabled=False
    )["UUID"]
    for name, values in WITHIN_RANGE.items():
        for value in values:
            assert functions.update_event_source_mapping(UUID=mapping, **{name: value})[name] == value
        functions.update_event_source_mapping(UUID=mapping, **{name: values[0]})
    before = functions.get_event_source_mapping(UUID=mapping)
    update = functions.update_event_source_mapping
    for name, refused in OUT_OF_RANGE.items():
        for value in refused:
            assert refusal(update, UUID=mapping, **{name: value}) == out_of_range(name, value)
    assert refusal(update, UUID=mapping, MaximumRecordAgeInSeconds=59) == (400, RULE, AGE)
    text = UNSUPPORTED.format("ScalingConfig")
    assert refusal(update, UUID=mapping, ScalingConfig={"MaximumConcurrency": 2}) == (400, RULE, text)
    after = functions.get_event_source_mapping(UUID=mapping)
    changing = ("State", "LastModified", "ResponseMetadata")
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    delete_mapping(functions, mapping)


def test_a_timestamp_is_needed_and_not_in_the_future(
    localstack: Any,
    functions: Any,
    function: str,
    create_stream: Callable[..., str],
    delete_mapping: Callable[..., None],
) -> None:
    """The text: https://github.com/serverless/serverless/issues/12111."""
    source = stream_arn(localstack, create_stream())
    wanted = {"FunctionName": function, "EventSourceArn": source, "StartingPosition": "AT_TIMESTAMP"}
    create = functions.create_event_source_mapping
    assert refusal(create, **wanted) == (400, RULE, "Need to specify a timestamp")
    assert refusal(create, **wanted, StartingPositionTimestamp=time.time() + 3600)[:2] == (400, RULE)
    assert mappings(functions, function) == []
    latest = {**wanted, "StartingPosition": "LATEST", "StartingPositionTimestamp": time.time() - 1}
    assert refusal(create, **latest) == (400, RULE, "Timestamp only valid with StartingPosition AT_TIMESTAMP")
    made = create(**wanted, StartingPositionTimestamp=time.time() - 1)
    delete_mapping(functions, made["UUID"])


def test_settings_of_other_sources_are_refused(
    localstack: Any, functions: Any, function: str, create_stream: Callable[..., str]
) -> None:
    """The texts: https://github.com/serverless/serverless/issues/7049, https://github.com/boto/boto3/issues/1613."""
    create = functions.create_event_source_mapping
    stream = {"FunctionName": function, "EventSourceArn": stream_arn(localstack, create_stream())}
    for name, value in {
        "Queues": ["queue"],
        "Topics": ["topic"],
        "ScalingConfig": {"MaximumConcurrency": 2},
        "ProvisionedPollerConfig": {"MinimumPollers": 1},
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:::s"}],
    }.items():
        refused = refusal(create, **stream, StartingPosition="LATEST", **{name: value})
        assert refused == (400, RULE, UNSUPPORTED.format(name))

    queues = localstack.client("sqs")
    url = queues.create_queue(QueueName=function)["QueueUrl"]
    queue = {
        "FunctionName": function,
        "EventSourceArn": f"arn:aws:sqs:{queues.meta.region_name}:000000000000:{function}",
    }
    for name, number in {"ParallelizationFactor": 2, "MaximumRetryAttempts": 1, "TumblingWindowInSeconds": 9}.items():
        assert refusal(create, **queue, **{name: number}) == (400, RULE, UNSUPPORTED.format(name))
    text = "StartingPosition is not valid for SQS event sources."
    assert refusal(create, **queue, StartingPosition="LATEST") == (400, RULE, text)
    assert mappings(functions, function) == []
    queues.delete_queue(QueueUrl=url)


def test_tumbling_window_needs_one_lane(
    localstack: Any, functions: Any, function: str, create_stream: Callable[..., str]
) -> None:
    """See https://github.com/terraform-aws-modules/terraform-aws-lambda/issues/619."""
    wanted = {"EventSourceArn": stream_arn(localstack, create_stream()), "StartingPosition": "LATEST"}
    lanes = {"TumblingWindowInSeconds": 30, "ParallelizationFactor": 2}
    refused = refusal(functions.create_event_source_mapping, FunctionName=function, **wanted, **lanes)
    assert refused[:2] == (400, RULE)


def test_a_mapping_has_at_most_five_filters(
    localstack: Any,
    functions: Any,
    function: str,
    create_stream: Callable[..., str],
    delete_mapping: Callable[..., None],
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html; the text was recorded on AWS."""
    wanted = {"EventSourceArn": stream_arn(localstack, create_stream()), "StartingPosition": "LATEST"}

    def criteria(count: int) -> dict[str, Any]:
        return {"Filters": [{"Pattern": f'{{"data": {{"store": [{number}]}}}}'} for number in range(count)]}

    mapping = functions.create_event_source_mapping(
        FunctionName=function, **wanted, Enabled=False, FilterCriteria=criteria(5)
    )["UUID"]
    text = "Too many filter patterns, maximum allowed 5 patterns, provided 6 patterns."
    update = functions.update_event_source_mapping
    assert refusal(update, UUID=mapping, FilterCriteria=criteria(6)) == (400, RULE, text)
    assert len(functions.get_event_source_mapping(UUID=mapping)["FilterCriteria"]["Filters"]) == 5
    delete_mapping(functions, mapping)


def test_failures_go_to_standard_queues_topics_and_buckets(
    localstack: Any, functions: Any, function: str, create_stream: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html; texts recorded on AWS."""
    wanted = {"EventSourceArn": stream_arn(localstack, create_stream()), "StartingPosition": "LATEST"}
    create = functions.create_event_source_mapping
    for service, resource, text in (
        ("lambda", "function:other", "The service specified by the TargetArn isn't supported as a destination."),
        ("events", "event-bus/default", "The service specified by the TargetArn isn't supported as a destination."),
        ("sqs", "queue.fifo", "FIFO-type Amazon SQS queues aren't supported as a destination."),
        ("sns", "topic.fifo", "FIFO-type Amazon SNS topics aren't supported as a destination."),
    ):
        destination = {"OnFailure": {"Destination": f"arn:aws:{service}:ap-south-1:000000000000:{resource}"}}
        refused = refusal(create, FunctionName=function, **wanted, DestinationConfig=destination)
        assert refused == (400, RULE, text)
    text = "The Destination field is required for an OnFailure configuration."
    refused = refusal(create, FunctionName=function, **wanted, DestinationConfig={"OnFailure": {}})
    assert refused == (400, RULE, text)  # https://github.com/aws-controllers-k8s/community/issues/2865
    assert mappings(functions, function) == []


@pytest.mark.variants
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("arn:aws:sqs:ap-south-1:000000000000:", NO_QUEUE),
        ("arn:aws:sqs:ap-south-1::queue", NO_QUEUE),
        ("arn:aws:sqs:ap-south-1:000000000000:a/b", NO_QUEUE),
        ("arn:aws:sqs:ap-south-1:000000000000:missing", NO_QUEUE),
        ("arn:aws:sqs::000000000000:queue", NO_QUEUE),
        ("arn:aws:kinesis:ap-south-1:000000000000:", "Unrecognized event source."),
        ("arn:aws:kinesis:ap-south-1:000000000000:table/one", "Unrecognized event source."),
        ("arn:aws:dynamodb:ap-south-1:000000000000:table/one", "Unrecognized event source."),
        ("arn:aws:sns:ap-south-1:000000000000:topic", "Unrecognized event source."),
        ("arn:aws:s3:::bucket", "Unrecognized event source."),
    ],
)
def test_unusable_source_is_an_invalid_parameter(functions: Any, function: str, source: str, message: str) -> None:
    """Recorded on AWS: the texts for a missing queue and for a request without a source."""
    position = {} if ":sqs:" in source else {"StartingPosition": "LATEST"}
    refused = refusal(functions.create_event_source_mapping, FunctionName=function, EventSourceArn=source, **position)
    assert refused[:2] == (400, RULE)
    assert message in refused[2]
    assert mappings(functions, function) == []


@pytest.mark.parametrize("nothing", [{}, {"Metrics": []}])
def test_metrics_that_are_removed_are_gone(create_mapped_stream: Any, nothing: Any) -> None:
    """As filters: clients remove a setting by an empty one, and Terraform would plan to remove it for ever."""
    mapped = create_mapped_stream()
    mapping = mapped.map(MetricsConfig={"Metrics": ["EventCount"]})
    mapped.await_state(mapping, "Enabled")
    assert "MetricsConfig" not in mapped.functions.update_event_source_mapping(UUID=mapping, MetricsConfig=nothing)
    mapped.await_state(mapping, "Enabled")
    assert "MetricsConfig" not in mapped.functions.get_event_source_mapping(UUID=mapping)


def test_a_destination_that_is_removed_is_shown_as_none_and_no_longer_used(create_mapped_stream: Any) -> None:
    """An empty DestinationConfig removes it, and what AWS shows then is no request.

    https://github.com/go-to-k/cdkd/pull/982, https://github.com/aws-controllers-k8s/community/issues/2865
    """
    mapped = create_mapped_stream()
    destination = {"OnFailure": {"Destination": "arn:aws:sqs:ap-south-1:000000000000:failed"}}
    mapping = mapped.map(DestinationConfig=destination)
    none: dict[str, Any] = {"OnFailure": {}}
    text = "The Destination field is required for an OnFailure configuration."
    assert refusal(mapped.functions.update_event_source_mapping, UUID=mapping, DestinationConfig=none) == (
        400,
        RULE,
        text,
    )
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["DestinationConfig"] == destination
    answer = mapped.functions.update_event_source_mapping(UUID=mapping, DestinationConfig={})
    assert answer["DestinationConfig"] == none
    mapped.await_state(mapping, "Enabled")
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["DestinationConfig"] == none
    assert mapped.functions.update_event_source_mapping(UUID=mapping, BatchSize=7)["DestinationConfig"] == none


def test_a_key_that_is_removed_is_gone(localstack: Any, create_mapped_stream: Any) -> None:
    """An empty ARN removes it: https://github.com/go-to-k/cdkd/pull/982."""
    mapped = create_mapped_stream()
    key = localstack.client("kms").create_key()["KeyMetadata"]["Arn"]
    mapping = mapped.map(KMSKeyArn=key)
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["KMSKeyArn"] == key
    assert "KMSKeyArn" not in mapped.functions.update_event_source_mapping(UUID=mapping, KMSKeyArn="")
    assert "KMSKeyArn" not in mapped.functions.get_event_source_mapping(UUID=mapping)


@pytest.mark.parametrize("nothing", [{}, {"Filters": []}])
def test_filter_criteria_that_are_removed_are_gone(create_mapped_stream: Any, nothing: Any) -> None:
    """Recorded on AWS for a mapping without filters: no FilterCriteria. The filters end with the update."""
    mapped = create_mapped_stream()
    criteria = {"Filters": [{"Pattern": '{"data": {"id": [2]}}'}]}
    mapping = mapped.map(FilterCriteria=criteria)
    mapped.put(1, 2)
    assert mapped.await_ids({2}) == [[2]]
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["FilterCriteria"] == criteria
    answer = mapped.functions.update_event_source_mapping(UUID=mapping, FilterCriteria=nothing)
    assert "FilterCriteria" not in answer
    mapped.await_state(mapping, "Enabled")
    assert "FilterCriteria" not in mapped.functions.get_event_source_mapping(UUID=mapping)
    mapped.put(3)
    assert mapped.await_ids({3})[-1] == [3]


def stream_arn(localstack: Any, name: str) -> str:
    """Return the ARN of a stream."""
    summary = localstack.client("kinesis").describe_stream_summary(StreamName=name)
    return str(summary["StreamDescriptionSummary"]["StreamARN"])
