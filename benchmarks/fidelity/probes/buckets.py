"""The resources of a bucket: access, versions, encryption, lifecycle, policy."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from benchmarks.fidelity.bench import Bench, policy, refusal
from benchmarks.fidelity.bindings import probe, unprobed
from benchmarks.fidelity.verdicts import Seen

ACCESS = "aws_s3_bucket_public_access_block"
LIFECYCLE = "aws_s3_bucket_lifecycle_configuration"
ALL = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
for path in (
    "abort_incomplete_multipart_upload.days_after_initiation",
    "noncurrent_version_expiration.noncurrent_days",
):
    unprobed(LIFECYCLE, f"rule.{path}", "it counts whole days and accepts no date")
PATIENCE = 5.0  # seconds for a due rule to act; AWS takes up to days
REFUSED = 403


@probe("aws_s3_bucket", "bucket", "force_destroy")
def not_empty(bench: Bench) -> Seen:
    """A non-empty bucket cannot be deleted, an empty one can; force_destroy makes the provider empty it first."""
    s3, bucket = bench.client("s3"), bench.bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"probe")
    full = refusal(lambda: s3.delete_bucket(Bucket=bucket))
    s3.delete_object(Bucket=bucket, Key="key")
    empty = refusal(lambda: s3.delete_bucket(Bucket=bucket))
    return Seen(full == "BucketNotEmpty" and not empty, f"deleting a bucket with an object gets {full or 'through'}")


@probe(ACCESS, "block_public_policy", "bucket")
def public_policy(bench: Bench) -> Seen:
    """A public policy is refused."""

    def attempt(bucket: str) -> str:
        return refusal(lambda: bench.client("s3").put_bucket_policy(Bucket=bucket, Policy=_public(bucket)))

    return _with_block(bench, "BlockPublicPolicy", "a public policy", attempt)


@probe(ACCESS, "block_public_acls")
def public_acl(bench: Bench) -> Seen:
    """A public ACL is refused."""

    def attempt(bucket: str) -> str:
        return refusal(
            lambda: bench.client("s3").put_object(Bucket=bucket, Key="key", Body=b"probe", ACL="public-read")
        )

    return _with_block(bench, "BlockPublicAcls", "an object with a public ACL", attempt)


@probe(ACCESS, "ignore_public_acls")
def ignored_acl(bench: Bench) -> Seen:
    """Anonymous reads fail, whatever the object's ACL says."""
    s3 = bench.client("s3")

    def prepare(bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="key", Body=b"probe", ACL="public-read")

    return _with_block(bench, "IgnorePublicAcls", "an anonymous read under a public ACL", _anonymous(bench), prepare)


@probe(ACCESS, "restrict_public_buckets")
def restricted_bucket(bench: Bench) -> Seen:
    """Anonymous reads fail, whatever the bucket's policy says."""
    s3 = bench.client("s3")

    def prepare(bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="key", Body=b"probe")
        s3.put_bucket_policy(Bucket=bucket, Policy=_public(bucket))

    what = "an anonymous read under a public policy"
    return _with_block(bench, "RestrictPublicBuckets", what, _anonymous(bench), prepare)


@probe("aws_s3_bucket_ownership_controls", "bucket", "rule.object_ownership")
def ownership(bench: Bench) -> Seen:
    """If the bucket owner owns every object, ACLs are refused."""
    s3 = bench.client("s3")
    codes = []
    for value in ("BucketOwnerEnforced", "ObjectWriter"):
        bucket = bench.bucket(ObjectOwnership=value)
        s3.delete_public_access_block(Bucket=bucket)
        arguments = {"Bucket": bucket, "Key": "key", "Body": b"probe", "ACL": "public-read"}
        codes.append(refusal(lambda arguments=arguments: s3.put_object(**arguments)))  # type: ignore[misc]
    return Seen(codes == ["AccessControlListNotSupported", ""], f"an object with an ACL gets {codes[0] or 'in'}")


@probe("aws_s3_bucket_versioning", "bucket", "versioning_configuration.status")
def versioning(bench: Bench) -> Seen:
    """An overwritten and deleted object can still be read by version."""
    s3, bucket = bench.client("s3"), bench.bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="key", Body=b"first").get("VersionId", "null")
    s3.put_object(Bucket=bucket, Key="key", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="key")
    code = refusal(lambda: s3.get_object(Bucket=bucket, Key="key"))
    body = b""
    if code == "NoSuchKey":
        body = s3.get_object(Bucket=bucket, Key="key", VersionId=first)["Body"].read()
    return Seen(body == b"first", f"an earlier version {'can' if body == b'first' else 'cannot'} be read")


@probe(
    "aws_s3_bucket_server_side_encryption_configuration",
    "bucket",
    *(f"rule.apply_server_side_encryption_by_default.{name}" for name in ("sse_algorithm", "kms_master_key_id")),
)  # fmt: skip
def encryption(bench: Bench) -> Seen:
    """With SSE-S3 the API only shows a header; encryption is observable only with a key that can be disabled."""
    s3, kms, key = bench.client("s3"), bench.client("kms"), bench.key()
    bucket = _encrypted(bench, key)
    header = s3.put_object(Bucket=bucket, Key="key", Body=b"probe").get("ServerSideEncryption")
    kms.disable_key(KeyId=key)
    code = refusal(lambda: s3.get_object(Bucket=bucket, Key="key"))
    return Seen(bool(code), f"with a disabled KMS key (header {header}), a read gets {code or 'through'}")


@probe("aws_s3_bucket_server_side_encryption_configuration", "rule.bucket_key_enabled")
def bucket_key(bench: Bench) -> Seen:
    """With a bucket key, the KMS encryption context is the bucket; without one, it is the object."""
    key = bench.key()
    codes = []
    for enabled in (True, False):
        bucket = _encrypted(bench, key, BucketKeyEnabled=enabled)
        context = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}"}}
        may = {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key, "Condition": context}
        put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        s3 = bench.client("s3", **bench.role_credentials(put, may))
        codes.append(refusal(lambda s3=s3, bucket=bucket: s3.put_object(Bucket=bucket, Key="key")))  # type: ignore[misc]
    right = not codes[0] and "AccessDenied" in codes[1]
    what = "permission to use the key for the bucket only suffices with a bucket key; without one a write"
    return Seen(right, f"{what} gets {codes[1] or 'through'}")


@probe(LIFECYCLE, "bucket", "rule.status", "rule.expiration.days")
def expiration(bench: Bench) -> Seen:
    """An object past its expiration date disappears."""
    s3, bucket = bench.client("s3"), bench.bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"probe")
    past = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    rule = {"ID": "past", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": past}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    end = time.monotonic() + PATIENCE
    gone = False
    while not gone and time.monotonic() < end:
        gone = bool(refusal(lambda: s3.get_object(Bucket=bucket, Key="key")))
        time.sleep(0.5)
    return Seen(gone, f"an object {'goes' if gone else 'is still there'} {PATIENCE:.0f} s after its time")


@probe("aws_s3_bucket_policy", "bucket", "policy")
def bucket_policy(bench: Bench) -> Seen:
    """Requests that the policy denies to everyone are refused: here, as in the modules, those without TLS."""
    s3, bucket = bench.client("s3"), bench.bucket()
    denied = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    before = refusal(lambda: s3.put_object(Bucket=bucket, Key="key", Body=b"probe"))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(denied))
    after = refusal(lambda: s3.put_object(Bucket=bucket, Key="key", Body=b"probe"))
    return Seen(
        not before and after == "AccessDenied", f"a request without TLS, which it denies, gets {after or 'through'}"
    )


def _with_block(
    bench: Bench,
    setting: str,
    what: str,
    attempt: Callable[[str], str],
    prepare: Callable[[str], None] = lambda _bucket: None,
) -> Seen:
    """Runs `attempt`, which returns the refusal, on a bucket without and with one setting of the access block."""
    s3 = bench.client("s3")
    codes = []
    for value in (False, True):
        bucket = bench.bucket(ObjectOwnership="ObjectWriter")
        s3.delete_public_access_block(Bucket=bucket)
        prepare(bucket)
        block: Any = dict.fromkeys(ALL, False) | {setting: value}
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
        codes.append(attempt(bucket))
    return Seen(not codes[0] and bool(codes[1]), f"{what} gets {codes[1] or 'through'}")


def _anonymous(bench: Bench) -> Callable[[str], str]:
    def attempt(bucket: str) -> str:
        status = urllib3.request("GET", f"{bench.endpoint_url}/{bucket}/key", retries=False, timeout=30).status
        return f"HTTP {status}" if status >= REFUSED else ""

    return attempt


def _encrypted(bench: Bench, key: str, **settings: Any) -> str:
    """Makes a bucket with a key; returns its name."""
    bucket = bench.bucket()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, **settings}
    bench.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return bucket


def _public(bucket: str) -> str:
    resource = f"arn:aws:s3:::{bucket}/*"
    return policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource})
