"""KMS keys and their condition keys.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_emulator.iam.variables import Value

CONTEXT = "kms:encryptioncontext:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The attributes of a KMS key that conditions can refer to.

    Attributes:
        arn: `arn:aws:kms:…:key/…`.
        spec, usage, origin: as in DescribeKey.
        multi_region: whether it is a multi-Region key.
        multi_region_type: PRIMARY or REPLICA; None for other keys.
        aliases: its aliases, `alias/…`.
    """

    arn: str
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    origin: str = "AWS_KMS"
    multi_region: bool = False
    multi_region_type: str | None = None
    aliases: tuple[str, ...] = ()

    def values(self) -> dict[str, Value]:
        """Return the condition keys that describe the key."""
        found: dict[str, Value] = {
            "kms:keyspec": self.spec,
            "kms:keyusage": self.usage,
            "kms:keyorigin": self.origin,
            "kms:multiregion": str(self.multi_region).lower(),
            "kms:resourcealiases": self.aliases,
        }
        return found | ({"kms:multiregionkeytype": self.multi_region_type} if self.multi_region_type else {})


def encryption_context(pairs: Any) -> dict[str, Value]:
    """Return the condition keys of an encryption context; empty if there is none."""
    if not isinstance(pairs, Mapping) or not pairs:
        return {}
    texts = {str(name): str(value) for name, value in pairs.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name, value in texts.items():  # those that differ in case only are one condition key, of several values
        found[name.lower()] = (*found.get(name.lower(), ()), value)
    values: dict[str, Value] = {f"{CONTEXT}{name}": each if len(each) > 1 else each[0] for name, each in found.items()}
    return {**values, "kms:encryptioncontextkeys": tuple(texts)}


KEYS = frozenset(
    f"kms:{name}"
    for name in (
        *("bypasspolicylockoutsafetycheck", "calleraccount", "datakeypairspec", "encryptionalgorithm"),
        *("encryptioncontextkeys", "expirationmodel", "grantconstrainttype", "granteeprincipal", "grantoperations"),
        *("grantisforawsresource", "keyagreementalgorithm", "keyorigin", "keyspec", "keyusage", "macalgorithm"),
        *("messagetype", "multiregion", "multiregionkeytype", "primaryregion", "reencryptonsamekey", "replicaregion"),
        *("requestalias", "resourcealiases", "retiringprincipal", "rotationperiodindays"),
        *("schedulekeydeletionpendingwindowindays", "signingalgorithm", "validto", "viaservice", "wrappingalgorithm"),
        "wrappingkeyspec",
    )
)
"""The supported condition keys; those of attestation documents (Recipient) are not."""
