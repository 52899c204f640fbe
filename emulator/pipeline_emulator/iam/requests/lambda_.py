"""Lambda: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html."""

import re

from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.s3 import reads_of
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check
from pipeline_emulator.iam.variables import Value

_ACTIONS = {
    **dict.fromkeys(("Invoke", "InvokeWithResponseStream", "InvokeAsync"), "InvokeFunction"),
    "GetLayerVersionByArn": "GetLayerVersion",
}
# Accepted forms of a name: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
# LocalStack also takes a region without `arn:aws:lambda:`: `us-east-1:f` is not version `f` of a function us-east-1.
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2}(?:-gov)?-[a-z]+-[0-9]):)?(?:([0-9]{12}):)?(?:function:)?"
    r"([A-Za-z0-9_-]+)(?::([A-Za-z0-9_$.-]+))?"
)
_LAYER_VERSION = re.compile(r"(.*:layer:[^:]*):[0-9]+")
_MAPPINGS = {"CreateEventSourceMapping", "UpdateEventSourceMapping"}
# Those with a Qualifier: a request with one is for the ARN of the version or alias, and not for the function's.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html#function-resources
_QUALIFIED = {"Invoke", "InvokeWithResponseStream", "InvokeAsync", "ListDurableExecutionsByFunction"}
_QUALIFIED |= {"AddPermission", "RemovePermission", "GetPolicy", "DeleteFunction", "GetFunction"}
_QUALIFIED |= {"GetFunctionConfiguration", "GetRuntimeManagementConfig", "PutRuntimeManagementConfig"}
_QUALIFIED |= {"GetFunctionScalingConfig", "PutFunctionScalingConfig"}
_QUALIFIED |= {f"{verb}ProvisionedConcurrencyConfig" for verb in ("Delete", "Get", "Put")}
_QUALIFIED |= {f"{verb}FunctionEventInvokeConfig" for verb in ("Delete", "Get", "Put", "Update")}
_URLS = {f"{verb}FunctionUrlConfig" for verb in ("Create", "Delete", "Get", "Update")}
_QUALIFIED |= _URLS
# The parameter that names code in S3, which the caller must be allowed to read; empty if the request itself does.
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
_CODE = {"CreateFunction": "Code", "UpdateFunctionCode": "", "PublishLayerVersion": "Content"}
_SIGNED = {"CreateFunction", "PutFunctionCodeSigningConfig"}
_KEYS = frozenset(
    {
        "lambda:codesigningconfigarn",
        "lambda:functionarn",
        "lambda:functionurlauthtype",
        "lambda:invokedviafunctionurl",
        "lambda:principal",
        "lambda:layer",
    }
)


def checks(call: Call) -> Checks:
    """Return the checks on the function, with its qualifier if the action is on a version or an alias."""
    action = f"lambda:{_ACTIONS.get(call.operation, call.operation)}"
    function = function_of(call)
    values: dict[str, Value] = {}
    if "EventSourceMapping" in call.operation and (
        invoked := function or call.lookups.function_of(call.text("UUID") or "")
    ):
        values["lambda:functionarn"] = invoked
    if function and call.operation in _URLS:
        values["lambda:functionarn"] = function
    signing = call.text("CodeSigningConfigArn") if call.operation in _SIGNED else None
    if signing:
        values["lambda:codesigningconfigarn"] = signing
    principal, auth = _granted(call, function)
    if principal:
        values["lambda:principal"] = principal
    if auth:
        values["lambda:functionurlauthtype"] = auth
    if layers := call.texts("Layers"):
        values["lambda:layer"] = tuple(layers)
    resource = "*" if is_wildcard_only("lambda", call) else _resource(call, function)
    if resource is None:
        return wildcard_check("lambda", call)
    found = [Check(action, resource, values, _KEYS, call.tags("Tags"), call.tag_keys("TagKeys"))]
    if call.operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        found += [Check("lambda:GetLayerVersion", layer, keys=_KEYS) for layer in call.texts("Layers")]
    if call.operation == "PutFunctionCodeSigningConfig" and signing:
        found.append(Check(action, signing, values, _KEYS))
    return found + reads_of(code_of(call))


def _granted(call: Call, function: str | None) -> tuple[str | None, str | None]:
    """Return the principal and the kind of URL of a permission, or the kind of a function's URL; None for neither.

    Those of what exists already count where a request does not set them.
    """
    principal, auth = call.text("Principal"), call.text("FunctionUrlAuthType", "AuthType")
    if function and call.operation == "RemovePermission":
        return call.lookups.permission_of(function, call.text("StatementId") or "")
    if function and auth is None and call.operation in _URLS:
        auth = call.lookups.url_auth_of(function)
    return principal, auth


def code_of(call: Call) -> object:
    """Return the part of a request that may name code in S3; None if the operation takes no code."""
    name = _CODE.get(call.operation)
    return call.parameters if name == "" else call.parameters.get(name or "")


def _resource(call: Call, function: str | None) -> str | None:
    if "EventSourceMapping" in call.operation:
        uuid = call.text("UUID")
        return call.arn("lambda", f"event-source-mapping:{uuid}") if uuid else None
    if function:
        return function
    if layer := call.text("LayerName"):
        version = call.parameters.get("VersionNumber")
        # LocalStack finds the layer without a version that its ARN may have.
        name = _LAYER_VERSION.sub(r"\1", layer) if layer.startswith("arn:") else call.arn("lambda", f"layer:{layer}")
        return f"{name}:{version}" if version is not None else name
    if provider := call.text("CapacityProviderName"):
        return provider if provider.startswith("arn:") else call.arn("lambda", f"capacity-provider:{provider}")
    return call.text("Resource", "ResourceArn", "CodeSigningConfigArn", "DurableExecutionArn", "Arn")


def function_of(call: Call) -> str | None:
    """Return the function's ARN, whatever form of its name the request uses."""
    found = _NAME.fullmatch(call.text("FunctionName") or "")
    if not found:
        return None
    region, account, name, qualifier = found.groups()
    place = region or call.region
    arn = str(Arn(partition_of(place), "lambda", place, account or call.account, f"function:{name}"))
    qualifier = call.text("Qualifier") or qualifier
    return f"{arn}:{qualifier}" if qualifier and (call.operation in _QUALIFIED or call.operation in _MAPPINGS) else arn
