"""Streams, their consumers and policies."""

from __future__ import annotations

from benchmarks.fidelity.resources.subject import Subject, allow, document

ACCOUNT = "arn:aws:iam::000000000000:root"
ARN = "${aws_kinesis_stream.it.arn}"

SUBJECTS = [
    Subject(
        "aws_kinesis_stream",
        {"name": "life", "shard_count": 1, "enforce_consumer_deletion": True},
        [
            {"retention_period": 48, "shard_level_metrics": ["IncomingBytes", "OutgoingBytes"]},
            {"shard_count": 2, "tags": {"stage": "test"}, "shard_level_metrics": ["IncomingBytes"]},
            {"encryption_type": "KMS", "kms_key_id": "alias/aws/kinesis", "retention_period": 24},
            {"stream_mode_details": {"stream_mode": "ON_DEMAND"}, "shard_count": None, "tags": None},
        ],
        import_id="{name}",
        unread={"enforce_consumer_deletion": "an argument of the deletion"},
    ),
    Subject("aws_kinesis_stream_consumer", {"name": "life", "stream_arn": ARN}, import_id="{arn}"),
    Subject(
        "aws_kinesis_resource_policy",
        {"resource_arn": ARN, "policy": document(allow("kinesis:PutRecord", ARN, AWS=ACCOUNT))},
        [{}, {"policy": document(allow("kinesis:PutRecords", ARN, AWS=ACCOUNT))}],
        import_id="{resource_arn}",
    ),
]
