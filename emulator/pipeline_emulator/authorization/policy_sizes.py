"""The sizes of policies in IAM, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
"""

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.services.iam.models import IamStore

from pipeline_emulator.authorization.policies import text_of

_MANAGED = ("CreatePolicy", "CreatePolicyVersion")
_MANAGED_SIZE, _TRUST_SIZE = 6_144, 2_048
# By operation: the kind of entity, its store and the size of all its inline policies.
_INLINE = {
    "PutUserPolicy": ("user", "USERS", 2_048),
    "PutGroupPolicy": ("group", "GROUPS", 5_120),
    "PutRolePolicy": ("role", "ROLES", 10_240),
}
OF_IDENTITIES = frozenset({*_MANAGED, *_INLINE})
"""The operations that store an identity's policy."""


def require(operation: str, request: Mapping[str, Any], store: IamStore) -> None:
    """Refuse a policy that exceeds its quota.

    Raises:
        CommonServiceException: LimitExceeded, with AWS's text.
    """
    size = _size(request.get("PolicyDocument") or request.get("AssumeRolePolicyDocument") or "")
    if operation in _MANAGED and size > _MANAGED_SIZE:
        raise _exceeded(f"Cannot exceed quota for PolicySize: {_MANAGED_SIZE}")
    if operation in ("CreateRole", "UpdateAssumeRolePolicy") and size > _TRUST_SIZE:
        raise _exceeded(f"Cannot exceed quota for ACLSizePerRole: {_TRUST_SIZE}")
    if operation in _INLINE:
        kind, entities, most = _INLINE[operation]
        name = request.get(f"{kind.title()}Name") or ""
        if size + _others(getattr(store, entities).get(name), request.get("PolicyName")) > most:
            raise _exceeded(f"Maximum policy size of {most} bytes exceeded for {kind} {name}")


def _others(entity: Any, replaced: str | None) -> int:
    """Return the size of the inline policies that an entity keeps."""
    policies = entity.inline_policies if entity else {}
    return sum(_size(text_of(document)) for name, document in policies.items() if name != replaced)


def _size(document: str) -> int:
    return len("".join(document.split()))


def _exceeded(text: str) -> CommonServiceException:
    return CommonServiceException("LimitExceeded", text, status_code=409, sender_fault=True)
