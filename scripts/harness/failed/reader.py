"""Reads the failed-events bucket: everything, or what is new."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any

from harness.failed.documents import DISCARDED, INVALID, Failed, parse
from harness.streams.backoff import Backoff, Trouble, no_trouble

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL_READS = 8  # botocore's pool holds 10 connections
# Objects written before the first put cannot contain its events. The margin allows for clock differences.
CLOCK_MARGIN = dt.timedelta(minutes=5)
LISTING_SHARE = 0.2  # the maximum share of time spent on listing a large bucket


@dataclass(frozen=True)
class Object:
    """An object of the bucket.

    Attributes:
        key: its key.
        events: the failed events in it.
        problem: why it could not be parsed; empty if it could.
    """

    key: str
    events: list[Failed]
    problem: str = ""


def objects(
    client: S3Client,
    bucket: str,
    seen: set[str] | None = None,
    since: dt.datetime | None = None,
    trouble: Trouble = no_trouble,
) -> Iterator[Object]:
    """Read the objects of both kinds in the order of their keys.

    Args:
        client: S3.
        bucket: the failed-events bucket.
        seen: keys to skip; the keys read are added, so that the next call reads only new objects.
        since: skips objects last written before.
        trouble: as for `Backoff`.

    Yields:
        Each object, except those deleted in the meantime.

    Raises:
        HarnessError: S3 did not respond for two minutes.
    """
    seen = set() if seen is None else seen
    # List first: events that fail again while they are put back belong to the next run.
    yield from _read_all(client, bucket, _listed(client, bucket, seen, since, trouble), seen, trouble)


def _listed(client: S3Client, bucket: str, seen: set[str], since: dt.datetime | None, trouble: Trouble) -> list[str]:
    return [
        key
        for kind in (INVALID, DISCARDED)
        for page in _pages(client, bucket, kind, trouble)
        for key, written in page
        if key not in seen and (since is None or written >= since)
    ]


def _read_all(client: S3Client, bucket: str, listed: list[str], seen: set[str], trouble: Trouble) -> Iterator[Object]:
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        for keys in batched(listed, 2 * PARALLEL_READS, strict=False):  # an object may have 6 MB
            for key, found in zip(keys, pool.map(lambda key: _object(client, bucket, key, trouble), keys), strict=True):
                seen.add(key)
                if found is not None:
                    yield found


def _pages(client: S3Client, bucket: str, prefix: str, trouble: Trouble) -> Iterator[list[tuple[str, dt.datetime]]]:
    where: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    while True:
        page = _patient(trouble).call(partial(client.list_objects_v2, **where))
        yield [(item["Key"], item["LastModified"]) for item in page.get("Contents", [])]
        if not page.get("NextContinuationToken"):
            return
        where["ContinuationToken"] = page["NextContinuationToken"]


def _object(client: S3Client, bucket: str, key: str, trouble: Trouble) -> Object | None:
    try:
        body = _patient(trouble).call(lambda: client.get_object(Bucket=bucket, Key=key)["Body"].read())
    except client.exceptions.NoSuchKey:  # just redriven
        return None
    try:
        return Object(key, parse(key, body))
    except ValueError as error:
        return Object(key, [], str(error))


def _patient(trouble: Trouble) -> Backoff:
    return Backoff("reading the failed-events bucket", "look at make local-status", trouble)


def read(client: S3Client, bucket: str, seen: set[str] | None = None) -> Iterator[Failed]:
    """Read all failed events of both kinds. Takes the arguments of `objects`.

    Yields:
        Each event; a discarded batch gives one per record.
    """
    for found in objects(client, bucket, seen):
        yield from found.events


class NewFailures:
    """Reads the failed events written since it was created, each once.

    Args:
        client: S3.
        bucket: the failed-events bucket; None if the pipeline has none.
        trouble: as for `Backoff`.
    """

    def __init__(self, client: S3Client, bucket: str | None, trouble: Trouble = no_trouble) -> None:
        self._client, self._bucket, self._trouble = client, bucket, trouble
        self._missing = _patient(trouble)
        self._since = dt.datetime.now(dt.UTC) - CLOCK_MARGIN
        self._not_before = 0.0
        # Skip the existing objects, of which there may be thousands.
        self._seen: set[str] = set()
        if bucket is not None:
            self._skip_existing(bucket)

    def _skip_existing(self, bucket: str) -> None:
        with contextlib.suppress(self._client.exceptions.NoSuchBucket):
            self._seen.update(_listed(self._client, bucket, self._seen, self._since, self._trouble))

    def read(self, *, now: bool = False) -> Iterator[Failed]:
        """Read what is new.

        Args:
            now: read even if a large bucket was listed a moment ago.

        Yields:
            Each event.

        Raises:
            HarnessError: for two minutes S3 did not respond or had no such bucket.
        """
        started = time.monotonic()
        bucket = self._bucket
        if bucket is None or (started < self._not_before and not now):
            return
        try:
            listed = _listed(self._client, bucket, self._seen, self._since, self._trouble)
            # The time for reading new objects does not count: after many of them, more are likely.
            pause = (time.monotonic() - started) / LISTING_SHARE
            for found in _read_all(self._client, bucket, listed, self._seen, self._trouble):
                yield from found.events
        except self._client.exceptions.NoSuchBucket as error:  # after a kill, LocalStack's buckets are created again
            self._not_before = time.monotonic() + self._missing.failed(error)
        else:
            self._missing.succeeded()
            self._not_before = time.monotonic() + pause
