"""Queues and topics."""

from __future__ import annotations

import json

from benchmarks.fidelity.resources.subject import Subject, allow, document

TOPIC, QUEUE = "${aws_sns_topic.it.arn}", "${aws_sqs_queue.second.arn}"
ANY = {"AWS": "*"}
REDRIVE = f"${{jsonencode({{deadLetterTargetArn = {QUEUE[2:-1]}, maxReceiveCount = 3}})}}"

SUBJECTS = [
    Subject(
        "aws_sqs_queue",
        {"name": "life", "tags": {"stage": "test"}, "redrive_policy": REDRIVE},
        [
            # One round: the provider waits half a minute for each change.
            {
                "visibility_timeout_seconds": 45,
                "message_retention_seconds": 3600,
                "delay_seconds": 1,
                "receive_wait_time_seconds": 2,
                "max_message_size": 2048,
                "kms_master_key_id": "alias/aws/sqs",
                "kms_data_key_reuse_period_seconds": 600,
                "redrive_policy": None,
                "tags": None,
            },
        ],
        import_id="{url}",
    ),
    Subject(
        "aws_sqs_queue", {"name": "life-second", "visibility_timeout_seconds": 60}, import_id="{url}", label="second"
    ),
    Subject(
        "aws_sqs_queue_policy",
        {"queue_url": "${aws_sqs_queue.second.url}", "policy": document(allow("sqs:SendMessage", QUEUE, **ANY))},
        [{}, {"policy": document(allow("sqs:*", QUEUE, **ANY))}],
        import_id="{queue_url}",
    ),
    Subject(
        "aws_sns_topic",
        {"name": "life"},
        [
            {"display_name": "Life"},
            {"tags": {"stage": "test"}},
            {"kms_master_key_id": "alias/aws/sns"},
            {"policy": document(allow("sns:Publish", "arn:aws:sns:ap-south-1:000000000000:life", **ANY))},
        ],
        import_id="{arn}",
    ),
    Subject(
        "aws_sns_topic_subscription",
        {"topic_arn": TOPIC, "protocol": "sqs", "endpoint": QUEUE},
        [
            {"raw_message_delivery": True},
            {"filter_policy": json.dumps({"store": [7]})},
            {"filter_policy_scope": "MessageBody"},
            {"redrive_policy": json.dumps({"deadLetterTargetArn": "QUEUE"}).replace("QUEUE", QUEUE)},
        ],
        import_id="{arn}",
    ),
    Subject(
        "aws_sns_topic_subscription",
        {"topic_arn": TOPIC, "protocol": "lambda", "endpoint": "${aws_lambda_function.versioned.arn}"},
        [{"filter_policy": json.dumps({"store": [7]})}, {"filter_policy": None}],
        import_id="{arn}",
        label="function",
    ),
]
