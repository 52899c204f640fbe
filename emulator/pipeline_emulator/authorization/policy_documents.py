"""Refuses policies that AWS would not store, before the service gets them. Core and moto store almost any text.

Each rule names AWS's error. The texts are those that users have reported or others have recorded, at `iam.malformed` and:

- Kinesis: https://github.com/badmintoncryer/cdk-preflight, which also has those of CloudWatch Logs and KMS
- SQS: https://github.com/hashicorp/terraform-provider-aws/pull/42209
- SNS: https://github.com/serverless/serverless/issues/5519, https://github.com/hashicorp/terraform-provider-aws/issues/26041
- ECR: https://github.com/hashicorp/terraform-provider-aws/issues/39064
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.spec import load_service
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.arn import find_arn
from pipeline_emulator.authorization import policy_sizes
from pipeline_emulator.authorization.policies import store_of
from pipeline_emulator.iam.document_rules import Form, require
from pipeline_emulator.iam.malformed import (
    ForeignActionError,
    ForeignResourceError,
    InvalidJsonError,
    InvalidPrincipalError,
    MalformedPolicyError,
)

# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
_SNS = (
    *("AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic"),
    *("ListTagsForResource", "Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission"),
    *("SetTopicAttributes", "Subscribe", "TagResource", "UntagResource"),
)
_ECR = "Invalid parameter at 'PolicyText' failed to satisfy constraint: '{}'"
_NOT_FOUND = _ECR.format("Principal not found")
_LOGS = (
    "Error occurred while parsing accessPolicy. Please check if the accessPolicy has been constructed correctly using"
    " IAM grammar."
)
_NO_PRINCIPAL = "Policy document should not specify a principal."
# https://github.com/localstack/localstack/blob/8b9a79f/localstack-core/localstack/services/lambda_/api_utils.py
_NO_INVOKER = "The provided principal was invalid. Please check the principal and try again."
# AWS creates these roles itself.
_SERVICE_LINKED = "/aws-service-role/"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one operation refuses a malformed policy.

    Attributes:
        document: returns the document of a request, None if it has none.
        form: what the document contains.
        code: of the error.
        text: its message; `{}` is the fault.
        special: messages for kinds of faults.
        resource: returns the ARN that the policy is for.
    """

    document: Callable[[Mapping[str, Any]], str | None]
    form: Form
    code: str
    text: str = "{}"
    special: Mapping[type[MalformedPolicyError], str] = field(default_factory=dict)
    resource: Callable[[Mapping[str, Any]], str] = lambda _request: ""


def _actions(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _operations(service: str) -> frozenset[str]:
    """Return the actions of a service whose actions are its operations; one for a batch is that for one."""
    return _actions(name for name in load_service(service).operation_names if not name.endswith("Batch"))


def _parameter(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda request: request.get(name)


def _attribute(request: Mapping[str, Any]) -> str | None:
    """Return the policy among the attributes of a topic or queue; an empty one removes the policy."""
    if request.get("AttributeName") == "Policy":
        return request.get("AttributeValue")
    return (request.get("Attributes") or {}).get("Policy") or None


_TRUST = Rule(
    document=lambda request: request.get("AssumeRolePolicyDocument") or request.get("PolicyDocument"),
    form=Form(vendor="sts", needs_resource=False, not_principal=False),
    code="MalformedPolicyDocument",
    special={ForeignActionError: "AssumeRole policy may only specify STS AssumeRole actions."},
)
_KEY = Rule(
    document=_parameter("Policy"),
    form=Form(vendor="kms"),
    code="MalformedPolicyDocumentException",
    special={InvalidPrincipalError: "Policy contains a statement with one or more invalid principals."},
)
_QUEUE = Rule(
    document=_attribute,
    form=Form(vendor="sqs", actions=_operations("sqs")),
    code="InvalidAttributeValue",
    text="Invalid value for the parameter Policy.",
)
_TOPIC = Rule(
    document=_attribute,
    form=Form(vendor="sns", wildcards=False, actions=_actions(_SNS)),
    code="InvalidParameter",
    text="Invalid parameter: Policy Error: null",
    special={
        ForeignActionError: "Invalid parameter: Policy statement action out of service scope!",
        InvalidPrincipalError: "Invalid parameter: Policy Error: PrincipalNotFound",
    },
)
_RULES: Mapping[tuple[str, str], Rule] = {
    ("ecr", "SetRepositoryPolicy"): Rule(
        document=_parameter("policyText"),
        form=Form(vendor="ecr", needs_resource=False),
        code="InvalidParameterException",
        text=_ECR.format("Invalid repository policy provided"),
        special={InvalidPrincipalError: _NOT_FOUND},
    ),
    ("ecr", "PutRegistryPolicy"): Rule(
        document=_parameter("policyText"),
        form=Form(vendor="ecr"),
        code="InvalidParameterException",
        text=_ECR.format("Invalid registry policy provided"),
        special={InvalidPrincipalError: _NOT_FOUND},
    ),
    ("iam", "CreateRole"): _TRUST,
    ("iam", "UpdateAssumeRolePolicy"): _TRUST,
    ("kinesis", "PutResourcePolicy"): Rule(
        document=_parameter("Policy"),
        form=Form(vendor="kinesis", not_principal=False, wildcards=False, actions=_operations("kinesis"), exact=True),
        code="InvalidArgumentException",
        text="Policy validation error: {}",
        special={
            ForeignActionError: "Policy validation error: Resource policy contains invalid statement: Action field"
            " includes AWS services that are inconsistent with specified vendor",
            ForeignResourceError: "The resource policy's resource must be the same as the resource ARN.",
        },
        resource=lambda request: str(request["ResourceARN"]),
    ),
    ("kms", "CreateKey"): _KEY,
    ("kms", "PutKeyPolicy"): _KEY,
    ("logs", "PutResourcePolicy"): Rule(
        document=_parameter("policyDocument"),
        form=Form(vendor="logs", needs_resource=False),
        code="InvalidParameterException",
        text=_LOGS,
        special={InvalidPrincipalError: "Could not convert to persistable policy."},
    ),
    ("s3", "PutBucketPolicy"): Rule(
        document=_parameter("Policy"),
        form=Form(vendor="s3", most_bytes=20_480),
        code="MalformedPolicy",
        special={
            InvalidJsonError: "Policies must be valid JSON and the first byte must be '{'",
            InvalidPrincipalError: "Invalid principal in policy",
        },
        resource=lambda request: f"arn:aws:s3:::{request['Bucket']}",
    ),
    ("secretsmanager", "PutResourcePolicy"): Rule(
        document=_parameter("ResourcePolicy"),
        form=Form(vendor="secretsmanager"),
        code="MalformedPolicyDocumentException",
    ),
    ("sns", "CreateTopic"): _TOPIC,
    ("sns", "SetTopicAttributes"): _TOPIC,
    ("sqs", "CreateQueue"): _QUEUE,
    ("sqs", "SetQueueAttributes"): _QUEUE,
}


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
    if rule := _RULES.get((service, context.operation.name)):
        _require(rule, request, context.account_id)
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
            if not _principal_exists(name, account):
                raise InvalidPrincipalError(f'Invalid principal in policy: "AWS":"{name}"')
    except MalformedPolicyError as error:
        message = rule.special.get(type(error), rule.text).replace("{}", str(error))
        raise CommonServiceException(rule.code, message, sender_fault=True) from error


def _principal_exists(name: str, account: str) -> bool:
    """Return whether a principal exists. Users and roles of other accounts cannot be known.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    arn = find_arn(name)
    if arn is None or arn.service != "iam" or arn.account != account or _SERVICE_LINKED in arn.resource:
        return True
    store = store_of(account)
    if arn.resource.startswith("role/"):
        role = store.ROLES.get(arn.name)
        return role is not None and role.role["Arn"] == name
    if arn.resource.startswith("user/"):
        user = store.USERS.get(arn.name)
        return user is not None and user.user["Arn"] == name
    return True


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
            raise CommonServiceException("MalformedPolicyDocument", _NO_PRINCIPAL, sender_fault=True)


def _require_invoker(request: Mapping[str, Any], account: str) -> None:
    """Refuse a permission for a user or role that does not exist; core checks the form.

    Raises:
        CommonServiceException: it does not exist.
    """
    if not _principal_exists(request.get("Principal") or "", account):
        raise CommonServiceException("InvalidParameterValueException", _NO_INVOKER, sender_fault=True)
