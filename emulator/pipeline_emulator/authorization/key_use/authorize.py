"""Asks for the keys that a request uses, and refuses as the service does."""

from collections.abc import Callable, Iterable, Mapping

from localstack.aws.api import CommonServiceException

from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.key_use import log_groups, objects, repositories, streams
from pipeline_emulator.authorization.key_use.use import Use, check_of
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Call, Check

_USES: Mapping[str, Callable[[Call], list[Use]]] = {
    "ecr": repositories.of_ecr,
    "kinesis": streams.of_kinesis,
    "s3": objects.of_s3,
    "sqs": streams.of_sqs,
}
OPERATIONS = frozenset(
    {
        *(("ecr", name) for name in ("CreateRepository", "DeleteRepository")),
        *(("kinesis", name) for name in streams.OPERATIONS),
        *(("logs", name) for name in log_groups.OPERATIONS),
        *(("s3", name) for name in objects.OPERATIONS),
        *(("sqs", name) for name in streams.QUEUE_OPERATIONS),
    }
)
"""Service and operation of requests that may use a key; all others are not looked at."""

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html#API_PutRecord_Errors
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html#API_CreateRepository_Errors
_DENIED = {"ecr": "KmsException", "kinesis": "KMSAccessDeniedException", "s3": "AccessDenied", "sqs": "KmsAccessDenied"}
_DISABLED = {"kinesis": "KMSDisabledException", "s3": "KMS.DisabledException", "sqs": "KmsDisabled"}
_OTHER_STATE = {"kinesis": "KMSInvalidStateException", "s3": "KMS.KMSInvalidStateException", "sqs": "KmsInvalidState"}


def authorize(call: Call, service: str, caller: Caller | None, authorizer: Authorizer) -> None:
    """Check that the caller may use the keys, and that they can be used.

    Raises:
        CommonServiceException: one may not, or cannot, be used.
    """
    if service == "logs":
        log_groups.authorize(call, authorizer)
        return
    uses = _USES[service](call)
    if uses and (found := error(uses, service, Keys(call.account, call.region), caller, authorizer)):
        status = 403 if found[0] == _DENIED["s3"] else 400
        raise CommonServiceException(*found, status_code=status, sender_fault=True)


def error(
    uses: Iterable[Use], service: str, keys: Keys, caller: Caller | None, authorizer: Authorizer
) -> tuple[str, str] | None:
    """Return code and message with which a service refuses the first use that it must; None to go on.

    Args:
        uses: of keys.
        service: through which.
        keys: in which to find them.
        caller: who uses them; None for the root user, who is not asked.
        authorizer: decides.
    """
    for use in uses:
        account = (caller.principal.account if caller else None) or keys.account
        check = check_of(use, service, keys, account)
        if check is None:
            continue
        if caller is not None:
            origin = RequestOrigin(account=keys.account, region=keys.region, via_service=True)
            if refusal := authorizer.refusal(caller, check, origin):
                return _DENIED[service], error_message(refusal)
        if found := _unusable(service, check, keys):
            return found
    return None


def _unusable(service: str, check: Check, keys: Keys) -> tuple[str, str] | None:
    """Tell what is wrong with a key's state; who describes it needs none in use, and ECR's grants are not followed."""
    state = keys.state(check.resource)
    if service not in _DISABLED or check.action == "kms:DescribeKey" or state == "Enabled":
        return None
    if state == "Disabled":
        return _DISABLED[service], f"{check.resource} is disabled."
    return _OTHER_STATE[service], f"{check.resource} is in the state {state}."
