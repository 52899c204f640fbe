"""What a request does beside its operation's own action, and what LocalStack serves beside AWS's services."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
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


def form(fields: dict[str, str], filename: str = "file") -> tuple[bytes, str]:
    boundary = "boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
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
    body, content_type = form(post["fields"], filename)
    request = AWSRequest(
        "POST", f"{localstack.endpoint_url}/{bucket}", headers={"Content-Type": content_type}, data=body
    )
    assert send(request)[0] == status


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
