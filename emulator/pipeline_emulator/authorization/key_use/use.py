"""One use of a key, and what must be allowed for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.authorization.keys import AWS_MANAGED, Keys, is_aws_managed
from pipeline_emulator.iam.requests.call import Check
from pipeline_emulator.iam.requests.kms_keys import KEYS, encryption_context
from pipeline_emulator.iam.variables import Value

_CRYPTOGRAPHIC = frozenset({"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"})
# What the services tell KMS of a grant is not documented to the last.
_UNTOLD = frozenset({"kms:grantoperations", "kms:granteeprincipal", "kms:retiringprincipal"})


@dataclass(frozen=True, slots=True)
class Use:
    """What a service does with a key.

    Attributes:
        action: of KMS, without the prefix.
        key: its id, ARN or alias, as the service has it.
        context: the encryption context.
        values: condition keys besides.
    """

    action: str
    key: str
    context: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)


def check_of(use: Use, service: str | None, keys: Keys, caller_account: str) -> Check | None:
    """Return what must be allowed; None for a key that AWS manages, or that is not there, as the service then says.

    Args:
        use: of the key.
        service: through which the caller uses it, `kinesis`; None where the service acts in its own name.
        keys: in which to find it.
        caller_account: whose user or role makes the request.
    """
    key = None if use.key.startswith(AWS_MANAGED) else keys.of(use.key)
    if key is None or is_aws_managed(key):
        return None
    region = parse_arn(key.arn).region  # which is the service's: what it encrypts is where the key is
    via: dict[str, Value] = {"kms:viaservice": f"{service}.{region}.amazonaws.com"} if service else {}
    values = {**key.values(), "kms:calleraccount": caller_account, **via, **encryption_context(use.context)}
    if use.action in _CRYPTOGRAPHIC:
        values["kms:encryptionalgorithm"] = "SYMMETRIC_DEFAULT"  # services use no other keys
    known = KEYS - _UNTOLD if use.action == "CreateGrant" else KEYS
    return Check(f"kms:{use.action}", key.arn, {**values, **use.values}, known)
