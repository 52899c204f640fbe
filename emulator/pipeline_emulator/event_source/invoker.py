"""Invokes a function with a batch and says what came of it."""

import logging
from collections.abc import Sequence
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
from pipeline_emulator.services import provider

LOG = logging.getLogger(__name__)

# A batch over the payload limit can never be delivered: it counts as failed, where other errors wait for better times.
PAYLOAD_TOO_LARGE = "RequestTooLargeException"


class LambdaInvoker:
    """Synchronous invocations of one mapping's function. Thread-safe."""

    def __init__(self, settings: MappingSettings) -> None:
        """Invoke the function of `settings`: it may be an unqualified, a version's or an alias's ARN."""
        self._settings = settings
        self._target = _target(settings.function_arn)

    def invoke(self, records: Sequence[StreamRecord]) -> Outcome:
        """Invoke the function with `records`; never raises for what the function or Lambda does."""
        request_id, event = long_uid(), payload(records).encode("ascii")
        if len(event) > PAYLOAD_LIMIT:
            return Invocation(request_id, 413, function_error=PAYLOAD_TOO_LARGE, succeeded=False)
        if code := hooks.refuse_invocation(self._settings):
            return NotInvoked(code)
        try:
            result = provider("lambda").lambda_service.invoke(
                **self._target, invocation_type=None, client_context=None, request_id=request_id, payload=event
            )
        except ServiceException as error:
            LOG.info("%s was not invoked, its batch waits: %s: %s", self._settings.function_arn, error.code, error)
            return NotInvoked(error.code)
        except Exception as error:  # whatever core or the engine below it does, the batch stays
            LOG.warning("Invoking %s failed before an answer came: %s", self._settings.function_arn, error)
            return NotInvoked(str(error))
        if hooks.lose_answer(self._settings):
            return NotInvoked("the answer was lost")
        version = result.executed_version
        if result.is_error:
            return Invocation(request_id, executed_version=version, function_error="Unhandled", succeeded=False)
        return self._returned(Invocation(request_id, executed_version=version), result.payload, records)

    def _returned(self, invocation: Invocation, body: bytes, records: Sequence[StreamRecord]) -> Invocation:
        if not self._settings.report_batch_item_failures:
            return invocation
        known = (invocation.request_id, invocation.status_code, invocation.executed_version)
        try:
            lowest = first_failed(body, {record.sequence_number for record in records})
        except Exception as error:  # whatever a response does to its reader, it is the function that failed
            LOG.warning("Response of %s counts as a failed batch: %s", self._settings.function_arn, error)
            return Invocation(*known, succeeded=False)
        return Invocation(*known, succeeded=lowest is None, first_failed=lowest)


def _target(function_arn: str) -> dict[str, Any]:
    """Return what core's service calls the parts of a function's ARN."""
    region, account, name, qualifier = parse_function_arn(function_arn)
    return {"function_name": name, "qualifier": qualifier, "account_id": account, "region": region}
