"""The limits of AWS that a stream of events meets, each with the page that states it."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20
STREAMS = "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
MAPPING = "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html"
MEMORY = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"

WRITE_RECORDS, WRITE_BYTES = 1000, MIB  # per shard and second
READ_BYTES = 2 * MIB  # per shard and second; all readers share it, unless they have enhanced fan-out
MAX_PARALLELIZATION = 10
PAYLOAD = 6 * MIB  # of an invocation; the mapping cuts batches to fit
MAX_BATCH = 10_000
ENVELOPE = 500  # bytes that Lambda's event adds to a record, measured: names, sequence number, ARN
CONCURRENCY = 1000  # of an account in a region; a new account may have less
MAX_SHARDS = 10_000  # of a stream, by UpdateShardCount
RESHARD = "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html"
RESHARDINGS = 10  # calls of UpdateShardCount in 24 h, each at most doubling
SHARDS = {"us-east-1": 20_000, "us-west-2": 20_000, "eu-west-1": 20_000}
SHARDS_ELSEWHERE = 1000  # or 6,000: the page does not say which region has which
MEMORY_OF_ONE_CPU = 1769
MEMORY_SIZES = (128, 256, 512, 1024, MEMORY_OF_ONE_CPU)  # beyond it, a second core, which one thread cannot use


@dataclass(frozen=True)
class Limit:
    """A limit, and how much of it a load takes.

    Attributes:
        name: of the quantity that it bounds, with its unit.
        used: by the load.
        allowed: at most.
        page: that states it.
    """

    name: str
    used: float
    allowed: float
    page: str

    @property
    def share(self) -> float:
        """The used share; above 1 the load does not fit."""
        return self.used / self.allowed


def shard_quota(region: str) -> int:
    """Return the default quota of shards of an account in a region."""
    return SHARDS.get(region, SHARDS_ELSEWHERE)
