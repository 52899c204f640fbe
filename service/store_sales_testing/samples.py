"""Sample events, records and sales."""

import base64
import datetime as dt
import json
import math
import random
from collections.abc import Callable
from typing import Any

from store_sales.events import Event, SalesInput

EVENT: dict[str, Any] = {
    "sales_input": {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0},
    "sales_id": 512,
}
SOURCE = "arn:aws:kinesis:ap-south-1:000000000000:stream/sales-events-local"

KinesisRecord = Callable[[bytes | dict[str, Any]], dict[str, Any]]


def make_event(date: dt.date, store: int, promo: int, holiday: int, sales_id: int | str) -> Event:
    """Return an event as the function decodes it."""
    return Event(SalesInput(date, store, 1 if promo else 0, 1 if holiday else 0), sales_id)


def make_record(payload: bytes | dict[str, Any], number: str) -> dict[str, Any]:
    """Return a record in the form of Lambda's event, arrived on 2025-12-25."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "key-1",
            "sequenceNumber": number,
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": 1766620800.25,  # 2025-12-25 00:00:00.250 UTC
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000001:{number}",
        "eventName": "aws:kinesis:record",
        "awsRegion": "ap-south-1",
        "eventSourceARN": SOURCE,
    }


def sales_rows(days: int = 200, stores: int = 3) -> list[list[Any]]:
    """Return sales with store level, weekday effect, a promotion every other week and noise; closed on Sundays."""
    noise = random.Random(7)  # noqa: S311 - noise, no secret
    rows: list[list[Any]] = []
    for number in range(days):
        day = dt.date(2021, 1, 4) + dt.timedelta(days=number)
        for store in range(1, stores + 1):
            promo = int(number % 14 < 5)
            sales = 2000 * store * (1 + 0.3 * promo) * (1.2 - 0.05 * day.weekday()) * math.exp(noise.gauss(0, 0.05))
            rows.append([day, store * 7, 0 if day.weekday() == 6 else round(sales), promo, int(number % 60 == 0)])
    return rows
