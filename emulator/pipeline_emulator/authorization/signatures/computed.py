"""Computes the signatures that requests should have, with botocore's signers."""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from botocore.auth import HmacV1Auth, SigV4Auth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from localstack.aws.spec import load_service

from pipeline_emulator.authorization.signatures.claims import ALGORITHM, Claim, Place
from pipeline_emulator.authorization.signatures.raw import RawRequest

_EMPTY = hashlib.sha256(b"").hexdigest()


class _Headers(dict[str, list[str]]):
    """What botocore's signer needs of its own class, which is based on e-mail messages and ten times slower."""

    def get_all(self, name: str) -> list[str]:
        return self[name]


@dataclass
class _Signed:
    """What botocore's signer reads of a request."""

    method: str
    url: str
    params: list[tuple[str, str]]
    signed: _Headers
    payload: str
    context: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)


class _Signer(SigV4Auth):  # type: ignore[misc]
    """botocore's signer, with the headers that the client chose."""

    def headers_to_sign(self, request: _Signed) -> _Headers:
        return request.signed

    def payload(self, request: _Signed) -> str:
        return request.payload

    def signature(self, string_to_sign: str, request: _Signed) -> str:
        date = request.context["timestamp"][:8]
        key = signing_key(self.credentials.secret_key, date, self._region_name, self._service_name)
        return _hex(key, string_to_sign)

    def _normalize_url_path(self, path: str) -> str:
        encoded = encoded_once(path)
        if self._service_name == "s3":  # S3's names are not normalised, nor encoded a second time
            return encoded or "/"
        normalised: str = super()._normalize_url_path(encoded)
        return normalised


def encoded_once(path: str) -> str:
    """Return a path in AWS's encoding, whichever characters the client has encoded. An encoded slash stays one."""
    return "/".join(quote(unquote(part), safe="~") for part in path.split("/"))


def version_4(raw: RawRequest, claim: Claim, secret: str, payload: str) -> str:
    """Return the signature of a request in hex digits; `payload` is the last line of the canonical request."""
    headers = _Headers()
    for name, value in raw.headers:
        if name in claim.signed_headers:
            headers.setdefault(name, []).append(value)
    query = [(name, value) for name, value in raw.query if claim.place is Place.HEADER or name != "X-Amz-Signature"]
    signer = _Signer(Credentials(claim.key, secret), claim.service, claim.region)
    request = _Signed(
        method=raw.method,
        url=f"http://host{raw.path}",
        params=query,
        signed=headers,
        payload=payload,
        context={"timestamp": claim.timestamp},
    )
    found: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return found


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
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
