"""For every operation that names a resource: no spelling of the name touches a resource that the caller is denied.

A user may do everything except with the resource `secret`. Each operation that botocore knows is sent with accepted
and mutated spellings of its name. Then the root user's reads must return what they returned before. The same requests
with the name `app` show that they are good enough to be served.
"""

import copy
import json
import random
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import BotoCoreError, ClientError

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]

ACCOUNT, REGION = "000000000000", "ap-south-1"
READS = ("Describe", "Get", "List")
_EXPIRING = re.compile(r"\?AWSAccessKeyId=[^']*")  # of URLs
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def arn(service: str, resource: str, place: str = f"{REGION}:{ACCOUNT}") -> str:
    return f"arn:aws:{service}:{place}:{resource}"


STREAM, GROUP, FUNCTION = arn("kinesis", "stream/{}"), arn("logs", "log-group:{}"), arn("lambda", "function:{}")
LAYER = arn("lambda", "layer:{}")
QUEUES = (f"http://127.0.0.1/{ACCOUNT}/{{}}", f"http://127.0.0.1/queue/{REGION}/{ACCOUNT}/{{}}", "{}")
FUNCTIONS = ("{}", "{}:$LATEST", FUNCTION, FUNCTION + ":$LATEST", f"{ACCOUNT}:function:{{}}")
KEYS = ("alias/{}", arn("kms", "alias/{}"))
NAMING: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "kinesis": {"StreamName": ("{}",), "StreamARN": (STREAM,), "ResourceARN": (STREAM,)},
    "sqs": {"QueueUrl": QUEUES, "QueueName": ("{}",), "SourceArn": (arn("sqs", "{}"),)},
    "sns": {"TopicArn": (arn("sns", "{}"),), "ResourceArn": (arn("sns", "{}"),)},
    "logs": {
        "logGroupName": ("{}",),
        "logGroupIdentifier": ("{}", GROUP, GROUP + ":*"),
        "logGroupNames": ("{}",),
        "logGroupIdentifiers": ("{}", GROUP),
        "logGroupArn": (GROUP,),
        "resourceArn": (GROUP, GROUP + ":*"),
    },
    "ecr": {"repositoryName": ("{}",), "repositoryNames": ("{}",), "resourceArn": (arn("ecr", "repository/{}"),)},
    "kms": dict.fromkeys(("KeyId", "SourceKeyId", "DestinationKeyId", "TargetKeyId"), KEYS) | {"AliasName": KEYS[:1]},
    "iam": {"RoleName": ("{}",)},
    "lambda": {
        "FunctionName": FUNCTIONS,
        "Resource": (FUNCTION,),
        "LayerName": ("{}", LAYER, LAYER + ":1"),
        "Arn": (LAYER + ":1",),
    },
    "s3": {"Bucket": ("{}",), "CopySource": ("{}/key", "/{}/key", arn("s3", "{}/key", ":"))},
}
"""By service: the members that name a resource, and what they accept, `{}` standing for the name."""
NEVER_JUDGED: Mapping[str, set[str]] = {
    "logs": {"CreateScheduledQuery.logGroupIdentifiers", "UpdateScheduledQuery.logGroupIdentifiers"},
    "kms": {"ReEncrypt.DestinationKeyId"},  # the ciphertext names no key
}
"""By service: operations and members that are refused to everyone but root, since the name is not enough to judge."""
INSERTED = ["/", "//", ":", "?", "#", ";", "+", "%2F", "*", " ", "\n", "\\", "..", "/../", "\u017f", ":*", "\x00"]
VALUES: Mapping[str, Any] = {
    "ShardId": "shardId-000000000000",
    "ShardToSplit": "shardId-000000000000",
    "PartitionKey": "key",
    "Key": "key",
    "Role": arn("iam", "role/app", f":{ACCOUNT}"),
    "Policy": POLICY,
    "PolicyDocument": ALLOW,
    "Statement": "a",
    "logStreamName": "s",
    "policyText": POLICY,
    "lifecyclePolicyText": '{"rules": []}',
    "retentionInDays": 1,
    "Qualifier": "$LATEST",
    "TagKeys": ["a"],
    "tagKeys": ["a"],
    "Code": {"ZipFile": EMPTY_ZIP},
    "Content": {"ZipFile": EMPTY_ZIP},
    "StatementId": "statement",
    "Body": b"x",
    "QueueName": "another",
    "Plaintext": b"x",
    "imageIds": [{"imageTag": "a"}],
    "PolicyName": "inline",
}
"""What operations need beside the name, where a value made from the model would not do."""
ON_ALL: Mapping[str, set[str]] = {
    "logs": {"DescribeLogGroups", "DescribeQueries"},
    "kms": {"ListAliases"},
    "lambda": {"ListEventSourceMappings", "ListLayerVersions"},
}
"""Operations without resource-level permissions: the name only filters a list of everything."""

OF_THE_ACCOUNT = {"DescribeResourcePolicies"}
"""Reads that return the same whatever the name: moto keeps the policies of Logs by account, and ignores the ARN."""


class Target(NamedTuple):
    operation: str
    member: str
    spellings: tuple[str, ...]


@cache
def _model(service: str) -> Any:
    """Return botocore's own model: core's has operations that clients cannot send."""
    return botocore.session.get_session().get_service_model(service)


def targets(service: str) -> list[Target]:
    """Return every operation with a member that names a resource; deletions last."""
    model = _model(service)
    found = [
        Target(name, member, spellings)
        for name in model.operation_names
        for member, spellings in NAMING[service].items()
        if (shape := model.operation_model(name).input_shape) is not None and member in shape.members
    ]
    return sorted(found, key=lambda each: each.operation.startswith(("Delete", "Untag", "Remove", "Purge")))


def parameters(service: str, target: Target, text: str, other: str) -> dict[str, Any]:
    """Return what an operation requires, with a text as the name; `other` where it requires a second one."""
    shape = _model(service).operation_model(target.operation).input_shape
    naming = NAMING[service]
    made = {
        name: naming[name][0].format(other) if name in naming else VALUES.get(name) or _value(shape.members[name])
        for name in shape.required_members
    }
    is_list = shape.members[target.member].type_name == "list"
    return {**made, target.member: [text] if is_list else text}


def _value(shape: Any, depth: int = 0) -> Any:
    match shape.type_name:
        case "structure":
            return {name: VALUES.get(name, _value(shape.members[name], depth + 1)) for name in shape.required_members}
        case "list":
            return [_value(shape.member, depth + 1)] if depth < 5 else []
        case "map":
            return {_value(shape.key): _value(shape.value, depth + 1)} if depth < 5 else {}
        case "string":
            return next(iter(getattr(shape, "enum", [])), "a" * shape.metadata.get("min", 1))
        case "integer" | "long":
            return max(1, shape.metadata.get("min", 1))
        case "boolean":
            return False
        case "timestamp":
            return 1_790_000_000
        case "blob":
            return b"x"
    return 1.0


def mutated(text: str, name: str, other: str, dice: random.Random) -> Iterator[str]:
    """Yield texts that a careless parser could take for a name, and a careless authorizer for another."""
    yield text.replace(name, f"{other}{dice.choice(INSERTED)}{name}")
    yield text.replace(name, f"{name}{dice.choice(INSERTED)}{other}")
    at = dice.randrange(len(text) + 1)
    yield text[:at] + dice.choice(INSERTED) + text[at:]
    yield text.swapcase()


def make(localstack: Any, service: str, name: str) -> None:
    """Create the resource of a service."""
    client = localstack.client(service)
    if service == "kinesis":
        client.create_stream(StreamName=name, ShardCount=1, Tags={"of": name})
        client.put_record(StreamName=name, Data=f"record of {name}".encode(), PartitionKey="key")
    elif service == "sqs":
        client.create_queue(QueueName=name, tags={"of": name})
        client.send_message(QueueUrl=QUEUES[0].format(name), MessageBody=f"message of {name}")
    elif service == "sns":
        client.create_topic(Name=name, Tags=[{"Key": "of", "Value": name}])
    elif service == "logs":
        client.create_log_group(logGroupName=name, tags={"of": name})
        client.create_log_stream(logGroupName=name, logStreamName="s")
    elif service == "ecr":
        client.create_repository(repositoryName=name, tags=[{"Key": "of", "Value": name}])
    elif service == "kms":
        key = client.create_key(Description=f"key of {name}")["KeyMetadata"]["KeyId"]
        client.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    elif service == "iam":
        client.create_role(RoleName=name, AssumeRolePolicyDocument=POLICY, Tags=[{"Key": "of", "Value": name}])
        client.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=ALLOW)
    elif service == "lambda":
        role = localstack.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=POLICY)["Role"]["Arn"]
        code = {"ZipFile": EMPTY_ZIP}
        client.create_function(FunctionName=name, Role=role, Runtime="python3.13", Handler="h.h", Code=code)
        client.publish_layer_version(LayerName=name, Content=code, Description=f"layer of {name}")
    else:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        client.put_object(Bucket=name, Key="key", Body=f"content of {name}".encode())


def denied(localstack: Any, service: str, name: str) -> list[str]:
    """Return the ARNs of a resource and of what belongs to it."""
    if service == "kms":
        client = localstack.client("kms")
        return [str(client.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"]), KEYS[1].format(name)]
    if service == "lambda":
        return [f"{each.format(name)}{end}" for each in (FUNCTION, LAYER) for end in ("", ":*")]
    own = {
        "kinesis": STREAM,
        "sqs": arn("sqs", "{}"),
        "sns": arn("sns", "{}"),
        "logs": GROUP,
        "ecr": arn("ecr", "repository/{}"),
        "iam": arn("iam", "role/{}", f":{ACCOUNT}"),
        "s3": arn("s3", "{}", ":"),
    }[service].format(name)
    return [own, f"{own}:*", f"{own}/*"]


def call(client: Any, operation: str, request: Mapping[str, Any]) -> Any:
    """Return the response without its metadata, or the error's code."""
    try:
        response = client._make_api_call(operation, copy.deepcopy(request))  # botocore changes it
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except (BotoCoreError, ValueError, UnicodeError, TypeError, AttributeError, KeyError) as error:
        return f"not sent: {error!r}"  # botocore cannot express it
    response.pop("ResponseMetadata", None)
    return {name: _content(value) for name, value in response.items()}


def _content(value: Any) -> Any:
    """Return the content of a body or an event stream, whose connections stay open until they are read."""
    if isinstance(value, EventStream):
        return list(value)
    return value.read() if hasattr(value, "read") else value


def reads(client: Any, service: str, name: str) -> Callable[[], dict[str, str]]:
    """Return a function that reads a resource with every operation that reads; without what changes by itself."""
    queries = [
        (target.operation, parameters(service, target, target.spellings[0].format(name), name))
        for target in targets(service)
        if target.operation.startswith(READS) and target.operation not in {*ON_ALL.get(service, ()), *OF_THE_ACCOUNT}
    ]

    def everything() -> dict[str, str]:
        return {
            f"{operation} {request}": _EXPIRING.sub("", repr(call(client, operation, request)))
            for operation, request in queries
        }

    first, second = everything(), everything()
    steady = {key for key, value in first.items() if second[key] == value}
    return lambda: {key: value for key, value in everything().items() if key in steady}


@pytest.mark.parametrize("service", NAMING)
def test_no_operation_touches_what_the_caller_is_denied(localstack: Any, make_user: Any, service: str) -> None:
    suffix = uuid.uuid4().hex[:8]
    app, secret = f"app-{suffix}", f"secret-{suffix}"
    for name in (app, secret):
        make(localstack, service, name)
    root = localstack.client(service, parameter_validation=False)
    user = _user(localstack, make_user, service, secret)
    read = reads(root, service, secret)
    before = read()
    dice = random.Random(service)
    served: dict[str, list[str]] = {}
    for target in targets(service):
        accepted = [each.format(secret) for each in target.spellings]
        texts = [*accepted, *mutated(dice.choice(accepted), secret, app, dice)]
        for text in texts:
            answer = call(user, target.operation, parameters(service, target, text, app))
            if not isinstance(answer, str):
                served.setdefault(target.operation, []).append(text)
                is_filtered = target.operation in ON_ALL.get(service, ())
                assert is_filtered or f"of {secret}" not in repr(answer), (target, text)
    after = read()
    assert after == before, f"one of these touched it: {json.dumps(served, indent=1)}"
    exact = {each.format(secret) for spellings in NAMING[service].values() for each in spellings}
    named = {name for name, texts in served.items() if exact & set(texts)}
    assert named <= ON_ALL.get(service, set()), "these were served with the name of what is denied"
    # WHEN the same requests name another resource THEN IAM refuses only those that it can never judge
    refused: set[str] = set()
    for target in targets(service):
        answer = call(user, target.operation, parameters(service, target, target.spellings[0].format(app), app))
        if isinstance(answer, str) and "AccessDenied" in answer:
            refused.add(f"{target.operation}.{target.member}")
    assert refused == NEVER_JUDGED.get(service, set())


def _user(localstack: Any, make_user: Any, service: str, secret: str) -> Any:
    allow = {"Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "*", "Resource": denied(localstack, service, secret)}
    config = Config(
        retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=30, s3={"addressing_style": "path"}
    )
    url, keys = localstack.endpoint_url, make_user(allow, deny).credentials
    return boto3.client(service, endpoint_url=url, region_name=REGION, config=config, **keys)
