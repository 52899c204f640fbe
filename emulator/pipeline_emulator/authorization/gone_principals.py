"""Keeps resource policies to the users and roles that they were written for.

AWS stores a principal's identifier, and shows its ARN as long as it exists: a later user or role of the same name is
another one, and a renamed user stays the same one. Here policies are stored as they are; when a principal is deleted or
renamed, they get its identifier or its new ARN.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from localstack.aws.api import RequestContext
from localstack.services.iam.models import iam_stores
from localstack.services.kms.models import kms_stores
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.s3.models import s3_stores
from localstack.services.sqs.models import sqs_stores
from localstack.utils.bootstrap import is_api_enabled
from moto.ecr.models import ecr_backends

from pipeline_emulator import patches
from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.policies import entity, text_of

type Change = Callable[[Any], Any]
"""Returns a policy, as its store keeps it, with other principals; or the same one."""


def install() -> None:
    """Change the policies at each deletion of a user or role, and when a user gets another name or path."""

    @patches.DELETE_USER.wrap
    def delete_user(original: Callable[..., None], self: Any, context: RequestContext, **request: Any) -> None:
        user = entity(context.account_id, "user", request["user_name"])
        original(self, context, **request)
        replace(user["Arn"], user["UserId"])

    @patches.DELETE_ROLE.wrap
    def delete_role(original: Callable[..., None], self: Any, context: RequestContext, **request: Any) -> None:
        role = entity(context.account_id, "role", request["role_name"])
        original(self, context, **request)
        replace(role["Arn"], role["RoleId"])

    @patches.UPDATE_USER.wrap
    def update_user(original: Callable[..., None], self: Any, context: RequestContext, **request: Any) -> None:
        user = entity(context.account_id, "user", request["user_name"])
        before = user.get("Arn", "")
        original(self, context, **request)
        if before != user["Arn"]:
            replace(before, user["Arn"])


def replace(old: str, new: str) -> None:
    """Put another name in the place of a principal's in every resource policy.

    Args:
        old: its ARN.
        new: its identifier, or its new ARN.
    """

    def change(document: Any) -> Any:
        return _replaced(document, old, new)

    def change_text(text: Any) -> Any:
        try:
            document = json.loads(text or "null")
        except (ValueError, RecursionError):
            return text  # no policy: it allows nothing
        changed = change(document)
        return text if changed == document else json.dumps(changed)

    for visit in (_texts_in_members, _texts_in_attributes, _trust, _streams):
        visit(change_text)
    _functions(change)


def _replaced(document: Any, old: str, new: str) -> Any:
    if not isinstance(document, dict):
        return document
    found = document.get("Statement")
    statements = found if isinstance(found, list) else [found]
    changed = [_statement(each, old, new) if isinstance(each, dict) else each for each in statements]
    return {**document, "Statement": changed if isinstance(found, list) else changed[0]}


def _statement(statement: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    changed = dict(statement)
    for element in ("Principal", "NotPrincipal"):
        named = statement.get(element)
        if isinstance(named, dict) and "AWS" in named:
            changed[element] = {**named, "AWS": _names(named["AWS"], old, new)}
    return changed


def _names(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list):
        return [new if each == old else each for each in value]
    return new if value == old else value


def _everywhere(stores: Any) -> Iterator[Any]:
    """Yield the stores of all accounts and regions."""
    for regions in list(stores.values()):
        yield from list(regions.values())


def _texts_in_members(change: Change) -> None:
    holders = [each for store in _everywhere(s3_stores) for each in list(store.buckets.values())]
    holders += [each for store in _everywhere(kms_stores) for each in list(store.keys.values())]
    holders += [each for store in _everywhere(ecr_backends) for each in list(store.repositories.values())]
    for holder in holders:
        if holder.policy:
            holder.policy = change(holder.policy)


def _texts_in_attributes(change: Change) -> None:
    from localstack.services.sns.models import sns_stores  # late: the import makes an RSA key

    holders = [queue.attributes for store in _everywhere(sqs_stores) for queue in list(store.queues.values())]
    holders += [topic["attributes"] for store in _everywhere(sns_stores) for topic in list(store.topics.values())]
    for attributes in holders:
        if attributes.get("Policy"):
            attributes["Policy"] = change(attributes["Policy"])


def _trust(change: Change) -> None:
    for store in _everywhere(iam_stores):
        for holder in list(store.ROLES.values()):
            before = text_of(holder.role["AssumeRolePolicyDocument"])
            if (after := change(before)) != before:
                holder.role["AssumeRolePolicyDocument"] = quote(after)


def _streams(change: Change) -> None:
    if not is_api_enabled("kinesis"):
        return
    for stream in resources.kinesis().streams.every():
        changed = {arn: change(text) for arn, text in stream.policies.items()}
        if changed != stream.policies:
            with stream.changing():
                stream.policies.update(changed)


def _functions(change: Change) -> None:
    for store in _everywhere(lambda_stores):
        for function in list(store.functions.values()):
            for permissions in list(function.permissions.values()):
                policy = permissions.policy
                policy.Statement = change({"Statement": policy.Statement})["Statement"]
