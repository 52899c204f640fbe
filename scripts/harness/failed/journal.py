"""Keeps a journal of redrives in the bucket, so that they can be interrupted and repeated failures keep their history.

Each PutRecords call has a document `redrives/<time>-<random>.json`. It is written before the call ("putting"), updated
afterwards with the new event ids ("put"), and only then are the failed objects deleted. A later run that finds "put"
deletes what is left; one that finds "putting" cannot know what happened, and puts the events again.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from harness import streams
from harness.failed.documents import Failed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "redrives/"
PUTTING, PUT = "putting", "put"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failure of an event that was put back.

    Attributes:
        event_id: the event's id when it failed.
        reason: why it failed.
        failed_at: when, ISO 8601.
    """

    event_id: str
    reason: str
    failed_at: str


@dataclass
class Page:
    """One document of the journal.

    Attributes:
        key: of its object.
        state: `putting` or `put`.
        started_at: when, ISO 8601.
        objects: keys of the failed objects that held the events.
        histories: all failures of each event, oldest first.
        event_ids: the events' new ids, in the same order; empty while `putting`.
    """

    key: str
    state: str
    started_at: str
    objects: list[str]
    histories: list[list[Attempt]]
    event_ids: list[str] = field(default_factory=list)


class Journal:
    """All pages in a bucket.

    Args:
        client: S3.
        bucket: the failed-events bucket.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self._histories: dict[str, list[Attempt]] = {}
        self.unfinished: list[Page] = []
        self.done: dict[str, Page] = {}
        for page in self._pages():
            if page.state == PUTTING:
                self.unfinished.append(page)
                continue
            self._histories |= dict(zip(page.event_ids, page.histories, strict=True))
            self.done |= dict.fromkeys(page.objects, page)

    def _pages(self) -> Iterator[Page]:
        for listed in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for item in listed.get("Contents", []):
                body = self._client.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read()
                page = Page(**json.loads(body))
                page.histories = [[Attempt(**attempt) for attempt in history] for history in page.histories]  # type: ignore[arg-type]
                yield page

    def history(self, event: Failed) -> list[Attempt]:
        """Return the earlier failures of an event, oldest first; empty if it was never put back."""
        return self._histories.get(event.event_id, [])

    def begin(self, events: Sequence[Failed]) -> Page:
        """Record the events that are about to be put back."""
        now = dt.datetime.now(dt.UTC)
        page = Page(
            f"{PREFIX}{now:%Y-%m-%dT%H.%M.%S.%f}-{secrets.token_hex(4)}.json",
            PUTTING,
            now.isoformat(timespec="milliseconds"),
            sorted({event.key for event in events}),
            [[*self.history(event), Attempt(event.event_id, event.reason, event.failed_at)] for event in events],
        )
        self._write(page)
        return page

    def complete(self, page: Page, puts: Sequence[streams.Put]) -> None:
        """Record that the events were put back, and their new event ids."""
        page.state, page.event_ids = PUT, [put.event_id for put in puts]
        self._write(page)

    def forget(self, page: Page) -> None:
        """Delete a page that another one replaces."""
        self._client.delete_object(Bucket=self._bucket, Key=page.key)

    def _write(self, page: Page) -> None:
        self._client.put_object(
            Bucket=self._bucket, Key=page.key, Body=json.dumps(asdict(page)).encode(), ContentType="application/json"
        )
