# Module lambda: function and event source mapping. What its role may do is in lambda_policies.tftest.hcl.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "store_sales_test"
  package_type = "Zip"
  zip_path     = "tests/fixtures/empty.zip"
  environment  = { MODEL_BUCKET = "store-sales-models-test" }

  source_stream_arn        = "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-test"
  output_stream_arn        = "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-predictions-test"
  model_bucket_arn         = "arn:aws:s3:::store-sales-models-test"
  failed_events_bucket_arn = "arn:aws:s3:::store-sales-failed-events-test"

  event_source_enabled       = true
  batch_size                 = 150
  batching_window_seconds    = 1
  maximum_retry_attempts     = 4
  maximum_record_age_seconds = 3600
  bisect_batch_on_error      = true
  parallelization_factor     = 2
  event_count_metrics        = true
}

run "zip_function" {
  module {
    source = "./modules/lambda"
  }

  assert {
    condition     = aws_lambda_function.this.function_name == "store_sales_test" && output.name == "store_sales_test"
    error_message = "The function has the wrong name."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.package_type == "Zip",
      aws_lambda_function.this.filename == "tests/fixtures/empty.zip",
      aws_lambda_function.this.source_code_hash == filebase64sha256("tests/fixtures/empty.zip"),
      aws_lambda_function.this.runtime == "python3.13",
      aws_lambda_function.this.handler == "store_sales.handler.lambda_handler",
      output.image_uri == "",
    ])
    error_message = "A Zip function needs file, hash, runtime and handler, and no image."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.timeout == 180,
      aws_lambda_function.this.memory_size == 1024,
      aws_lambda_function.this.architectures == tolist(["x86_64"]),
      aws_lambda_function.this.tracing_config[0].mode == "Active",
    ])
    error_message = "Timeout, memory, architecture or tracing are not the documented defaults."
  }

  assert {
    condition     = output.environment == tomap({ MODEL_BUCKET = "store-sales-models-test" })
    error_message = "The environment does not reach the function."
  }

  assert {
    condition     = aws_lambda_function.this.role == aws_iam_role.this.arn && output.arn == aws_lambda_function.this.arn
    error_message = "The function does not run as the module's role."
  }

  assert {
    condition = alltrue([
      aws_cloudwatch_log_group.this.name == "/aws/lambda/store_sales_test",
      aws_cloudwatch_log_group.this.retention_in_days == 30,
      output.log_group_name == "/aws/lambda/store_sales_test",
    ])
    error_message = "The log group must be the one Lambda writes to, and must have a retention."
  }

  assert {
    condition = alltrue([
      for policy in [aws_iam_role_policy.pipeline, aws_iam_role_policy.telemetry] : policy.role == output.role_name
    ]) && output.role_name == "store_sales_test_lambda"
    error_message = "A policy is not on the function's role."
  }
}

run "event_source" {
  module {
    source = "./modules/lambda"
  }

  assert {
    condition = alltrue([
      aws_lambda_event_source_mapping.this.event_source_arn == var.source_stream_arn,
      aws_lambda_event_source_mapping.this.function_name == aws_lambda_alias.live.arn,
      aws_lambda_event_source_mapping.this.enabled,
      output.event_source_mapping_id == aws_lambda_event_source_mapping.this.uuid,
    ])
    error_message = "The mapping does not lead from the source stream to the alias."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.starting_position == "TRIM_HORIZON"
    error_message = "Events that arrived before the mapping would be skipped."
  }

  assert {
    condition = alltrue([
      aws_lambda_event_source_mapping.this.batch_size == 150,
      aws_lambda_event_source_mapping.this.maximum_batching_window_in_seconds == 1,
      aws_lambda_event_source_mapping.this.parallelization_factor == 2,
      aws_lambda_event_source_mapping.this.tumbling_window_in_seconds == 0,
    ])
    error_message = "Batch size, window, parallelization or tumbling window are wrong."
  }

  assert {
    condition = alltrue([
      aws_lambda_event_source_mapping.this.maximum_retry_attempts == 4,
      aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds == 3600,
      aws_lambda_event_source_mapping.this.bisect_batch_on_function_error,
    ])
    error_message = "Retries, age or bisect are wrong."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Without ReportBatchItemFailures one failed record repeats its whole batch."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this.destination_config[0].on_failure[0].destination_arn == var.failed_events_bucket_arn
    )
    error_message = "Failed batches do not go to the failed-events bucket."
  }
}

run "published_version_is_live" {
  module {
    source = "./modules/lambda"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.publish,
      aws_lambda_alias.live.name == "live",
      aws_lambda_alias.live.function_name == "store_sales_test",
      aws_lambda_alias.live.function_version == "7",
      output.function_version == "7",
      output.live_version == "7",
      output.live_alias_arn == aws_lambda_alias.live.arn,
    ])
    error_message = "The alias does not point at the version just published."
  }
}

run "pinned_version_is_live" {
  module {
    source = "./modules/lambda"
  }

  variables {
    live_version = "3"
  }

  assert {
    condition = alltrue([
      aws_lambda_alias.live.function_version == "3",
      output.function_version == "7",
      output.live_version == "3",
    ])
    error_message = "A rollback must move the alias and leave the function as it is."
  }

  assert {
    condition = alltrue([
      data.aws_lambda_function.pinned[0].function_name == "store_sales_test",
      data.aws_lambda_function.pinned[0].qualifier == "3",
    ])
    error_message = "The plan does not check that the pinned version exists."
  }
}

run "disabled_event_source" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    event_source_enabled   = false
    maximum_retry_attempts = 0
    bisect_batch_on_error  = false
  }

  assert {
    condition = alltrue([
      aws_lambda_event_source_mapping.this.enabled == false,
      aws_lambda_event_source_mapping.this.maximum_retry_attempts == 0,
      aws_lambda_event_source_mapping.this.bisect_batch_on_function_error == false,
    ])
    error_message = "false and 0 must reach the mapping unchanged."
  }
}

run "image_function" {
  module {
    source = "./modules/lambda"
  }

  variables {
    package_type = "Image"
    zip_path     = null
    image_uri    = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_test:v1"
    architecture = "arm64"
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.package_type == "Image",
      aws_lambda_function.this.image_uri == var.image_uri,
      output.image_uri == var.image_uri,
      aws_lambda_function.this.architectures == tolist(["arm64"]),
    ])
    error_message = "The function does not run the image it was given."
  }

  assert {
    condition = alltrue([
      aws_lambda_function.this.filename == null,
      aws_lambda_function.this.handler == null,
      aws_lambda_function.this.runtime == null,
    ])
    error_message = "AWS refuses handler, runtime and file for an image."
  }
}

run "encrypted_logs_and_reserved_concurrency" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    kms_key_arn          = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    reserved_concurrency = 5
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log group is not encrypted with the key."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 5
    error_message = "The concurrency does not reach the function."
  }
}

run "neither_by_default" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == null && aws_lambda_function.this.reserved_concurrent_executions == null
    error_message = "By default there may be neither a key nor reserved concurrency."
  }
}

run "a_concurrency_of_0_is_refused" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}
