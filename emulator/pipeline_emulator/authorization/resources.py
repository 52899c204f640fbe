"""Looks up resources: their policies and the accounts that own them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.kms.models import kms_stores
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.s3.models import s3_stores
from localstack.services.sqs.models import sqs_stores
from moto.ecr.models import ecr_backends

from pipeline_emulator.arn import Arn, find_arn, find_function_arn, parse_arn, parse_function_arn
from pipeline_emulator.authorization.policies import GLOBAL_REGION, store_of, text_of
from pipeline_emulator.iam.request import Policy
from pipeline_emulator.services import provider


def policy_of(arn: str) -> Policy | None:
    """Return the policy of a bucket (also for its objects), repository, key, stream, function, queue or topic.

    For a role this is the trust policy.
    """
    parts = find_arn(arn)
    find = _POLICIES.get(parts.service) if parts else None
    text = find(arn, parts.region, parts.account, parts.resource) if parts and find else None
    return Policy(f"of {arn}", text) if text else None


@cache
def kinesis() -> Any:
    """Return the provider that serves Kinesis."""
    return provider("kinesis")


def bucket(name: str) -> Any | None:
    """Return core's bucket with this name, or None."""
    account = s3_stores["000000000000"][GLOBAL_REGION].global_bucket_map.get(name)
    return s3_stores[account][GLOBAL_REGION].buckets.get(name) if account else None


def queue(arn: Arn | None) -> Any | None:
    """Return core's queue with this ARN; None if there is none, or if the ARN's account or region is not one."""
    try:
        return sqs_stores[arn.account][arn.region].queues.get(arn.resource) if arn else None
    except ValueError:
        return None


def granted_by_function(arn: str, kind: str) -> Any | None:
    """Return what core keeps for a function, or for its version or alias if the ARN is qualified; None without it.

    Args:
        arn: of the function.
        kind: `permissions` or `function_url_configs`.
    """
    if (named := find_function_arn(arn)) is None:
        return None
    function = lambda_stores[named.account][named.region].functions.get(named.name)
    return getattr(function, kind).get(named.qualifier or "$LATEST") if function else None


def owner_of(arn: str) -> str | None:
    """Return the account that owns a resource; None if neither its ARN nor core's state names it, or if AWS does."""
    parts = find_arn(arn)
    if parts is None:
        return None
    if parts.service == "s3":
        found = bucket(parts.resource.partition("/")[0])
        return found.bucket_account_id if found else None
    return parts.account if parts.account not in ("", "aws") else None


def execution_role(function_arn: str) -> str | None:
    """Return the ARN of a function's role, or None if there is no such function. The ARN may be qualified."""
    arn = parse_function_arn(function_arn)
    function = lambda_stores[arn.account][arn.region].functions.get(arn.name)
    return function.latest().config.role if function else None


def function_arn(context: RequestContext, name: str) -> str:
    """Return the unqualified ARN of a function, whatever form its name has."""
    try:
        found, _ = api_utils.get_name_and_qualifier(name, None, context)
    except CommonServiceException:
        found = name  # the service itself reports the invalid name
    account, region = api_utils.get_account_and_region(name, context)
    return f"arn:aws:lambda:{region}:{account}:function:{found}"


def mapping(account: str, region: str, uuid: str) -> Mapping[str, Any]:
    """Return the configuration of an event source mapping; empty if there is none."""
    found: Mapping[str, Any] = lambda_stores[account][region].event_source_mappings.get(uuid) or {}
    return found


def _of_bucket(_arn: str, _region: str, _account: str, resource: str) -> str | None:
    found = bucket(resource.partition("/")[0])
    return found.policy if found else None


def _of_repository(_arn: str, region: str, account: str, resource: str) -> str | None:
    found = ecr_backends[account][region].repositories.get(resource.removeprefix("repository/"))
    return found.policy if found else None


def _of_key(_arn: str, region: str, account: str, resource: str) -> str | None:
    found = kms_stores[account][region].keys.get(resource.removeprefix("key/"))
    return found.policy if found else None


def _of_stream(arn: str, _region: str, _account: str, _resource: str) -> str | None:
    policy: str | None = kinesis().policy_of(arn)
    return policy


def _of_function(arn: str, region: str, account: str, resource: str) -> str | None:
    if resource.startswith("layer:"):
        return _of_layer(arn, region, account, resource)
    found = granted_by_function(arn, "permissions")
    return json.dumps(asdict(found.policy)) if found else None


def _of_layer(arn: str, region: str, account: str, resource: str) -> str | None:
    """Return the policy of a layer version, which core keeps in another form."""
    _, name, number, *_ = [*resource.split(":"), "", ""]
    layer: Any = lambda_stores[account][region].layers.get(name)
    version = layer.layer_versions.get(number) if layer else None
    if version is None or version.policy is None:
        return None
    return json.dumps(
        {
            "Version": version.policy.version,
            "Statement": [_statement(arn, each) for each in version.policy.statements.values()],
        }
    )


def _statement(arn: str, found: Any) -> dict[str, Any]:
    organization = found.organization_id
    return {
        "Sid": found.sid,
        "Effect": "Allow",
        "Principal": "*" if found.principal == "*" else {"AWS": found.principal},
        "Action": found.action,
        "Resource": arn,
        **({"Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}}} if organization else {}),
    }


def _of_queue(arn: str, _region: str, _account: str, _resource: str) -> str | None:
    found = queue(parse_arn(arn))
    return found.attributes.get("Policy") or None if found else None


def _of_topic(arn: str, region: str, account: str, _resource: str) -> str | None:
    from localstack.services.sns.models import sns_stores  # late: the import makes an RSA key

    found: Any = sns_stores[account][region].topics.get(arn)
    return found["attributes"].get("Policy") or None if found else None


def _of_role(arn: str, _region: str, account: str, resource: str) -> str | None:
    found = store_of(account).ROLES.get(parse_arn(arn).name) if resource.startswith("role/") else None
    return text_of(found.role["AssumeRolePolicyDocument"]) if found and found.role["Arn"] == arn else None


_POLICIES: Mapping[str, Callable[[str, str, str, str], str | None]] = {
    "ecr": _of_repository,
    "iam": _of_role,
    "kinesis": _of_stream,
    "kms": _of_key,
    "lambda": _of_function,
    "s3": _of_bucket,
    "sns": _of_topic,
    "sqs": _of_queue,
}
