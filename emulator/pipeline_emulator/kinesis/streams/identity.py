"""Names of streams and consumers."""

from dataclasses import dataclass
from functools import lru_cache

from pipeline_emulator.arn import parse_arn, partition_of

_LAST_SHARD = 2**31 - 1


@dataclass(frozen=True, slots=True)
class StreamName:
    """A stream's name within an account and a region."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:{partition_of(self.region)}:kinesis:{self.region}:{self.account}:stream/{self.name}"

    def __str__(self) -> str:
        """Return the name as in AWS's messages."""
        return f"{self.name} under account {self.account}"


def shard_id_of(text: str) -> str | None:
    """Return the id of the shard that a request names; None if it names none.

    AWS takes the digits alone (`0`), and after any prefix (`shardId-0`, `a-0`), up to 2147483647: tested against AWS by
    https://github.com/mhart/kinesalite (test/getShardIterator.js).
    """
    parts = text.split("-")
    digits = parts[1] if len(parts) > 1 and parts[1] else text
    known = digits.isascii() and digits.isdecimal() and int(digits) <= _LAST_SHARD
    return f"shardId-{int(digits):012}" if known else None


@lru_cache(maxsize=1024)
def split_arn(arn: str) -> tuple[StreamName, str | None]:
    """Return the stream that an ARN names, and the consumer's name if it is the ARN of a consumer.

    Raises:
        ValueError: it is the ARN of neither.
    """
    _, service, region, account, resource = parse_arn(arn)
    kind, name, *consumer = resource.split("/", 3)
    if (service, kind) != ("kinesis", "stream") or (consumer and consumer[0] != "consumer"):
        raise ValueError(arn)
    # A consumer's ARN ends with its name and the second of its creation: `name:1700000000`.
    return StreamName(account, region, name), consumer[1].partition(":")[0] if consumer else None
