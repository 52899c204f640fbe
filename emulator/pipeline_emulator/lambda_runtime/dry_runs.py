"""UpdateFunctionCode with DryRun, which checks a request and changes nothing. Core ignores the parameter.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException, PackageType, PreconditionFailedException
from localstack.services.lambda_ import api_utils, provider
from localstack.services.lambda_.invocation import lambda_service
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, VersionIdentifier

from pipeline_emulator import patches
from pipeline_emulator.lambda_runtime.configuration_rules import NO_CODE

_SOURCES = ("ZipFile", "S3Bucket", "ImageUri")
_STALE = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.DRY_RUN_OF_CODE.wrap
    def update_function_code(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        if not any(request.get(name) for name in _SOURCES):  # core answers 500
            _latest(context, request)
            raise _refused(NO_CODE)
        return _checked(context, request) if request.get("DryRun") else original(self, context, request)


def _checked(context: RequestContext, request: Any) -> Any:
    """Return the configuration that the function would have, with hash and size of the new code."""
    latest = _latest(context, request)
    config = latest.config
    if (revision := request.get("RevisionId")) and revision != config.revision_id:
        raise PreconditionFailedException(_STALE, Type="User")
    if image_uri := request.get("ImageUri"):
        if config.package_type == PackageType.Zip:
            raise _refused("Please don't provide ImageUri when updating a function with packageType Zip.")
        make: Any = vars(provider)["create_image_code"]  # the name that image.py replaces
        config = dataclasses.replace(config, image=make(image_uri=image_uri))
    elif config.package_type == PackageType.Image:
        raise _refused("Please provide ImageUri when updating a function with packageType Image.")
    else:
        code = _stored(request, latest.id)
        config = dataclasses.replace(config, code=code)
        code.destroy()
    return api_utils.map_config_out(dataclasses.replace(latest, config=config))


def _latest(context: RequestContext, request: Any) -> FunctionVersion:
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    found: FunctionVersion = provider.LambdaProvider._get_function(name, account, region).latest()
    return found


def _stored(request: Any, function: VersionIdentifier) -> Any:
    """Return the code of a Zip, checked as that of an update; it is in core's bucket until it is destroyed."""
    where = {
        "function_name": function.function_name, "region_name": function.region, "account_id": function.account,
    }  # fmt: skip
    if request.get("ZipFile"):
        return lambda_service.store_lambda_archive(archive_file=request["ZipFile"], **where)
    return lambda_service.store_s3_bucket_archive(
        archive_bucket=request["S3Bucket"],
        archive_key=request["S3Key"],
        archive_version=request.get("S3ObjectVersion"),
        **where,
    )


def _refused(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, Type="User")
