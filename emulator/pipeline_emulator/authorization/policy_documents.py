"""Refuses policies that AWS would not store, before the service gets them. Core and moto store almost any text."""

import json
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.authorization import policy_sizes
from pipeline_emulator.authorization.policies import principal_exists, store_of
from pipeline_emulator.authorization.policy_rules import RULES, Rule
from pipeline_emulator.iam.document_rules import allows, require
from pipeline_emulator.iam.malformed import NO_PRINCIPAL, InvalidPrincipalError, MalformedPolicyError

# Recorded on AWS by https://github.com/badmintoncryer/cdk-preflight.
_LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
# https://github.com/localstack/localstack/blob/8b9a79f/localstack-core/localstack/services/lambda_/api_utils.py
_NO_INVOKER = "The provided principal was invalid. Please check the principal and try again."


def install() -> None:
    """Check policies before their service gets them."""
    patches.CHECK_POLICIES.append(_check)


def _check(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse a malformed policy, or one that is too large.

    Raises:
        CommonServiceException: AWS's error.
    """
    if context.service is None or context.operation is None or context.service_request is None:
        return
    service, request = context.service.service_name.removesuffix("-query"), context.service_request
    if rule := RULES.get((service, context.operation.name)):
        _require(rule, request, context.account_id)
        if service == "kms":
            _require_manager(request, context.account_id)
    if service == "iam":
        policy_sizes.require(context.operation.name, request, store_of(context.account_id))
        _require_no_principal(context.operation.name, request)
    elif (service, context.operation.name) == ("lambda", "AddPermission"):
        _require_invoker(request, context.account_id)


def _require(rule: Rule, request: Mapping[str, Any], account: str) -> None:
    text = rule.document(request)
    if text is None:
        return
    try:
        for name in require(str(text), rule.form, rule.resource(request)):
            if not principal_exists(name, account):
                raise InvalidPrincipalError(f'Invalid principal in policy: "AWS":"{name}"')
    except MalformedPolicyError as error:
        message = rule.special.get(type(error), rule.text).replace("{}", str(error))
        raise CommonServiceException(rule.code, message, sender_fault=True) from error


def _require_manager(request: Mapping[str, Any], account: str) -> None:
    """Refuse a key's policy that nobody in the account could change.

    AWS asks whether the caller could:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#allow-iam-policies.

    Raises:
        CommonServiceException: nobody could.
    """
    text = request.get("Policy")
    if text and not request.get("BypassPolicyLockoutSafetyCheck") and not allows(text, "kms:putkeypolicy", account):
        raise CommonServiceException("MalformedPolicyDocumentException", _LOCKED_OUT, sender_fault=True)


def _require_no_principal(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a Principal in an identity's policy; core checks everything else of these.

    Raises:
        CommonServiceException: a statement has one.
    """
    if operation not in policy_sizes.OF_IDENTITIES:
        return
    try:
        found = json.loads(request.get("PolicyDocument") or "")["Statement"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return
    for statement in found if isinstance(found, list) else [found]:
        if isinstance(statement, dict) and statement.keys() & {"Principal", "NotPrincipal"}:
            raise CommonServiceException("MalformedPolicyDocument", NO_PRINCIPAL, sender_fault=True)


def _require_invoker(request: Mapping[str, Any], account: str) -> None:
    """Refuse a permission for a user or role that does not exist; core checks the form.

    Raises:
        CommonServiceException: it does not exist.
    """
    if not principal_exists(request.get("Principal") or "", account):
        raise CommonServiceException("InvalidParameterValueException", _NO_INVOKER, sender_fault=True)
