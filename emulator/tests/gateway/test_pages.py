"""A web page in this machine's browser cannot use the emulator, unless its host or the bucket's CORS allows it."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

pytestmark = pytest.mark.local_only

Send = Callable[..., tuple[int, str]]
REFUSED = "does not serve requests that a browser sends for"
BROWSER = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
PAGE = "http://shop.example:3000"

FOREIGN = [
    "http://evil.example",
    "https://evil.example:4566",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://evil.example#http://localhost",
    "http://localhost@evil.example",
    "http://2130706433",
    "https://app.localstack.cloud",
    "chrome-extension://abcdef",
    "file://",
    "null",
    "",
    "localhost",
    "http://localhost,http://evil.example",
    "*",
]


def metadata(site: str, **more: str) -> list[tuple[str, str]]:
    """Return what a current browser sends with a request that is not a fetch."""
    values = {"Site": site, "Mode": "no-cors", "Dest": "image", **more}
    return [BROWSER, *((f"Sec-Fetch-{name}", value) for name, value in values.items())]


def form(fields: Mapping[str, str], content: str) -> tuple[tuple[str, str], bytes]:
    """Return the content type and body of a form with a file."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    parts.append(f'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n{content}\r\n--x--\r\n')
    return ("Content-Type", "multipart/form-data; boundary=x"), "".join(parts).encode()


def _s3(localstack: Any) -> Any:
    return localstack.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})


def presigned(localstack: Any, operation: str, **parameters: str) -> str:
    """Return the target of a presigned S3 request."""
    url = urlsplit(_s3(localstack).generate_presigned_url(operation, Params=parameters))
    return f"{url.path}?{url.query}"


def names_of_users(localstack: Any) -> str:
    return json.dumps(localstack.client("iam").list_users(), default=str)


@pytest.fixture
def keys(localstack: Any) -> Callable[[str], list[str]]:
    """Return a function that lists the keys in a bucket."""

    def read(bucket: str) -> list[str]:
        answer = localstack.client("s3").list_objects_v2(Bucket=bucket)
        return [item["Key"] for item in answer.get("Contents", [])]

    return read


@pytest.fixture
def shared_bucket(localstack: Any, create_bucket: Callable[[], str]) -> str:
    """A bucket whose CORS configuration allows GET, PUT and POST to PAGE."""
    bucket = create_bucket()
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": ["*"]}
    localstack.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    return bucket


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    "target", ["/", "/bucket/key", "/_localstack/health", "/_pipeline/iam/denials", "/v2/", "/2015-03-31/functions"]
)
def test_foreign_origin_is_refused(send: Send, origin: str, target: str) -> None:
    for method in ("POST", "GET"):
        status, text = send(method, target, [("Origin", origin)])
        assert (status, REFUSED in text) == (403, True), method
        assert "access-control" not in text.lower()


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_form_upload_is_refused(send: Send, create_bucket: Any, keys: Any, origin: str) -> None:
    bucket = create_bucket()
    kind, body = form({"key": "planted"}, "content")
    assert send("POST", f"/{bucket}", [("Origin", origin), kind], body)[0] == 403
    host = f"{bucket}.s3.localhost.localstack.cloud:4566"
    assert send("POST", "/", [("Origin", origin), kind], body, host=host)[0] == 403
    assert keys(bucket) == []


@pytest.mark.parametrize("query", ["?delete", "?delete=", "?x-id=DeleteObjects&delete"])
def test_deletion_is_refused(send: Send, localstack: Any, create_bucket: Any, keys: Any, query: str) -> None:
    bucket = create_bucket()
    localstack.client("s3").put_object(Bucket=bucket, Key="key")
    body = b"<Delete><Object><Key>key</Key></Object></Delete>"
    headers = [("Origin", "http://evil.example"), ("Content-Type", "text/plain")]
    assert send("POST", f"/{bucket}{query}", headers, body)[0] == 403
    assert keys(bucket) == ["key"]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "cross-origin", ""])
@pytest.mark.parametrize("mode", ["no-cors", "navigate", "websocket"])
@pytest.mark.parametrize("signed", [False, True])
def test_image_or_link_does_nothing(send: Send, localstack: Any, site: str, mode: str, signed: bool) -> None:
    name = f"mallory-{uuid.uuid4().hex[:8]}"
    query = {"Action": "CreateUser", "Version": "2010-05-08", "UserName": name}
    if signed:
        query["X-Amz-Credential"] = "test/20260101/us-east-1/iam/aws4_request"
    headers = metadata(site, Mode=mode)
    assert send("GET", f"/?{urlencode(query)}", headers)[0] == 403
    referred = [*headers, ("Referer", "http://evil.example/page")]
    assert send("GET", f"/?{urlencode(query)}", referred)[0] == 403
    assert name not in names_of_users(localstack)


def test_browser_without_fetch_metadata(send: Send, localstack: Any) -> None:
    """Browsers send none without TLS to names other than localhost."""
    host = f"localhost.localstack.cloud:{urlsplit(localstack.endpoint_url).port}"
    for action in ("Action", "%41ction", "a=b&Action"):
        query = f"{action}=CreateUser&Version=2010-05-08&UserName=no-metadata"
        assert send("GET", f"/?{query}", [BROWSER], host=host)[0] == 403
    assert send("GET", "/bucket/key", [BROWSER, ("Referer", "http://evil.example/")], host=host)[0] == 403
    assert send("GET", "/_localstack/health", [BROWSER], host=host)[0] == 200
    assert send("GET", "/_localstack/health", [BROWSER, ("Referer", f"http://{host}/")], host=host)[0] == 200
    assert "no-metadata" not in names_of_users(localstack)


def test_preflight_of_a_foreign_page_is_refused(send: Send) -> None:
    ask = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Private-Network", "true")]
    for target in ("/", "/_pipeline/faults", "/no-such-bucket/key"):
        status, text = send("OPTIONS", target, [("Origin", "http://evil.example"), *ask])
        assert status == 403
        assert "access-control-allow" not in text.lower()


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_address_bar_is_served(send: Send, site: str) -> None:
    assert send("GET", "/_localstack/health", metadata(site, Mode="navigate", Dest="document"))[0] == 200


@pytest.mark.parametrize("origin", ["http://localhost:4566", "http://127.0.0.1:3000", "https://LOCALHOST"])
def test_page_of_the_emulators_own_host_reaches_s3(
    send: Send, localstack: Any, create_bucket: Any, keys: Any, origin: str
) -> None:
    bucket = create_bucket()
    kind, body = form(localstack.client("s3").generate_presigned_post(bucket, "own")["fields"], "content")
    headers = [("Origin", origin), *metadata("cross-site"), kind]
    status, text = send("POST", f"/{bucket}", headers, body)
    assert status < 300, text
    assert keys(bucket) == ["own"]


def test_client_that_is_no_browser_may_send_a_referer(send: Send, localstack: Any, create_bucket: Any) -> None:
    headers = [("Referer", "http://evil.example/"), ("User-Agent", "curl/8.14")]
    assert send("GET", presigned(localstack, "list_objects_v2", Bucket=create_bucket()), headers)[0] == 200


def test_presigned_uploads_work_from_an_allowed_page(
    send: Send, localstack: Any, shared_bucket: str, keys: Any
) -> None:
    target = presigned(localstack, "put_object", Bucket=shared_bucket, Key="put")
    page = [("Origin", PAGE), *metadata("cross-site", Mode="cors", Dest="empty")]
    preflight = [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type")]
    status, text = send("OPTIONS", target, [*page, *preflight])
    assert (status, f"Access-Control-Allow-Origin: {PAGE}" in text) == (200, True)
    status, text = send("PUT", target, page, b"content")
    assert (status, f"Access-Control-Allow-Origin: {PAGE}" in text) == (200, True)
    post = _s3(localstack).generate_presigned_post(shared_bucket, "post")
    kind, body = form(post["fields"], "content")
    assert send("POST", urlsplit(post["url"]).path, [*page, kind], body)[0] == 204
    assert keys(shared_bucket) == ["post", "put"]
    image = [*metadata("cross-site"), ("Referer", f"{PAGE}/")]
    assert send("GET", presigned(localstack, "get_object", Bucket=shared_bucket, Key="put"), image)[0] == 200


def test_page_may_do_only_what_the_bucket_allows(
    send: Send, localstack: Any, shared_bucket: str, create_bucket: Any, keys: Any
) -> None:
    localstack.client("s3").put_object(Bucket=shared_bucket, Key="kept")
    page, other = [("Origin", PAGE)], create_bucket()
    refused = [
        send("DELETE", f"/{shared_bucket}/kept", page),
        send("PUT", f"/{other}/key", page, b"x"),
        send("PUT", f"/{shared_bucket}/key", [("Origin", "http://evil.example")], b"x"),
        send("PUT", f"//{other}/{shared_bucket}/key", page, b"x"),
        send("PUT", f"/./{shared_bucket}/key", page, b"x"),
        send("PUT", f"/%2e/{shared_bucket}/key", page, b"x"),
        send("PUT", "/", page),
        send("POST", f"/_pipeline/faults?{shared_bucket}", page),
    ]
    assert [status for status, _ in refused] == [403] * len(refused)
    assert (keys(shared_bucket), keys(other)) == (["kept"], [])


def test_allowed_page_reaches_no_other_service(send: Send, localstack: Any, shared_bucket: str) -> None:
    name = f"mallory-{uuid.uuid4().hex[:8]}"
    query = urlencode(
        {
            "Action": "CreateUser",
            "Version": "2010-05-08",
            "UserName": name,
            "X-Amz-Credential": "test/20260101/us-east-1/iam/aws4_request",
        }
    )
    scope = "Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"
    authorization = ("Authorization", f"AWS4-HMAC-SHA256 {scope}")
    plain = ("Content-Type", "application/x-www-form-urlencoded")
    host = f"{shared_bucket}.s3.localhost.localstack.cloud"
    for method in ("GET", "POST", "PUT"):
        for target, at in ((f"/{shared_bucket}?{query}", ""), (f"/?{query}", host), (f"/{shared_bucket}", "")):
            send(method, target, [("Origin", PAGE), authorization, plain], query.encode(), host=at)
    assert name not in names_of_users(localstack)


@pytest.mark.long_proof
def test_localstacks_own_setting_for_origins_counts(start_localstack: Callable[..., Any], send: Send) -> None:
    other = start_localstack(EXTRA_CORS_ALLOWED_ORIGINS=f"{PAGE}, app://desk")
    for origin, status in (
        (PAGE, 200),
        ("app://desk", 200),
        ("http://shop.example", 403),
        ("http://evil.example", 403),
    ):
        assert send("GET", "/_localstack/health", [("Origin", origin)], where=other)[0] == status


def test_sdk_clients_read_the_reason(localstack: Any) -> None:
    for service, operation in (("kinesis", "list_streams"), ("iam", "list_users"), ("lambda", "list_functions")):
        client = localstack.client(service)
        client.meta.events.register("before-send", lambda request, **_: request.headers.update(Origin="null"))
        with pytest.raises(client.exceptions.ClientError) as raised:
            getattr(client, operation)()
        assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
        assert REFUSED in raised.value.response["Error"]["Message"]
