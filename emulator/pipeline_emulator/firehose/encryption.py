"""Server-side encryption of delivery streams, which core lacks. It is stored and described; nothing is encrypted.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html
"""

from typing import Any, override

from localstack.aws.api import RequestContext
from localstack.aws.api.firehose import DeliveryStreamType, InvalidArgumentException
from localstack.services.firehose.provider import FirehoseProvider

_CONFIGURATION = "delivery_stream_encryption_configuration_input"
_DESCRIBED = "DeliveryStreamEncryptionConfiguration"
_CUSTOMERS, _OWN = "CUSTOMER_MANAGED_CMK", "AWS_OWNED_CMK"
# Our words: none are recorded. The rules are the API's.
_NO_KEY = f"KeyARN is required with the key type {_CUSTOMERS}, and for no other."
_DIRECT_ONLY = "Only a delivery stream with DirectPut as its source can be encrypted."


class DeliveryStreams(FirehoseProvider):
    """Core's delivery streams, with the state of their encryption."""

    @override
    def create_delivery_stream(self, context: RequestContext, *args: Any, **request: Any) -> Any:
        """Create a delivery stream, encrypted if the request wants it."""
        if not (wanted := request.pop(_CONFIGURATION, None)):
            return super().create_delivery_stream(context, *args, **request)
        _check(wanted, request.get("delivery_stream_type"))
        answer = super().create_delivery_stream(context, *args, **request)
        self._describe(context, request)[_DESCRIBED] = {**wanted, "Status": "ENABLED"}
        return answer

    @override
    def start_delivery_stream_encryption(self, context: RequestContext, *_args: Any, **request: Any) -> Any:
        """Encrypt a delivery stream, or use another key from now on."""
        description = self._describe(context, request)
        wanted = request.get(_CONFIGURATION) or {"KeyType": _OWN}
        _check(wanted, description["DeliveryStreamType"])
        description[_DESCRIBED] = {**wanted, "Status": "ENABLED"}
        return {}

    @override
    def stop_delivery_stream_encryption(self, context: RequestContext, *_args: Any, **request: Any) -> Any:
        """Encrypt a delivery stream no longer."""
        self._describe(context, request)[_DESCRIBED] = {"Status": "DISABLED"}
        return {}

    def _describe(self, context: RequestContext, request: dict[str, Any]) -> Any:
        """Return core's description of a delivery stream, which is what it stores."""
        return self.describe_delivery_stream(context, request["delivery_stream_name"])["DeliveryStreamDescription"]


def _check(wanted: Any, source: str | None) -> None:
    """Check what a request says of encryption.

    Raises:
        InvalidArgumentException: the key is missing or superfluous, or the stream reads from elsewhere.
    """
    if (wanted.get("KeyType") == _CUSTOMERS) != bool(wanted.get("KeyARN")):
        raise InvalidArgumentException(_NO_KEY)
    if source not in (None, DeliveryStreamType.DirectPut):
        raise InvalidArgumentException(_DIRECT_ONLY)
