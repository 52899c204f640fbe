"""The addresses of a stage's parts, the ways to use them, and trials that are limited to less than a part."""

from __future__ import annotations

BUCKET, FUNCTION, STREAM = "module.model_bucket", "module.lambda", "module.source_stream"
MONITORING, REPOSITORY = "module.monitoring[0]", "module.ecr"

CREATE, PUBLISH, LOOK, SMOKE, CHANGE, DESTROY = "create", "publish the model", "plan", "smoke test", "change", "destroy"
INIT, CHECK, LOG_IN = "init", "check of the state bucket", "log in"

# The targets of a way, if the whole part would do more than the trial needs.
NARROWER: dict[tuple[str, str], tuple[str, ...]] = {
    (CREATE, "s3:CreateBucket"): (f"{BUCKET}.aws_s3_bucket.this",),
    (CREATE, "s3:PutBucketTagging"): (f"{BUCKET}.aws_s3_bucket.this",),
    (CREATE, "s3:PutBucketVersioning"): (f"{BUCKET}.aws_s3_bucket_versioning.this",),
    (CREATE, "s3:PutBucketPolicy"): (f"{BUCKET}.aws_s3_bucket_policy.this",),
    (CREATE, "s3:PutEncryptionConfiguration"): (f"{BUCKET}.aws_s3_bucket_server_side_encryption_configuration.this",),
    (CREATE, "s3:PutBucketOwnershipControls"): (f"{BUCKET}.aws_s3_bucket_ownership_controls.this",),
    (CREATE, "s3:PutBucketPublicAccessBlock"): (f"{BUCKET}.aws_s3_bucket_public_access_block.this",),
    (CREATE, "logs:CreateLogGroup"): (f"{FUNCTION}.aws_cloudwatch_log_group.this",),
    (CREATE, "logs:TagResource"): (f"{FUNCTION}.aws_cloudwatch_log_group.this",),
    (CREATE, "logs:PutRetentionPolicy"): (f"{FUNCTION}.aws_cloudwatch_log_group.this",),
    (CREATE, "iam:CreateRole"): (f"{FUNCTION}.aws_iam_role.this",),
    (CREATE, "iam:PutRolePolicy"): (f"{FUNCTION}.aws_iam_role_policy.telemetry",),
    (CREATE, "iam:PassRole"): (f"{FUNCTION}.aws_lambda_function.this",),
    (CREATE, "lambda:CreateFunction"): (f"{FUNCTION}.aws_lambda_function.this",),
    (CREATE, "lambda:PutFunctionConcurrency"): (f"{FUNCTION}.aws_lambda_function.this",),
    (CREATE, "ecr:CreateRepository"): (f"{REPOSITORY}[0].aws_ecr_repository.this",),
    (CREATE, "ecr:TagResource"): (f"{REPOSITORY}[0].aws_ecr_repository.this",),
    (CREATE, "ecr:SetRepositoryPolicy"): (f"{REPOSITORY}[0].aws_ecr_repository_policy.this",),
    (CREATE, "ecr:PutLifecyclePolicy"): (f"{REPOSITORY}[0].aws_ecr_lifecycle_policy.this",),
    (CREATE, "lambda:CreateEventSourceMapping"): (f"{FUNCTION}.aws_lambda_event_source_mapping.this",),
    (CREATE, "logs:PutMetricFilter"): (f"{MONITORING}.aws_cloudwatch_log_metric_filter.invalid_events",),
    (CREATE, "cloudwatch:PutMetricAlarm"): (f"{MONITORING}.aws_cloudwatch_metric_alarm.stalled",),
    (CREATE, "cloudwatch:PutDashboard"): (f"{MONITORING}.aws_cloudwatch_dashboard.this",),
    (DESTROY, "s3:DeleteBucketPolicy"): (f"{BUCKET}.aws_s3_bucket_policy.this",),
    (DESTROY, "lambda:DeleteFunction"): (f"{FUNCTION}.aws_lambda_function.this",),
    (DESTROY, "iam:DeleteRolePolicy"): (f"{FUNCTION}.aws_iam_role_policy.telemetry",),
    (DESTROY, "iam:ListInstanceProfilesForRole"): (f"{FUNCTION}.aws_iam_role.this",),
    (DESTROY, "iam:DeleteRole"): (f"{FUNCTION}.aws_iam_role.this",),
    (DESTROY, "logs:DeleteLogGroup"): (f"{FUNCTION}.aws_cloudwatch_log_group.this",),
    (DESTROY, "ecr:DeleteLifecyclePolicy"): (f"{REPOSITORY}[0].aws_ecr_lifecycle_policy.this",),
    (DESTROY, "ecr:DeleteRepositoryPolicy"): (f"{REPOSITORY}[0].aws_ecr_repository_policy.this",),
    (DESTROY, "cloudwatch:DeleteAlarms"): (f"{MONITORING}.aws_cloudwatch_metric_alarm.stalled",),
    (DESTROY, "cloudwatch:DeleteDashboards"): (f"{MONITORING}.aws_cloudwatch_dashboard.this",),
    (DESTROY, "logs:DeleteMetricFilter"): (f"{MONITORING}.aws_cloudwatch_log_metric_filter.invalid_events",),
    (DESTROY, "lambda:DeleteEventSourceMapping"): (f"{FUNCTION}.aws_lambda_event_source_mapping.this",),
    **{
        (CHANGE, f"iam:{name}"): (f"{FUNCTION}.aws_iam_role.this",)
        for name in ("UntagRole", "TagRole", "UpdateAssumeRolePolicy", "UpdateRoleDescription")
    },
    (CHANGE, "logs:UntagResource"): (f"{FUNCTION}.aws_cloudwatch_log_group.this",),
    (CHANGE, "cloudwatch:UntagResource"): (f"{MONITORING}.aws_cloudwatch_metric_alarm.stalled",),
    (CHANGE, "cloudwatch:TagResource"): (f"{MONITORING}.aws_cloudwatch_metric_alarm.stalled",),
}
