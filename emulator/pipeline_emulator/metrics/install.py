"""Patches core for metrics: CloudWatch's statistics, and the metrics that Lambda publishes."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.aws.connect import connect_to
from localstack.runtime import events
from localstack.utils.bootstrap import is_api_enabled

from pipeline_emulator import patches
from pipeline_emulator.event_source import hooks as mapping_hooks
from pipeline_emulator.kinesis import hooks as kinesis_hooks
from pipeline_emulator.lambda_runtime import hooks as lambda_hooks
from pipeline_emulator.metrics import database, functions, kinesis, log_filters
from pipeline_emulator.metrics.aggregator import METRICS, MINUTE
from pipeline_emulator.metrics.publisher import Publisher
from pipeline_emulator.metrics.statistics import metric_data_stat
from pipeline_emulator.snapshots import hooks as snapshots


def install() -> None:
    """Count from now on if this LocalStack has CloudWatch. Core's own publishing is switched off in any case."""
    _count_invocations()
    if is_api_enabled("cloudwatch"):
        publisher = Publisher(METRICS, _put, events.infra_stopping)
        _publish_before_reads(publisher)
        patches.QUERY_METRICS.replace(metric_data_stat)
        log_filters.install()
        _subscribe()
        publisher.start()
        snapshots.before_save.subscribe(publisher.flush)
        snapshots.save.subscribe(database.save)
        snapshots.load.subscribe(database.load)


def _subscribe() -> None:
    """Subscribe to the hooks of the packages that are measured."""
    kinesis_hooks.records_put.subscribe(kinesis.count_put)
    kinesis_hooks.records_read.subscribe(kinesis.count_read)
    kinesis_hooks.read_throttled.subscribe(kinesis.count_throttled_read)
    lambda_hooks.event_finished.subscribe(functions.count_duration)
    mapping_hooks.batch_sent.subscribe(functions.count_iterator_age)
    mapping_hooks.failures_delivered.subscribe(functions.count_delivered_failures)
    mapping_hooks.events_counted.subscribe(functions.count_events)
    mapping_hooks.delivery_failed.subscribe(functions.count_failed_delivery)


def _put(account: str, region: str, namespace: str, data: list[dict[str, Any]]) -> None:
    client = connect_to(aws_access_key_id=account, region_name=region).cloudwatch
    client.put_metric_data(Namespace=namespace, MetricData=data)


def _count_invocations() -> None:
    """Count invocations here. Core starts a thread for each one that writes to CloudWatch over HTTP."""

    @patches.START_NO_METRIC_THREADS.wrap
    def start_thread(
        original: Callable[..., Any], method: Any, *args: Any, name: str | None = None, **kwargs: Any
    ) -> Any:
        if name and name.startswith("record-cloudwatch-metric"):
            return None
        return original(method, *args, name=name, **kwargs)

    @patches.COUNT_INVOCATIONS.wrap
    def invoke(original: Callable[..., Any], self: Any, *, invocation: Any) -> Any:
        """Count the invocation's outcome. An invocation that fails inside LocalStack itself is not counted."""
        began, version = time.time(), self.function_version.id.qualifier
        try:
            result = original(self, invocation=invocation)
        except TooManyRequestsException:
            functions.count_throttle(invocation.invoked_arn, version, began)
            raise
        functions.count_invocation(invocation.invoked_arn, version, began, is_error=result.is_error)
        return result


def _publish_before_reads(publisher: Publisher) -> None:
    """Let reads of metrics include values counted a moment ago, in whole minutes."""

    @patches.GET_METRIC_STATISTICS.wrap
    def get_metric_statistics(original: Callable[..., Any], self: Any, *args: Any, **arguments: Any) -> Any:
        publisher.flush()
        return original(self, *args, **_rounded(arguments))

    @patches.GET_METRIC_DATA.wrap
    def get_metric_data(original: Callable[..., Any], self: Any, *args: Any, **arguments: Any) -> Any:
        publisher.flush()
        # Windows of one period stay as they are: core's alarms request one after the other with this operation, and
        # would see a minute's value twice.
        periods = [query["MetricStat"]["Period"] for query in arguments["metric_data_queries"] if "MetricStat" in query]
        if arguments["end_time"] - arguments["start_time"] > timedelta(seconds=max(periods, default=0)):
            arguments = _rounded(arguments)
        return original(self, *args, **arguments)

    @patches.LIST_METRICS.wrap
    def list_metrics(original: Callable[..., Any], self: Any, *args: Any, **arguments: Any) -> Any:
        publisher.flush()
        return original(self, *args, **arguments)


def _rounded(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with the times rounded as AWS does.

    The start is rounded down to the minute, as documented for the last 15 days:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html (StartTime).
    The end is rounded up to the second. Core truncates it, and missed a minute that had begun a moment ago.
    """
    start: datetime = arguments["start_time"]
    end: datetime = arguments["end_time"]
    return {
        **arguments,
        "start_time": start - timedelta(seconds=start.timestamp() % MINUTE),
        "end_time": datetime.fromtimestamp(math.ceil(end.timestamp()), UTC),
    }
