"""The signatures computed here are those that botocore's signers, on which AWS's clients rely, give to a request."""

import io
import string
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug import Request

from pipeline_emulator.authorization.signatures import computed
from pipeline_emulator.authorization.signatures.claims import find
from pipeline_emulator.authorization.signatures.raw import RawRequest

KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
UNSIGNED = "UNSIGNED-PAYLOAD"
SIGNERS = {
    "kinesis header": SigV4Auth(KEYS, "kinesis", "eu-west-1"),
    "kinesis query": SigV4QueryAuth(KEYS, "kinesis", "eu-west-1"),
    "s3 header": S3SigV4Auth(KEYS, "s3", "eu-west-1"),
    "s3 query": S3SigV4QueryAuth(KEYS, "s3", "eu-west-1"),
}
# What `encoded_once` makes of a path that a client encoded otherwise, test_signatures sends.
SEGMENTS = st.one_of(st.sampled_from(["", ".", "..", "a b", "a%2Fb", "~", "+"]), st.text(max_size=5)).filter(
    lambda text: "/" not in text
)
ARGUMENTS = st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=5)), max_size=4).filter(
    lambda pairs: not any(name.lower().startswith("x-amz-") or not name.strip() for name, _ in pairs)
)
VALUES = st.text(string.ascii_letters + string.digits + ' ,;:="/\\()\t', max_size=12)
HEADERS = st.dictionaries(st.sampled_from(["X-Amz-Target", "Content-Type", "x-own", "X-Amz-Meta-A"]), VALUES)


@pytest.mark.parametrize("kind", SIGNERS)
@given(
    method=st.sampled_from(["GET", "PUT", "POST"]),
    path=st.lists(SEGMENTS, max_size=4),
    arguments=ARGUMENTS,
    headers=HEADERS,
)
@example(method="POST", path=[""], arguments=[], headers={"X-Amz-Target": " a  b "})
@example(
    method="GET",
    path=["a", "", "..", "b", ""],
    arguments=[("b", "2"), ("a", ""), ("b", "1"), ("B", "~ +/")],
    headers={},
)
def test_they_are_botocores(
    kind: str, method: str, path: list[str], arguments: list[tuple[str, str]], headers: Mapping[str, str]
) -> None:
    service, _, place = kind.partition(" ")
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in arguments)
    url = "http://localhost:4566/" + "/".join(quote(part, safe="~") for part in path) + (f"?{query}" if query else "")
    signed = AWSRequest(method, url, headers={"Host": "localhost:4566", **headers}, data=b"")
    if service == "s3" and place == "header":
        signed.context["payload_signing_enabled"] = False
    SIGNERS[kind].add_auth(signed)

    raw = received(signed)
    claim = find(raw, service)

    assert claim is not None
    payload = UNSIGNED if service == "s3" and place == "query" else raw.header("x-amz-content-sha256") or raw.body_hash
    assert computed.version_4(raw, claim, KEYS.secret_key, payload) == claim.signature
    assert computed.version_4(raw, claim, KEYS.secret_key + "x", payload) != claim.signature


def received(signed: AWSRequest) -> RawRequest:
    """Return a signed request as the gateway gets it."""
    parts = urlsplit(signed.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    pairs = [(name.encode(), str(value).encode()) for name, value in signed.headers.items()]
    environ = {"REQUEST_METHOD": signed.method, "RAW_URI": target, "rolo.headers": pairs, "wsgi.input": io.BytesIO()}
    return RawRequest.of(Request(environ))
