"""Authorizes the list of a queue's messages, which LocalStack serves outside its AWS services."""

from collections.abc import Callable
from typing import Any

from localstack.http import Request

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.authorization import errors, signers
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.iam.requests.call import Check


def install(authorizer: Authorizer) -> None:
    """Authorize this route before LocalStack registers it."""

    @patches.LIST_MESSAGES.wrap
    def list_messages(
        original: Callable[..., Any], self: Any, request: Request, region: str, account_id: str, queue_name: str
    ) -> Any:
        arn = str(Arn(partition_of(region), "sqs", region, account_id, queue_name))
        signer = signers.of(request, "sqs", account_id)
        if why := signers.refusal(authorizer, signer, request, Check("sqs:ReceiveMessage", arn)):
            raise errors.access_denied("sqs", why)
        return original(self, request, region, account_id, queue_name)
