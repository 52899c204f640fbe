"""Policies of users, groups, roles, boundaries and sessions."""

import json
from collections.abc import Callable
from typing import Any

import pytest

STREAM = "arn:aws:kinesis:ap-south-1:000000000000:stream/anything"
READ = {"Action": "kinesis:DescribeStreamSummary", "Resource": STREAM}
DENIED = {"Effect": "Deny", "Action": "kinesis:*", "Resource": "*"}
ALLOWED = "ResourceNotFoundException"  # the service's own answer, because the stream does not exist


@pytest.fixture
def attempt(refusal: Callable[..., tuple[str, str]]) -> Callable[[Any], str]:
    """Return a function that sends a request for a missing stream and returns the error code."""
    return lambda identity: refusal(identity.client("kinesis").describe_stream_summary, StreamARN=STREAM)[0]


def test_a_user_has_only_the_permissions_of_the_policy(make_user: Any, attempt: Any, refusal: Any) -> None:
    user = make_user(READ)
    assert attempt(user) == ALLOWED
    code, message = refusal(user.client("kinesis").list_shards, StreamARN=STREAM)
    assert code == "AccessDeniedException"
    assert message == (
        f"User: {user.arn} is not authorized to perform: kinesis:ListShards on resource: {STREAM} because no "
        "identity-based policy allows the kinesis:ListShards action"
    )


def test_an_explicit_deny_wins(make_user: Any, refusal: Any) -> None:
    user = make_user(READ, DENIED)
    _, message = refusal(user.client("kinesis").describe_stream_summary, StreamARN=STREAM)
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_policies_of_groups_and_managed_policies_count(make_user: Any, attempt: Any, root: Any) -> None:
    user, iam = make_user(), root("iam")
    assert attempt(user) == "AccessDeniedException"
    name = user.arn.rpartition("/")[2]
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.attach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess")
    assert attempt(user) == ALLOWED
    iam.detach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess")
    statement = {"Effect": "Allow", **READ}
    policy = iam.create_policy(
        PolicyName=name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )
    iam.attach_user_policy(UserName=name, PolicyArn=policy["Policy"]["Arn"])
    assert attempt(user) == ALLOWED
    other = json.dumps({"Version": "2012-10-17", "Statement": {**statement, "Effect": "Deny"}})
    iam.create_policy_version(PolicyArn=policy["Policy"]["Arn"], PolicyDocument=other, SetAsDefault=True)
    assert attempt(user) == "AccessDeniedException"


def test_a_boundary_limits_a_role(make_role: Any, assume: Any, attempt: Any, root: Any, refusal: Any) -> None:
    iam = root("iam")
    boundary = iam.create_policy(
        PolicyName="boundary-of-s3",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
        ),
    )["Policy"]["Arn"]
    session = assume(make_role(READ, trusts={"AWS": "000000000000"}, PermissionsBoundary=boundary))
    _, message = refusal(session.client("kinesis").describe_stream_summary, StreamARN=STREAM)
    assert message.endswith("because no permissions boundary allows the kinesis:DescribeStreamSummary action")
    role = session.arn.split("/")[1]
    iam.delete_role_permissions_boundary(RoleName=role)
    assert attempt(session) == ALLOWED


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (None, ALLOWED),
        ({"Action": "kinesis:DescribeStreamSummary", "Resource": "*"}, ALLOWED),
        ({"Action": "kinesis:ListShards", "Resource": "*"}, "AccessDeniedException"),
    ],
)
def test_a_session_policy_limits_a_session(
    make_role: Any, assume: Any, attempt: Any, policy: Any, outcome: str
) -> None:
    text = policy and json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **policy}})
    session = assume(make_role(READ, trusts={"AWS": "000000000000"}), **({"Policy": text} if text else {}))
    assert attempt(session) == outcome


def test_managed_session_policies_limit_a_session(make_role: Any, assume: Any, attempt: Any) -> None:
    role = make_role(READ, trusts={"AWS": "000000000000"})
    assert attempt(assume(role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}])) == (
        "AccessDeniedException"
    )
    assert attempt(assume(role, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonKinesisFullAccess"}])) == ALLOWED


def test_the_trust_policy_decides_who_may_assume_a_role(make_role: Any, make_user: Any, refusal: Any) -> None:
    user = make_user({"Action": "sts:AssumeRole", "Resource": "*"})
    request = {"RoleSessionName": "session"}
    trusting, other = make_role(trusts={"AWS": user.arn}), make_role()
    assert user.client("sts").assume_role(RoleArn=trusting, **request)["Credentials"]
    code, message = refusal(user.client("sts").assume_role, RoleArn=other, **request)
    assert (code, message.split(" because ")[0]) == (
        "AccessDenied",
        f"User: {user.arn} is not authorized to perform: sts:AssumeRole on resource: {other}",
    )


def test_an_undetermined_condition_denies_with_the_reason(make_user: Any, refusal: Any) -> None:
    user = make_user({**READ, "Condition": {"StringEquals": {"kinesis:NoSuchKey": "x"}}})
    code, message = refusal(user.client("kinesis").describe_stream_summary, StreamARN=STREAM)
    assert code == "AccessDeniedException"
    assert "(emulator: " in message
    assert "kinesis:NoSuchKey" in message or "kinesis:nosuchkey" in message


def test_inactive_and_deleted_access_keys_are_refused(make_user: Any, root: Any, refusal: Any) -> None:
    user, iam = make_user(READ), root("iam")
    name = user.arn.rpartition("/")[2]
    [key] = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(user.client("sts").get_caller_identity)[0] == "InvalidClientTokenId"
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    assert refusal(user.client("s3").list_buckets)[0] == "InvalidAccessKeyId"
    assert refusal(user.client("kinesis").list_streams)[0] == "UnrecognizedClientException"


def test_a_user_session_has_the_users_permissions(make_user: Any, root: Any, attempt: Any, localstack: Any) -> None:
    user = make_user(READ)
    keys = user.client("sts").get_session_token()["Credentials"]
    session = type(user)(
        localstack,
        user.arn,
        {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        },
    )
    assert session.client("sts").get_caller_identity()["Arn"] == user.arn
    assert attempt(session) == ALLOWED
    root("iam").delete_user_policy(UserName=user.arn.rpartition("/")[2], PolicyName="inline")
    assert attempt(session) == "AccessDeniedException"


def test_the_root_user_has_all_permissions(root: Any, refusal: Any) -> None:
    assert refusal(root("kinesis").describe_stream_summary, StreamARN=STREAM)[0] == ALLOWED
