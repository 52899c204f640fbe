"""Decides whether a request has the signature that it claims."""

import hmac
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from localstack.services.s3.utils import uses_host_addressing

from pipeline_emulator.authorization.signatures import chunks, computed, errors
from pipeline_emulator.authorization.signatures.claims import TIMESTAMP, Claim, Place
from pipeline_emulator.authorization.signatures.raw import AUTHORITY, RawRequest

SKEW = timedelta(minutes=15)
_WEEK_SECONDS = 604_800
_HASH = re.compile(r"[0-9a-f]{64}")
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_UNSIGNED = "UNSIGNED-PAYLOAD"
# Clients add these after they have signed.
_UNSIGNED_HEADERS = frozenset({"x-amz-content-sha256"})


def check_expiry(claim: Claim, service: str, now: datetime) -> None:
    """Refuse a presigned URL that has expired.

    Raises:
        CommonServiceException: it has expired, or says no valid time.
    """
    if claim.expires is None:
        return
    if not claim.expires.isascii() or not claim.expires.isdigit():
        raise errors.incomplete(service, "X-Amz-Expires must be a number", "AuthorizationQueryParametersError")
    if claim.version_2:
        end = datetime.fromtimestamp(min(int(claim.expires), 2**33), UTC)
    else:
        if int(claim.expires) > _WEEK_SECONDS:
            text = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less"
            raise errors.incomplete(service, f"{text} than 604800 seconds", "AuthorizationQueryParametersError")
        end = _time(claim, service) + timedelta(seconds=int(claim.expires))
    if now > end:
        raise errors.expired(service, f"Signature expired: {end:{TIMESTAMP}} is now earlier than {now:{TIMESTAMP}}")


def verify(
    raw: RawRequest,
    claim: Claim,
    service: str,
    signing_name: str,
    *,
    secret: str,
    token: str | None,
    policy: str | None = None,
) -> None:
    """Refuse a request that does not have the signature it claims.

    Args:
        raw: the request.
        claim: its signature.
        service: botocore's name of the service that gets the request.
        signing_name: the service's name in signatures.
        secret: the secret of the claimed key.
        token: the session token of the key; None for a user's key.
        policy: the policy of an S3 form, in base64.

    Raises:
        CommonServiceException: AWS's error.
    """
    if (claim.token or None) != token:
        raise errors.wrong_token(service)
    if claim.version_2:
        _compare(claim, service, _version_2(raw, claim, service, secret, policy))
        return
    if claim.service != signing_name:
        raise errors.mismatch(service, f"Credential should be scoped to correct service: '{signing_name}'.")
    _check_time(claim, service)
    if claim.place is Place.FORM:
        _compare(claim, service, computed.of_policy(claim, secret, policy or ""))
        return
    _check_signed_headers(raw, claim, service)
    payload = _payload(raw, claim)
    _compare(claim, service, computed.version_4(raw, claim, secret, payload))
    if claim.service == "s3":  # also S3's control API
        _check_content(raw, service, payload)


def _compare(claim: Claim, service: str, expected: str) -> None:
    if not hmac.compare_digest(expected.encode(), claim.signature.encode(errors="replace")):
        raise errors.mismatch(service)


def _version_2(raw: RawRequest, claim: Claim, service: str, secret: str, policy: str | None) -> str:
    if claim.place is Place.FORM:
        return computed.of_policy(claim, secret, policy or "")
    if any(name in computed.unsigned_sub_resources() for name, _ in raw.query):
        raise errors.mismatch(service)
    return computed.version_2(raw, claim, secret, uses_host_addressing(dict(raw.headers)))


def _time(claim: Claim, service: str) -> datetime:
    try:
        return datetime.fromisoformat(claim.timestamp)  # four times as fast as strptime
    except ValueError:
        text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise errors.incomplete(service, text, "AccessDenied") from None


def _check_time(claim: Claim, service: str) -> None:
    signed, now = _time(claim, service), datetime.now(UTC)
    if claim.date != claim.timestamp[:8]:
        text = f"'{claim.date}' != '{claim.timestamp[:8]}', from '{claim.timestamp}'."
        raise errors.mismatch(
            service, f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: {text}"
        )
    if claim.place is Place.FORM:
        return  # core compares the expiration that the policy has
    if signed > now + SKEW:
        text = f"Signature not yet current: {claim.timestamp} is still later than {now + SKEW:{TIMESTAMP}}"
        raise errors.skewed(service, f"{text} ({now:{TIMESTAMP}} + 15 min.)")
    if claim.expires is not None:
        return  # `check_expiry` has compared it
    if signed < now - SKEW:
        text = f"Signature expired: {claim.timestamp} is now earlier than {now - SKEW:{TIMESTAMP}}"
        raise errors.skewed(service, f"{text} ({now:{TIMESTAMP}} - 15 min.)")


def _check_signed_headers(raw: RawRequest, claim: Claim, service: str) -> None:
    """Refuse a request if somebody could have changed the service that it is for, or what it asks."""
    unsent, unsigned = _differences(tuple([name for name, _ in raw.headers]), claim.signed_headers)
    if unsent:
        raise errors.mismatch(service)
    if not unsigned:
        return
    if service == "s3":
        raise errors.unsigned_headers()
    raise errors.mismatch(service, f"'{min(unsigned)}' must be a 'SignedHeader' in the AWS Authorization.")


@lru_cache(maxsize=1000)  # a client sends the same headers each time
def _differences(sent: tuple[str, ...], signed: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the signed headers that were not sent, and those sent that have to be signed and are not."""
    signed = tuple("host" if name == AUTHORITY else name for name in signed)
    needed = {name for name in sent if name.startswith("x-amz-")} - _UNSIGNED_HEADERS
    return frozenset(signed) - frozenset(sent), frozenset({"host"} | needed) - frozenset(signed)


def _payload(raw: RawRequest, claim: Claim) -> str:
    """Return what stands for the body in the signature."""
    if claim.service != "s3":
        return raw.body_hash
    given = raw.header("x-amz-content-sha256")
    if claim.place is Place.QUERY:
        in_query = raw.argument("X-Amz-Content-Sha256")
        return in_query or (given if given and "x-amz-content-sha256" in claim.signed_headers else _UNSIGNED)
    if given is None:
        raise errors.missing_hash()
    return given


def _check_content(raw: RawRequest, service: str, payload: str) -> None:
    """Refuse a body other than the one that was signed. `check_upload` looks at chunks."""
    if _HASH.fullmatch(payload):
        if payload != raw.body_hash:
            raise errors.other_content()
    elif payload != _UNSIGNED and payload not in chunks.KINDS:
        raise errors.unsupported(service)


def check_upload(raw: RawRequest, service: str, signing: chunks.Signing | None) -> None:
    """Refuse an aws-chunked upload to S3 whose body is not what its headers say, or not signed by them.

    Args:
        raw: the request; other requests pass.
        service: botocore's name of the service.
        signing: None if nobody signed, or any secret will do.

    Raises:
        CommonServiceException: AWS's error.
    """
    kind = raw.header("x-amz-content-sha256") or ""
    if not service.startswith("s3") or raw.method != "PUT" or kind not in chunks.KINDS:
        return
    text = raw.header("x-amz-decoded-content-length")
    length = None if text is None else int(text) if _LENGTH.fullmatch(text) else -1
    trailers = [name.strip().lower() for name in (raw.header("x-amz-trailer") or "").split(",") if name.strip()]
    if found := chunks.problem(raw.content, kind, length, trailers, signing):
        raise errors.upload(service, found)
