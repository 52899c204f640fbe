"""KMS: https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html."""

from collections.abc import Mapping

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.kms_keys import KEYS, Key
from pipeline_emulator.iam.requests.kms_parameters import values_of
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only
from pipeline_emulator.iam.ternary import Undetermined
from pipeline_emulator.iam.variables import Value

_ALIASES = frozenset({"CreateAlias", "DeleteAlias", "UpdateAlias"})
NO_KEY_YET = "key/*"
"""The resource of a key that is being created: its id is not known yet."""


def checks(call: Call) -> Checks:
    """Return the checks on the key, however the request names it, and on an alias that is changed."""
    if call.operation in ("CreateKey", "ReplicateKey"):
        return _creation(call)
    if is_wildcard_only("kms", call):
        return [_check(call, call.operation, "*")]
    if call.operation in _ALIASES:
        return _alias(call)
    if call.operation == "ReEncrypt":
        return _reencryption(call)
    key = _of_request(call)
    return key if isinstance(key, Undetermined) else [_on_key(call, call.operation, key)]


def _check(call: Call, action: str, resource: str, values: Mapping[str, Value] | None = None) -> Check:
    common: dict[str, Value] = {"kms:calleraccount": call.account}
    return Check(
        f"kms:{action}", resource, common | dict(values or {}), KEYS, call.tags("Tags"), call.tag_keys("TagKeys")
    )


def _creation(call: Call) -> Checks:
    """Creating a key with a policy needs no kms:PutKeyPolicy; creating it with tags needs kms:TagResource.

    https://docs.aws.amazon.com/kms/latest/developerguide/create-keys.html
    """
    found = [_check(call, "CreateKey", "*", values_of(call, "CreateKey"))]
    if call.tags("Tags"):
        found.append(_check(call, "TagResource", call.arn("kms", NO_KEY_YET)))
    if call.operation == "CreateKey":
        return found
    key = _of_request(call)
    return key if isinstance(key, Undetermined) else [_on_key(call, "ReplicateKey", key), *found]


def _alias(call: Call) -> Checks:
    """Changing an alias needs permission on the alias and on both its old and its new key.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    """
    name = call.text("AliasName")
    if not name:
        return Undetermined(f"kms:{call.operation} names no alias")
    found = [Check(f"kms:{call.operation}", call.arn("kms", name), keys=KEYS)]
    if call.operation != "CreateAlias" and (key := call.lookups.key_of(name)):
        found.append(_on_key(call, call.operation, key))
    if target := call.text("TargetKeyId"):
        found.append(_on_key(call, call.operation, _named(call, target)))
    return found


def _reencryption(call: Call) -> Checks:
    source, target = _decrypting(call, "SourceKeyId"), call.text("DestinationKeyId")
    if isinstance(source, Undetermined) or not target:
        return source if isinstance(source, Undetermined) else Undetermined("kms:ReEncrypt names no destination key")
    destination = _named(call, target)
    same: dict[str, Value] = {"kms:reencryptonsamekey": str(source.arn == destination.arn).lower()}
    return [
        _on_key(call, "ReEncryptFrom", source, same, call.text("SourceKeyId")),
        _on_key(call, "ReEncryptTo", destination, same, target),
    ]


def _on_key(
    call: Call, action: str, key: Key, more: Mapping[str, Value] | None = None, name: str | None = None
) -> Check:
    values = {**key.values(), **values_of(call, action), **(more or {})}
    name = name or call.text("KeyId") or ""
    if "alias/" in name:
        values["kms:requestalias"] = name[name.index("alias/") :]
    return _check(call, action, key.arn, values)


def _of_request(call: Call) -> Key | Undetermined:
    if call.operation == "Decrypt":
        return _decrypting(call, "KeyId")
    token = call.text("GrantToken")
    if token and (found := call.lookups.key_of_grant(token)):
        return found
    name = call.text("KeyId")
    return _named(call, name) if name else Undetermined(f"kms:{call.operation} names no key")


def _decrypting(call: Call, parameter: str) -> Key | Undetermined:
    """Return the key that decrypts; a request that names none uses the symmetric key that the ciphertext names."""
    if name := call.text(parameter):
        return _named(call, name)
    blob = call.parameters.get("CiphertextBlob")
    found = call.lookups.key_of_ciphertext(blob) if isinstance(blob, bytes) else None
    return found or Undetermined("the ciphertext was not encrypted with a key of this emulator")


def _named(call: Call, name: str) -> Key:
    """Return the key with this id, ARN, alias or alias ARN; an unknown key gets an ARN made from the name."""
    if found := call.lookups.key_of(name):
        return found
    if arn := find_arn(name):
        # Some operations ignore the account in an ARN.
        return call.lookups.key_of(call.arn("kms", arn.resource)) or Key(arn=name)
    return Key(arn=call.arn("kms", name if name.startswith("alias/") else f"key/{name}"))
