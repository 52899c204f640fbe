"""Looks up KMS keys in core's stores."""

import struct
from typing import Any

from localstack.services.kms.models import deserialize_ciphertext_blob, kms_stores
from localstack.services.s3.models import s3_stores

from pipeline_emulator.arn import find_arn, parse_arn
from pipeline_emulator.iam.requests.kms_keys import Key

AWS_MANAGED = "alias/aws/"


class Keys:
    """The keys that requests in an account and region can name."""

    def __init__(self, account: str, region: str) -> None:
        """Resolve names as a client in this account and region does; ARNs may name others."""
        self.account, self.region = account, region

    def of(self, name: str) -> Key | None:
        """Return a key by its id, ARN, alias or alias ARN; None if there is none."""
        account, region, name = self._place(name)
        store = kms_stores[account][region]
        if name.startswith("alias/"):
            alias = store.aliases.get(name)
            name = self._place(alias.metadata["TargetKeyId"])[2] if alias else ""
        key = store.keys.get(name)
        return _described(store, key.metadata) if key else None

    def of_ciphertext(self, blob: bytes) -> Key | None:
        """Return the key that a ciphertext names; None if no symmetric key of this emulator encrypted it."""
        try:
            return self.of(deserialize_ciphertext_blob(blob).key_id)
        except (struct.error, UnicodeDecodeError):
            return None

    def of_grant(self, token: str) -> Key | None:
        """Return the key of a grant token."""
        store = kms_stores[self.account][self.region]
        grant = store.grants.get(store.grant_tokens.get(token) or "")
        return self.of(grant.metadata["KeyArn"]) if grant else None

    def state(self, name: str) -> str | None:
        """Return a key's state as DescribeKey reports it."""
        account, region, key_id = self._place(name)
        key = kms_stores[account][region].keys.get(key_id)
        return key.metadata["KeyState"] if key else None

    def _place(self, name: str) -> tuple[str, str, str]:
        """Return the account, the region, and the key's id or alias."""
        if arn := find_arn(name):
            return arn.account, arn.region, arn.resource.removeprefix("key/")
        return self.account, self.region, name


def is_aws_managed(key: Key) -> bool:
    """Return whether AWS manages a key; everybody in the account may use such a key through its service.

    https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
    """
    arn = parse_arn(key.arn)
    of_s3: Any = s3_stores[arn.account][arn.region].aws_managed_kms_key_id  # core gives it no alias
    return key.arn == of_s3 or any(alias.startswith(AWS_MANAGED) for alias in key.aliases)


def _described(store: Any, metadata: Any) -> Key:
    key_id, arn = metadata["KeyId"], metadata["Arn"]
    several = metadata.get("MultiRegionConfiguration")
    return Key(
        arn=arn,
        spec=metadata["KeySpec"],
        usage=metadata["KeyUsage"],
        origin=metadata["Origin"],
        multi_region=bool(metadata["MultiRegion"]),
        multi_region_type=several["MultiRegionKeyType"] if several else None,
        aliases=tuple(
            name for name, alias in list(store.aliases.items()) if alias.metadata["TargetKeyId"] in (key_id, arn)
        ),
    )
