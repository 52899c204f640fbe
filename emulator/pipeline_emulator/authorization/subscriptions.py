"""Subscriptions to topics that only a signed request may end, because a signed one confirmed them so.

https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
"""

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, find_arn

_CONFIRM = ("sns", "ConfirmSubscription")
# Links in messages, which need no signature because they contain a token or the subscription's ARN.
_LINKS = frozenset({_CONFIRM, ("sns", "Unsubscribe")})
# Where a topic of core's has the ARNs of these subscriptions; no operation of SNS shows it.
_SIGNED = "signed_subscriptions"


def install() -> None:
    """Note which subscriptions are confirmed in this way."""
    patches.REQUIRE_SIGNATURE.append(note)


def is_open(service: str, operation: str, request: Mapping[str, Any]) -> bool:
    """Return whether a request needs no signature: it follows a link, and nobody asked for a signature."""
    if (service, operation) not in _LINKS:
        return False
    if (service, operation) == _CONFIRM:
        return not _asks_for_signature(request)
    name = request.get("SubscriptionArn") or ""
    return name not in _topic(name.rpartition(":")[0]).get(_SIGNED, ())


def note(_chain: Any, context: RequestContext, response: Response) -> None:
    """Note that a subscription needs a signature from now on. A handler of responses."""
    if context.service is None or context.operation is None or response.status_code >= 300:
        return
    request: Any = context.service_request
    if (context.service.service_name, context.operation.name) != _CONFIRM or not _asks_for_signature(request):
        return
    arn = find_arn(request["TopicArn"])
    name = _store(arn).subscription_tokens.get(request["Token"]) if arn else None
    if name:
        _topic(name.rpartition(":")[0]).setdefault(_SIGNED, []).append(name)


def _asks_for_signature(request: Mapping[str, Any]) -> bool:
    return str(request.get("AuthenticateOnUnsubscribe")).lower() == "true"


def _topic(name: str) -> Any:
    """Return core's topic; empty if there is none."""
    arn = find_arn(name)
    return _store(arn).topics.get(name, {}) if arn else {}


def _store(arn: Arn) -> Any:
    from localstack.services.sns.models import sns_stores  # late: the import makes an RSA key

    return sns_stores[arn.account][arn.region]
