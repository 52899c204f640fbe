"""Evaluates a function's response to its batch if ReportBatchItemFailures is on.

"Configuring partial batch response with Kinesis Data Streams and Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
"""

import json
from collections.abc import Collection, Mapping


class WholeBatchFailedError(ValueError):
    """The response is malformed, or names a record that is not in the batch: the whole batch counts as failed."""


def first_failed(response: bytes, sequence_numbers: Collection[int]) -> int | None:
    """Return the lowest failed sequence number, from which to retry, or None for a full success.

    Success is a null or empty response (an empty list, too), or a null, missing or empty `batchItemFailures`.

    Raises:
        WholeBatchFailedError: not a JSON object, a wrong key, or an empty, null or unknown `itemIdentifier`.
    """
    failures = _failures(response)
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        raise WholeBatchFailedError("batchItemFailures is not a list")
    # Compared as text: an identifier may have more digits than Python converts to an integer.
    known = {str(number): number for number in sequence_numbers}
    return min(_identifier(failure, known) for failure in failures)


def _failures(response: bytes) -> object:
    try:
        document = json.loads(response or b"null")
    except (ValueError, RecursionError) as error:
        raise WholeBatchFailedError("the response is not JSON, or too deeply nested") from error
    if document in (None, "", []):
        return None
    if not isinstance(document, dict):
        raise WholeBatchFailedError("the response is not a JSON object")
    return document.get("batchItemFailures")


def _identifier(failure: object, known: Mapping[str, int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or identifier not in known:
        raise WholeBatchFailedError(f"{str(identifier)[:60]!r} is not a sequence number of the batch")
    return known[identifier]
