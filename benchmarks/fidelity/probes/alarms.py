"""aws_cloudwatch_metric_alarm: pairs of alarms that differ in one setting, on the same data."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.bindings import probe
from benchmarks.fidelity.verdicts import Seen
from harness.errors import HarnessError
from harness.machine.waiting import poll

ALARM = "aws_cloudwatch_metric_alarm"
PERIOD = 60  # seconds, as in the modules
DEADLINE = 70.0  # alarms are evaluated once per period
PATIENCE = 15.0  # extra seconds for the other alarms; a new one is evaluated at once
LONG_AGO = 270  # seconds; emulators evaluate two periods more than requested, in whole minutes
JUST_NOW = 5  # seconds; an evaluation does not include values from its own second
UNDECIDED = "INSUFFICIENT_DATA"


@probe(ALARM, "alarm_name", "threshold")
def threshold(bench: Bench) -> Seen:
    """It goes off at the threshold, and not with a threshold above the values."""
    return _pair(bench, {"Threshold": 6}, {"Threshold": 7}, "threshold")


@probe(ALARM, "comparison_operator")
def comparison(bench: Bench) -> Seen:
    """A value at the threshold is not above it."""
    return _pair(bench, {}, {"ComparisonOperator": "GreaterThanThreshold"}, "comparison")


@probe(ALARM, "period")
def period(bench: Bench) -> Seen:
    """A period of five minutes includes a value that the last three one-minute periods do not."""
    return _pair(bench, {"Period": 300}, {"Period": PERIOD}, "period", seconds_ago=LONG_AGO)


@probe(ALARM, "statistic")
def statistic(bench: Bench) -> Seen:
    """The sum reaches what no single value does."""
    return _pair(bench, {"Statistic": "Sum"}, {"Statistic": "Maximum"}, "statistic")


@probe(ALARM, "namespace")
def namespace(bench: Bench) -> Seen:
    """It evaluates the metric of its namespace."""
    return _pair(bench, {}, {"Namespace": bench.name()}, "namespace")


@probe(ALARM, "metric_name")
def metric_name(bench: Bench) -> Seen:
    """It evaluates the metric of its name."""
    return _pair(bench, {}, {"MetricName": "other"}, "metric")


@probe(ALARM, "dimensions")
def dimensions(bench: Bench) -> Seen:
    """It evaluates the metric of its dimensions."""
    return _pair(bench, {}, {"Dimensions": [{"Name": "Probe", "Value": "other"}]}, "set of dimensions")


@probe(ALARM, "treat_missing_data")
def missing_data(bench: Bench) -> Seen:
    """Without data it goes off if missing data counts as breaching."""
    other = {"MetricName": "none"}
    breaching, not_breaching = ({"TreatMissingData": value, **other} for value in ("breaching", "notBreaching"))
    return _pair(bench, breaching, not_breaching, "treatment of missing data")


@probe(ALARM, "evaluation_periods")
def evaluation_periods(bench: Bench) -> Seen:
    """One datapoint breaches one period, but not three."""
    return _pair(bench, {"EvaluationPeriods": 1}, {"EvaluationPeriods": 3}, "number of periods")


@probe(ALARM, "datapoints_to_alarm")
def datapoints(bench: Bench) -> Seen:
    """One datapoint of three is enough if one is required, and not if three are."""
    one, three = ({"EvaluationPeriods": 3, "DatapointsToAlarm": count} for count in (1, 3))
    return _pair(bench, one, three, "number of datapoints")


@probe(
    ALARM,
    *(f"metric_query.{name}" for name in ("id", "expression", "return_data")),
    *(f"metric_query.metric.{name}" for name in ("dimensions", "metric_name", "namespace", "period", "stat")),
)
def expression(bench: Bench) -> Seen:
    """An alarm on an expression goes off like one on the metric itself."""
    space = bench.name()
    metric = {"Metric": _metric(space), "Period": PERIOD, "Stat": "Sum"}
    queries = [
        {"Id": "counted", "MetricStat": metric, "ReturnData": False},
        {"Id": "asked", "Expression": "counted * 2", "ReturnData": True},
    ]
    plain, computed = bench.name(), bench.name()
    _put(bench, space)
    _alarm(bench, plain, space)
    bench.client("cloudwatch").put_metric_alarm(
        AlarmName=computed, Metrics=queries, Threshold=12, TreatMissingData="notBreaching", EvaluationPeriods=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )  # fmt: skip
    states = _states(bench, plain, computed)
    if states[0] != "ALARM":
        return Seen(False, f"the alarm on the metric itself is {states[0]}")
    return Seen(states[1] == "ALARM", f"an alarm on an expression is {states[1]} while one on the metric goes off")


def _pair(bench: Bench, firing: dict[str, Any], quiet: dict[str, Any], what: str, seconds_ago: int = JUST_NOW) -> Seen:
    """Two alarms on the values 3 and 3: the first must go off, and the second must not."""
    space, first, second = bench.name(), bench.name(), bench.name()
    _put(bench, space, seconds_ago)
    _alarm(bench, first, space, **firing)
    _alarm(bench, second, space, **quiet)
    states = _states(bench, first, second)
    if states[0] != "ALARM":
        return Seen(False, f"the alarm that should go off is {states[0]}")
    if states[1] == "ALARM":
        return Seen(False, f"an alarm with another {what} goes off, too")
    return Seen(True, f"an alarm goes off, and one with another {what} does not")


def _states(bench: Bench, *names: str) -> list[str]:
    """The alarms' states once the first has gone off and the others have been evaluated, or at the deadlines."""

    def states() -> list[str]:
        found = bench.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
        by_name = {alarm["AlarmName"]: str(alarm["StateValue"]) for alarm in found}
        return [by_name[name] for name in names]

    with suppress(HarnessError):
        poll(lambda: states()[0] == "ALARM", "the first alarm", DEADLINE, 0.5)
    with suppress(HarnessError):
        poll(lambda: UNDECIDED not in states(), "the alarms' states", PATIENCE, 0.5)
    return states()


def _put(bench: Bench, space: str, seconds_ago: int = JUST_NOW) -> None:
    """Puts the values before creating an alarm, because a new one is evaluated at once and then not for a while."""
    value = {
        **_metric(space, namespace=False),
        "Value": 3,
        "Timestamp": datetime.now(UTC) - timedelta(seconds=seconds_ago),
    }
    bench.client("cloudwatch").put_metric_data(Namespace=space, MetricData=[value, value])


def _metric(space: str, *, namespace: bool = True) -> dict[str, Any]:
    named = {"MetricName": "probe", "Dimensions": [{"Name": "Probe", "Value": "one"}]}
    return named | ({"Namespace": space} if namespace else {})


def _alarm(bench: Bench, name: str, space: str, **settings: Any) -> None:
    wanted = {
        "Statistic": "Sum", "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 6, "Period": PERIOD,
        "EvaluationPeriods": 1, "TreatMissingData": "notBreaching", **_metric(space), **settings,
    }  # fmt: skip
    bench.client("cloudwatch").put_metric_alarm(AlarmName=name, **wanted)
