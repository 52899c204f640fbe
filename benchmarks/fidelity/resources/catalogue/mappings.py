"""Event source mappings of a stream, a consumer and a queue."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.fidelity.resources.subject import Subject

FUNCTION = "${aws_lambda_function.it.arn}"


def criteria(value: int) -> dict[str, Any]:
    """Filter criteria for one value."""
    return {"filter": [{"pattern": json.dumps({"data": {"v": [value]}})}]}


SUBJECTS = [
    Subject(
        "aws_lambda_event_source_mapping",
        {
            "event_source_arn": "${aws_kinesis_stream.it.arn}",
            "function_name": FUNCTION,
            "starting_position": "TRIM_HORIZON",
            "filter_criteria": criteria(1),
        },
        [
            {
                "batch_size": 7,
                "maximum_batching_window_in_seconds": 1,
                "maximum_retry_attempts": 3,
                "metrics_config": {"metrics": ["EventCount"]},
                "filter_criteria": criteria(2),
            },
            {
                "tumbling_window_in_seconds": 30,
                "maximum_record_age_in_seconds": 3600,
                "bisect_batch_on_function_error": True,
                "destination_config": {"on_failure": {"destination_arn": "${aws_sqs_queue.second.arn}"}},
                "tags": {"stage": "test"},
            },
            {
                "function_response_types": ["ReportBatchItemFailures"],
                "tumbling_window_in_seconds": None,
                "parallelization_factor": 2,
                "kms_key_arn": "${aws_kms_key.second.arn}",
                "enabled": False,
            },
            {
                "filter_criteria": None,
                "kms_key_arn": None,
                "function_response_types": None,
                "metrics_config": None,
                "tags": None,
                "enabled": True,
                "maximum_batching_window_in_seconds": None,
            },
        ],
        import_id="{uuid}",
    ),
    Subject(
        "aws_lambda_event_source_mapping",
        {
            "event_source_arn": "${aws_kinesis_stream_consumer.it.arn}",
            "function_name": "${aws_lambda_function.consumer.arn}",
            "starting_position": "LATEST",
        },
        [{"batch_size": 7}, {"function_name": "${aws_lambda_function.versioned.arn}"}],
        import_id="{uuid}",
        label="consumer",
    ),
    Subject(
        "aws_lambda_event_source_mapping",
        {"event_source_arn": "${aws_sqs_queue.second.arn}", "function_name": FUNCTION},
        [
            {"batch_size": 5, "maximum_batching_window_in_seconds": 1},
            {"scaling_config": {"maximum_concurrency": 5}, "function_response_types": ["ReportBatchItemFailures"]},
            {"filter_criteria": criteria(1), "enabled": False},
            {"filter_criteria": None, "scaling_config": None, "enabled": True},
        ],
        import_id="{uuid}",
        label="queue",
    ),
]
