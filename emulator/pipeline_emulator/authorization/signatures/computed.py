"""Computes the signatures that requests should have; those of Version 2 with botocore's signer."""

import hashlib
import hmac
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from botocore.auth import HmacV1Auth, SigV4Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path
from localstack.aws.spec import load_service

from pipeline_emulator.authorization.signatures.claims import ALGORITHM, Claim, Place
from pipeline_emulator.authorization.signatures.raw import RawRequest

_EMPTY = hashlib.sha256(b"").hexdigest()


def encoded_once(path: str) -> str:
    """Return a path in AWS's encoding, whichever characters the client has encoded. An encoded slash stays one."""
    return "/".join(quote(unquote(part), safe="~") for part in path.split("/"))


def version_4(raw: RawRequest, claim: Claim, secret: str, payload: str) -> str:
    """Return the signature of a request in hex digits; `payload` is the last line of the canonical request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore's signer, which
    a test compares with this, takes a fifth of the time of authorizing a PutRecord.
    """
    names = _sorted(claim.signed_headers)
    lines = [
        raw.method,
        _canonical_path(raw.path, claim.service),
        _canonical_query(raw, claim) if raw.query else "",
        *[f"{name}:{raw.joined(name)}" for name in names],
        "",
        ";".join(names),
        payload,
    ]
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = signing_key(secret, claim.date, claim.region, claim.service)
    return _hex(key, f"{ALGORITHM}\n{claim.timestamp}\n{scope}\n{digest}")


@lru_cache(maxsize=1000)
def _sorted(names: tuple[str, ...]) -> list[str]:
    return sorted(set(names))


def _canonical_path(path: str, service: str) -> str:
    if path == "/":
        return path
    encoded = encoded_once(path)
    if service == "s3":  # S3's names are not normalised, nor encoded a second time
        return encoded or "/"
    return quote(normalize_url_path(encoded), safe="/~")


def _canonical_query(raw: RawRequest, claim: Claim) -> str:
    pairs = (
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in raw.query
        if claim.place is Place.HEADER or name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def of_policy(claim: Claim, secret: str, policy: str) -> str:
    """Return the signature of a form's policy, given in base64."""
    if claim.version_2:
        signature: str = HmacV1Auth(Credentials(claim.key, secret)).sign_string(policy)
        return signature
    return _hex(signing_key(secret, claim.date, claim.region, claim.service), policy)


def of_chunk(claim: Claim, secret: str, kind: str, previous: str, content_hash: str) -> str:
    """Return the signature of a chunk (`PAYLOAD`) or trailer (`TRAILER`) of an S3 upload.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    scope = f"{claim.date}/{claim.region}/{claim.service}/aws4_request"
    hashes = [_EMPTY, content_hash] if kind == "PAYLOAD" else [content_hash]
    text = "\n".join([f"{ALGORITHM}-{kind}", claim.timestamp, scope, previous, *hashes])
    return _hex(signing_key(secret, claim.date, claim.region, claim.service), text)


class _Version2(HmacV1Auth):  # type: ignore[misc]
    """botocore's signer of Version 2, with the client's expiry."""

    expires = ""

    def _get_date(self) -> str:
        return self.expires


def version_2(raw: RawRequest, claim: Claim, secret: str, bucket: str | None) -> str:
    """Return the signature of an S3 URL in base64; `bucket` is the one that the host names.

    Signing moves headers into the query: they are signed as headers.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
    """
    signer = _Version2(Credentials(claim.key, secret))
    signer.expires = claim.expires or ""
    values = {name.lower(): value for name, value in [*raw.query, *raw.headers]}
    headers, sub_resources = HTTPHeaders(), []
    for name, value in values.items():
        if name.startswith("x-amz-") or name in ("content-md5", "content-type"):
            headers.add_header(name, value)
    for name, value in raw.query:
        if name in signer.QSAOfInterest:
            sub_resources.append(urlencode({name: value}, quote_via=quote) if value else name)
    split = urlsplit(f"http://host{raw.path}?{'&'.join(sub_resources)}")
    path = encoded_once(raw.path)
    text = signer.canonical_string(raw.method, split, headers, auth_path=f"/{bucket}{path}" if bucket else path)
    found: str = signer.sign_string(text)
    return found


@cache
def unsigned_sub_resources() -> frozenset[str]:
    """Return the query arguments that choose an operation of S3 and that Version 2, which is older, does not sign.

    With one of them, the URL of an object would be that of its retention.
    """
    model = load_service("s3")
    queries = [model.operation_model(name).http["requestUri"].partition("?")[2] for name in model.operation_names]
    found = {argument.partition("=")[0] for query in queries for argument in query.split("&")}
    return frozenset(found - {"", "list-type", "x-id", *HmacV1Auth.QSAOfInterest})


@lru_cache(maxsize=1000)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the key that a secret gives for a day, region and service."""
    signer: Any = SigV4Auth(None, service, region)
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = signer._sign(key, part)
    return key


def _hex(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
