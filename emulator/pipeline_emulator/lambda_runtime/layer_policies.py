"""Policies of layers: core writes the account as it was requested, and leaves the organization out.

https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html. The provider of Terraform
reads the account from an ARN, and the organization from the condition:
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/lambda/layer_version_permission.go
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches
from pipeline_emulator.arn import parse_arn


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.ADD_LAYER_PERMISSION.wrap
    def add(original: Callable[..., Any], self: Any, context: RequestContext, *args: Any, **request: Any) -> Any:
        answer = original(self, context, *args, **request)
        return {**answer, "Statement": json.dumps(_completed(json.loads(answer["Statement"])))}

    @patches.GET_LAYER_POLICY.wrap
    def get(original: Callable[..., Any], self: Any, context: RequestContext, *args: Any, **request: Any) -> Any:
        answer = original(self, context, *args, **request)
        policy = json.loads(answer["Policy"])
        policy["Statement"] = [_completed(one) for one in policy["Statement"]]
        return {**answer, "Policy": json.dumps(policy)}


def _completed(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a statement of core's with AWS's principal, and with the organization as a condition."""
    layer = parse_arn(statement["Resource"])
    name, _, version = layer.resource.removeprefix("layer:").partition(":")
    stored: Any = lambda_stores[layer.account][layer.region].layers[name].layer_versions[version].policy
    organization = stored.statements[statement["Sid"]].organization_id
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}} if organization else None
    principal = statement["Principal"]
    if api_utils.is_aws_account(principal):
        principal = {"AWS": f"arn:{layer.partition}:iam::{principal}:root"}
    return {**statement, "Principal": principal} | ({"Condition": condition} if condition else {})
