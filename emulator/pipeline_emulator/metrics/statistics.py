"""Queries statistics of exactly the requested metric in the tables of core's CloudWatch.

Core matches dimensions by LIKE '%Name=Value%'. It added the metric of stream `a` to that of `ab`, that of a stream to
those of its shards, and that of a function to those of its versions. (`_` in LIKE also matches any character.)
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

NO_UNIT = "NULL_VALUE"
"""Core's name for a missing unit."""

_OF_BUCKET = {
    "Sum": "SUM(total)",
    "Average": "SUM(total) * 1.0 / SUM(samples)",
    "Minimum": "MIN(minimum)",
    "Maximum": "MAX(maximum)",
    "SampleCount": "SUM(samples)",
}
_FILTER = """
    account_id = :account AND region = :region AND namespace = :namespace AND metric_name = :name
    AND dimensions IS :dimensions AND (NOT :by_unit OR unit IS :unit) AND timestamp >= :start AND timestamp < :end
"""
_QUERY = f"""
    SELECT :start + (timestamp - :start) / :period * :period AS bucket, {{statistic}} FROM (
        SELECT timestamp, value AS total, 1 AS samples, value AS minimum, value AS maximum
        FROM SINGLE_METRICS WHERE {_FILTER}
        UNION ALL
        SELECT timestamp, sum, sample_count, min, max FROM AGGREGATED_METRICS WHERE {_FILTER}
    ) GROUP BY bucket HAVING SUM(samples) > 0 ORDER BY bucket
"""  # noqa: S608 - contains only this module's constants


def metric_data_stat(
    database: Any,
    account_id: str,
    region: str,
    query: Mapping[str, Any],
    start_time: datetime,
    end_time: datetime,
    scan_by: str | None,
) -> dict[str, list[Any]]:
    """Return timestamps (epoch seconds) and values of one query, like core's `CloudwatchDatabase.get_metric_data_stat`.

    The last period counts as a whole even if `end_time` lies within it. The latest value comes first unless `scan_by`
    says otherwise.
    """
    wanted = query["MetricStat"]
    metric, period, unit = wanted["Metric"], wanted["Period"], wanted.get("Unit")
    start, end = int(start_time.timestamp()), int(end_time.timestamp())
    values = {
        "account": account_id,
        "region": region,
        "namespace": metric.get("Namespace"),
        "name": metric["MetricName"],
        "dimensions": stored_dimensions(metric.get("Dimensions") or []),
        "by_unit": bool(unit),
        "unit": None if unit == NO_UNIT else unit,
        "start": start,
        "end": start - (start - end) // period * period,
        "period": period,
    }
    with database.DATABASE_LOCK, sqlite3.connect(database.METRICS_DB_READ_ONLY, uri=True) as connection:
        rows = connection.execute(_QUERY.format(statistic=_OF_BUCKET[wanted["Stat"]]), values).fetchall()
    if scan_by != "TimestampAscending":
        rows.reverse()
    return {"timestamps": [row[0] for row in rows], "values": [row[1] for row in rows]}


def stored_dimensions(dimensions: list[dict[str, str]]) -> str | None:
    """Return dimensions as core stores them."""
    ordered = sorted((one["Name"], one["Value"]) for one in dimensions)
    return "".join(f"{name}={value}\t" for name, value in ordered) or None
