"""What a function's response says about its batch when ReportBatchItemFailures is on.

"Configuring partial batch response with Kinesis Data Streams and Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
"""

import json
from collections.abc import Collection, Mapping


class WholeBatchFailedError(ValueError):
    """The response is malformed, or names no record of the batch: everything counts as failed."""


def first_failed(response: bytes, sequence_numbers: Collection[int]) -> int | None:
    """Return the lowest failed sequence number, the checkpoint to retry from, or None for a full success.

    Success: a null or empty response, a null, missing or empty `batchItemFailures`.

    Raises:
        WholeBatchFailedError: no JSON object, a bad key name, an empty, null or unknown `itemIdentifier`.
    """
    failures = _failures(response)
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        raise WholeBatchFailedError("batchItemFailures is no list")
    # Compared as text: an identifier may have more digits than Python converts to a number.
    known = {str(number): number for number in sequence_numbers}
    return min(_identifier(failure, known) for failure in failures)


def _failures(response: bytes) -> object:
    try:
        document = json.loads(response or b"null")
    except (ValueError, RecursionError) as error:
        raise WholeBatchFailedError("the response is no JSON, or too deeply nested") from error
    if document is None or document == "":
        return None
    if not isinstance(document, dict):
        raise WholeBatchFailedError("the response is no JSON object")
    return document.get("batchItemFailures")


def _identifier(failure: object, known: Mapping[str, int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or identifier not in known:
        raise WholeBatchFailedError(f"{str(identifier)[:60]!r} is no sequence number of the batch")
    return known[identifier]
