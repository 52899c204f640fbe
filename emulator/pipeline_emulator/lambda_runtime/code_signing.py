"""Code signing configurations: their tags, which core refuses, and new functions with one, which core ignores.

Terraform reads both after it has created them. Signatures are not verified.

https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html and
https://docs.aws.amazon.com/lambda/latest/api/API_CreateCodeSigningConfig.html
"""

import functools
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import CodeSigningConfigNotFoundException, ResourceNotFoundException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches
from pipeline_emulator.arn import find_arn

_MISSING = "The Lambda code signing configuration {} can not be found."  # as core reads one

_UNKNOWN = "The code signing configuration cannot be found. Check that the provided configuration is not deleted: {}."


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.TAG_CODE_SIGNING.wrap
    def find(original: Callable[..., tuple[str, str]], self: Any, resource: str) -> tuple[str, str]:
        """Return account and region of what is tagged."""
        arn = find_arn(resource)
        if arn is None or not arn.resource.startswith("code-signing-config:"):
            return original(self, resource)
        if resource not in lambda_stores[arn.account][arn.region].code_signing_configs:
            raise ResourceNotFoundException(_MISSING.format(resource), Type="User")
        return arn.account, arn.region

    @patches.TAG_NEW_CODE_SIGNING.wrap
    def create(original: Callable[..., Any], self: Any, context: RequestContext, *args: Any, **request: Any) -> Any:
        made = original(self, context, *args, **request)
        if tags := request.get("tags"):
            self._store_tags(made["CodeSigningConfig"]["CodeSigningConfigArn"], tags)
        return made

    @patches.FORGET_CODE_SIGNING_TAGS.wrap
    def delete(
        original: Callable[..., Any], self: Any, context: RequestContext, code_signing_config_arn: str, **request: Any
    ) -> Any:
        answer = original(self, context, code_signing_config_arn, **request)
        self._remove_all_resource_tags(code_signing_config_arn, context.account_id, context.region)
        return answer

    @patches.SIGN_NEW_FUNCTION.wrap
    def create_function(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        account, region = api_utils.get_account_and_region(request["FunctionName"], context)
        arn = request.get("CodeSigningConfigArn")
        if arn and arn not in lambda_stores[account][region].code_signing_configs:
            raise CodeSigningConfigNotFoundException(_UNKNOWN.format(arn), Type="User")
        made = original(self, context, request)
        if arn:
            self.put_function_code_signing_config(context, arn, request["FunctionName"])
        return made
