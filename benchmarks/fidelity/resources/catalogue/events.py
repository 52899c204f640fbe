"""EventBridge's rules and targets."""

from __future__ import annotations

import json

from benchmarks.fidelity.resources.subject import Subject

TARGET = {"rule": "${aws_cloudwatch_event_rule.it.name}", "target_id": "function"}

SUBJECTS = [
    Subject(
        "aws_cloudwatch_event_rule",
        {"name": "life", "schedule_expression": "rate(1 day)"},
        [
            {"description": "daily"},
            {"schedule_expression": "rate(2 days)", "tags": {"stage": "test"}},
            {"state": "DISABLED"},
            {"event_pattern": json.dumps({"source": ["life"]}), "schedule_expression": None, "state": "ENABLED"},
        ],
        import_id="{event_bus_name}/{name}",
    ),
    Subject(
        "aws_cloudwatch_event_target",
        {**TARGET, "arn": "${aws_lambda_function.versioned.arn}"},
        [
            {"input": json.dumps({"n": 1})},
            {"retry_policy": {"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 120}},
            {"dead_letter_config": {"arn": "${aws_sqs_queue.second.arn}"}},
            {
                "input": None,
                "input_transformer": {"input_paths": {"kind": "$.detail-type"}, "input_template": '{"kind": <kind>}'},
            },
        ],
        import_id="{event_bus_name}/{rule}/{target_id}",
    ),
]
