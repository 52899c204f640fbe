"""Reads what a request says about its signature, from its headers, its query or an S3 form.

A request that says two things, or half of one, is refused: core and the services would choose for themselves.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import lru_cache

from localstack.aws.api import CommonServiceException

from pipeline_emulator.authorization.signatures import errors
from pipeline_emulator.authorization.signatures.raw import RawRequest

ALGORITHM = "AWS4-HMAC-SHA256"
TIMESTAMP = "%Y%m%dT%H%M%SZ"
_V4_ARGUMENTS = frozenset({"x-amz-algorithm", "x-amz-credential", "x-amz-signature"})
_V2_ARGUMENTS = frozenset({"awsaccesskeyid", "signature"})
_PARTS = ("Credential", "Signature", "SignedHeaders")
_HEADER_NAMES = re.compile(r"(?::authority|[a-z0-9!#$%&'*+.^_`|~-]+)(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*+")
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SCOPE = re.compile(r"([\w.-]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)


class Place(Enum):
    """Where a signature is."""

    HEADER = "header"
    QUERY = "query"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A signature as the client presents it.

    Attributes:
        key: the access key.
        place: where it is.
        signature: hex digits; base64 in Version 2.
        date, region, service: of the credential's scope; empty in Version 2, which has none.
        signed_headers: names in lower case; empty in forms and Version 2.
        timestamp: as it was signed, YYYYMMDDTHHMMSSZ; empty if there is none.
        expires: of a presigned URL, as in its query.
        token: the session token.
    """

    key: str
    place: Place
    signature: str
    date: str = ""
    region: str = ""
    service: str = ""
    signed_headers: tuple[str, ...] = ()
    timestamp: str = ""
    expires: str | None = None
    token: str | None = None

    @property
    def version_2(self) -> bool:
        """Whether this is a signature of Version 2."""
        return not self.service


def find(raw: RawRequest, service: str, *, form: Mapping[str, str] | None = None) -> Claim | None:
    """Return the signature that a request claims to have; None if it is anonymous.

    Args:
        raw: the request.
        service: botocore's name of the service, for the error's form.
        form: the fields of an S3 form.

    Raises:
        CommonServiceException: there are several, or parts are missing or malformed.
    """
    authorizations = [value for name, value in raw.headers if name == "authorization"]
    if len(authorizations) == 1 and not raw.query and not form:  # nearly all requests
        return _in_header(raw, service, authorizations[0])
    names = [name.lower() for name, _ in raw.query]
    version_4 = not _V4_ARGUMENTS.isdisjoint(names)
    version_2 = service == "s3" and not _V2_ARGUMENTS.isdisjoint(names)
    fields = {name.lower(): value for name, value in (form or {}).items()}
    in_form = not (_V4_ARGUMENTS | _V2_ARGUMENTS).isdisjoint(fields)
    if len(authorizations) + version_4 + version_2 + in_form > 1:
        raise errors.several(service)
    if authorizations:
        return _in_header(raw, service, authorizations[0])
    if in_form:
        return _in_form(service, fields)
    if not version_4 and not version_2:
        return None
    if len(set(names)) < len(names) and _repeats(names):
        raise errors.several(service)
    return _in_query(raw, service) if version_4 else _version_2(service, dict(raw.query))


def _repeats(names: Iterable[str]) -> bool:
    signing = [name for name in names if name.startswith("x-amz-") or name in {*_V2_ARGUMENTS, "expires"}]
    return len(set(signing)) < len(signing)


def _in_header(raw: RawRequest, service: str, value: str) -> Claim:
    beginning, last, signature = value.rpartition(", Signature=")
    known = _beginning_of(service, beginning) if last and signature.isalnum() else None  # as the SDKs write it
    (key, day, region, scope), names, signature = (*known, signature) if known else _parsed(service, value)
    return Claim(
        key=key,
        place=Place.HEADER,
        signature=signature,
        date=day,
        region=region,
        service=scope,
        signed_headers=names,
        timestamp=_timestamp(raw.header("x-amz-date") or raw.header("date")),
        token=raw.header("x-amz-security-token"),
    )


type _Scope = tuple[str, str, str, str]
type _Names = tuple[str, ...]


@lru_cache(maxsize=1000)  # a client sends the same for a day
def _beginning_of(service: str, beginning: str) -> tuple[_Scope, _Names] | None:
    try:
        return _parsed(service, f"{beginning}, Signature=0")[:2]
    except CommonServiceException:
        return None


def _parsed(service: str, value: str) -> tuple[_Scope, _Names, str]:
    """Return the scope, the names of the signed headers and the signature in an Authorization header."""
    algorithm, _, rest = value.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise errors.unsupported(service)
    parts = [part.strip().partition("=") for part in rest.split(",") if part.strip()]
    values = {name: text for name, _, text in parts}
    absent = [name for name in _PARTS if not values.get(name)]
    if absent or len(parts) > len(_PARTS):  # core looks for the credential anywhere in the text
        sentences = [f"Authorization header requires '{name}' parameter." for name in absent]
        raise errors.incomplete(service, " ".join([*sentences, f"Authorization={value}"]))
    return _scope(service, values["Credential"]), _names(service, values["SignedHeaders"]), values["Signature"]


def _in_query(raw: RawRequest, service: str) -> Claim:
    values = dict(raw.query)
    needed = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders"]
    needed += ["X-Amz-Expires"] if service == "s3" else []
    if not all(values.get(name) for name in needed):
        text = f"Query-string authentication version 4 requires the {', '.join(needed)} parameters."
        raise errors.incomplete(service, text, "AuthorizationQueryParametersError")
    if values["X-Amz-Algorithm"] != ALGORITHM:
        raise errors.unsupported(service)
    key, day, region, scope = _scope(service, values["X-Amz-Credential"], "AuthorizationQueryParametersError")
    return Claim(
        key=key,
        place=Place.QUERY,
        signature=values["X-Amz-Signature"],
        date=day,
        region=region,
        service=scope,
        signed_headers=_names(service, values["X-Amz-SignedHeaders"]),
        timestamp=_timestamp(values["X-Amz-Date"]),
        expires=values.get("X-Amz-Expires"),
        token=values.get("X-Amz-Security-Token") or raw.header("x-amz-security-token"),
    )


def _in_form(service: str, fields: Mapping[str, str]) -> Claim:
    if not fields.get("policy"):
        raise errors.incomplete(service, "Bucket POST must contain a field named 'policy'.", "InvalidArgument")
    if not _V2_ARGUMENTS.isdisjoint(fields):
        return _version_2(service, fields, place=Place.FORM)
    absent = [
        name
        for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
        if not fields.get(name)
    ]
    if absent:
        text = f"Bucket POST must contain a field named '{absent[0]}'."
        raise errors.incomplete(service, text, "InvalidArgument")
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise errors.unsupported(service)
    key, day, region, scope = _scope(service, fields["x-amz-credential"], "InvalidArgument")
    return Claim(
        key=key,
        place=Place.FORM,
        signature=fields["x-amz-signature"],
        date=day,
        region=region,
        service=scope,
        timestamp=_timestamp(fields["x-amz-date"]),
        token=fields.get("x-amz-security-token"),
    )


def _version_2(service: str, values: Mapping[str, str], place: Place = Place.QUERY) -> Claim:
    lower = {name.lower(): value for name, value in values.items()}
    names = ("signature", "awsaccesskeyid") if place is Place.FORM else ("signature", "expires", "awsaccesskeyid")
    if not all(lower.get(name) for name in names):
        text = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise errors.incomplete(service, text, "AccessDenied")
    return Claim(
        key=lower["awsaccesskeyid"],
        place=place,
        signature=lower["signature"].replace(" ", "+"),  # a plus sign that was not encoded
        expires=lower.get("expires"),
        token=lower.get("x-amz-security-token"),
    )


def _scope(service: str, credential: str, s3_code: str = "AuthorizationHeaderMalformed") -> tuple[str, str, str, str]:
    found = _SCOPE.fullmatch(credential)
    if found is None:
        text = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise errors.incomplete(service, f"The authorization header is malformed; {text}", s3_code)
    key, day, region, scope = found.groups()
    return key, day, region, scope


def _names(service: str, text: str) -> tuple[str, ...]:
    lower = text.lower()
    if not _HEADER_NAMES.fullmatch(lower):
        raise errors.incomplete(service, "The SignedHeaders are malformed.")
    return tuple(lower.split(";"))


def _timestamp(text: str | None) -> str:
    """Return a time in the form in which it is signed; empty if it is neither that nor an HTTP date."""
    if text and _TIMESTAMP.fullmatch(text):
        return text
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC).strftime(TIMESTAMP)
    except ValueError:
        return ""
