"""One use of a key, and the check that it requires."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_emulator.arn import Arn, parse_arn
from pipeline_emulator.authorization.keys import AWS_MANAGED, Keys, is_aws_managed
from pipeline_emulator.iam.requests.call import Check
from pipeline_emulator.iam.requests.kms_keys import KEYS, encryption_context
from pipeline_emulator.iam.variables import Value

_CRYPTOGRAPHIC = frozenset({"Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"})
# AWS does not fully document the grants that services request.
_UNDOCUMENTED = frozenset({"kms:grantoperations", "kms:granteeprincipal", "kms:retiringprincipal"})


@dataclass(frozen=True, slots=True)
class Use:
    """An action that a service takes with a key.

    Attributes:
        action: the KMS action, without prefix.
        key: its id, ARN or alias, as the service names it.
        context: the encryption context.
        values: further condition keys.
        via: the service that uses the key for the one that gets the request; None if that one uses it.
    """

    action: str
    key: str
    context: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    via: str | None = None


def key_of(name: str, owner: Arn) -> str:
    """Return the ARN of the key that a resource names by id or alias: a key of its own account and region."""
    if name.startswith("arn:"):
        return name
    resource = name if name.startswith("alias/") else f"key/{name}"
    return str(owner._replace(service="kms", resource=resource))


def check_of(use: Use, service: str | None, keys: Keys, caller_account: str) -> Check | None:
    """Return the check that a key use requires; None for keys that AWS manages or that do not exist.

    The service itself reports a missing key.

    Args:
        use: the use of a key.
        service: the service that gets the request, such as `kinesis`; None if the service acts in its own name.
        keys: resolves the key.
        caller_account: the account of the user or role that makes the request.
    """
    key = None if use.key.startswith(AWS_MANAGED) else keys.of(use.key)
    if key is None or is_aws_managed(key):
        return None
    region = parse_arn(key.arn).region  # a service encrypts with keys of its region
    through = use.via or service
    via: dict[str, Value] = {"kms:viaservice": f"{through}.{region}.amazonaws.com"} if through else {}
    values = {**key.values(), "kms:calleraccount": caller_account, **via, **encryption_context(use.context)}
    if use.action in _CRYPTOGRAPHIC:
        values["kms:encryptionalgorithm"] = "SYMMETRIC_DEFAULT"  # services use symmetric keys only
    known = KEYS - _UNDOCUMENTED if use.action == "CreateGrant" else KEYS
    return Check(f"kms:{use.action}", key.arn, {**values, **use.values}, known)
