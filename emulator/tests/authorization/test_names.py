"""What is judged is what is touched: no spelling of a name reaches a resource that the caller's policy denies.

Each service has a resource `app` and a resource `secret`. One user may use only `app`, another everything but `secret`.
Whatever text they send as a name, a response never shows the secret.
"""

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ParamValidationError
from botocore.handlers import handle_copy_source_param
from hypothesis import given, settings
from hypothesis import strategies as st

ACCOUNT, REGION = "000000000000", "ap-south-1"
CHARACTERS = [
    "/",
    "//",
    ":",
    "?",
    "#",
    ";",
    "+",
    "%2F",
    "%3A",
    "%00",
    "*",
    " ",
    "\n",
    "\t",
    "\\",
    ".",
    "..",
    "é",
    "\u017f",
    "٣",
]
OTHERS = {
    "arn:aws:": ["arn:aws-cn:", "arn:aws-us-gov:", "arn::", "ARN:aws:", ""],
    REGION: ["us-east-1", "", "AP-SOUTH-1", "ap-south-1-1", "*"],
    ACCOUNT: ["111111111111", "", "0", "aws", "*"],
    "http://": ["https://", "//", "HTTP://", "http:///", ""],
}


@dataclass(frozen=True)
class Target:
    """A way to name a resource and see which one is used.

    Attributes:
        spellings: the accepted texts for a resource, `{}` standing for its name.
        show: sends a text to the service, and returns the response.
        secret: what only a response about the secret contains.
        seeds: further texts that once reached it.
    """

    spellings: tuple[str, ...]
    show: Callable[[Any, str], Any]
    secret: str
    seeds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    app: str
    secret: str
    client: Callable[[str, str], Any]
    targets: Mapping[str, Target]


def spelling(target: Target, stage: Stage) -> st.SearchStrategy[str]:
    """Draw a text made of the accepted spellings of both names, and changed in a few places."""
    accepted = [text.format(name) for text in target.spellings for name in (stage.secret, stage.app)]
    joined = st.tuples(st.sampled_from(accepted), st.sampled_from([*CHARACTERS, ""]), st.sampled_from(accepted))
    start = st.one_of(st.sampled_from([*accepted, *target.seeds]), joined.map("".join))
    return st.tuples(start, st.lists(_change(), max_size=2)).map(_changed)


def _change() -> st.SearchStrategy[tuple[str, str, float]]:
    inserted = st.tuples(st.just(""), st.sampled_from(CHARACTERS), st.floats(0, 1))
    swapped = [(old, new, 0.0) for old, several in OTHERS.items() for new in several]
    at_end = st.tuples(st.just("end"), st.sampled_from([*CHARACTERS, ":*", "?versionId=null", "/x"]), st.just(1.0))
    return st.one_of(inserted, st.sampled_from(swapped), at_end, st.just(("case", "", 0.0)))


def _changed(drawn: tuple[str, list[tuple[str, str, float]]]) -> str:
    text, changes = drawn
    for kind, new, place in changes:
        if kind == "case":
            text = text.swapcase()
        elif kind in ("", "end"):
            at = round(place * len(text))
            text = text[:at] + new + text[at:]
        else:
            text = text.replace(kind, new)
    return text


@pytest.fixture(scope="module")
def stage(localstack: Any) -> Stage:
    suffix = uuid.uuid4().hex[:8]
    app, secret = f"app-{suffix}", f"secret-{suffix}"
    made = _make(localstack, app, secret)
    keys = {user: _user(localstack, f"{user}-{suffix}", _statements(user, suffix, made)) for user in ("narrow", "wide")}
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"})

    @cache
    def client(user: str, service: str) -> Any:
        made = boto3.client(
            service, endpoint_url=localstack.endpoint_url, region_name=REGION, config=config, **keys[user]
        )
        # boto3 would encode the copy source once more.
        made.meta.events.unregister("before-parameter-build.s3.CopyObject", handle_copy_source_param)
        return made

    return Stage(app, secret, client, _targets(localstack.endpoint_url, app, secret, made))


def _statements(user: str, suffix: str, made: Mapping[str, str]) -> list[dict[str, Any]]:
    if user == "narrow":  # the wildcards are generous: they also match slashes and colons
        own = [f"arn:aws:*:*:*:{before}app-{suffix}*" for before in ("", "*/", "*:")]
        return [{"Effect": "Allow", "Action": "*", "Resource": [*own, made["other"]]}]
    name, place = f"secret-{suffix}", f"{REGION}:{ACCOUNT}"
    denied = [
        f"arn:aws:s3:::{name}",
        f"arn:aws:s3:::{name}/*",
        f"arn:aws:iam::{ACCOUNT}:role/{name}/{name}",
        made["key"],
    ]
    denied += [f"arn:aws:kinesis:{place}:stream/{name}", f"arn:aws:sqs:{place}:{name}", f"arn:aws:sns:{place}:{name}"]
    denied += [f"arn:aws:logs:{place}:log-group:{name}{end}" for end in ("", ":*")]
    denied += [f"arn:aws:lambda:{place}:function:{name}{end}" for end in ("", ":*")]
    denied += [f"arn:aws:lambda:{place}:layer:{name}{end}" for end in ("", ":*")]
    denied += [f"arn:aws:ecr:{place}:repository/{name}", f"arn:aws:kinesis:{place}:stream/{name}/*"]
    return [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": denied},
    ]


def _user(localstack: Any, name: str, statements: list[dict[str, Any]]) -> dict[str, str]:
    iam = localstack.client("iam")
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def _make(localstack: Any, app: str, secret: str) -> dict[str, str]:
    """Create both resources in every service; return what identifies the secret where its name does not."""
    of = {
        name: localstack.client(name) for name in ("kinesis", "s3", "sqs", "sns", "logs", "ecr", "kms", "iam", "lambda")
    }
    for name in (app, secret):
        of["kinesis"].create_stream(StreamName=name, ShardCount=1)
        of["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        of["s3"].put_object(Bucket=name, Key="key", Body=f"content of {name}".encode())
        of["s3"].put_object(Bucket=name, Key="a b", Body=f"content of {name}".encode())
        of["sqs"].create_queue(QueueName=name)
        of["sns"].create_topic(Name=name, Attributes={"DisplayName": f"topic {name}"})
        of["logs"].create_log_group(logGroupName=name)
        of["logs"].create_log_stream(logGroupName=name, logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": f"event of {name}"}
        of["logs"].put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
        of["ecr"].create_repository(repositoryName=name, tags=[{"Key": "of", "Value": f"repository {name}"}])
    key = of["kms"].create_key(Description="secret key")["KeyMetadata"]["Arn"]
    of["kms"].create_alias(AliasName=f"alias/{secret}", TargetKeyId=key)
    other = of["kms"].create_key(Description="key of app")["KeyMetadata"]["Arn"]
    of["kms"].create_alias(AliasName=f"alias/{app}", TargetKeyId=other)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    services = {**trust, "Principal": {"Service": "lambda.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust, services]})
    for name in (app, secret):
        of["iam"].create_role(RoleName=name, Path=f"/{name}/", AssumeRolePolicyDocument=document)
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}/{name}"
        of["lambda"].create_function(
            FunctionName=name, Role=role, Runtime="python3.13", Handler="h.h", Code={"ZipFile": _EMPTY_ZIP}
        )
        of["lambda"].publish_layer_version(LayerName=name, Content={"ZipFile": _EMPTY_ZIP})
    return {"key": key, "other": other}


_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def _targets(endpoint: str, app: str, secret: str, made: Mapping[str, str]) -> dict[str, Target]:
    def arn(service: str, resource: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

    def copied(s3: Any, source: str) -> Any:
        s3.copy_object(Bucket=app, Key="app-copy", CopySource=source)
        return s3.get_object(Bucket=app, Key="app-copy")["Body"].read()

    key_id = made["key"].rpartition("/")[2]
    group, layer = arn("logs", "log-group:{}"), arn("lambda", "layer:{}")
    host = endpoint.removeprefix("http://")
    queue = (
        *("{}", f"{endpoint}/{ACCOUNT}/{{}}", f"{endpoint}/queue/{REGION}/{ACCOUNT}/{{}}"),
        f"http://sqs.{REGION}.localhost.localstack.cloud:4566/{ACCOUNT}/{{}}",
    )
    identifiers = ("{}", group)  # AWS refuses the ARN with `:*`: no character of it may be an asterisk
    return {
        "kinesis-arn": Target(
            (arn("kinesis", "stream/{}"),),
            lambda kinesis, text: kinesis.describe_stream_summary(StreamARN=text),
            secret,
        ),
        "kinesis-tags": Target(
            (arn("kinesis", "stream/{}"), arn("kinesis", "stream/{}/consumer/c:1")),
            lambda kinesis, text: kinesis.get_resource_policy(ResourceARN=text) and secret,
            secret,
        ),
        "sqs-url": Target(
            queue,
            lambda sqs, text: sqs.get_queue_attributes(QueueUrl=text, AttributeNames=["QueueArn"]),
            secret,
            (
                f"{endpoint}/{ACCOUNT}/{secret}?/{ACCOUNT}/{app}",
                f"{endpoint}/{ACCOUNT}/{secret}#/{app}",
                f"//{host}/{ACCOUNT}/{secret};/{app}",
                f"http://queue.x/{ACCOUNT}/{secret}",
            ),
        ),
        "s3-copy": Target(
            ("{}/key", "/{}/key", "{}/a%20b", "{}/a+b", "{}/key?versionId=null"),
            copied,
            f"content of {secret}",
            (f"//{secret}/key", f"{secret}/key#/{app}", f"{secret}/key;x", f"{app}/../{secret}/key"),
        ),
        "sns-topic": Target(
            (arn("sns", "{}"),), lambda sns, text: sns.get_topic_attributes(TopicArn=text), f"topic {secret}"
        ),
        "logs-identifier": Target(
            identifiers,
            lambda logs, text: logs.get_log_events(logGroupIdentifier=text, logStreamName="s"),
            f"event of {secret}",
            (f"{group.format(app)}:{secret}", arn("logs", f"log-group:{app}:log-stream:{secret}")),
        ),
        "logs-streams": Target(
            ("{}", group),
            lambda logs, text: logs.describe_log_streams(logGroupIdentifier=text),
            f":{secret}:",
            (f"{group.format(app)}:{secret}", f"{app}:{secret}"),
        ),
        "ecr-arn": Target(
            (arn("ecr", "repository/{}"),),
            lambda ecr, text: ecr.list_tags_for_resource(resourceArn=text),
            f"repository {secret}",
        ),
        "ecr-name": Target(
            ("{}",), lambda ecr, text: ecr.describe_repositories(repositoryNames=[text]), f"repository/{secret}"
        ),
        "kms-key": Target(
            (key_id, "alias/{}", arn("kms", f"key/{key_id}"), arn("kms", "alias/{}")),
            lambda kms, text: kms.describe_key(KeyId=text),
            "secret key",
            (f"{made['key']}:key/{made['other'].rpartition('/')[2]}", f"{made['key']}:alias/{app}"),
        ),
        "iam-role": Target(("{}",), lambda iam, text: iam.get_role(RoleName=text), f"role/{secret}/{secret}"),
        "sts-role": Target(
            (f"arn:aws:iam::{ACCOUNT}:role/{{0}}/{{0}}",),
            lambda sts, text: sts.assume_role(RoleArn=text, RoleSessionName="s"),
            f"assumed-role/{secret}/",
            (f"arn:aws:iam::{ACCOUNT}:role/{app}/{secret}", f"arn:aws:sts::{ACCOUNT}:assumed-role/{app}/{secret}"),
        ),
        "lambda-name": Target(
            (
                "{}",
                "{}:$LATEST",
                "function:{}",
                f"{ACCOUNT}:function:{{}}",
                f"{REGION}:{{}}",
                f"{REGION}:{ACCOUNT}:{{}}",
                arn("lambda", "function:{}"),
                arn("lambda", "function:{}:$LATEST"),
            ),
            lambda client, text: client.get_function_configuration(FunctionName=text),
            f"function:{secret}",
        ),
        "lambda-layer-version": Target(
            ("{}", layer, f"{layer}:1"),
            lambda client, text: client.get_layer_version(LayerName=text, VersionNumber=1),
            f"layer:{secret}",
            (f"{layer.format(app)}:{secret}", f"{layer.format(secret)}:1:1", f"{layer.format(secret)}:٣"),
        ),
        "lambda-layer-arn": Target(
            (f"{layer}:1",), lambda client, text: client.get_layer_version_by_arn(Arn=text), f"layer:{secret}"
        ),
        "lambda-layers": Target(
            (f"{layer}:1",),
            lambda client, text: client.update_function_configuration(FunctionName=app, Layers=[text]),
            f"layer:{secret}",
        ),
        "lambda-tags": Target(
            (arn("lambda", "function:{}"),),
            lambda client, text: client.list_tags(Resource=text) and secret,
            secret,
        ),
    }


NAMES = [
    "kinesis-arn",
    "kinesis-tags",
    "sqs-url",
    "s3-copy",
    "sns-topic",
    "logs-identifier",
    "logs-streams",
    "ecr-arn",
    "ecr-name",
    "kms-key",
    "iam-role",
    "sts-role",
    "lambda-name",
    "lambda-layer-version",
    "lambda-layer-arn",
    "lambda-layers",
    "lambda-tags",
]


def reached(stage: Stage, name: str, user: str, text: str) -> str | None:
    """Return a response that shows the secret; None for refusals and other responses."""
    target, service = stage.targets[name], re.split("-", name)[0]
    try:
        response = target.show(stage.client(user, service), text)
    except (ClientError, HTTPClientError, ParamValidationError, ValueError, UnicodeError):
        return None
    found = repr(response)
    return found if target.secret in found and not _is_own(name, stage, text) else None


def _is_own(name: str, stage: Stage, text: str) -> bool:
    """Return whether a request that always succeeds with the same response was about the user's own resource."""
    return name.endswith("-tags") and stage.secret not in text


@pytest.mark.property
@pytest.mark.parametrize("user", ["narrow", "wide"])
@pytest.mark.parametrize("name", NAMES)
def test_no_spelling_reaches_the_secret(stage: Stage, name: str, user: str) -> None:
    target = stage.targets[name]
    for text in [*(each.format(stage.secret) for each in target.spellings), *target.seeds]:
        assert reached(stage, name, user, text) is None, text

    @settings(max_examples=settings().max_examples * 3 // 5, derandomize=True)
    @given(spelling(target, stage))
    def attempt(text: str) -> None:
        assert reached(stage, name, user, text) is None

    attempt()


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_spellings_reach_the_users_own_resource(stage: Stage, name: str) -> None:
    """The wide user reaches `app` by the spellings that boto3, the AWS CLI and Terraform use."""
    target, service = stage.targets[name], re.split("-", name)[0]
    for text in target.spellings:
        if "{" in text and "consumer" not in text:
            assert target.show(stage.client("wide", service), text.format(stage.app)), text
