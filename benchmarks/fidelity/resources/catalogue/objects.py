"""Buckets, their settings and objects."""

from __future__ import annotations

from typing import Any

from benchmarks.fidelity.resources.subject import Subject, allow, document

BUCKET = "${aws_s3_bucket.it.id}"
ACCOUNT = "arn:aws:iam::000000000000:root"
OBJECTS = "${aws_s3_bucket.it.arn}/*"


def lifecycle(days: int, prefix: str) -> dict[str, Any]:
    """An expiration rule."""
    return {"id": "old", "status": "Enabled", "filter": {"prefix": prefix}, "expiration": {"days": days}}


def encryption(**settings: str) -> dict[str, Any]:
    """A rule of the default encryption."""
    return {"apply_server_side_encryption_by_default": settings}


PUBLIC = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
TO_FUNCTION = {"lambda_function_arn": "${aws_lambda_function.versioned.arn}", "events": ["s3:ObjectCreated:*"]}
TO_QUEUE = {"queue_arn": "${aws_sqs_queue.second.arn}", "events": ["s3:ObjectRemoved:*"]}

SUBJECTS = [
    Subject(
        "aws_s3_bucket",
        {"bucket": "life-objects", "force_destroy": True},
        [{"tags": {"stage": "test"}}, {"force_destroy": False}, {"tags": None, "force_destroy": True}],
        import_id="{bucket}",
        unread={"force_destroy": "an argument of the deletion"},
    ),
    Subject(
        "aws_s3_bucket_versioning",
        {"bucket": BUCKET, "versioning_configuration": {"status": "Enabled"}},
        [{"versioning_configuration": {"status": "Suspended"}}],
    ),
    Subject(
        "aws_s3_bucket_ownership_controls",
        {"bucket": BUCKET, "rule": {"object_ownership": "BucketOwnerEnforced"}},
        [{"rule": {"object_ownership": "BucketOwnerPreferred"}}],
    ),
    Subject(
        "aws_s3_bucket_public_access_block",
        {"bucket": BUCKET, **dict.fromkeys(PUBLIC, True)},
        [{PUBLIC[0]: False}, {PUBLIC[1]: False}, {PUBLIC[2]: False}, {PUBLIC[3]: False}],
    ),
    Subject(
        "aws_s3_bucket_server_side_encryption_configuration",
        {"bucket": BUCKET, "rule": encryption(sse_algorithm="AES256")},
        [
            {"rule": encryption(sse_algorithm="aws:kms", kms_master_key_id="${aws_kms_key.second.arn}")},
            {"rule": encryption(sse_algorithm="AES256") | {"bucket_key_enabled": True}},
        ],
    ),
    Subject(
        "aws_s3_bucket_lifecycle_configuration",
        {"bucket": BUCKET, "rule": [lifecycle(30, "a/")]},
        [
            # One round: the provider waits a minute for each change.
            {
                "rule": [
                    lifecycle(60, "b/")
                    | {
                        "noncurrent_version_expiration": {"noncurrent_days": 5},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": 2},
                    }
                ]
            },
        ],
    ),
    Subject(
        "aws_s3_bucket_policy",
        {"bucket": BUCKET, "policy": document(allow("s3:GetObject", OBJECTS, AWS=ACCOUNT))},
        [{}, {"policy": document(allow("s3:PutObject", OBJECTS, AWS=ACCOUNT))}],
    ),
    Subject(
        "aws_s3_bucket_cors_configuration",
        {"bucket": BUCKET, "cors_rule": {"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"]}},
        [{"cors_rule": {"allowed_methods": ["GET", "PUT"], "allowed_origins": ["*"], "max_age_seconds": 60}}],
    ),
    Subject(
        "aws_s3_bucket_notification",
        {
            "bucket": BUCKET,
            "lambda_function": [TO_FUNCTION],
            "depends_on": ["aws_lambda_permission.it", "aws_sqs_queue_policy.it"],
        },
        [
            {"lambda_function": [TO_FUNCTION | {"filter_prefix": "in/", "filter_suffix": ".json"}]},
            {"queue": [TO_QUEUE]},
            {"eventbridge": True},
            {"lambda_function": None},
        ],
    ),
    Subject(
        "aws_s3_object",
        {"bucket": BUCKET, "key": "one.txt", "content": "one"},
        [{"content": "two"}, {"content_type": "text/plain"}, {"metadata": {"store": "7"}}, {"tags": {"a": "b"}}],
        import_id="{bucket}/{key}",
        unread={"content": "the provider reads no content", "force_destroy": "an argument of the deletion"},
    ),
]
