"""Condition keys of KMS that come from a request's parameters and their defaults.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html: a condition "works even when the parameter
doesn't appear in the request, such as when you use the parameter's default value".
"""

from collections.abc import Callable, Mapping

from pipeline_emulator.iam.requests.call import Call
from pipeline_emulator.iam.requests.kms_keys import encryption_context
from pipeline_emulator.iam.variables import Value

_SYMMETRIC = "SYMMETRIC_DEFAULT"
_MAC = {"kms:macalgorithm": ("MacAlgorithm", "")}
_SIGNATURE = {"kms:signingalgorithm": ("SigningAlgorithm", ""), "kms:messagetype": ("MessageType", "RAW")}
_ENCRYPTION = {"kms:encryptionalgorithm": ("EncryptionAlgorithm", _SYMMETRIC)}
_BYPASS = {"kms:bypasspolicylockoutsafetycheck": ("BypassPolicyLockoutSafetyCheck", "")}
_DATA_KEY = {"kms:encryptionalgorithm": ("", _SYMMETRIC)}
_PAIR = {**_DATA_KEY, "kms:datakeypairspec": ("KeyPairSpec", "")}

_PARAMETERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "CreateKey": {
        **_BYPASS,
        "kms:keyspec": ("KeySpec", _SYMMETRIC),
        "kms:keyusage": ("KeyUsage", "ENCRYPT_DECRYPT"),
        "kms:keyorigin": ("Origin", "AWS_KMS"),
        "kms:multiregion": ("MultiRegion", "false"),
    },
    "PutKeyPolicy": _BYPASS,
    "ReplicateKey": {"kms:replicaregion": ("ReplicaRegion", "")},
    "UpdatePrimaryRegion": {"kms:primaryregion": ("PrimaryRegion", "")},
    "EnableKeyRotation": {"kms:rotationperiodindays": ("RotationPeriodInDays", "365")},
    "ScheduleKeyDeletion": {"kms:schedulekeydeletionpendingwindowindays": ("PendingWindowInDays", "30")},
    "Encrypt": _ENCRYPTION,
    "Decrypt": _ENCRYPTION,
    "ReEncryptFrom": {"kms:encryptionalgorithm": ("SourceEncryptionAlgorithm", _SYMMETRIC)},
    "ReEncryptTo": {"kms:encryptionalgorithm": ("DestinationEncryptionAlgorithm", _SYMMETRIC)},
    "GenerateDataKey": _DATA_KEY,
    "GenerateDataKeyWithoutPlaintext": _DATA_KEY,
    "GenerateDataKeyPair": _PAIR,
    "GenerateDataKeyPairWithoutPlaintext": _PAIR,
    "GenerateMac": _MAC,
    "VerifyMac": _MAC,
    "Sign": _SIGNATURE,
    "Verify": _SIGNATURE,
    "DeriveSharedSecret": {"kms:keyagreementalgorithm": ("KeyAgreementAlgorithm", "")},
    "GetParametersForImport": {
        "kms:wrappingalgorithm": ("WrappingAlgorithm", ""),
        "kms:wrappingkeyspec": ("WrappingKeySpec", ""),
    },
    "ImportKeyMaterial": {
        "kms:expirationmodel": ("ExpirationModel", "KEY_MATERIAL_EXPIRES"),
        "kms:validto": ("ValidTo", ""),
    },
}
"""By action and condition key: the parameter and its default; an empty default means no value."""
_CONTEXTS = {
    **dict.fromkeys(("Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyPair"), "EncryptionContext"),
    **{f"{name}WithoutPlaintext": "EncryptionContext" for name in ("GenerateDataKey", "GenerateDataKeyPair")},
    "ReEncryptFrom": "SourceEncryptionContext",
    "ReEncryptTo": "DestinationEncryptionContext",
}


def values_of(call: Call, action: str) -> dict[str, Value]:
    """Return the condition keys that the parameters of a request give one of its actions."""
    found: dict[str, Value] = {}
    for key, (name, default) in _PARAMETERS.get(action, {}).items():
        value = call.parameters.get(name)
        text = default if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if text:
            found[key] = text
    if context := _CONTEXTS.get(action):
        found |= encryption_context(call.parameters.get(context))
    if action == "CreateKey" and call.parameters.get("MultiRegion") is True:
        found["kms:multiregionkeytype"] = "PRIMARY"
    more = _GRANTS.get(action)
    return found | (more(call) if more else {})


def _made_directly(_call: Call) -> dict[str, Value]:
    return {"kms:grantisforawsresource": "false"}


def _grant(call: Call) -> dict[str, Value]:
    """Return the condition keys of CreateGrant, including the encryption context in its constraints."""
    found: dict[str, Value] = {
        "kms:grantisforawsresource": "false",
        "kms:grantoperations": tuple(call.texts("Operations")),
    }
    for key, name in (("kms:granteeprincipal", "GranteePrincipal"), ("kms:retiringprincipal", "RetiringPrincipal")):
        principal = call.text(name)
        if principal:
            found[key] = principal
    constraints = call.parameters.get("Constraints")
    if isinstance(constraints, Mapping):
        for kind, pairs in constraints.items():
            found |= {"kms:grantconstrainttype": str(kind), **encryption_context(pairs)}
    return found


_GRANTS: Mapping[str, Callable[[Call], dict[str, Value]]] = {
    "CreateGrant": _grant,
    "ListGrants": _made_directly,
    "RevokeGrant": _made_directly,
}
