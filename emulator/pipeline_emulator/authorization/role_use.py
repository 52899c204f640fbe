"""Authorizes the actions that Lambda takes with a function's role inside this process, without an HTTP request."""

from botocore.exceptions import ClientError

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.authorization import callers
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.key_use import authorize as key_use
from pipeline_emulator.authorization.key_use.streams import READ, of_stream
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Check

AUTHORIZER: Authorizer | None = None
"""None if IAM_ENFORCEMENT=off."""


def require(role_arn: str, function_arn: str, action: str, resource: str) -> None:
    """Check that a function's role may perform an action.

    Args:
        role_arn: the execution role.
        function_arn: with or without a qualifier.
        action: such as `kinesis:GetRecords`.
        resource: its ARN.

    Raises:
        botocore.exceptions.ClientError: the role may not. The code is AccessDeniedException; it is
            KMSAccessDeniedException and the like if the role, or nobody, can use the stream's key.
    """
    if AUTHORIZER is None:
        return
    region, account, name, _ = parse_function_arn(function_arn)
    origin = RequestOrigin(account=account, region=region, source_arn=function_arn)
    session = CALLERS.get(f"{role_arn} {name}", lambda: callers.for_role(role_arn, name))
    assert session
    if refusal := AUTHORIZER.refusal(session, Check(action, resource), origin):
        raise _error(action, "AccessDeniedException", error_message(refusal))
    stream = resource.partition("/consumer/")[0]
    uses = of_stream(stream, READ) if action in ("kinesis:GetRecords", "kinesis:SubscribeToShard") else []
    if found := key_use.error(uses, "kinesis", Keys(account, region), session, AUTHORIZER):
        raise _error(action, *found)


def _error(action: str, code: str, text: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, action.partition(":")[2])
