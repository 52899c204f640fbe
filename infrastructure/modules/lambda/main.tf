locals {
  is_image = var.package_type == "Image"
}

# Created here and not by Lambda at the first invocation, so that it has a retention and `terraform destroy` removes it.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:a mapping invokes synchronously, and then Lambda never uses a dead-letter queue; the failure destination keeps what fails
  # checkov:skip=CKV_AWS_117:the function only calls AWS's public endpoints, and accepts no connections
  # checkov:skip=CKV_AWS_173:the variables hold names of streams and buckets, no secrets
  # checkov:skip=CKV_AWS_272:code signing is for Zips; stages run images by digest from their own repository
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.telemetry]

  function_name = var.name
  description   = "Predicts store sales for events from Kinesis."
  role          = aws_iam_role.this.arn
  package_type  = var.package_type
  architectures = [var.architecture]
  memory_size   = var.memory_size_mb
  timeout       = var.timeout_seconds

  reserved_concurrent_executions = var.reserved_concurrency

  # Every change of code or configuration publishes a version, for the alias to point at.
  publish = true

  image_uri = local.is_image ? var.image_uri : null

  filename         = local.is_image ? null : var.zip_path
  source_code_hash = local.is_image ? null : try(filebase64sha256(var.zip_path), null)
  runtime          = local.is_image ? null : var.runtime
  handler          = local.is_image ? null : var.handler

  environment {
    variables = var.environment
  }

  tracing_config {
    mode = "Active"
  }

  # Conditions of the resource, not of the variables: they hold for plan and apply, but do not block `terraform destroy`
  # or `terraform apply -target=module.ecr`, which creates the repository.
  lifecycle {
    precondition {
      condition     = !local.is_image || var.image_uri != null
      error_message = "There is no image to deploy. Set image_uri to an image in ECR, or package_type to \"Zip\"."
    }

    precondition {
      condition     = local.is_image || try(fileexists(var.zip_path), false)
      error_message = "The function's Zip ${var.zip_path == null ? "is not set" : "${var.zip_path} does not exist"}. Build it and set lambda_zip_path to its path, or set lambda_package_type to \"Image\"."
    }
  }
}

# The event source mapping invokes this alias. A deployment publishes a version and points the alias at it; a rollback
# points it at an earlier version. Neither touches the mapping: a new mapping would lose its place in the stream.
resource "aws_lambda_alias" "live" {
  depends_on = [data.aws_lambda_function.pinned]

  name             = "live"
  description      = "The version that answers the events."
  function_name    = aws_lambda_function.this.function_name
  function_version = coalesce(var.live_version, aws_lambda_function.this.version)
}

# Makes the plan fail if the version does not exist. It names the function instead of referring to the resource:
# Terraform puts off reading what depends on a resource that changes.
data "aws_lambda_function" "pinned" {
  count = var.live_version == null ? 0 : 1

  function_name = var.name
  qualifier     = var.live_version
}

resource "aws_lambda_event_source_mapping" "this" {
  # Lambda checks the role's permissions on stream and bucket when it creates the mapping, and uses them until it is
  # deleted. The dependency gives both orders: created after the policy, destroyed before it.
  depends_on = [aws_iam_role_policy.pipeline]

  event_source_arn = var.source_stream_arn
  function_name    = aws_lambda_alias.live.arn
  enabled          = var.event_source_enabled

  # Starts at the oldest record: events that arrived before the mapping existed are predicted too.
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batching_window_seconds
  parallelization_factor             = var.parallelization_factor
  tumbling_window_in_seconds         = 0

  # With AWS's defaults a failing batch is retried, and blocks its shard, until its records expire.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = var.bisect_batch_on_error
  maximum_retry_attempts         = var.maximum_retry_attempts
  maximum_record_age_in_seconds  = var.maximum_record_age_seconds

  # The only metric that counts discarded events: a batch that fails without a crash is no error of the function.
  dynamic "metrics_config" {
    for_each = var.event_count_metrics ? [1] : []

    content {
      metrics = ["EventCount"]
    }
  }

  destination_config {
    on_failure {
      # S3 keeps the whole batch. SQS and SNS would only get a pointer into the stream, which expires with its retention.
      destination_arn = var.failed_events_bucket_arn
    }
  }
}
