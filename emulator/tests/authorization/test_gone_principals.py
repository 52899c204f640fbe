"""A resource policy is about the user or role that it named when it was written, not about the next of that name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

pytestmark = pytest.mark.local_only
ACCOUNT, REGION = "000000000000", "ap-south-1"
USERS = f"arn:aws:iam::{ACCOUNT}:user/"


def policy(arn: str | list[str], action: str, resource: str | None = None) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": action}
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [statement | ({"Resource": resource} if resource else {})]}
    )


def bucket(root: Any, name: str, arn: str) -> Any:
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    listing = policy([arn, f"arn:aws:iam::{ACCOUNT}:root"], "s3:ListBucket", f"arn:aws:s3:::{name}")
    root("s3").put_bucket_policy(Bucket=name, Policy=listing)
    return lambda client: client("s3").list_objects_v2(Bucket=name)


def queue(root: Any, name: str, arn: str) -> Any:
    attributes = {"Policy": policy(arn, "sqs:SendMessage", "*")}
    url = root("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return lambda client: client("sqs").send_message(QueueUrl=url, MessageBody="m")


def topic(root: Any, name: str, arn: str) -> Any:
    attributes = {"Policy": policy(arn, "sns:Publish", "*")}
    made = root("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return lambda client: client("sns").publish(TopicArn=made, Message="m")


def stream(root: Any, name: str, arn: str) -> Any:
    root("kinesis").create_stream(StreamName=name, ShardCount=1)
    root("kinesis").get_waiter("stream_exists").wait(StreamName=name)
    made = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
    root("kinesis").put_resource_policy(ResourceARN=made, Policy=policy(arn, "kinesis:PutRecord", made))
    return lambda client: client("kinesis").put_record(StreamARN=made, Data=b"", PartitionKey="k")


def repository(root: Any, name: str, arn: str) -> Any:
    root("ecr").create_repository(repositoryName=name)
    root("ecr").set_repository_policy(repositoryName=name, policyText=policy(arn, "ecr:ListImages"))
    return lambda client: client("ecr").list_images(repositoryName=name)


def key(root: Any, name: str, arn: str) -> Any:
    text = policy([arn, f"arn:aws:iam::{ACCOUNT}:root"], "kms:*", "*")
    made = root("kms").create_key(Policy=text, Description=name)["KeyMetadata"]["KeyId"]
    return lambda client: client("kms").describe_key(KeyId=made)


def role(root: Any, name: str, arn: str) -> Any:
    made = root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(arn, "sts:AssumeRole"))["Role"]["Arn"]
    return lambda client: client("sts").assume_role(RoleArn=made, RoleSessionName="session")


KINDS = (bucket, queue, topic, stream, repository, key, role)


class Users:
    """Users of one name, one after the other."""

    def __init__(self, localstack: Any, name: str) -> None:
        self.localstack, self.name, self.iam = localstack, name, localstack.client("iam")

    def create(self) -> Callable[[str], Any]:
        """Create the user. Return a function that creates clients with a new key."""
        self.iam.create_user(UserName=self.name)
        made = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
        return lambda service: boto3.client(
            service, endpoint_url=self.localstack.endpoint_url, region_name=REGION, **keys
        )

    def delete(self) -> None:
        """Delete the user and its keys."""
        for each in self.iam.list_access_keys(UserName=self.name)["AccessKeyMetadata"]:
            self.iam.delete_access_key(UserName=self.name, AccessKeyId=each["AccessKeyId"])
        self.iam.delete_user(UserName=self.name)


@pytest.fixture
def users(localstack: Any) -> Users:
    return Users(localstack, f"user-{uuid.uuid4().hex[:8]}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_does_not_mean_the_next_user_of_the_name(root: Any, users: Users, refusal: Any, kind: Any) -> None:
    first = users.create()
    use = kind(root, users.name.replace("user", kind.__name__[:3]), USERS + users.name)
    assert use(first)
    users.delete()
    second = users.create()
    assert "AccessDenied" in refusal(lambda: use(second))[0]


def test_a_functions_permission_does_not_mean_the_next_user(
    root: Any, users: Users, refusal: Any, create_function: Any
) -> None:
    function, first = create_function("def handler(event, context):\n    return 1\n"), users.create()
    permission = {"StatementId": "u", "Action": "lambda:InvokeFunction", "Principal": USERS + users.name}
    root("lambda").add_permission(FunctionName=function.name, **permission)
    assert first("lambda").invoke(FunctionName=function.name)["StatusCode"] == 200
    users.delete()
    second = users.create()
    assert refusal(second("lambda").invoke, FunctionName=function.name)[0] == "AccessDeniedException"


def test_a_policy_follows_a_renamed_user(root: Any, users: Users, refusal: Any) -> None:
    first, name = users.create(), users.name
    use = queue(root, name, USERS + name)
    users.iam.update_user(UserName=name, NewUserName=f"{name}-new", NewPath="/moved/")
    assert use(first)
    second = users.create()
    assert refusal(lambda: use(second))[0] == "AccessDenied"


def test_a_policy_does_not_mean_the_next_role_of_the_name(root: Any, assume: Any, refusal: Any) -> None:
    iam, name = root("iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = policy(f"arn:aws:iam::{ACCOUNT}:root", "sts:AssumeRole")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    use = bucket(root, name, arn)
    assert use(assume(arn).client)
    iam.delete_role(RoleName=name)
    shown = json.loads(root("s3").get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]["Principal"]["AWS"]
    assert shown[0].startswith("AROA")  # as AWS shows it
    assert shown[1] == f"arn:aws:iam::{ACCOUNT}:root"
    assert iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"] == arn
    assert refusal(lambda: use(assume(arn).client))[0] == "AccessDenied"
