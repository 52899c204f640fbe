"""Registered consumers of a stream (enhanced fan-out)."""

from dataclasses import dataclass

from pipeline_emulator.kinesis.streams.errors import LimitExceededError, ResourceInUseError, ResourceNotFoundError
from pipeline_emulator.kinesis.streams.identity import StreamName

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html
MOST_CONSUMERS = 20


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer; `created_at` in seconds since the epoch."""

    stream: StreamName
    name: str
    created_at: float
    tags: dict[str, str]

    @property
    def arn(self) -> str:
        """Its ARN, which ends with the second of its creation."""
        return f"{self.stream.arn}/consumer/{self.name}:{int(self.created_at)}"


class Consumers:
    """The consumers of one stream. Not safe for threads: its stream locks."""

    def __init__(self, stream: StreamName) -> None:
        """Start without any."""
        self._stream = stream
        self._consumers: dict[str, Consumer] = {}

    def __len__(self) -> int:
        return len(self._consumers)

    def all(self) -> list[Consumer]:
        """Return them by name."""
        return [self._consumers[name] for name in sorted(self._consumers)]

    def register(self, name: str, tags: dict[str, str], now: float) -> Consumer:
        """Add a consumer.

        Raises:
            ResourceInUseError: the stream has one of that name.
            LimitExceededError: it has as many as it may.
        """
        if name in self._consumers:
            raise ResourceInUseError(f"Consumer {name} under stream {self._stream} already exists.")
        if len(self) >= MOST_CONSUMERS:
            raise LimitExceededError(
                f"This request would exceed the limit of {MOST_CONSUMERS} consumers for stream {self._stream}."
            )
        self._consumers[name] = Consumer(self._stream, name, now, dict(tags))
        return self._consumers[name]

    def restore(self, name: str, created_at: float, tags: dict[str, str]) -> None:
        """Add a consumer of a former process."""
        self._consumers[name] = Consumer(self._stream, name, created_at, tags)

    def get(self, name: str, arn: str | None = None) -> Consumer:
        """Return a consumer by its name; if its ARN is given, that must be its own.

        Raises:
            ResourceNotFoundError: there is none.
        """
        consumer = self._consumers.get(name)
        if consumer is None or (arn is not None and consumer.arn != arn):
            raise ResourceNotFoundError(f"Consumer {arn or name} under stream {self._stream} not found.")
        return consumer

    def deregister(self, consumer: Consumer) -> None:
        """Remove a consumer."""
        self._consumers.pop(consumer.name, None)
