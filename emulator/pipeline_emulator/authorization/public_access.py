"""Enforces the public access block that somebody has put on a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html. The one that AWS puts on
every new bucket counts only once PutPublicAccessBlock has repeated it: few local setups remove it. ACLs grant nothing
here, so IgnorePublicAcls has nothing to ignore.
"""

from collections.abc import Iterator
from typing import Any

from localstack.services.s3.constants import DEFAULT_PUBLIC_BLOCK_ACCESS

from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.iam.decision import Decision, Reason
from pipeline_emulator.iam.principals import Kind
from pipeline_emulator.iam.public_policies import is_public
from pipeline_emulator.iam.requests.call import Call

_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
_PUBLIC_GROUPS = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
_SETTING = "are prevented by the {} setting in S3 Block Public Access."


def refusal(call: Call, caller: Caller | None) -> Decision | None:
    """Return the decision that refuses a request to S3, or None. The root user's are refused, too."""
    bucket: Any = resources.bucket(call.text("Bucket") or "")
    block: Any = bucket.public_access_block if bucket else None
    if not block or block is DEFAULT_PUBLIC_BLOCK_ACCESS:
        return None
    if block.get("BlockPublicPolicy") and call.operation == "PutBucketPolicy" and is_public(call.text("Policy") or ""):
        return _refused(call, caller, f"public policies {_SETTING.format('BlockPublicPolicy')}")
    if block.get("BlockPublicAcls") and any(_public_acls(call)):
        return _refused(call, caller, f"public access control lists (ACLs) {_SETTING.format('BlockPublicAcls')}")
    if block.get("RestrictPublicBuckets") and _is_foreign(caller, bucket) and is_public(bucket.policy or ""):
        return _refused(call, caller, f"public policies {_SETTING.format('RestrictPublicBuckets')}")
    return None


def _public_acls(call: Call) -> Iterator[bool]:
    """Yield for each ACL that a request sets whether it lets everybody in."""
    yield call.text("ACL") in _PUBLIC_ACLS
    for name, value in call.parameters.items():
        if name.startswith("Grant"):
            yield any(group in str(value) for group in _PUBLIC_GROUPS)
    acl: Any = call.parameters.get("AccessControlPolicy") or {}
    for grant in acl.get("Grants") or ():
        yield str((grant.get("Grantee") or {}).get("URI") or "").endswith(_PUBLIC_GROUPS)


def _is_foreign(caller: Caller | None, bucket: Any) -> bool:
    """Return whether a caller is neither a service nor of the bucket's account."""
    if caller is None or caller.principal.kind is Kind.SERVICE:
        return False
    return caller.principal.account != str(bucket.bucket_account_id)


def _refused(call: Call, caller: Caller | None, cause: str) -> Decision:
    bucket, key = call.text("Bucket"), call.text("Key")
    return Decision(
        reason=Reason.EXPLICIT_DENY,
        principal=caller.principal.arn if caller else f"arn:aws:iam::{call.account}:root",
        action=f"s3:{call.operation}",
        resource=f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}",
        cause=cause,
    )
