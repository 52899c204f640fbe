"""Log groups and alarms."""

from __future__ import annotations

import json

from benchmarks.fidelity.resources.subject import Subject

GROUP = "${aws_cloudwatch_log_group.it.name}"
METRIC = {"name": "sales", "namespace": "Life", "value": "1"}


def dashboard(width: int) -> str:
    """A dashboard with one widget."""
    text = {"type": "text", "x": 0, "y": 0, "width": width, "height": 3, "properties": {"markdown": "sales"}}
    return json.dumps({"widgets": [text]})


SUBJECTS = [
    Subject(
        "aws_cloudwatch_log_group",
        {"name": "/life/group"},
        [{"retention_in_days": 7}, {"tags": {"stage": "test"}}, {"retention_in_days": 30}, {"retention_in_days": None}],
        import_id="{name}",
    ),
    Subject("aws_cloudwatch_log_stream", {"name": "one", "log_group_name": GROUP}, import_id="{log_group_name}:{name}"),
    Subject(
        "aws_cloudwatch_log_metric_filter",
        {"name": "life", "log_group_name": GROUP, "pattern": "sold", "metric_transformation": METRIC},
        [
            {"pattern": "{ $.sold = * }"},
            {"metric_transformation": METRIC | {"value": "$.sold", "dimensions": {"store": "$.store"}}},
            {"metric_transformation": METRIC | {"unit": "Count", "default_value": "0"}},
        ],
        import_id="{log_group_name}:{name}",
    ),
    Subject(
        "aws_cloudwatch_log_subscription_filter",
        {
            "name": "stream",
            "log_group_name": GROUP,
            "filter_pattern": "",
            "destination_arn": "${aws_kinesis_stream.it.arn}",
            "role_arn": "${aws_iam_role.it.arn}",
        },
        [{"filter_pattern": "sold"}, {"distribution": "Random"}],
        import_id="{log_group_name}|{name}",
    ),
    Subject(
        "aws_cloudwatch_log_subscription_filter",
        {
            "name": "function",
            "log_group_name": GROUP,
            "filter_pattern": "sold",
            "destination_arn": "${aws_lambda_function.versioned.arn}",
            "depends_on": ["aws_lambda_permission.logs"],
        },
        [{"filter_pattern": ""}],
        import_id="{log_group_name}|{name}",
        label="function",
    ),
    Subject(
        "aws_cloudwatch_metric_alarm",
        {
            "alarm_name": "life",
            "namespace": "AWS/Lambda",
            "metric_name": "Errors",
            "comparison_operator": "GreaterThanThreshold",
            "evaluation_periods": 1,
            "period": 60,
            "statistic": "Sum",
            "threshold": 0,
        },
        [
            {"threshold": 2, "period": 300, "evaluation_periods": 3, "datapoints_to_alarm": 2},
            {"comparison_operator": "LessThanThreshold", "treat_missing_data": "breaching", "statistic": "Maximum"},
            {
                "dimensions": {"FunctionName": "life-it"},
                "alarm_description": "failing",
                "alarm_actions": ["${aws_sns_topic.it.arn}"],
                "ok_actions": ["${aws_sns_topic.it.arn}"],
                "tags": {"stage": "test"},
            },
            {"metric_name": "Throttles", "alarm_actions": None, "actions_enabled": False, "unit": "Count"},
        ],
        import_id="{alarm_name}",
    ),
    Subject(
        "aws_cloudwatch_dashboard",
        {"dashboard_name": "life", "dashboard_body": dashboard(6)},
        [{"dashboard_body": dashboard(12)}],
        import_id="{dashboard_name}",
    ),
]
