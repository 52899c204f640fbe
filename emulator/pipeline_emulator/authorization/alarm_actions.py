"""Makes the actions of CloudWatch alarms requests of CloudWatch, which topics and functions must let in.

Core publishes and invokes as the root user of the topic's or function's account.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions.html
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from pipeline_emulator import patches

LOG = logging.getLogger(__name__)
_PRINCIPAL, _PRINCIPAL_FOR_FUNCTIONS = "cloudwatch", "lambda.alarms.cloudwatch"


def install() -> None:
    """Name CloudWatch and the alarm in each action."""

    @patches.ALARM_ACTIONS.wrap
    def connect_to(original: Callable[..., Any], **place: str) -> "_Clients":
        return _Clients(original(**place))


class _Clients:
    """The clients that core uses for actions."""

    def __init__(self, clients: Any) -> None:
        self._clients = clients

    @property
    def sns(self) -> "_Actions":
        """Return the client for topics."""
        return _Actions(self._clients.sns, _PRINCIPAL)

    @property
    def lambda_(self) -> "_Actions":
        """Return the client for functions."""
        return _Actions(self._clients.lambda_, _PRINCIPAL_FOR_FUNCTIONS)


class _Actions:
    """A client. A refused action fails alone: neither the alarm nor its other actions depend on it."""

    def __init__(self, client: Any, principal: str) -> None:
        self._client, self._principal = client, principal

    def publish(self, **request: Any) -> None:
        """Publish the text of an alarm."""
        self._act("publish", request["Message"], request)

    def invoke(self, **request: Any) -> None:
        """Invoke a function with an alarm."""
        self._act("invoke", request["Payload"], request)

    def _act(self, action: str, message: str, request: dict[str, Any]) -> None:
        alarm = {name.lower(): value for name, value in json.loads(message).items()}["alarmarn"]
        client = self._client.request_metadata(service_principal=self._principal, source_arn=alarm)
        try:
            getattr(client, action)(**request)
        except ClientError as error:
            LOG.warning("An action of %s failed: %s", alarm, error)
