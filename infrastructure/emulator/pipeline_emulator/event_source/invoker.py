"""Invokes a function with a batch and says what came of it."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localstack.services.lambda_.event_source_mapping.pipe_utils import get_internal_client

from pipeline_emulator.event_source.batch_run import Invocation, NotInvoked, Outcome
from pipeline_emulator.event_source.records import StreamRecord, payload
from pipeline_emulator.event_source.response import first_failed
from pipeline_emulator.event_source.settings import MappingSettings

LOG = logging.getLogger(__name__)

# A function may run for 900 s: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
INVOKE_TIMEOUT_SECONDS = 905
# A batch over the payload limit can never be delivered: it counts as failed, where other errors wait for better times.
PAYLOAD_TOO_LARGE = "RequestTooLargeException"


class LambdaInvoker:
    """Synchronous invocations of one mapping's function. Safe for threads."""

    def __init__(self, settings: MappingSettings) -> None:
        """Invoke the function of `settings`: it may be an unqualified, a version's or an alias's ARN."""
        self._settings = settings
        self._lock = threading.Lock()
        self._cached_client: Any = None

    def invoke(self, records: Sequence[StreamRecord]) -> Outcome:
        """Invoke the function with `records`; never raises for what the function or Lambda does."""
        try:
            response = self._client().invoke(
                FunctionName=self._settings.function_arn,
                InvocationType="RequestResponse",
                Payload=payload(records).encode("ascii"),
            )
            body: bytes = response["Payload"].read()
        except ClientError as error:
            return self._refused(error)
        except BotoCoreError as error:
            LOG.warning("Invoking %s failed before an answer came: %s", self._settings.function_arn, error)
            return NotInvoked(str(error))
        request_id = response["ResponseMetadata"].get("RequestId", "")
        status, version = response["StatusCode"], response.get("ExecutedVersion", "$LATEST")
        if function_error := response.get("FunctionError"):
            return Invocation(request_id, status, version, function_error=function_error, succeeded=False)
        return self._returned(Invocation(request_id, status, version), body, records)

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

    def _refused(self, error: ClientError) -> Outcome:
        code = error.response["Error"]["Code"]
        if code == PAYLOAD_TOO_LARGE:
            request_id = error.response["ResponseMetadata"].get("RequestId", "")
            status = error.response["ResponseMetadata"].get("HTTPStatusCode", 413)
            return Invocation(request_id, status, function_error=code, succeeded=False)
        LOG.info("%s was not invoked, its batch waits: %s", self._settings.function_arn, error)
        return NotInvoked(code)

    def _client(self) -> Any:
        with self._lock:
            if self._cached_client is None:
                self._cached_client = get_internal_client(
                    arn=self._settings.function_arn,
                    client_config=Config(
                        # The mapping itself retries: a hidden second invocation would not count.
                        retries={"total_max_attempts": 1},
                        read_timeout=INVOKE_TIMEOUT_SECONDS,
                        tcp_keepalive=True,
                        max_pool_connections=50,
                    ),
                )
            return self._cached_client
