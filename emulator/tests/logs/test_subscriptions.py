"""Subscription filters: what they deliver, to whom, and what they are refused for."""

import gzip
import json
import time
import uuid
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only
REGION = "ap-south-1"


@pytest.fixture
def put(localstack: Any, group: str) -> Callable[..., None]:
    """Puts lines into the group."""

    def put_lines(*lines: str) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
        localstack.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    return put_lines


@pytest.fixture
def make_role(localstack: Any) -> Callable[..., str]:
    """Makes a role that CloudWatch Logs can assume, with actions that it allows."""

    def make(*actions: str) -> str:
        iam, name = localstack.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return str(arn)

    return make


def records(localstack: Any, stream: str) -> list[dict[str, Any]]:
    """The documents in a stream."""
    kinesis, found = localstack.client("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        for record in kinesis.get_records(ShardIterator=where["ShardIterator"])["Records"]:
            found.append(json.loads(gzip.decompress(record["Data"])))
    return found


def test_a_stream_gets_the_matching_events_compressed_once(
    localstack: Any, create_stream: Callable[..., str], group: str, put: Any, make_role: Any, eventually: Any
) -> None:
    stream = create_stream()
    localstack.client("logs").put_subscription_filter(
        logGroupName=group, filterName="errors", filterPattern='{ $.level = "ERROR" }',
        destinationArn=f"arn:aws:kinesis:{REGION}:000000000000:stream/{stream}", roleArn=make_role("kinesis:PutRecord"),
    )  # fmt: skip
    error = json.dumps({"level": "ERROR", "n": 1, "text": "ä"})
    put("no JSON", json.dumps({"level": "INFO"}), error)
    control, document = eventually(lambda: len(found := records(localstack, stream)) == 2 and found, "the documents")
    assert control["messageType"] == "CONTROL_MESSAGE"
    (event,) = document.pop("logEvents")
    assert document == {
        "messageType": "DATA_MESSAGE", "owner": "000000000000", "logGroup": group, "logStream": "one",
        "subscriptionFilters": ["errors"],
    }  # fmt: skip
    assert event["message"] == error
    assert len(event["id"]) == 56
    assert len(localstack.client("logs").get_log_events(logGroupName=group, logStreamName="one")["events"]) == 3


def test_a_function_gets_events_if_it_lets_cloudwatch_logs_call_it(
    localstack: Any, create_function: Callable[..., Any], create_bucket: Any, group: str, put: Any, eventually: Any
) -> None:
    bucket, logs = create_bucket(), localstack.client("logs")
    function = create_function(f"""
        import boto3, json
        def handler(event, context):
            boto3.client("s3").put_object(Bucket="{bucket}", Key="event", Body=json.dumps(event))
    """)
    wanted = {"logGroupName": group, "filterName": "all", "filterPattern": "-secret", "destinationArn": function.arn}
    with pytest.raises(ClientError, match="Make sure you have given CloudWatch Logs permission"):
        logs.put_subscription_filter(**wanted)
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []
    arn = f"arn:aws:logs:{REGION}:000000000000:log-group:{group}"
    permission = {"FunctionName": function.name, "Action": "lambda:InvokeFunction", "Principal": "logs.amazonaws.com"}
    client = localstack.client("lambda")
    client.add_permission(**permission, StatementId="other", SourceArn=f"{arn}-other:*")
    with pytest.raises(ClientError, match="Make sure you have given CloudWatch Logs permission"):
        logs.put_subscription_filter(**wanted)
    client.add_permission(**permission, StatementId="this", SourceArn=f"{arn}:*")
    logs.put_subscription_filter(**wanted)
    put("a secret", "first", "second")
    s3 = localstack.client("s3")
    eventually(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"], "the function is called")
    event = json.loads(s3.get_object(Bucket=bucket, Key="event")["Body"].read())
    document = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))
    assert [each["message"] for each in document["logEvents"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("pattern", "destination", "actions", "says"),
    [
        ("{ $.a = }", "stream/{stream}", ["kinesis:PutRecord"], "Invalid filter pattern"),
        ("", "stream/{stream}", [], "Could not deliver test message to specified Kinesis stream"),
        ("", "stream/none", ["kinesis:PutRecord"], "Could not deliver test message to specified Kinesis stream"),
    ],
)
def test_a_filter_is_refused_whose_messages_would_be_lost(
    localstack: Any, create_stream: Any, make_role: Any, group: str,
    pattern: str, destination: str, actions: list[str], says: str,
) -> None:  # fmt: skip
    logs, arn = localstack.client("logs"), f"arn:aws:kinesis:{REGION}:000000000000:"
    with pytest.raises(ClientError, match=says) as refused:
        logs.put_subscription_filter(
            logGroupName=group, filterName="x", filterPattern=pattern,
            destinationArn=arn + destination.format(stream=create_stream()), roleArn=make_role(*actions),
        )  # fmt: skip
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_lost_destination_does_not_disturb_the_group(
    localstack: Any, create_stream: Callable[..., str], group: str, put: Any, make_role: Any
) -> None:
    stream, logs = create_stream(), localstack.client("logs")
    logs.put_subscription_filter(
        logGroupName=group, filterName="x", filterPattern="",
        destinationArn=f"arn:aws:kinesis:{REGION}:000000000000:stream/{stream}", roleArn=make_role("kinesis:PutRecord"),
    )  # fmt: skip
    localstack.client("kinesis").delete_stream(StreamName=stream)
    put("a line")
    assert len(logs.get_log_events(logGroupName=group, logStreamName="one")["events"]) == 1


def test_filter_log_events_returns_what_matches(localstack: Any, group: str, put: Any) -> None:
    put('{"n": 1}', '{"n": 2}', "n 2")
    logs = localstack.client("logs")

    def found(pattern: str) -> list[str]:
        return [
            event["message"] for event in logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
        ]

    assert found("{ $.n >= 2 }") == ['{"n": 2}']
    assert found('"n 2"') == ["n 2"]
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        found("{ $.n }")


def test_a_filter_is_changed_in_place_where_the_group_has_all_it_may_have(
    localstack: Any, create_stream: Any, make_role: Any, group: str, put: Any, eventually: Any
) -> None:
    """Two for a group: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html

    With `Random` a stream's shards share the events:
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
    """
    stream, logs = create_stream(2), localstack.client("logs")
    destination = {
        "logGroupName": group, "filterPattern": "", "roleArn": make_role("kinesis:PutRecord"),
        "destinationArn": f"arn:aws:kinesis:{REGION}:000000000000:stream/{stream}",
    }  # fmt: skip
    for name in ("one", "two"):
        logs.put_subscription_filter(**destination, filterName=name)
    with pytest.raises(ClientError, match="LimitExceededException"):
        logs.put_subscription_filter(**destination, filterName="three")
    logs.put_subscription_filter(**{**destination, "filterPattern": "sold"}, filterName="one")
    logs.put_subscription_filter(**{**destination, "filterPattern": "bought"}, filterName="two", distribution="Random")
    found = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    assert [(one["filterPattern"], one["distribution"], one["applyOnTransformedLogs"]) for one in found] == [
        ("sold", "ByLogStream", False), ("bought", "Random", False),
    ]  # fmt: skip

    def filled() -> bool:
        put("bought")
        kinesis = localstack.client("kinesis")
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
            place = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            records = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**place)["ShardIterator"])
            if not any(record["PartitionKey"] != "control" for record in records["Records"]):
                return False
        return True

    eventually(filled, "an event in each shard")


def test_tags_are_added_to_a_group_without_any(localstack: Any, group: str) -> None:
    logs = localstack.client("logs")
    arn = f"arn:aws:logs:{REGION}:000000000000:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={"stage": "test"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"stage": "test"}


def test_another_account_s_function_is_no_destination(localstack: Any, group: str) -> None:
    """Recorded on AWS by LocalStack's authors, also for a group that does not exist."""
    for name in (group, f"{group}-missing"):
        with pytest.raises(ClientError, match="Cross-account lambda invocation passing is not allowed") as refused:
            localstack.client("logs").put_subscription_filter(
                logGroupName=name, filterName="x", filterPattern="",
                destinationArn=f"arn:aws:lambda:{REGION}:210987654321:function:other",
            )  # fmt: skip
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_resource_policies_are_stored_and_deleted_as_recorded_on_aws(localstack: Any) -> None:
    """The resource is not checked: LocalStack's authors recorded one that is no ARN."""
    logs, name = localstack.client("logs"), f"policy-{uuid.uuid4().hex[:8]}"
    statement = {
        "Sid": "Route53LogsToCloudWatchLogs", "Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"},
        "Action": "logs:PutLogEvents", "Resource": "log_arn",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName=name, policyDocument=document)
    logs.delete_resource_policy(policyName=name)
    with pytest.raises(ClientError, match=rf"Policy with name \[{name}\] does not exist\.$"):
        logs.delete_resource_policy(policyName=name)
