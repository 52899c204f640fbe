"""Checks keys of log groups: CloudWatch Logs uses them in its own name, so the key's policy must allow it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html does not say which of the actions in
its policy the service tries at once; this module checks all that have an encryption context. Code and text of the
error: https://github.com/hashicorp/terraform-provider-aws/issues/29282
"""

from localstack.aws.api import CommonServiceException

from pipeline_emulator.authorization import callers
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.authorization.key_use.use import Use, check_of
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Call

_ACTIONS = ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey")
OPERATIONS = frozenset({"AssociateKmsKey", "CreateLogGroup"})


def authorize(call: Call, authorizer: Authorizer) -> None:
    """Check that the service may use a group's new key, regardless of the caller.

    Raises:
        CommonServiceException: the service may not use the key.
    """
    key = call.text("kmsKeyId")
    name = call.text("logGroupName")
    group = call.arn("logs", f"log-group:{name}") if name else call.text("resourceIdentifier")
    if not key or not group:
        return
    service = callers.for_service(f"logs.{call.region}.amazonaws.com")
    origin = RequestOrigin(account=call.account, region=call.region, source_arn=group)
    keys = Keys(call.account, call.region)
    for action in _ACTIONS:
        check = check_of(Use(action, key, {"aws:logs:arn": group}), None, keys, call.account)
        if check and authorizer.refusal(service, check, origin):
            text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'"
            text += f" (emulator: {service.principal.arn} may not {check.action})"
            raise CommonServiceException("AccessDeniedException", text, status_code=400, sender_fault=True)
