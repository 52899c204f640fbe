"""What all operations share: the streams, and the parsing of request parameters."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext

from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY
from pipeline_emulator.kinesis.streams.commitment import DISABLED, Commitments
from pipeline_emulator.kinesis.streams.errors import (
    ExpiredNextTokenError,
    InvalidArgumentError,
    LimitExceededError,
    ResourceNotFoundError,
)
from pipeline_emulator.kinesis.streams.identity import StreamName, split_arn
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.kinesis.streams.streams import Streams
from pipeline_emulator.kinesis.streams.tokens import LIFETIME_SECONDS, unseal

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamWarmThroughput.html: 10 GiB/s
MAX_WARM_MIBPS = 10 * 1024

Request = dict[str, Any]
Response = dict[str, Any]


class Operations:
    """Base class of the groups of operations."""

    def __init__(self, streams: Streams) -> None:
        """Serve `streams`."""
        self.streams = streams
        self.commitments = Commitments(streams.clock)

    def stream(self, context: RequestContext, request: Request) -> Stream:
        """Return the stream that a request names, whatever its status."""
        return self.streams.get(stream_name(context, request))

    def notify(self, stream: Stream, shard_ids: Iterable[str]) -> None:
        """Wake the readers of shards that have new records or were closed."""
        name = stream.name
        for shard_id in shard_ids:
            STREAM_ACTIVITY.notify((name.account, name.region, name.name, shard_id))

    def require_warm_throughput(self, context: RequestContext, mode: str, wanted: int | None) -> None:
        """Check that a stream of this mode and account may have a warm throughput in MiB/s; None requests none.

        Raises:
            InvalidArgumentError: the stream is provisioned, or the account has no commitment.
            LimitExceededError: it is above 10 GiB/s.
        """
        if wanted is None:
            return
        if mode != "ON_DEMAND":
            raise InvalidArgumentError("Warm throughput is only supported for streams in ON_DEMAND capacity mode.")
        if self.commitments.get(context.account_id, context.region).status == DISABLED:
            raise InvalidArgumentError(
                "Warm throughput requires MinimumThroughputBillingCommitment to be enabled for the account"
                f" {context.account_id} in {context.region}. Use the UpdateAccountSettings API."
            )
        if wanted > MAX_WARM_MIBPS:
            raise LimitExceededError(f"WarmThroughputMiBps {wanted} exceeds the limit of {MAX_WARM_MIBPS} MiBps.")

    def open_page_token(self, token: str, length: int) -> list[Any]:
        """Return the `length` values of a pagination token, without its creation time.

        Raises:
            ExpiredNextTokenError: the token is older than five minutes.
            InvalidArgumentError: the token is not ours, or belongs to another operation.
        """
        try:
            *content, made_at = unseal(token, length + 1)
        except (ValueError, UnicodeError) as error:
            raise InvalidArgumentError("NextToken is invalid.") from error
        if self.streams.clock() - made_at > LIFETIME_SECONDS:
            raise ExpiredNextTokenError(f"NextToken is older than {LIFETIME_SECONDS} seconds.")
        return content


def stream_name(context: RequestContext, request: Request) -> StreamName:
    """Return the stream that StreamName, StreamARN or both name.

    Raises:
        InvalidArgumentError: both are missing, or they name different streams.
        ResourceNotFoundError: the ARN is of another region.
    """
    arn, name = request.get("StreamARN"), request.get("StreamName")
    if arn is None and name is None:
        raise InvalidArgumentError("Either StreamName or StreamARN must be specified.")
    if arn is None:
        return StreamName(context.account_id, context.region, str(name))
    found, consumer = parsed_arn(arn, context)
    if consumer is not None or (name is not None and name != found.name):
        raise InvalidArgumentError(f"StreamName {name} and StreamARN {arn} do not name one stream.")
    return found


def parsed_arn(arn: str, context: RequestContext | None = None) -> tuple[StreamName, str | None]:
    """Return the stream that an ARN names, and the consumer's name (or None).

    Raises:
        InvalidArgumentError: it is the ARN of neither a stream nor a consumer.
        ResourceNotFoundError: it is of another region than the request: each region knows its own streams only.
    """
    try:
        found, consumer = split_arn(arn)
    except ValueError as error:
        raise InvalidArgumentError(f"{arn} is not the ARN of a stream or of a consumer.") from error
    if context is not None and found.region != context.region:
        raise ResourceNotFoundError(f"Stream {found} not found.")
    return found, consumer


def timestamp(seconds: float) -> datetime:
    """Return a time rounded to milliseconds, as in the API."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def epoch(value: datetime | None) -> float | None:
    """Return a request's time in seconds since the epoch, or None."""
    return None if value is None else value.timestamp()


def sequence_number(text: str | None) -> int | None:
    """Return a request's sequence number, which is text in the API, or None."""
    return None if text is None else int(text)


def page[T](items: Sequence[T], name: Callable[[T], str], after: str | None, limit: int) -> tuple[list[T], bool]:
    """Return up to `limit` items with names after `after`, and whether more follow. `items` are ordered by name."""
    left = [item for item in items if after is None or name(item) > after]
    return left[:limit], len(left) > limit
