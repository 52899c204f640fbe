"""Registered consumers of a stream (enhanced fan-out)."""

from dataclasses import dataclass

from pipeline_emulator.kinesis.streams.errors import LimitExceededError, ResourceInUseError, ResourceNotFoundError
from pipeline_emulator.kinesis.streams.identity import StreamName

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html
MAX_CONSUMERS = 20


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer; `created_at` in seconds since the epoch."""

    stream: StreamName
    name: str
    created_at: float
    tags: dict[str, str]

    @property
    def arn(self) -> str:
        """The ARN, which ends with the creation time in seconds."""
        return f"{self.stream.arn}/consumer/{self.name}:{int(self.created_at)}"


class Consumers:
    """The consumers of one stream. Not thread-safe: the stream locks."""

    def __init__(self, stream: StreamName) -> None:
        """Start without consumers."""
        self._stream = stream
        self._consumers: dict[str, Consumer] = {}

    def __len__(self) -> int:
        return len(self._consumers)

    def __contains__(self, consumer: Consumer) -> bool:
        return self._consumers.get(consumer.name) is consumer

    def all(self) -> list[Consumer]:
        """Return the consumers in the order of their names."""
        return [self._consumers[name] for name in sorted(self._consumers)]

    def register(self, name: str, tags: dict[str, str], now: float) -> Consumer:
        """Add a consumer.

        Raises:
            ResourceInUseError: the stream has a consumer with this name.
            LimitExceededError: the stream has the maximum number of consumers.
        """
        if name in self._consumers:
            raise ResourceInUseError(f"Consumer {name} under stream {self._stream} already exists.")
        if len(self) >= MAX_CONSUMERS:
            raise LimitExceededError(
                f"This request would exceed the limit of {MAX_CONSUMERS} consumers for stream {self._stream}."
            )
        self._consumers[name] = Consumer(self._stream, name, now, dict(tags))
        return self._consumers[name]

    def restore(self, name: str, created_at: float, tags: dict[str, str]) -> None:
        """Add a consumer that an earlier process stored."""
        self._consumers[name] = Consumer(self._stream, name, created_at, tags)

    def get(self, name: str, arn: str | None = None) -> Consumer:
        """Return a consumer by name, which must have the ARN if one is given.

        Raises:
            ResourceNotFoundError: there is no such consumer.
        """
        consumer = self._consumers.get(name)
        if consumer is None or (arn is not None and consumer.arn != arn):
            raise ResourceNotFoundError(f"Consumer {arn or name} under stream {self._stream} not found.")
        return consumer

    def deregister(self, consumer: Consumer) -> None:
        """Remove a consumer."""
        self._consumers.pop(consumer.name, None)
