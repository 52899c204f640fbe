"""KMS operations under identity-based and key policies, and resource tags in conditions."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

STAGE = [{"TagKey": "Stage", "TagValue": "one"}]
ROOT = {"AWS": "arn:aws:iam::000000000000:root"}
KEYS = "arn:aws:kms:ap-south-1:000000000000:key/*"


def of_stage(value: str, kind: str = "aws:ResourceTag") -> dict[str, Any]:
    return {"StringEquals": {f"{kind}/Stage": value}}


def key_policy(*statements: dict[str, Any]) -> str:
    """Return a key policy with these statements and one that lets the account administer the key."""
    administration = {"Principal": ROOT, "Action": ["kms:Put*", "kms:ScheduleKeyDeletion"], "Resource": "*"}
    whole = [{"Effect": "Allow", **each} for each in (administration, *statements)]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


@pytest.fixture
def make_key(root: Callable[[str], Any]) -> Callable[..., str]:
    """Return a function that creates a key with the tag Stage=one and returns its ARN."""

    def make(*statements: dict[str, Any], **more: Any) -> str:
        if statements:
            more["Policy"] = key_policy(*statements)
        return str(root("kms").create_key(Tags=STAGE, **more)["KeyMetadata"]["Arn"])

    return make


def test_a_key_is_created_only_with_the_required_tags(make_user: Any, refusal: Any) -> None:
    """The conditions are those of MakeKey and TagKey in infrastructure/bootstrap/deployer."""
    make = {"Action": "kms:CreateKey", "Resource": "*", "Condition": of_stage("one", "aws:RequestTag")}
    untagged = {**of_stage("one", "aws:RequestTag"), "Null": {"aws:ResourceTag/Stage": "true"}}
    tag = {"Action": "kms:TagResource", "Resource": KEYS, "Condition": untagged}
    user = make_user(make, tag).client("kms")
    key = user.create_key(Tags=STAGE)["KeyMetadata"]["KeyId"]
    assert "kms:CreateKey on resource: *" in refusal(user.create_key)[1]
    other = [{"TagKey": "Stage", "TagValue": "two"}]
    assert refusal(user.create_key, Tags=other)[0] == "AccessDeniedException"
    _, message = refusal(user.tag_resource, KeyId=key, Tags=STAGE)
    assert "kms:TagResource" in message, "a key that has a stage keeps it"
    _, message = refusal(make_user(make).client("kms").create_key, Tags=STAGE)
    assert "kms:TagResource on resource: arn:aws:kms:ap-south-1:000000000000:key/*" in message


def test_the_key_policy_must_delegate_to_the_account_and_the_identity_policy_must_allow(
    make_user: Any, make_key: Any, refusal: Any
) -> None:
    everything = {"Action": "kms:*", "Resource": "*"}
    open_key = make_key()
    assert make_user(everything).client("kms").encrypt(KeyId=open_key, Plaintext=b"a")
    _, message = refusal(make_user().client("kms").encrypt, KeyId=open_key, Plaintext=b"a")
    assert message.endswith("because no identity-based policy allows the kms:Encrypt action")
    closed = make_key({"Principal": ROOT, "Action": "kms:DescribeKey", "Resource": "*"})
    user = make_user(everything).client("kms")
    assert user.describe_key(KeyId=closed)
    _, message = refusal(user.encrypt, KeyId=closed, Plaintext=b"a")
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")


def test_a_key_is_found_by_ciphertext_and_alias(make_user: Any, make_key: Any, root: Any, refusal: Any) -> None:
    key, name = make_key(), f"alias/{uuid.uuid4().hex[:8]}"
    root("kms").create_alias(AliasName=name, TargetKeyId=key)
    blob = root("kms").encrypt(KeyId=key, Plaintext=b"a")["CiphertextBlob"]
    user = make_user({"Action": "kms:Decrypt", "Resource": key}).client("kms")
    assert user.decrypt(CiphertextBlob=blob)["Plaintext"] == b"a"
    other = make_user({"Action": "kms:Decrypt", "Resource": make_key()}).client("kms")
    assert f"kms:Decrypt on resource: {key} because" in refusal(other.decrypt, CiphertextBlob=blob)[1]
    by_name = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": name}}
    assert (
        make_user({"Action": "kms:Decrypt", "Resource": "*", "Condition": by_name})
        .client("kms")
        .decrypt(CiphertextBlob=blob)
    )
    asked_for = {"StringEquals": {"kms:RequestAlias": name}}
    user = make_user({"Action": "kms:DescribeKey", "Resource": "*", "Condition": asked_for}).client("kms")
    assert user.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key
    assert refusal(user.describe_key, KeyId=key)[0] == "AccessDeniedException"


@pytest.mark.parametrize("missing", ["alias", "key"])
def test_an_alias_needs_permission_on_both(make_user: Any, make_key: Any, refusal: Any, missing: str) -> None:
    key, name = make_key(), f"alias/{uuid.uuid4().hex[:8]}"
    arns = {"alias": f"arn:aws:kms:ap-south-1:000000000000:{name}", "key": key}
    arn = arns[missing]
    user = make_user({"Action": ["kms:CreateAlias", "kms:DeleteAlias"], "Resource": list(arns.values())}).client("kms")
    user.create_alias(AliasName=name, TargetKeyId=key)
    user.delete_alias(AliasName=name)
    del arns[missing]
    user = make_user({"Action": "kms:CreateAlias", "Resource": list(arns.values())}).client("kms")
    assert (
        f"kms:CreateAlias on resource: {arn} because" in refusal(user.create_alias, AliasName=name, TargetKeyId=key)[1]
    )


def test_an_encryption_context_is_part_of_the_request(make_user: Any, make_key: Any, refusal: Any) -> None:
    only = {"StringEquals": {"kms:EncryptionContext:stage": "one"}, "Null": {"kms:EncryptionContext:other": "true"}}
    user = make_user({"Action": "kms:Encrypt", "Resource": "*", "Condition": only}).client("kms")
    key = make_key()
    assert user.encrypt(KeyId=key, Plaintext=b"a", EncryptionContext={"stage": "one"})
    for context in ({}, {"stage": "two"}, {"stage": "one", "other": "x"}):
        assert refusal(user.encrypt, KeyId=key, Plaintext=b"a", EncryptionContext=context)[0] == "AccessDeniedException"


def stream(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    root("kinesis").create_stream(StreamName=name, ShardCount=1, Tags={"Stage": "one"})
    return "kinesis", "describe_stream_summary", {"StreamName": name}


def group(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    root("logs").create_log_group(logGroupName=name, tags={"Stage": "one"})
    return "logs", "describe_log_streams", {"logGroupName": name}


def repository(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    root("ecr").create_repository(repositoryName=name, tags=[{"Key": "Stage", "Value": "one"}])
    return "ecr", "describe_repositories", {"repositoryNames": [name]}


def queue(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    url = root("sqs").create_queue(QueueName=name, tags={"Stage": "one"})["QueueUrl"]
    return "sqs", "get_queue_attributes", {"QueueUrl": url}


def topic(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    arn = root("sns").create_topic(Name=name, Tags=[{"Key": "Stage", "Value": "one"}])["TopicArn"]
    return "sns", "get_topic_attributes", {"TopicArn": arn}


def role(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    root("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trust, Tags=[{"Key": "Stage", "Value": "one"}], Path="/p/"
    )
    return "iam", "get_role", {"RoleName": name}


def alarm(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    root("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=1,
        Tags=[{"Key": "Stage", "Value": "one"}],
    )
    return "cloudwatch", "describe_alarms", {"AlarmNames": [name]}


def tagged_object(root: Any, name: str) -> tuple[str, str, dict[str, Any]]:
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    root("s3").put_object(Bucket=name, Key="k", Tagging="Stage=one")
    return "s3", "get_object", {"Bucket": name, "Key": "k"}


@pytest.mark.parametrize(
    ("create", "kind"),
    [
        (stream, "aws:ResourceTag"),
        (group, "aws:ResourceTag"),
        (repository, "aws:ResourceTag"),
        (repository, "ecr:ResourceTag"),
        (queue, "aws:ResourceTag"),
        (topic, "aws:ResourceTag"),
        (role, "aws:ResourceTag"),
        (role, "iam:ResourceTag"),
        (alarm, "aws:ResourceTag"),
        (tagged_object, "s3:ExistingObjectTag"),
    ],
)
def test_resource_tags_decide(make_user: Any, root: Any, refusal: Any, create: Any, kind: str) -> None:
    service, operation, request = create(root, f"tagged-{uuid.uuid4().hex[:8]}")
    for value, allowed in (("one", True), ("two", False)):
        user = make_user({"Action": f"{service}:*", "Resource": "*", "Condition": of_stage(value, kind)})
        call = getattr(user.client(service), operation)
        if allowed:
            assert call(**request)
        else:
            assert refusal(call, **request)[0].startswith("AccessDenied")


def test_tags_of_a_function_decide(
    make_user: Any, create_function: Any, make_role: Any, root: Any, refusal: Any
) -> None:
    function = create_function("def handler(event, context): pass", Role=make_role())
    arn = root("lambda").get_function(FunctionName=function.name)["Configuration"]["FunctionArn"]
    root("lambda").tag_resource(Resource=arn, Tags={"Stage": "one"})
    user = make_user({"Action": "lambda:*", "Resource": "*", "Condition": of_stage("one")})
    assert user.client("lambda").get_function_configuration(FunctionName=function.name)
    assert user.client("lambda").get_function_configuration(FunctionName=function.name, Qualifier="$LATEST")
    other = make_user({"Action": "lambda:*", "Resource": "*", "Condition": of_stage("two")})
    assert refusal(other.client("lambda").get_function_configuration, FunctionName=function.name)


def test_bucket_tags_do_not_count(make_user: Any, root: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html: the default."""
    name = f"tagged-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    root("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "Stage", "Value": "one"}]})
    user = make_user({"Action": "s3:*", "Resource": "*", "Condition": of_stage("one")})
    assert refusal(user.client("s3").list_objects_v2, Bucket=name)[0] == "AccessDenied"


def test_tags_of_a_destination_of_logs_are_unknown(make_user: Any, make_role: Any, root: Any, refusal: Any) -> None:
    name = f"tagged-{uuid.uuid4().hex[:8]}"
    target = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{name}"
    root("logs").put_destination(destinationName=name, targetArn=target, roleArn=make_role(), tags={"Stage": "one"})
    untagged = {"Condition": {"Null": {"aws:ResourceTag/Stage": "true"}}}
    user = make_user({"Action": "logs:*", "Resource": "*", **untagged})
    code, message = refusal(user.client("logs").delete_destination, destinationName=name)
    assert (code, "does not know whether the request has" in message) == ("AccessDeniedException", True)
