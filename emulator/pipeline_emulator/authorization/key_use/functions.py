"""Functions and layers: code that Lambda reads from S3, and environment variables that it encrypts.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
"""

from pipeline_emulator.authorization.key_use import objects
from pipeline_emulator.authorization.key_use.use import Use
from pipeline_emulator.iam.requests.call import Call
from pipeline_emulator.iam.requests.lambda_ import code_of, function_of

_CONFIGURING = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})
OPERATIONS = _CONFIGURING | {"PublishLayerVersion", "UpdateFunctionCode"}


def of_lambda(call: Call) -> list[Use]:
    """Return the key uses of a request that brings code, or a key for the variables."""
    found = objects.of_code(code_of(call))
    key, function = call.text("KMSKeyArn"), function_of(call)
    if key and function and call.operation in _CONFIGURING:
        bound = {"kms:grantisforawsresource": "true", "kms:grantconstrainttype": "EncryptionContextEquals"}
        found += [Use("CreateGrant", key, context_of(function), bound), Use("Encrypt", key, context_of(function))]
    return found


def context_of(function: str) -> dict[str, str]:
    """Return the encryption context of a function's variables."""
    return {"aws:lambda:FunctionArn": function}
