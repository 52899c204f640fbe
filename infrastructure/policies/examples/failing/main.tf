# Each block fails exactly the check it is named after. scripts/tests/setup/test_policies.py runs checkov on them.

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_RETRIES_endless" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = -1
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_RETRIES_by_default" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_AGE_endless" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = -1
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_AGE_by_default" {
  event_source_arn        = aws_kinesis_stream.events.arn
  function_name           = aws_lambda_alias.live.arn
  starting_position       = "TRIM_HORIZON"
  maximum_retry_attempts  = 3
  function_response_types = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

variable "retries" {
  type = number
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_RETRIES_any_number" {
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

variable "age_seconds" {
  type = number

  validation {
    condition     = var.age_seconds >= -1 && var.age_seconds <= 604800
    error_message = "age_seconds must be from -1 to 604800."
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FINITE_AGE_validated_to_be_endless" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = var.age_seconds
  function_response_types       = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_FAILURE_DESTINATION_missing" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = 3600
  function_response_types       = ["ReportBatchItemFailures"]
}

resource "aws_lambda_event_source_mapping" "PIPELINE_ITEM_FAILURES_missing" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_alias.live.arn
  starting_position             = "TRIM_HORIZON"
  maximum_retry_attempts        = 3
  maximum_record_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
}

resource "aws_lambda_event_source_mapping" "PIPELINE_LATEST_WITH_REASON_none" {
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

resource "aws_lambda_event_source_mapping" "PIPELINE_ALIAS_function" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = aws_lambda_function.this.arn
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

resource "aws_lambda_event_source_mapping" "PIPELINE_ALIAS_version" {
  event_source_arn              = aws_kinesis_stream.events.arn
  function_name                 = "arn:aws:lambda:ap-south-1:123456789012:function:store_sales:3"
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

data "aws_iam_policy_document" "PIPELINE_ACTIONS_NAMED_prefix" {
  statement {
    actions   = ["kinesis:Get*"]
    resources = ["arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events"]
  }
}

resource "aws_iam_role_policy" "PIPELINE_ACTIONS_NAMED_json" {
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "kinesis:Get*", Resource = "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events" }]
  })
}

data "aws_iam_policy_document" "PIPELINE_RESOURCES_NAMED_all" {
  statement {
    actions   = ["kinesis:ListShards"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "PIPELINE_RESOURCES_NAMED_type" {
  statement {
    actions   = ["kinesis:ListShards"]
    resources = ["arn:aws:kinesis:ap-south-1:123456789012:stream/*"]
  }
}

resource "aws_iam_role_policy" "PIPELINE_RESOURCES_NAMED_json" {
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "kinesis:ListShards", Resource = "*" }]
  })
}
