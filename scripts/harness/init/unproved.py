"""What a local run cannot prove about a plan, by type of resource."""

from __future__ import annotations

from collections.abc import Sequence

from harness.terraform.planned import Resource

# By the longest prefix. What is not listed behaves as on AWS as far as docs/fidelity.md says.
REASONS = {
    "aws_kms_": "keys are emulated; nothing is encrypted on disk",
    "aws_xray_": "traces are accepted and not kept",
    "aws_cloudwatch_dashboard": "kept, not drawn",
    "aws_sns_": "notifications reach local subscribers only",
    "aws_vpc": "there is no network: functions reach what this machine reaches",
    "aws_subnet": "there is no network: functions reach what this machine reaches",
    "aws_security_group": "there is no network: functions reach what this machine reaches",
    "aws_lambda_provisioned_concurrency_config": "kept; environments are started on demand",
    "aws_appautoscaling_": "kept; nothing is scaled",
    "aws_s3_bucket_lifecycle_configuration": "kept; nothing expires",
    "aws_s3_bucket_acl": "kept; on AWS, new buckets refuse ACLs unless aws_s3_bucket_ownership_controls allows them",
    "aws_ecr_lifecycle_policy": "kept; no image expires by itself",
    "aws_iam_openid_connect_provider": "tokens of other issuers are not verified",
    "aws_budgets_": "there is no billing",
    "aws_db_": "not part of LocalStack core",
    "aws_ecs_": "not part of LocalStack core",
    "aws_sagemaker_": "not part of LocalStack core",
    "aws_msk_": "not part of LocalStack core",
    "aws_api_gateway": "kept and served by LocalStack core; not tested here",
    "aws_dynamodb_": "tables are kept by moto; few of their properties are tested here",
}
ALWAYS = (
    "the account's quotas, service control policies and permission boundaries of others",
    "Lambda's CPU share and cold starts, and how long AWS takes to read from a stream",
    "image scanning, and limits of a region",
)


def of(resources: Sequence[Resource]) -> list[tuple[str, str]]:
    """Return the addresses that a local run does not prove, each with the reason."""
    found = [(each.address, reason) for each in resources if (reason := _reason(each.type))]
    for each in resources:
        tracing = each.values.get("tracing_config") or []
        if each.type == "aws_lambda_function" and any(block.get("mode") == "Active" for block in tracing):
            found.append((each.address, "tracing: accepted, no traces are kept"))
        if each.type == "aws_lambda_function" and each.values.get("vpc_config"):
            found.append((each.address, "vpc_config: there is no network"))
        if each.type == "aws_s3_bucket" and each.values.get("acl") not in (None, "private"):
            found.append((each.address, f"acl = {each.values['acl']}: access is decided by policies"))
    return found


def _reason(kind: str) -> str | None:
    return max(
        ((prefix, reason) for prefix, reason in REASONS.items() if kind.startswith(prefix)),
        key=lambda one: len(one[0]),
        default=("", None),
    )[1]
