"""Functions, and what belongs to one."""

from __future__ import annotations

from benchmarks.fidelity.resources.subject import Arguments, Subject

ROLE = "${aws_iam_role.it.arn}"
FIRST, SECOND = (
    {"filename": name, "source_code_hash": f'${{filebase64sha256("{name}")}}'} for name in ("1.zip", "2.zip")
)
CODE = "the API returns no code"
UNREAD = {"filename": CODE, "source_code_hash": CODE, "publish": "an argument of updates"}
FUNCTION = {"runtime": "python3.13", "handler": "app.handler", "role": ROLE}
VERSIONED = "${aws_lambda_function.versioned.function_name}"
ALIAS = "${aws_lambda_alias.it.name}"


def _function(label: str, more: Arguments, rounds: list[Arguments]) -> Subject:
    arguments = {"function_name": f"life-{label}", **FUNCTION, **FIRST, **more}
    return Subject("aws_lambda_function", arguments, rounds, "{function_name}", label, unread=UNREAD)


SUBJECTS = [
    _function(
        "it",
        {"environment": {"variables": {"LEVEL": "1"}}},
        [
            {
                "memory_size": 256,
                "timeout": 10,
                "description": "changed",
                "environment": {"variables": {"LEVEL": "2", "MODE": "3"}},
            },
            {**SECOND, "handler": "app.other", "reserved_concurrent_executions": 5, "tags": {"stage": "test"}},
            {
                "ephemeral_storage": {"size": 1024},
                "tracing_config": {"mode": "Active"},
                "dead_letter_config": {"target_arn": "${aws_sqs_queue.second.arn}"},
                "layers": ["${aws_lambda_layer_version.it.arn}"],
                "kms_key_arn": "${aws_kms_key.second.arn}",
                "logging_config": {
                    "log_format": "JSON",
                    "application_log_level": "WARN",
                    "system_log_level": "INFO",
                    "log_group": "${aws_cloudwatch_log_group.it.name}",
                },
            },
            {
                # Not `environment`: as recorded on AWS, an empty one comes back, and the provider removes it again.
                "layers": None,
                "dead_letter_config": None,
                "kms_key_arn": None,
                "description": None,
                "tags": None,
                "reserved_concurrent_executions": None,
                "runtime": "python3.12",
                "tracing_config": {"mode": "PassThrough"},
            },
        ],
    ),
    _function("versioned", {"publish": True}, [SECOND]),
    _function("consumer", {}, []),
    Subject(
        "aws_lambda_alias",
        {"name": "live", "function_name": VERSIONED, "function_version": "1"},
        [
            {"description": "serves"},
            {"function_version": "2"},
            {"routing_config": {"additional_version_weights": {"1": 0.25}}},
            {"routing_config": None},
        ],
        import_id="{function_name}/{name}",
    ),
    Subject(
        "aws_lambda_layer_version",
        {
            "layer_name": "life",
            "filename": "1.zip",
            "compatible_runtimes": ["python3.12", "python3.13"],
            "description": "packages",
            "license_info": "Apache-2.0",
        },
        import_id="{arn}",
        unread={"filename": CODE},
    ),
    Subject(
        "aws_lambda_function_url",
        {"function_name": VERSIONED, "authorization_type": "NONE"},
        [
            {"authorization_type": "AWS_IAM"},
            {"cors": {"allow_origins": ["https://example.com"], "allow_methods": ["GET"], "max_age": 60}},
            {"invoke_mode": "RESPONSE_STREAM"},
            {"cors": None},
        ],
    ),
    Subject(
        "aws_lambda_function_event_invoke_config",
        {"function_name": VERSIONED, "maximum_retry_attempts": 1},
        [
            {"maximum_retry_attempts": 0},
            {"maximum_event_age_in_seconds": 120},
            {"destination_config": {"on_failure": {"destination": "${aws_sqs_queue.second.arn}"}}},
            {"destination_config": {"on_success": {"destination": "${aws_sns_topic.it.arn}"}}},
        ],
    ),
    Subject(
        "aws_lambda_provisioned_concurrency_config",
        {"function_name": VERSIONED, "qualifier": ALIAS, "provisioned_concurrent_executions": 1},
        [{"provisioned_concurrent_executions": 2}],
        unread={"skip_destroy": "an argument of the deletion"},
    ),
    Subject(
        "aws_lambda_permission",
        {
            "statement_id": "bucket",
            "action": "lambda:InvokeFunction",
            "function_name": VERSIONED,
            "principal": "s3.amazonaws.com",
            "source_arn": "${aws_s3_bucket.it.arn}",
            "source_account": "000000000000",
        },
        import_id="{function_name}/{statement_id}",
    ),
    *(
        Subject(
            "aws_lambda_permission",
            {
                "statement_id": service,
                "action": "lambda:InvokeFunction",
                "function_name": VERSIONED,
                "principal": f"{service}.amazonaws.com",
            },
            import_id="{function_name}/{statement_id}",
            label=service,
        )
        for service in ("logs", "sns", "events")
    ),
    Subject(
        "aws_lambda_permission",
        {
            "statement_id": "alias",
            "action": "lambda:InvokeFunction",
            "function_name": VERSIONED,
            "qualifier": ALIAS,
            "principal": "events.amazonaws.com",
        },
        import_id="{function_name}:{qualifier}/{statement_id}",
        label="alias",
    ),
    Subject(
        "aws_lambda_function_recursion_config",
        {"function_name": VERSIONED, "recursive_loop": "Terminate"},
        [{"recursive_loop": "Allow"}],
        import_id="{function_name}",
    ),
]
