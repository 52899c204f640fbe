"""Hands the stored streams from LocalStack's start, where an error in their file ends it, to the service."""

from pipeline_emulator.kinesis.streams.streams import Streams

_streams: list[Streams] = []


def keep(streams: Streams) -> None:
    """Keep the streams until the service takes them."""
    _streams.append(streams)


def take() -> Streams | None:
    """Return the streams that were kept, or None without PERSISTENCE=1."""
    return _streams.pop() if _streams else None
