"""What a request does beside its operation's own action, and what LocalStack serves beside AWS's services."""

import json
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

ACCOUNT, REGION = "000000000000", "ap-south-1"


@pytest.fixture
def bucket(root: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectLockEnabledForBucket=True
    )
    return name


def send(request: AWSRequest, user: Any = None, service: str = "s3") -> tuple[int, str]:
    """Send a request, signed if there is a user; return status and body."""
    if user is not None:
        credentials = user.client("sts")._request_signer._credentials
        SigV4Auth(credentials, service, REGION).add_auth(request)
    prepared = request.prepare()
    sent = urllib.request.Request(
        prepared.url, data=prepared.body, headers=dict(prepared.headers), method=prepared.method
    )
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def form(fields: Iterable[tuple[str, str]], filename: str = "file") -> tuple[bytes, str]:
    boundary = "boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\nx\r\n')
    return "".join([*parts, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"


@pytest.mark.parametrize(
    ("fields", "filename", "status"),
    [
        ({"key": "own/a"}, "file", 204),
        ({"key": "own/${filename}"}, "a", 204),
        ({"key": "other/a"}, "file", 403),
        ({"key": "${filename}"}, "other", 403),
        ({"key": "own/a", "acl": "public-read"}, "file", 403),
        ({"key": "own/a", "tagging": "<Tagging><TagSet/></Tagging>"}, "file", 403),
        ({"key": "own/a", "x-amz-object-lock-mode": "GOVERNANCE"}, "file", 204),  # not a field of forms
    ],
)
def test_a_form_uploads_only_what_its_signer_may_put(
    localstack: Any, make_user: Any, bucket: str, fields: dict[str, str], filename: str, status: int
) -> None:
    user = make_user({"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/own/*"})
    more = {name: text for name, text in fields.items() if name != "key"}
    post = user.client("s3").generate_presigned_post(
        bucket, fields["key"], Fields=more, Conditions=[{name: text} for name, text in more.items()]
    )
    body, content_type = form(post["fields"].items(), filename)
    request = AWSRequest(
        "POST", f"{localstack.endpoint_url}/{bucket}", headers={"Content-Type": content_type}, data=body
    )
    assert send(request)[0] == status


LOOSE = ("policy", b64encode(b'{"expiration": "2099-01-01T00:00:00Z", "conditions": []}').decode())
CHANGED_FORMS: dict[str, Callable[[list[tuple[str, str]]], list[tuple[str, str]]]] = {
    "another policy": lambda f: [("Policy", dict(f)["policy"]), *_without(f, "policy", "key"), ("key", "other"), LOOSE],
    "another policy first": lambda f: [LOOSE, ("key", "other"), *_without(f, "key")],
    "another key": lambda f: [("key", "other"), *f],
    "another key in capitals": lambda f: [*((k, "other" if k == "key" else v) for k, v in f), ("KEY", "own/a")],
    "a key after the file's": lambda f: [*f, ("Key", "own/a")],
    "an ACL": lambda f: [*f, ("acl", "public-read")],
    "tags": lambda f: [*f, ("tagging", "<Tagging><TagSet/></Tagging>")],
    "metadata": lambda f: [*f, ("x-amz-meta-a", "b")],
    "a redirect": lambda f: [*f, ("success_action_redirect", "http://other.example/")],
    "a second signature": lambda f: [*f, ("X-Amz-Signature", "0" * 64)],
}


def _without(fields: list[tuple[str, str]], *names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields if name not in names]


@pytest.mark.parametrize("change", CHANGED_FORMS)
def test_a_form_does_what_its_policy_says_and_no_more(
    localstack: Any, make_user: Any, root: Any, bucket: str, change: str
) -> None:
    """The signer may do everything; who has the form, only what its policy lists."""
    signer = make_user({"Action": "s3:*", "Resource": "*"})
    fields = [*signer.client("s3").generate_presigned_post(bucket, "own/a")["fields"].items()]
    for wanted, sent in ((403, CHANGED_FORMS[change](fields)), (204, [*fields, ("x-ignore-a", "b")])):
        body, content_type = form(sent)
        request = AWSRequest(
            "POST", f"{localstack.endpoint_url}/{bucket}", headers={"Content-Type": content_type}, data=body
        )
        status, text = send(request)
        assert status == wanted or (wanted == 403 and "only once" in text), text
        found = [each["Key"] for each in root("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]
        assert found == ([] if wanted == 403 else ["own/a"])


OBJECT = {"Action": ["s3:PutObject", "s3:DeleteObject*", "s3:PutObjectRetention"], "Resource": "*"}
PUT = {"Action": "s3:PutObject", "Resource": "*"}
LOCK = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("allowed", "operation", "request_", "action"),
    [
        (PUT, "put_object", {"Body": b"", **LOCK}, "s3:PutObjectRetention"),
        (PUT, "put_object", {"Body": b"", "ObjectLockLegalHoldStatus": "ON"}, "s3:PutObjectLegalHold"),
        (PUT, "create_multipart_upload", LOCK, "s3:PutObjectRetention"),
        (PUT, "put_object", {"Body": b"", "GrantRead": "id=x"}, "s3:PutObjectAcl"),
        (OBJECT, "delete_object", {"BypassGovernanceRetention": True}, "s3:BypassGovernanceRetention"),
        (
            OBJECT,
            "put_object_retention",
            {"BypassGovernanceRetention": True, "Retention": {}},
            "s3:BypassGovernanceRetention",
        ),
        (
            OBJECT,
            "delete_objects",
            {"BypassGovernanceRetention": True, "Delete": {"Objects": [{"Key": "k", "VersionId": "v"}]}},
            "s3:BypassGovernanceRetention",
        ),
    ],
)
def test_locks_and_their_bypass_need_permissions_of_their_own(
    make_user: Any,
    bucket: str,
    refusal: Any,
    allowed: dict[str, Any],
    operation: str,
    request_: dict[str, Any],
    action: str,
) -> None:
    key = {} if operation == "delete_objects" else {"Key": "k"}
    code, message = refusal(getattr(make_user(allowed).client("s3"), operation), Bucket=bucket, **key, **request_)
    assert (code, f"perform: {action} on" in message) == ("AccessDenied", True), message


def test_a_new_bucket_needs_permission_for_every_acl_but_the_default(make_user: Any, refusal: Any) -> None:
    creator = make_user({"Action": "s3:CreateBucket", "Resource": "*"}).client("s3")
    where = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    for more in ({}, {"ACL": "private"}):  # Terraform's provider always sends the latter
        creator.create_bucket(Bucket=f"bucket-{uuid.uuid4().hex[:8]}", **where, **more)
    code, message = refusal(creator.create_bucket, Bucket=f"bucket-{uuid.uuid4().hex[:8]}", ACL="public-read", **where)
    assert (code, "perform: s3:PutBucketAcl on" in message) == ("AccessDenied", True), message


@pytest.mark.parametrize("operation", ["create_function", "update_function_code", "publish_layer_version"])
def test_code_in_s3_must_be_readable_for_the_caller(
    make_user: Any,
    make_role: Any,
    create_function: Any,
    bucket: str,
    zipped: Any,
    root: Any,
    refusal: Any,
    operation: str,
) -> None:
    root("s3").put_object(Bucket=bucket, Key="code.zip", Body=zipped({"function.py": b"def handler(*_): pass"}))
    code, name = {"S3Bucket": bucket, "S3Key": "code.zip"}, f"function-{uuid.uuid4().hex[:8]}"
    runtime = {"Role": make_role(), "Runtime": "python3.13", "Handler": "function.handler", "Code": code}
    request: dict[str, Any] = {
        "create_function": {"FunctionName": name, **runtime},
        "update_function_code": code,
        "publish_layer_version": {"LayerName": name, "Content": code},
    }[operation]
    if operation == "update_function_code":
        request = {"FunctionName": create_function("def handler(*_): pass").name, **code}
    everything = {"Action": ["lambda:*", "iam:PassRole"], "Resource": "*"}
    code, message = refusal(getattr(make_user(everything).client("lambda"), operation), **request)
    assert (code, "perform: s3:GetObject" in message) == ("AccessDeniedException", True), message
    reading = {"Action": "s3:GetObject*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    assert getattr(make_user(everything, reading).client("lambda"), operation)(**request)


@pytest.mark.parametrize("operation", ["create_function", "update_function_code"])
def test_hot_reload_mounts_a_folder_of_the_machine_for_root_only(
    make_user: Any, make_role: Any, create_function: Any, refusal: Any, operation: str
) -> None:
    code = {"S3Bucket": "hot-reload", "S3Key": "/etc"}
    request: dict[str, Any] = {"FunctionName": create_function("def handler(*_): pass").name, **code}
    if operation == "create_function":
        runtime = {"Role": make_role(), "Runtime": "python3.13", "Handler": "function.handler", "Code": code}
        request = {"FunctionName": f"function-{uuid.uuid4().hex[:8]}", **runtime}
    user = make_user({"Action": "*", "Resource": "*"})
    error, message = refusal(getattr(user.client("lambda"), operation), **request)
    assert (error, "only the root user may name" in message) == ("AccessDeniedException", True), message


@pytest.mark.parametrize(
    ("layers", "status"), [("arn:aws:lambda:ap-south-1:000000000000:layer:l:1", "lambda:GetLayerVersion")]
)
def test_layers_must_be_readable_for_the_caller(
    make_user: Any, create_function: Any, refusal: Any, layers: str, status: str
) -> None:
    user = make_user({"Action": "lambda:UpdateFunctionConfiguration", "Resource": "*"})
    name = create_function("def handler(*_): pass").name
    code, message = refusal(user.client("lambda").update_function_configuration, FunctionName=name, Layers=[layers])
    assert (code, f"perform: {status} on" in message) == ("AccessDeniedException", True), message


def listing(localstack: Any, name: str, form_: str) -> AWSRequest:
    base = f"{localstack.endpoint_url}/_aws/sqs/messages"
    if form_ == "path":
        return AWSRequest("GET", f"{base}/{REGION}/{ACCOUNT}/{name}")
    url = f"{localstack.endpoint_url}/queue/{REGION}/{ACCOUNT}/{name}"
    if form_ == "query":
        return AWSRequest("GET", f"{base}?QueueUrl={quote(url, safe='')}")
    body = json.dumps({"QueueUrl": url}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"}
    return AWSRequest("POST", base, headers=headers, data=body)


@pytest.mark.parametrize("form_", ["path", "query", "json"])
def test_messages_are_listed_only_for_callers_who_may_receive_them(
    localstack: Any, make_user: Any, root: Any, form_: str
) -> None:
    name = f"queue-{uuid.uuid4().hex[:8]}"
    url = root("sqs").create_queue(QueueName=name)["QueueUrl"]
    root("sqs").send_message(QueueUrl=url, MessageBody="the secret")
    receiver = make_user({"Action": "sqs:ReceiveMessage", "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"})
    outcomes = []
    for user in (None, make_user(), receiver):
        status, body = send(listing(localstack, name, form_), user, "sqs")
        outcomes.append((status == 200, "the secret" in body))
    assert outcomes == [(False, False), (False, False), (True, True)]


def test_a_saml_assertion_needs_a_provider_that_the_role_trusts(
    localstack: Any, make_role: Any, root: Any, refusal: Callable[..., tuple[str, str]]
) -> None:
    sts = boto3.client("sts", endpoint_url=localstack.endpoint_url, region_name=REGION)  # the request is not signed
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/p"
    code, _ = refusal(
        sts.assume_role_with_saml, RoleArn=make_role(), PrincipalArn=provider, SAMLAssertion="PGE+PC9hPg=="
    )
    assert code == "InvalidIdentityToken"


def test_a_subscription_filter_needs_permission_to_pass_its_role(
    make_user: Any, make_role: Any, create_stream: Any, root: Any, refusal: Any
) -> None:
    """Otherwise everybody who may put filters acts with every role that CloudWatch Logs may assume."""
    group, stream = f"group-{uuid.uuid4().hex[:8]}", create_stream()
    root("logs").create_log_group(logGroupName=group)
    role = make_role({"Action": "kinesis:PutRecord", "Resource": "*"}, trusts={"Service": "logs.amazonaws.com"})
    request = {
        "logGroupName": group,
        "filterName": "filter",
        "filterPattern": "",
        "destinationArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
        "roleArn": role,
    }
    putting = {"Action": "logs:PutSubscriptionFilter", "Resource": "*"}
    code, message = refusal(make_user(putting).client("logs").put_subscription_filter, **request)
    assert (code, f"perform: iam:PassRole on resource: {role}" in message) == ("AccessDeniedException", True), message
    passing = {
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "logs.amazonaws.com"}},
    }
    make_user(putting, passing).client("logs").put_subscription_filter(**request)


def test_a_user_is_renamed_only_to_a_name_that_the_caller_may_use(make_user: Any, root: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html"""
    suffix = uuid.uuid4().hex[:8]
    root("iam").create_user(UserName=f"app-{suffix}")
    root("iam").create_group(GroupName=f"app-{suffix}")
    own = [f"arn:aws:iam::{ACCOUNT}:{kind}/app-*" for kind in ("user", "group")]
    iam = make_user({"Action": ["iam:UpdateUser", "iam:UpdateGroup"], "Resource": own}).client("iam")
    for kind, update in (("User", iam.update_user), ("Group", iam.update_group)):
        name = {f"{kind}Name": f"app-{suffix}"}
        assert refusal(update, **name, **{f"New{kind}Name": f"admin-{suffix}"})[0] == "AccessDenied"
        assert refusal(update, **name, NewPath="/admins/")[0] == "AccessDenied"
        update(**name, **{f"New{kind}Name": f"app-{suffix}-2"})


def test_a_condition_on_boundaries_is_about_the_user_that_is_changed(make_user: Any, root: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate"""
    iam, suffix = root("iam"), uuid.uuid4().hex[:8]
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    boundary = iam.create_policy(PolicyName=f"boundary-{suffix}", PolicyDocument=document)["Policy"]["Arn"]
    bound, free = f"bound-{suffix}", f"free-{suffix}"
    iam.create_user(UserName=bound, PermissionsBoundary=boundary)
    iam.create_user(UserName=free)
    has_it = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}}
    put = {"Action": "iam:PutUserPolicy", "Resource": "*"}
    delegate = make_user({**put, **has_it}).client("iam")
    others = make_user(put, {**put, **has_it, "Effect": "Deny"}).client("iam")
    request = {"PolicyName": "p", "PolicyDocument": document}
    delegate.put_user_policy(UserName=bound, **request)
    assert refusal(delegate.put_user_policy, UserName=free, **request)[0] == "AccessDenied"
    others.put_user_policy(UserName=free, **request)
    assert refusal(others.put_user_policy, UserName=bound, **request)[0] == "AccessDenied"
