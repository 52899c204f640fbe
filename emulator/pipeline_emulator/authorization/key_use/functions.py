"""Functions and layers, whose code Lambda reads from S3 with the caller's permissions.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
"""

from pipeline_emulator.authorization.key_use import objects
from pipeline_emulator.authorization.key_use.use import Use
from pipeline_emulator.iam.requests.call import Call
from pipeline_emulator.iam.requests.lambda_ import code_of

OPERATIONS = frozenset({"CreateFunction", "PublishLayerVersion", "UpdateFunctionCode"})


def of_lambda(call: Call) -> list[Use]:
    """Return the key uses of a request that brings code."""
    return objects.of_code(code_of(call))
