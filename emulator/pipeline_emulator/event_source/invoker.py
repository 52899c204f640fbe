"""Invokes a function with a batch and returns the outcome."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from localstack.aws.api import ServiceException
from localstack.utils.strings import long_uid

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batch_run import Invocation, NotInvoked, Outcome
from pipeline_emulator.event_source.batching import PAYLOAD_LIMIT
from pipeline_emulator.event_source.records import StreamRecord, payload
from pipeline_emulator.event_source.response import first_failed
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.windows import WindowView
from pipeline_emulator.services import provider

LOG = logging.getLogger(__name__)

# A batch over the payload limit can never be delivered, so it counts as failed. Other errors are retried.
PAYLOAD_TOO_LARGE = "RequestTooLargeException"


class LambdaInvoker:
    """Invokes one mapping's function synchronously. Thread-safe."""

    def __init__(self, settings: MappingSettings) -> None:
        """Invoke the function of `settings`; its ARN may be that of a version or an alias."""
        self._settings = settings
        self._target = _target(settings.function_arn)

    def invoke(self, records: Sequence[StreamRecord], window: WindowView | None = None) -> Outcome:
        """Invoke the function with `records`. Never raises; failures of the function or of Lambda are outcomes."""
        request_id, event = long_uid(), payload(records, window).encode("ascii")
        if len(event) > PAYLOAD_LIMIT:
            return Invocation(request_id, 413, function_error=PAYLOAD_TOO_LARGE, succeeded=False)
        if code := hooks.refuse_invocation(self._settings):
            return NotInvoked(code)
        try:
            result = provider("lambda").lambda_service.invoke(
                **self._target, invocation_type=None, client_context=None, request_id=request_id, payload=event
            )
        except ServiceException as error:
            LOG.info("%s was not invoked and its batch waits: %s: %s", self._settings.function_arn, error.code, error)
            return NotInvoked(error.code)
        except Exception as error:  # whatever fails in core or in the container engine, the batch stays
            LOG.warning("Invoking %s failed without a response: %s", self._settings.function_arn, error)
            return NotInvoked(str(error))
        if hooks.lose_answer(self._settings):
            return NotInvoked("the response was lost")
        version = result.executed_version
        if result.is_error:
            return Invocation(request_id, executed_version=version, function_error="Unhandled", succeeded=False)
        found = Invocation(request_id, executed_version=version, response=result.payload or b"")
        return self._returned(found, records)

    def _returned(self, invocation: Invocation, records: Sequence[StreamRecord]) -> Invocation:
        if not self._settings.report_batch_item_failures:
            return invocation
        try:
            lowest = first_failed(invocation.response, {record.sequence_number for record in records})
        except Exception as error:  # whatever the response does to the parser, the function failed
            LOG.warning("The response of %s counts as a failed batch: %s", self._settings.function_arn, error)
            return replace(invocation, succeeded=False)
        return replace(invocation, succeeded=lowest is None, first_failed=lowest)


def _target(function_arn: str) -> dict[str, Any]:
    """Return the parts of a function's ARN as arguments of core's `LambdaService.invoke`."""
    region, account, name, qualifier = parse_function_arn(function_arn)
    return {"function_name": name, "qualifier": qualifier, "account_id": account, "region": region}
