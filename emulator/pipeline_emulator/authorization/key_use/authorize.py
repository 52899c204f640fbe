"""Checks the keys that a request uses, and refuses the request as the service does."""

from collections.abc import Callable, Iterable, Mapping

from localstack.aws.api import CommonServiceException

from pipeline_emulator.arn import find_arn, parse_arn
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.key_use import functions, log_groups, objects, repositories, streams, topics
from pipeline_emulator.authorization.key_use.use import Use, check_of
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Call, Check

_USES: Mapping[str, Callable[[Call], list[Use]]] = {
    "ecr": repositories.of_ecr,
    "kinesis": streams.of_kinesis,
    "lambda": functions.of_lambda,
    "s3": objects.of_s3,
    "sns": topics.of_sns,
    "sqs": streams.of_sqs,
}
OPERATIONS = frozenset(
    {
        *(("ecr", name) for name in ("CreateRepository", "DeleteRepository")),
        *(("kinesis", name) for name in streams.OPERATIONS),
        *(("lambda", name) for name in functions.OPERATIONS),
        *(("logs", name) for name in log_groups.OPERATIONS),
        *(("s3", name) for name in objects.OPERATIONS),
        *(("sns", name) for name in topics.OPERATIONS),
        *(("sqs", name) for name in streams.QUEUE_OPERATIONS),
    }
)
"""The services and operations that may use a key; no other requests are checked."""

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html#API_PutRecord_Errors
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html#API_CreateRepository_Errors
_DENIED = {
    "ecr": "KmsException",
    "kinesis": "KMSAccessDeniedException",
    "lambda": "AccessDeniedException",
    "s3": "AccessDenied",
    "sns": "KMSAccessDenied",
    "sqs": "KmsAccessDenied",
}
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException"})
_MISSING = {"kinesis": "KMSNotFoundException", "sns": "KMSNotFound", "sqs": "KmsNotFound"}  # core asks for S3's keys
_DISABLED = {
    "kinesis": "KMSDisabledException",
    "s3": "KMS.DisabledException",
    "sns": "KMSDisabled",
    "sqs": "KmsDisabled",
}
_OTHER_STATE = {
    "kinesis": "KMSInvalidStateException",
    "s3": "KMS.KMSInvalidStateException",
    "sns": "KMSInvalidState",
    "sqs": "KmsInvalidState",
}


def authorize(call: Call, service: str, caller: Caller | None, authorizer: Authorizer) -> None:
    """Check that the caller may use the keys, and that the keys are usable.

    Raises:
        CommonServiceException: the caller may not use a key, or the key is not usable.
    """
    if service == "logs":
        log_groups.authorize(call, authorizer)
        return
    uses = _USES[service](call)
    if uses and (found := error(uses, service, Keys(call.account, call.region), caller, authorizer)):
        status = 403 if found[0] in _FORBIDDEN else 400
        raise CommonServiceException(*found, status_code=status, sender_fault=True)


def error(
    uses: Iterable[Use], service: str, keys: Keys, caller: Caller | None, authorizer: Authorizer
) -> tuple[str, str] | None:
    """Return the code and message of the first key use that the service refuses; None if it refuses none.

    Args:
        uses: the key uses.
        service: the service that uses the keys.
        keys: resolves them.
        caller: the caller of the request; None needs no permission.
        authorizer: decides.
    """
    for use in uses:
        if found := _missing(use, service, keys):
            return found
        account = (caller.principal.account if caller else None) or keys.account
        check = check_of(use, service, keys, account)
        if check is None:
            continue
        if caller is not None:
            region = parse_arn(check.resource).region  # the service asks KMS there
            origin = RequestOrigin(account=keys.account, region=region, via_service=True)
            if refusal := authorizer.refusal(caller, check, origin):
                return _DENIED[service], error_message(refusal)
        if found := _unusable(service, check, keys):
            return found
    return None


def _missing(use: Use, service: str, keys: Keys) -> tuple[str, str] | None:
    """Return the error for a key that does not exist, in the words of KMS."""
    if service not in _MISSING or not use.key or use.key.removeprefix("alias/").startswith("aws/") or keys.of(use.key):
        return None
    arn = find_arn(use.key)
    name = arn.resource if arn else use.key
    whole = use.key if arn else f"arn:aws:kms:{keys.region}:{keys.account}:{name if '/' in name else f'key/{name}'}"
    text = f"Alias {whole} is not found." if name.startswith("alias/") else f"Key '{whole}' does not exist"
    return _MISSING[service], text


def _unusable(service: str, check: Check, keys: Keys) -> tuple[str, str] | None:
    """Return the error for a key's state. DescribeKey works in any state, and ECR's grants are not tracked."""
    state = keys.state(check.resource)
    if service not in _DISABLED or check.action == "kms:DescribeKey" or state == "Enabled":
        return None
    if state == "Disabled":
        return _DISABLED[service], f"{check.resource} is disabled."
    return _OTHER_STATE[service], f"{check.resource} is in the state {state}."
