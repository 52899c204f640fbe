# Each block passes every check; skips give a reason.

resource "aws_lambda_event_source_mapping" "complete" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "alias_by_arn" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = "arn:aws:lambda:ap-south-1:123456789012:function:store_sales:live"
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 0
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

variable "retries" {
  type = number

  validation {
    condition     = var.retries >= 0 && var.retries <= 10
    error_message = "retries must be from 0 to 10."
  }
}

resource "aws_lambda_event_source_mapping" "validated" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = var.retries
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "latest" {
  # checkov:skip=PIPELINE_LATEST_WITH_REASON:only current prices matter
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "LATEST"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

data "aws_iam_policy_document" "named" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::models/*"]
  }
}

data "aws_iam_policy_document" "deny" {
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "knows_no_resource" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:X-Ray's write actions support no resources
  statement {
    actions   = ["xray:PutTraceSegments"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "json" {
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::models/*" }]
  })
}
