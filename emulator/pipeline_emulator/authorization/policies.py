"""Reads the policies of users, groups and roles from LocalStack's stores."""

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from localstack.services.iam.models import IamStore, iam_stores

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.request import Policy

GLOBAL_REGION = "us-east-1"
_AWS_MANAGED = "arn:aws:iam::aws:policy/"
# AWS creates these roles itself.
_SERVICE_LINKED = "/aws-service-role/"
_NOTHING = '{"Version":"2012-10-17","Statement":[]}'


def store_of(account: str) -> IamStore:
    """Return IAM's store of an account."""
    store: IamStore = iam_stores[account][GLOBAL_REGION]
    return store


def of_entity(store: IamStore, entity: Any) -> tuple[Policy, ...]:
    """Return the inline and managed policies of a user, group or role."""
    inline = [Policy(name, text_of(document)) for name, document in list(entity.inline_policies.items())]
    return (*inline, *managed(store, list(entity.attached_policy_arns)))


def managed(store: IamStore, arns: Sequence[str]) -> tuple[Policy, ...]:
    """Return the default versions of managed policies; a missing policy allows nothing."""
    return tuple(Policy(arn, _managed_text(store, arn)) for arn in arns)


def boundary(store: IamStore, entity: Mapping[str, Any]) -> Policy | None:
    """Return the permissions boundary of a user or role."""
    arn = (entity.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return managed(store, [arn])[0] if arn else None


def principal_exists(name: str, account: str) -> bool:
    """Return whether a principal exists. Users and roles of other accounts cannot be known.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    arn = find_arn(name)
    if arn is None or arn.service != "iam" or arn.account != account or _SERVICE_LINKED in arn.resource:
        return True
    kind, slash, _ = arn.resource.partition("/")
    if not slash or kind not in ("role", "user"):
        return True
    return bool(entity(account, kind, arn.name).get("Arn") == name)


def entity(account: str, kind: str, name: str) -> Mapping[str, Any]:
    """Return a user or role as its store keeps it; empty if there is none."""
    store = store_of(account)
    found: Any = (store.ROLES if kind == "role" else store.USERS).get(name)
    return getattr(found, kind) if found else {}


@lru_cache(maxsize=1024)
def text_of(document: str) -> str:
    """Decode a document, which the store keeps URL-encoded."""
    return unquote(document)


def _managed_text(store: IamStore, arn: str) -> str:
    if found := store.MANAGED_POLICIES.get(arn):
        version = found.versions.get(found.policy.get("DefaultVersionId") or "")
        return text_of(version["Document"]) if version and version.get("Document") else _NOTHING
    if arn.startswith(_AWS_MANAGED):
        return _aws_managed().get(arn, _NOTHING)
    return _NOTHING


@cache
def _aws_managed() -> Mapping[str, str]:
    """Return AWS's managed policies by ARN, from LocalStack's copy."""
    found = files("localstack.services.iam").joinpath("resources", "aws_managed_policies.json")
    return {
        f"arn:aws:iam::aws:policy{policy['Path']}{name}": json.dumps(policy["Document"])
        for name, policy in json.loads(found.read_text()).items()
    }
