"""Requests must have the signature that AWS requires of them: in the headers, the URL, an upload's chunks or a form."""

import hashlib
import hmac
import http.client
import json
import time
import uuid
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import boto3
import botocore.auth
import botocore.crt.auth
import botocore.session
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

REGION = "ap-south-1"
EVERYTHING = {"Action": "*", "Resource": "*"}
ONCE = {"total_max_attempts": 1}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("kinesis", "list_streams", {}),
    ("lambda", "list_functions", {}),
    ("iam", "list_users", {}),
    ("sts", "get_caller_identity", {}),
    ("sqs", "list_queues", {}),
    ("s3", "list_buckets", {}),
    ("logs", "describe_log_groups", {}),
    ("ecr", "describe_repositories", {}),
    ("kms", "list_keys", {}),
]
MISMATCH = {"kinesis": "InvalidSignatureException", "lambda": "InvalidSignatureException"}
MISMATCH |= dict.fromkeys(("logs", "ecr", "kms"), "InvalidSignatureException")
UNKNOWN = dict.fromkeys(("kinesis", "lambda", "logs", "ecr", "kms"), "UnrecognizedClientException")
UNKNOWN["s3"] = "InvalidAccessKeyId"


@pytest.fixture(scope="module")
def keys(localstack: Any) -> dict[str, str]:
    """The keys of a user who may do everything."""
    iam, name = localstack.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **EVERYTHING}]}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


@pytest.fixture(scope="module")
def session(localstack: Any) -> dict[str, str]:
    """The keys of a role session that may do everything."""
    iam, name = localstack.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **EVERYTHING}]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    made = localstack.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    return {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }


@pytest.fixture
def client(localstack: Any) -> Callable[..., Any]:
    """Return a function that creates clients with given keys."""

    def make(service: str, keys: Mapping[str, str], where: Any = None, **config: Any) -> Any:
        config.setdefault("s3", {"addressing_style": "path"})
        url = (where or localstack).endpoint_url
        options = Config(retries=ONCE, **config)
        return boto3.client(service, endpoint_url=url, region_name=REGION, config=options, **keys)

    return make


def failure(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return str(raised.value.response["Error"]["Code"])


def send(
    url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b"", target: str = ""
) -> tuple[int, str]:
    """Send a request that is already signed, to `target` instead if that is given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, target or f"{parts.path}?{parts.query}", body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def signed(
    keys: Mapping[str, str], service: str, method: str, url: str, body: bytes = b"", **headers: str
) -> dict[str, str]:
    """Return the headers of a request signed by botocore."""
    secrets = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys.get("aws_session_token"))
    request = AWSRequest(method, url, {name.replace("_", "-"): value for name, value in headers.items()}, data=body)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(secrets, service, REGION).add_auth(request)
    return dict(request.headers.items())


def at(monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime]) -> None:
    """Let botocore, and the C library that signs for it, believe that it is another time."""
    for module in (botocore.auth, botocore.crt.auth):
        monkeypatch.setattr(
            module,
            "get_current_datetime",
            lambda remove_tzinfo=True: now().replace(tzinfo=None) if remove_tzinfo else now(),
        )


def test_right_signature_is_accepted(client: Any, keys: Any, session: Any) -> None:
    for service, operation, request in CALLS:
        for identity in (keys, session):
            getattr(client(service, identity), operation)(**request)


@pytest.mark.parametrize(("service", "operation", "request_"), CALLS)
def test_wrong_secret_is_refused(
    client: Any, keys: Any, session: Any, service: str, operation: str, request_: dict[str, Any]
) -> None:
    for identity in (keys, session):
        for secret in ("wrong", "test", identity["aws_secret_access_key"] + " "):
            wrong = client(service, {**identity, "aws_secret_access_key": secret})
            assert failure(getattr(wrong, operation), **request_) == MISMATCH.get(service, "SignatureDoesNotMatch")


@pytest.mark.parametrize(("service", "operation", "request_"), CALLS)
def test_unknown_key_is_refused(client: Any, service: str, operation: str, request_: dict[str, Any]) -> None:
    expected = UNKNOWN.get(service, "InvalidClientTokenId")
    for key in ("AKIAIOSFODNN7EXAMPLE", "LKIAQAAAAAAAAAAAAAAA", "tester", "000000000000x", "__internal_call__"):
        unknown = client(service, {"aws_access_key_id": key, "aws_secret_access_key": "test"})
        assert failure(getattr(unknown, operation), **request_) == expected, key
    with_key_of_core = client(service, {"aws_access_key_id": "injectedaccesskey", "aws_secret_access_key": "test"})
    assert failure(getattr(with_key_of_core, operation), **request_) == expected


def test_token_belongs_to_the_key(client: Any, keys: Any, session: Any, localstack: Any) -> None:
    other = localstack.client("sts").get_session_token()["Credentials"]["SessionToken"]
    bare = {name: value for name, value in session.items() if name != "aws_session_token"}
    for identity in (
        bare,
        {**session, "aws_session_token": other},
        {**session, "aws_session_token": session["aws_session_token"] + "x"},
        {**keys, "aws_session_token": session["aws_session_token"]},
    ):
        assert failure(client("kinesis", identity).list_streams) == "UnrecognizedClientException"
        assert failure(client("iam", identity).list_users) == "InvalidClientTokenId"
        assert failure(client("s3", identity).list_buckets) == "InvalidToken"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clock_skew(client: Any, keys: Any, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    at(monkeypatch, lambda: then)
    with pytest.raises(ClientError, match=r"Signature (expired|not yet current): ") as raised:
        client("kinesis", keys).list_streams()
    assert raised.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert failure(client("iam", keys).list_users) == "SignatureDoesNotMatch"
    assert failure(client("s3", keys).list_buckets) == "RequestTimeTooSkewed"
    then -= timedelta(minutes=minutes * 0.2)
    client("s3", keys).list_buckets()


@pytest.mark.parametrize(
    "key",
    ["plain", "a b+c", "a%2Fb", "ü/€", "x//y", "x/./y/../z", "~-_.!*'()", "a=b&c?d#e;f,g:h@i$", "tab\there", "ends/"],
)
def test_objects_of_any_name(client: Any, keys: Any, create_bucket: Any, key: str) -> None:
    bucket = create_bucket()
    s3 = client("s3", keys)
    s3.put_object(Bucket=bucket, Key=key, Body=b"content", Metadata={"spaces": "a  b   c"}, ContentType="text/plain")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"content"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]] == [key]
    for version in ("s3v4", "s3"):
        presigning = client("s3", keys, signature_version=version)
        request = {"Bucket": bucket, "Key": key, "ResponseContentType": "text/x y"}
        url = presigning.generate_presigned_url("get_object", Params=request)
        assert send(url) == (200, "content"), version
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]})


def test_names_with_slashes_and_colons_in_paths(client: Any, keys: Any, create_function: Any) -> None:
    function = create_function("def handler(event, context): return event")
    functions = client("lambda", keys)
    assert functions.get_function(FunctionName=function.arn)["Configuration"]["FunctionName"] == function.name
    functions.tag_resource(Resource=function.arn, Tags={"a b": "c/d+e"})
    assert functions.list_tags(Resource=function.arn)["Tags"] == {"a b": "c/d+e"}
    functions.untag_resource(Resource=function.arn, TagKeys=["a b", "x&y"])
    assert json.load(functions.invoke(FunctionName=function.name, Payload=b'"\xc3\xbc"')["Payload"]) == "ü"


def test_virtual_host(localstack: Any, keys: Any, create_bucket: Any) -> None:
    bucket = create_bucket()
    host = f"{bucket}.s3.localhost.localstack.cloud:{urlsplit(localstack.endpoint_url).port}"
    headers = signed(keys, "s3", "PUT", f"http://{host}/a%20b", b"content", Host=host)
    assert send(localstack.endpoint_url, "PUT", headers, b"content", target="/a%20b")[0] == 200
    assert send(localstack.endpoint_url, "PUT", headers, b"content", target="/other")[0] == 403


def test_large_body(client: Any, keys: Any, create_bucket: Any) -> None:
    """Twisted keeps it in a file."""
    bucket, body, s3 = create_bucket(), bytes(3_000_000), client("s3", keys)
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == len(body)


def change(make: Any, service: str, keys: Any, alter: Callable[[Any], None]) -> Any:
    """Return a client whose requests are changed after they have been signed."""
    found = make(service, keys)
    found.meta.events.register("before-send", lambda request, **_: alter(request))
    return found


def replace_body(request: Any, body: bytes) -> None:
    request.body = body
    request.headers["Content-Length"] = str(len(body))


ALTERATIONS: list[tuple[str, str, dict[str, Any], Callable[[Any], None]]] = [
    ("logs", "describe_log_groups", {}, lambda request: replace_body(request, b'{"limit":1}')),
    ("kms", "list_keys", {}, lambda request: request.headers.update({"X-Amz-Target": "TrentService.ListAliases"})),
    ("kinesis", "list_streams", {}, lambda request: request.headers.update({"X-Amz-Extra": "1"})),
    ("kinesis", "list_streams", {}, lambda request: request.headers.update({"Host": "localhost"})),
    ("iam", "list_users", {}, lambda request: replace_body(request, b"Action=ListRoles&Version=2010-05-08")),
    ("iam", "list_users", {}, lambda request: setattr(request, "url", request.url + "?MaxItems=1")),
    ("lambda", "list_functions", {}, lambda request: setattr(request, "url", request.url + "?MaxItems=1")),
    ("lambda", "list_functions", {}, lambda request: setattr(request, "method", "POST")),
    ("s3", "list_buckets", {}, lambda request: setattr(request, "url", request.url + "bucket")),
    ("s3", "list_buckets", {}, lambda request: request.headers.update({"X-Amz-Bypass-Governance-Retention": "true"})),
    ("s3", "list_buckets", {}, lambda request: request.headers.update({"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})),
]


@pytest.mark.parametrize(("service", "operation", "request_", "alter"), ALTERATIONS)
def test_changed_request_is_refused(
    client: Any, keys: Any, service: str, operation: str, request_: dict[str, Any], alter: Callable[[Any], None]
) -> None:
    code = failure(getattr(change(client, service, keys, alter), operation), **request_)
    assert code in ("SignatureDoesNotMatch", "InvalidSignatureException", "AccessDenied")


def test_changed_object_is_refused(client: Any, keys: Any, create_bucket: Any) -> None:
    bucket = create_bucket()
    altered = change(client, "s3", keys, lambda request: setattr(request, "body", b"CONTENT"))
    code = failure(altered.put_object, Bucket=bucket, Key="key", Body=b"content")
    assert code == "XAmzContentSHA256Mismatch"
    assert "Contents" not in client("s3", keys).list_objects_v2(Bucket=bucket)


def test_changed_body_of_s3s_control_api_is_refused(localstack: Any, keys: Any) -> None:
    url, bodies = f"{localstack.endpoint_url}/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Abucket", (b"<A/>", b"<B/>")
    headers = signed(keys, "s3", "POST", url, bodies[0], x_amz_account_id="000000000000")
    answers = [send(url, "POST", headers, body) for body in bodies]
    assert ["XAmzContentSHA256Mismatch" in text for _, text in answers] == [False, True], answers


def kinesis_request(localstack: Any, keys: Any, service: str = "kinesis") -> tuple[str, dict[str, str], bytes]:
    url, body = f"{localstack.endpoint_url}/", b"{}"
    more = {"X_Amz_Target": "Kinesis_20131202.ListStreams", "Content_Type": "application/x-amz-json-1.1"}
    return url, signed(keys, service, "POST", url, body, **more), body


class Http2Auth(SigV4Auth):  # type: ignore[misc]
    """Signs HTTP/2's name of the header `host`, as the Kinesis client of AWS's SDK for JavaScript does."""

    def headers_to_sign(self, request: Any) -> Any:
        headers = super().headers_to_sign(request)
        host = headers["host"]
        del headers["host"]
        headers[":authority"] = host
        return headers


def test_a_signature_may_name_the_authority_of_http_2(localstack: Any, keys: Any) -> None:
    url, body = f"{localstack.endpoint_url}/", b"{}"
    headers = {"X-Amz-Target": "Kinesis_20131202.ListStreams", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", url, headers=headers, data=body)
    Http2Auth(Credentials(*keys.values()), "kinesis", REGION).add_auth(request)
    assert "SignedHeaders=:authority;content-type;" in request.headers["Authorization"]
    assert send(url, "POST", dict(request.headers), body)[0] == 200
    changed = dict(request.headers) | {"Host": "localhost"}
    status, text = send(url, "POST", changed, body)
    assert (status, "InvalidSignatureException" in text) == (400, True), text


@pytest.mark.parametrize(
    "change_",
    [
        lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        lambda value: value.replace("AWS4-HMAC-SHA256 ", ""),
        lambda _: "Bearer token",
        lambda _: "Basic dGVzdDp0ZXN0",
        lambda _: "AWS test:c2lnbmF0dXJl",
        lambda _: "test",
        lambda value: value.partition(", Signature=")[0],
        lambda value: value.partition("Credential=")[0] + value.partition(", ")[2],
        lambda value: value + ", Credential=test/20260101/ap-south-1/kinesis/aws4_request",
        lambda value: value.replace("SignedHeaders=", "SignedHeaders=Credential=999999999999/a/b/c;"),
        lambda value: value.replace("SignedHeaders=", "SignedHeaders=x-absent;"),
        lambda value: value.replace("SignedHeaders=content-type;host;", "SignedHeaders="),
        lambda value: value.replace("/aws4_request", "/aws3_request"),
        lambda value: value.replace("/aws4_request", ""),
        lambda value: value.replace("/kinesis/", "/iam/"),
        lambda value: value.replace(f"/{REGION}/", "/us-east-1/"),
        lambda value: value.replace("Signature=", "Signature=0"),
        lambda value: value[:-1],
        lambda value: value.replace("Signature=", "Signature=\xe4"),
    ],
)
def test_malformed_authorization_is_refused(localstack: Any, keys: Any, change_: Callable[[str], str]) -> None:
    url, headers, body = kinesis_request(localstack, keys)
    assert send(url, "POST", headers, body)[0] == 200
    headers["Authorization"] = change_(headers["Authorization"])
    status, text = send(url, "POST", headers, body)
    assert status >= 400, text
    assert "StreamNames" not in text


@pytest.mark.local_only
@pytest.mark.parametrize("service", ["iam", "s3", "execute-api"])
def test_signature_for_another_service_is_refused(localstack: Any, keys: Any, service: str) -> None:
    url, headers, body = kinesis_request(localstack, keys, service)
    status, text = send(url, "POST", headers, body)
    assert status >= 400, text  # core looks for the operation among those of the service in the signature
    assert "StreamNames" not in text


def test_date_header_takes_the_place_of_x_amz_date(localstack: Any, keys: Any) -> None:
    url, body = f"{localstack.endpoint_url}/", b"{}"
    more = {"X_Amz_Target": "Kinesis_20131202.ListStreams", "Content_Type": "application/x-amz-json-1.1"}
    headers = signed(keys, "kinesis", "POST", url, body, Date="now", **more)
    assert "X-Amz-Date" not in headers
    assert send(url, "POST", headers, body)[0] == 200
    del headers["Date"]
    assert send(url, "POST", headers, body)[0] in (400, 403)


def test_two_signatures_are_refused(localstack: Any, client: Any, keys: Any, create_bucket: Any) -> None:
    bucket = create_bucket()
    url = client("s3", keys, signature_version="s3v4").generate_presigned_url(
        "list_objects_v2", Params={"Bucket": bucket}
    )
    headers = signed(keys, "s3", "GET", url)
    status, text = send(url, "GET", headers)
    assert (status, "InvalidArgument" in text, "Only one auth mechanism allowed" in text) == (400, True, True)
    root = signed({"aws_access_key_id": "test", "aws_secret_access_key": "x"}, "s3", "GET", url)
    assert send(url, "GET", root)[0] == 400
    as_root = "X-Amz-Credential=test/20260101/ap-south-1/kinesis/aws4_request"
    target, headers, body = kinesis_request(localstack, keys)
    for query in (as_root, f"{as_root}&X-Amz-Signature=0", as_root.replace("X-Amz-C", "x-amz-c"), "X-Amz-Algorithm=0"):
        assert send(f"{target}?{query}", "POST", headers, body)[0] == 400, query
        status, text = send(f"{target}?{query}", "POST", {**headers, "Authorization": ""}, body)
        assert (status in (400, 403), "StreamNames" in text) == (True, False), query


def test_repeated_query_arguments_are_refused(client: Any, keys: Any, create_bucket: Any) -> None:
    s3, bucket = client("s3", keys, signature_version="s3v4"), create_bucket()
    url = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    for name in ("X-Amz-Credential", "X-Amz-Expires", "X-Amz-Date", "X-Amz-Signature", "x-amz-credential"):
        status, _ = send(f"{url}&{name}=test/20260101/ap-south-1/s3/aws4_request")
        assert status in (400, 403), name


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_url(client: Any, keys: Any, session: Any, create_bucket: Any, version: str) -> None:
    bucket = create_bucket()
    for identity in (keys, session):
        s3 = client("s3", identity, signature_version=version)
        put = s3.generate_presigned_url(
            "put_object", Params={"Bucket": bucket, "Key": "k e/y", "ContentType": "text/plain"}
        )
        assert send(put, "PUT", {"Content-Type": "text/plain"}, b"any content")[0] == 200
        assert send(put, "GET")[0] == 403
        assert send(put, "PUT", {"Content-Type": "text/html"}, b"any content")[0] == 403
        get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k e/y"})
        assert send(get) == (200, "any content")
        assert send(get, "DELETE")[0] == 403
        assert send(get.replace("k%20e", "other"))[0] == 403
        assert send(f"{get}&response-content-type=text/html")[0] == 403
        assert send(f"{get}&versionId=1")[0] == 403
        for name in ("Expires", "AWSAccessKeyId", "X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential", "Signature"):
            arguments = dict(parse_qsl(urlsplit(get).query))
            if name in arguments:
                before, digit, after = arguments[name][:-2], arguments[name][-2], arguments[name][-1]
                arguments[name] = f"{before}{'1' if digit == '0' else '0'}{after}"
                assert send(f"{get.partition('?')[0]}?{urlencode(arguments)}")[0] in (400, 403), name
        wrong = client("s3", {**identity, "aws_secret_access_key": "wrong"}, signature_version=version)
        status, text = send(wrong.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k e/y"}))
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)
        with_header = {"X-Amz-Copy-Source": f"{bucket}/k"}
        assert send(put, "PUT", {"Content-Type": "text/plain", **with_header}, b"")[0] == 403


def sub_resources() -> set[str]:
    """Return the query arguments that choose an operation of S3; `list-type` chooses another form of the same list."""
    model = botocore.session.get_session().get_service_model("s3")
    queries = [model.operation_model(name).http["requestUri"].partition("?")[2] for name in model.operation_names]
    return {each.partition("=")[0] for query in queries for each in query.split("&")} - {"", "list-type", "x-id"}


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize(
    ("operation", "method"), [("get_object", "GET"), ("put_object", "PUT"), ("delete_object", "DELETE")]
)
def test_url_is_for_no_other_operation(
    client: Any, keys: Any, create_bucket: Any, version: str, operation: str, method: str
) -> None:
    """Version 2 signs only the sub-resources that were known in its time."""
    bucket = create_bucket()
    client("s3", keys).put_object(Bucket=bucket, Key="key", Body=b"content")
    parameters, body = {"Bucket": bucket, "Key": "key"}, b"content" if method == "PUT" else b""
    url = client("s3", keys, signature_version=version).generate_presigned_url(operation, Params=parameters)
    for name in sorted(sub_resources()):
        status, text = send(url.replace("?", f"?{name}&", 1), method, body=body)
        # 400: the body is not that operation's, 405: there is none.
        assert status in (400, 405) or (status, "SignatureDoesNotMatch" in text) == (403, True), name
    assert send(url, method, body=body)[0] in (200, 204)


@pytest.mark.parametrize("version", ["s3v4", pytest.param("s3", marks=pytest.mark.long_proof)])
def test_expired_url_is_refused(client: Any, keys: Any, create_bucket: Any, version: str) -> None:
    bucket = create_bucket()
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    for identity in (keys, root):
        s3 = client("s3", identity, signature_version=version)
        request = {"Bucket": bucket, "Prefix": "x"}
        url = s3.generate_presigned_url("list_objects", Params=request, ExpiresIn=1)
        time.sleep(2.1)  # whole seconds
        status, text = send(url)
        assert (status, "AccessDenied" in text, "Request has expired" in text) == (403, True, True)


def test_url_is_valid_for_a_week_at_most(client: Any, keys: Any, create_bucket: Any) -> None:
    s3, request = client("s3", keys, signature_version="s3v4"), {"Bucket": create_bucket()}
    week = s3.generate_presigned_url("list_objects", Params=request, ExpiresIn=604_800)
    assert send(week)[0] == 200
    longer = s3.generate_presigned_url("list_objects", Params=request, ExpiresIn=604_801)
    status, text = send(longer)
    assert (status, "AuthorizationQueryParametersError" in text) == (400, True)


def test_url_signed_in_the_future(client: Any, keys: Any, create_bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    then = datetime.now(UTC) + timedelta(minutes=20)
    at(monkeypatch, lambda: then)
    s3 = client("s3", keys, signature_version="s3v4")
    assert send(s3.generate_presigned_url("list_objects", Params={"Bucket": create_bucket()}))[0] == 403


def test_presigned_caller_identity(localstack: Any, keys: Any, session: Any) -> None:
    """As a Kubernetes cluster sends it."""
    for identity in (keys, session):
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        for wrong in ("", "x"):
            key, secret, token = (identity.get(name) for name in names)
            request = AWSRequest(
                "GET", f"{localstack.endpoint_url}/?Action=GetCallerIdentity&Version=2011-06-15", {"x-k8s-aws-id": "c"}
            )
            SigV4QueryAuth(Credentials(key, f"{secret}{wrong}", token), "sts", REGION, expires=60).add_auth(request)
            status, text = send(request.url, "GET", {"x-k8s-aws-id": "c"})
            assert (status, "SignatureDoesNotMatch" in text) == ((403, True) if wrong else (200, False)), text
            assert send(request.url, "GET", {"x-k8s-aws-id": "d"})[0] == 403


def form(fields: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent\r\n--x--\r\n')
    return {"Content-Type": "multipart/form-data; boundary=x"}, "".join(parts).encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_forms(client: Any, keys: Any, session: Any, create_bucket: Any, version: str) -> None:
    bucket = create_bucket()
    for identity in (keys, session):
        s3 = client("s3", identity, signature_version=version)
        post = s3.generate_presigned_post(bucket, "key", Conditions=[["starts-with", "$x-amz-meta-a", ""]])
        fields = {**post["fields"], "x-amz-meta-a": "b"}
        assert send(post["url"], "POST", *form(fields))[0] == 204
        signature = "x-amz-signature" if version == "s3v4" else "signature"
        wider = {"expiration": "2100-01-01T00:00:00Z", "conditions": []}
        altered = [
            {"policy": b64encode(json.dumps(wider).encode()).decode()},
            {signature: "0" * 64},
            {signature: ""},
        ]
        for each in altered:
            status, text = send(post["url"], "POST", *form({**fields, **each}))
            assert status in (400, 403), text
        root_query = f"{post['url']}?X-Amz-Credential=test/20260101/{REGION}/s3/aws4_request&X-Amz-Signature=0"
        assert send(root_query, "POST", *form(fields))[0] == 400
        wrong = client("s3", {**identity, "aws_secret_access_key": "wrong"}, signature_version=version)
        post = wrong.generate_presigned_post(bucket, "key")
        status, text = send(post["url"], "POST", *form(post["fields"]))
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)


class Upload:
    """An aws-chunked upload with signed chunks, by AWS's description and without the emulator's code."""

    def __init__(self, keys: Mapping[str, str], url: str, kind: str, **headers: str) -> None:
        self.keys, self.kind, self.url = keys, kind, url
        self.headers = self._headers(**headers)
        self._previous = self.headers["Authorization"].rpartition("=")[2]

    def _headers(self, **headers: str) -> dict[str, str]:
        request = AWSRequest("PUT", self.url, {name.replace("_", "-"): value for name, value in headers.items()})
        secrets = Credentials(self.keys["aws_access_key_id"], self.keys["aws_secret_access_key"])
        signer = S3SigV4Auth(secrets, "s3", REGION)
        signer.payload = lambda _: self.kind
        signer.add_auth(request)
        return dict(request.headers.items())

    def sign(self, kind: str, *hashed: bytes) -> str:
        date = self.headers["X-Amz-Date"]
        key = f"AWS4{self.keys['aws_secret_access_key']}".encode()
        for part in (date[:8], REGION, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        scope = f"{date[:8]}/{REGION}/s3/aws4_request"
        hashes = [hashlib.sha256(each).hexdigest() for each in hashed]
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", date, scope, self._previous, *hashes])
        self._previous = hmac.digest(key, text.encode(), "sha256").hex()
        return self._previous

    def chunk(self, data: bytes) -> bytes:
        head = f"{len(data):x};chunk-signature={self.sign('PAYLOAD', b'', data)}\r\n"
        return head.encode() + data + (b"\r\n" if data else b"")

    def trailer(self, name: str, value: str) -> bytes:
        signature = self.sign("TRAILER", f"{name}:{value}\n".encode())
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n\r\n".encode()


PARTS = (b"a" * 8192, b"b" * 8192, b"the end")
LENGTH = {"x_amz_decoded_content_length": str(sum(map(len, PARTS))), "Content_Encoding": "aws-chunked"}


def test_signed_chunks(client: Any, keys: Any, localstack: Any, create_bucket: Any) -> None:
    bucket = create_bucket()
    url = f"{localstack.endpoint_url}/{bucket}/chunked"

    def chunks() -> tuple[Upload, list[bytes]]:
        upload = Upload(keys, url, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", **LENGTH)
        return upload, [upload.chunk(part) for part in (*PARTS, b"")]

    upload, made = chunks()
    last = made[3] + b"\r\n"
    bad = [
        made[1] + made[0] + made[2] + last,
        made[0] + made[1] + last,
        made[0] + made[1] + made[2],
        made[0] + made[1].replace(b"b", b"c") + made[2] + last,
        made[0] + made[1] + made[2] + last.replace(b"signature=", b"signature=0"),
        b"".join(part.replace(b";chunk-signature=", b";x=") for part in (*made[:3], last)),
        b"2000\r\n" + PARTS[0] + b"\r\n0\r\n\r\n",
        b"",
    ]
    for body in bad:
        assert send(url, "PUT", upload.headers, body)[0] == 403
    whole = b"".join(made[:3]) + last
    for size in (b"0x2000;", b"+2000;", b"20_00;", b" 2000;", b"2000;a=b;"):  # other parsers take them
        assert send(url, "PUT", upload.headers, whole.replace(b"2000;", size))[0] == 403, size
    unsigned = (whole.replace(b"\r\n", b"\n"), made[0] + made[0] + made[1] + made[2] + last)
    assert [send(url, "PUT", upload.headers, body)[0] for body in unsigned] == [403, 403]
    for more in (b"more", b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", made[0], b"5;chunk-signature="):
        assert outcome(send(url, "PUT", upload.headers, whole + more)) == (400, "MalformedTrailerError")
    s3 = client("s3", keys)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert send(url, "PUT", upload.headers, b"".join(made[:3]) + last)[0] == 200
    assert s3.get_object(Bucket=bucket, Key="chunked")["Body"].read() == b"".join(PARTS)


@pytest.mark.parametrize("length", ["16390", "16392", "0", "-16391", str(2**70)])
@pytest.mark.parametrize("root", [False, True])
def test_an_upload_has_the_bytes_that_it_declares(
    keys: Any, localstack: Any, create_bucket: Any, length: str, root: bool
) -> None:
    """The root user's signature may be anything, but its bodies may not."""
    url = f"{localstack.endpoint_url}/{create_bucket()}/key"
    chosen = {"aws_access_key_id": "test", "aws_secret_access_key": "any"} if root else keys
    headers = {**LENGTH, "x_amz_decoded_content_length": length}
    upload = Upload(chosen, url, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", **headers)
    body = b"".join(upload.chunk(part) for part in (*PARTS, b"")) + b"\r\n"
    assert outcome(send(url, "PUT", upload.headers, body)) == (400, "IncompleteBody")


def outcome(answer: tuple[int, str]) -> tuple[int, str]:
    """Return the status and the code of an error."""
    status, text = answer
    return status, text.partition("<Code>")[2].partition("</Code>")[0]


def test_signed_trailer(client: Any, keys: Any, localstack: Any, create_bucket: Any) -> None:
    bucket = create_bucket()
    url, checksum = f"{localstack.endpoint_url}/{bucket}/trailer", "x-amz-checksum-sha256"
    value = b64encode(hashlib.sha256(b"".join(PARTS)).digest()).decode()
    upload = Upload(keys, url, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", **LENGTH, x_amz_trailer=checksum)
    body = b"".join(map(upload.chunk, (*PARTS, b"")))
    trailer = upload.trailer(checksum, value)
    for bad in (trailer.replace(b"trailer-signature:", b"trailer-signature:0"), trailer.partition(b"\r\n")[0], b"\r\n"):
        assert send(url, "PUT", upload.headers, body + bad)[0] == 403
    for more in (trailer[:-2] + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", trailer + trailer):
        assert outcome(send(url, "PUT", upload.headers, body + more)) == (400, "MalformedTrailerError")
    assert send(url, "PUT", upload.headers, body + trailer)[0] == 200
    assert client("s3", keys).head_object(Bucket=bucket, Key="trailer")["ContentLength"] == sum(map(len, PARTS))


def test_unsigned_payload(keys: Any, localstack: Any, create_bucket: Any) -> None:
    url = f"{localstack.endpoint_url}/{create_bucket()}/key"
    upload = Upload(keys, url, "UNSIGNED-PAYLOAD")
    assert send(url, "PUT", upload.headers, b"any")[0] == 200
    length = {"x_amz_decoded_content_length": "3", "Content_Encoding": "aws-chunked"}
    trailer = Upload(keys, url, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", **length, x_amz_trailer="x-amz-checksum-crc32")
    body = b"3\r\nany\r\n0\r\nx-amz-checksum-crc32:" + b64encode(zlib.crc32(b"any").to_bytes(4))
    assert send(url, "PUT", trailer.headers, body + b"\r\n\r\n")[0] == 200
    for bad, code in (
        (b"any", "IncompleteBody"),
        (b"", "IncompleteBody"),
        (b"3\r\nany\r\n", "IncompleteBody"),
        (b"9" + body[1:], "IncompleteBody"),
        (b"3\r\nany\r\n0\r\n\r\n", "MalformedTrailerError"),
        (b"3\r\nany\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n", "MalformedTrailerError"),
    ):
        assert outcome(send(url, "PUT", trailer.headers, bad)) == (400, code), bad
    for kind in ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "unsigned", "0" * 63):
        assert send(url, "PUT", Upload(keys, url, kind).headers, b"any")[0] in (400, 403), kind


def test_unencoded_path_and_query(keys: Any, localstack: Any, create_bucket: Any) -> None:
    """Some clients encode less, or more, than AWS's canonical form."""
    bucket = create_bucket()
    base = f"{localstack.endpoint_url}/{bucket}"
    for sent, canonical in (("/a=b(c)!", quote("/a=b(c)!")), ("/%61%62", "/ab"), ("/x@y:z,w;v", quote("/x@y:z,w;v"))):
        headers = signed(keys, "s3", "PUT", f"{base}{canonical}", b"x")
        assert send(base, "PUT", headers, b"x", target=f"/{bucket}{sent}")[0] == 200, sent
    headers = signed(keys, "s3", "GET", f"{base}?list-type=2&prefix=a%2Fb%20c")
    assert send(base, "GET", headers, target=f"/{bucket}?prefix=a/b+c&list-type=2")[0] == 200
    assert send(base, "GET", headers, target=f"/{bucket}?prefix=a/b&list-type=2")[0] == 403


@pytest.mark.long_proof
@pytest.mark.local_only
def test_root_key_may_have_any_secret_unless_the_setting_forbids_it(
    client: Any, localstack: Any, start_localstack: Any
) -> None:
    wrong = {"aws_access_key_id": "test", "aws_secret_access_key": "anything"}
    for key in ("test", "000000000000", "123456789012"):
        client("kinesis", {**wrong, "aws_access_key_id": key}).list_streams()
    strict = start_localstack(PIPELINE_ROOT_SECRET="test")
    strict.client("kinesis").list_streams()
    strict.client("s3").list_buckets()
    for service, operation in (("kinesis", "list_streams"), ("s3", "list_buckets"), ("iam", "list_users")):
        code = failure(getattr(client(service, wrong, where=strict), operation))
        assert code == MISMATCH.get(service, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("old_url", [False, True])
def test_queue_url(localstack: Any, client: Any, keys: Any, method: str, old_url: bool) -> None:
    """Older clients send a queue's requests to its URL, with the action among the arguments."""
    sqs = client("sqs", {"aws_access_key_id": "test", "aws_secret_access_key": "test"})
    name = f"queue-{uuid.uuid4().hex[:8]}"
    created = sqs.create_queue(QueueName=name)["QueueUrl"]
    path = f"/queue/{REGION}/000000000000/{name}" if old_url else f"/000000000000/{name}"
    fields = urlencode({"Action": "SendMessage", "MessageBody": "text", "Version": "2012-11-05"})
    url = f"{localstack.endpoint_url}{path}" + (f"?{fields}" if method == "GET" else "")
    body = fields.encode() if method == "POST" else b""
    kind = {"Content_Type": "application/x-www-form-urlencoded"}

    def waiting() -> int:
        attributes = sqs.get_queue_attributes(QueueUrl=created, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    wrong = {**keys, "aws_secret_access_key": "wrong"}
    status, text = send(url, method, signed(wrong, "sqs", method, url, body, **kind), body)
    assert (status, "SignatureDoesNotMatch" in text) == (403, True)
    unsigned = {"Content-Type": "application/x-www-form-urlencoded"}
    status, text = send(url, method, unsigned, body)
    assert (status, "AccessDenied" in text) == (403, True)
    as_root = f"{'&' if '?' in url else '?'}X-Amz-Credential=test/20260101/{REGION}/sqs/aws4_request&X-Amz-Signature=0"
    right = signed(keys, "sqs", method, url, body, **kind)
    assert send(url + as_root, method, right, body)[0] == 400
    assert send(url, method, right, body.replace(b"text", b"TEXT") or b"x")[0] == 403
    assert waiting() == 0
    assert send(url, method, right, body)[0] == 200
    if method == "GET":
        request = AWSRequest("GET", url)
        SigV4QueryAuth(Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"]), "sqs", REGION).add_auth(
            request
        )
        assert send(request.url)[0] == 200
    assert waiting() == (2 if method == "GET" else 1)


@pytest.mark.parametrize(
    "query", ["Action=ReceiveMessage&MaxNumberOfMessages=x", "Action=Unknown", "Action=DeleteMessage"]
)
def test_malformed_request_to_a_queue_url_is_the_clients_error(localstack: Any, query: str) -> None:
    url = localstack.client("sqs").create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    assert send(f"{url}?{query}")[0] == 400
