"""How each operation that takes a resource's policy refuses a malformed one.

The texts are those that users have reported or others have recorded, at `iam.malformed` and:

- Kinesis, CloudWatch Logs, KMS: https://github.com/badmintoncryer/cdk-preflight
- SQS: https://github.com/hashicorp/terraform-provider-aws/pull/42209
- SNS: https://github.com/serverless/serverless/issues/5519, https://github.com/hashicorp/terraform-provider-aws/issues/26041
- ECR: https://github.com/hashicorp/terraform-provider-aws/issues/39064
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.spec import load_service

from pipeline_emulator.iam.document_rules import Form
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
RULES: Mapping[tuple[str, str], Rule] = {
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
        form=Form(vendor="logs", needs_resource=False, any_resource=True),  # LocalStack's authors recorded "log_arn"
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
"""By service and operation."""
