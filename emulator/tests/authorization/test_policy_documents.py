"""Malformed policies are refused by whatever would store them, and nothing is stored.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. The texts and their sources are at
`authorization.policy_documents`.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

ACCOUNT = "000000000000"
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"
REPOSITORY = "Invalid parameter at 'PolicyText' failed to satisfy constraint: '{}'"
GRAMMAR = "Error occurred while parsing accessPolicy"
# By service: the action of a good policy; the code; the texts for what is no JSON, an action of another service, and a
# principal that does not exist.
SERVICES: dict[str, tuple[str, ...]] = {
    "kinesis": (
        "kinesis:PutRecord",
        "InvalidArgumentException",
        "Policy validation error: This policy contains invalid Json",
        "Action field includes AWS services that are inconsistent with specified vendor",
        "Policy validation error: Invalid principal in policy",
    ),
    "s3": (
        "s3:GetObject",
        "MalformedPolicy",
        "Policies must be valid JSON and the first byte must be '{'",
        "Policy has invalid action",
        "Invalid principal in policy",
    ),
    "sqs": ("sqs:SendMessage", "InvalidAttributeValue", *["Invalid value for the parameter Policy."] * 3),
    "sns": (
        "sns:Publish",
        "InvalidParameter",
        "Invalid parameter: Policy Error: null",
        "Invalid parameter: Policy statement action out of service scope!",
        "Invalid parameter: Policy Error: PrincipalNotFound",
    ),
    "ecr": (
        "ecr:BatchGetImage",
        "InvalidParameterException",
        *[REPOSITORY.format("Invalid repository policy provided")] * 2,
        REPOSITORY.format("Principal not found"),
    ),
    "kms": (
        "kms:*",
        "MalformedPolicyDocumentException",
        "This policy contains invalid Json",
        "Policy has invalid action",
        "Policy contains a statement with one or more invalid principals.",
    ),
    "logs": (
        "logs:PutLogEvents",
        "InvalidParameterException",
        *[GRAMMAR] * 2,
        "Could not convert to persistable policy.",
    ),
    "iam": (
        "sts:AssumeRole",
        "MalformedPolicyDocument",
        "This policy contains invalid Json",
        "AssumeRole policy may only specify STS AssumeRole actions.",
        f'Invalid principal in policy: "AWS":"{NOBODY}"',
    ),
}
FORMS: dict[str, Callable[[Any], Any]] = {
    "{}": lambda _good: {},
    "no statements": lambda good: {**good, "Statement": []},
    "an unknown effect": lambda good: {**good, "Statement": [{**good["Statement"][0], "Effect": "Permit"}]},
    "no principal": lambda good: {**good, "Statement": [{**good["Statement"][0], "Principal": {}}]},
    "an unknown operator": lambda good: {**good, "Statement": [{**good["Statement"][0], "Condition": {"Is": {}}}]},
    "an unknown version": lambda good: {**good, "Version": "2020-01-01"},
}


class Subject:
    """A resource of a service whose policy can be put and read."""

    def __init__(self, client: Any, service: str) -> None:
        self._client, self._name = client, f"policies-{uuid.uuid4().hex[:8]}"
        self.arn: str | None = getattr(self, f"_make_{service}")()
        self.put: Callable[[str], Any] = getattr(self, f"_put_{service}")
        self.read: Callable[[], str | None] = getattr(self, f"_read_{service}")

    def _make_kinesis(self) -> str:
        self._client.create_stream(StreamName=self._name, ShardCount=1)
        return f"arn:aws:kinesis:ap-south-1:{ACCOUNT}:stream/{self._name}"

    def _put_kinesis(self, policy: str) -> None:
        self._client.put_resource_policy(ResourceARN=self.arn, Policy=policy)

    def _read_kinesis(self) -> str | None:
        return str(self._client.get_resource_policy(ResourceARN=self.arn)["Policy"])

    def _make_s3(self) -> str:
        where = {"LocationConstraint": "ap-south-1"}
        self._client.create_bucket(Bucket=self._name, CreateBucketConfiguration=where)
        return f"arn:aws:s3:::{self._name}/*"

    def _put_s3(self, policy: str) -> None:
        self._client.put_bucket_policy(Bucket=self._name, Policy=policy)

    def _read_s3(self) -> str | None:
        return str(self._client.get_bucket_policy(Bucket=self._name)["Policy"])

    def _make_sqs(self) -> str:
        self._url = self._client.create_queue(QueueName=self._name)["QueueUrl"]
        return f"arn:aws:sqs:ap-south-1:{ACCOUNT}:{self._name}"

    def _put_sqs(self, policy: str) -> None:
        self._client.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})

    def _read_sqs(self) -> str | None:
        found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["Policy"])
        return (found.get("Attributes") or {}).get("Policy")

    def _make_sns(self) -> str:
        return str(self._client.create_topic(Name=self._name)["TopicArn"])

    def _put_sns(self, policy: str) -> None:
        self._client.set_topic_attributes(TopicArn=self.arn, AttributeName="Policy", AttributeValue=policy)

    def _read_sns(self) -> str | None:
        return str(self._client.get_topic_attributes(TopicArn=self.arn)["Attributes"]["Policy"])

    def _make_ecr(self) -> None:
        self._client.create_repository(repositoryName=self._name)

    def _put_ecr(self, policy: str) -> None:
        self._client.set_repository_policy(repositoryName=self._name, policyText=policy)

    def _read_ecr(self) -> str | None:
        return str(self._client.get_repository_policy(repositoryName=self._name)["policyText"])

    def _make_kms(self) -> str:
        self._key = self._client.create_key()["KeyMetadata"]["KeyId"]
        return "*"

    def _put_kms(self, policy: str) -> None:
        self._client.put_key_policy(KeyId=self._key, PolicyName="default", Policy=policy)

    def _read_kms(self) -> str | None:
        return str(self._client.get_key_policy(KeyId=self._key, PolicyName="default")["Policy"])

    def _make_logs(self) -> str:
        return "*"

    def _put_logs(self, policy: str) -> None:
        self._client.put_resource_policy(policyName=self._name, policyDocument=policy)

    def _read_logs(self) -> str | None:
        found = self._client.describe_resource_policies()["resourcePolicies"]
        return next((each["policyDocument"] for each in found if each["policyName"] == self._name), None)

    def _make_iam(self) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        self._client.create_role(RoleName=self._name, AssumeRolePolicyDocument=document)

    def _put_iam(self, policy: str) -> None:
        self._client.update_assume_role_policy(RoleName=self._name, PolicyDocument=policy)

    def _read_iam(self) -> str | None:
        return json.dumps(self._client.get_role(RoleName=self._name)["Role"]["AssumeRolePolicyDocument"])


@pytest.mark.parametrize("service", SERVICES)
def test_malformed_policies_of_resources_are_refused_and_not_stored(
    localstack: Any, service: str, refusal: Any
) -> None:
    action, code, no_json, foreign, missing = SERVICES[service]
    subject = Subject(localstack.client(service, parameter_validation=False), service)
    resource = {"Resource": subject.arn} if subject.arn else {}
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": action, **resource}
    good: dict[str, Any] = {"Version": "2012-10-17", "Statement": [statement]}
    subject.put(json.dumps(good))
    stored = subject.read()
    assert json.loads(stored or "") == good
    for text, says in {
        "no JSON": no_json,
        json.dumps({**good, "Statement": [{**statement, "Action": "ec2:RunInstances"}]}): foreign,
        json.dumps({**good, "Statement": [{**statement, "Principal": {"AWS": NOBODY}}]}): missing,
    }.items():
        found, message = refusal(subject.put, policy=text)
        assert (found, says in message) == (code, True), (text, message)
    for what, form in FORMS.items():
        assert refusal(subject.put, policy=json.dumps(form(good)))[0] == code, what
    assert subject.read() == stored


def test_a_new_resource_is_not_created_with_a_malformed_policy(localstack: Any, refusal: Any) -> None:
    name = f"policies-{uuid.uuid4().hex[:8]}"
    for service, operation, code, request in (
        ("sqs", "create_queue", "InvalidAttributeValue", {"QueueName": name, "Attributes": {"Policy": "{}"}}),
        ("sns", "create_topic", "InvalidParameter", {"Name": name, "Attributes": {"Policy": "{}"}}),
        ("kms", "create_key", "MalformedPolicyDocumentException", {"Policy": "{}"}),
        ("iam", "create_role", "MalformedPolicyDocument", {"RoleName": name, "AssumeRolePolicyDocument": "{}"}),
    ):
        assert refusal(getattr(localstack.client(service), operation), **request)[0] == code, operation
    assert "QueueUrls" not in localstack.client("sqs").list_queues(QueueNamePrefix=name)
    assert refusal(localstack.client("iam").get_role, RoleName=name)[0] == "NoSuchEntity"


def test_a_keys_policy_must_leave_the_key_manageable(localstack: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#allow-iam-policies"""
    subject = Subject(localstack.client("kms"), "kms")
    text = "The new key policy will not allow you to update the key policy in the future."

    def policy(**changes: Any) -> str:
        allowed = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:Put*", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": {**allowed, **changes}})

    subject.put(policy())
    for changes in (
        {"Action": "kms:Decrypt"},
        {"Principal": {"AWS": "111111111111"}},
        {"Effect": "Deny", "Action": "kms:Decrypt"},
    ):
        assert refusal(subject.put, policy=policy(**changes)) == ("MalformedPolicyDocumentException", text)
    localstack.client("kms").create_key(Policy=policy(Action="kms:Decrypt"), BypassPolicyLockoutSafetyCheck=True)


def test_a_principal_must_exist_while_the_policy_is_put(localstack: Any, make_role: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html and the text for AddPermission.

    Roles of other accounts, and those that AWS creates for services, are not known here.
    """
    subject = Subject(localstack.client("sqs"), "sqs")

    def put(name: str) -> None:
        statement = {"Effect": "Allow", "Principal": {"AWS": name}, "Action": "sqs:*", "Resource": subject.arn}
        subject.put(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    role = make_role()
    for name in (
        role,
        f"arn:aws:iam::{ACCOUNT}:root",
        "arn:aws:iam::111111111111:role/nobody",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    ):
        put(name)
    localstack.client("iam").delete_role(RoleName=role.rpartition("/")[2])
    for name in (role, role.replace(":role/", ":user/")):
        assert refusal(put, name=name)[0] == "InvalidAttributeValue"


def test_a_permission_of_a_function_needs_an_existing_principal(
    localstack: Any, create_function: Any, make_role: Any, refusal: Any
) -> None:
    function, client = create_function("def handler(event, context): return 1"), localstack.client("lambda")

    def add(principal: str) -> None:
        action, name = "lambda:InvokeFunction", f"id-{uuid.uuid4().hex[:8]}"
        client.add_permission(FunctionName=function.name, StatementId=name, Action=action, Principal=principal)

    text = "The provided principal was invalid. Please check the principal and try again."
    assert refusal(add, principal=NOBODY) == ("InvalidParameterValueException", text)
    assert refusal(client.get_policy, FunctionName=function.name)[0] == "ResourceNotFoundException"
    add(make_role())


def test_identities_have_policies_without_principals_within_iams_quotas(
    localstack: Any, make_role: Any, refusal: Any
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length"""
    iam, role = localstack.client("iam"), make_role().rpartition("/")[2]

    def document(characters: int, **more: Any) -> str:
        statement = {"Sid": "s" * characters, "Effect": "Allow", "Action": "s3:*", "Resource": "*", **more}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=8)

    def put(name: str, text: str) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)

    code, message = refusal(put, name="one", text=document(1, Principal="*"))
    assert (code, message) == ("MalformedPolicyDocument", "Policy document should not specify a principal.")
    put("one", document(6_000))
    put("one", document(9_000))  # it replaces the other
    exceeded = f"Maximum policy size of 10240 bytes exceeded for role {role}"
    assert refusal(put, name="two", text=document(2_000)) == ("LimitExceeded", exceeded)
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["one"]
    managed = {"PolicyName": f"managed-{role}", "PolicyDocument": document(6_200)}
    quota = "Cannot exceed quota for PolicySize: 6144"
    assert refusal(iam.create_policy, **managed) == ("LimitExceeded", quota)
    trust = document(2_100, Action="sts:AssumeRole", Principal={"AWS": ACCOUNT})
    quota = "Cannot exceed quota for ACLSizePerRole: 2048"
    refused = refusal(iam.update_assume_role_policy, RoleName=role, PolicyDocument=trust)
    assert refused == ("LimitExceeded", quota)
