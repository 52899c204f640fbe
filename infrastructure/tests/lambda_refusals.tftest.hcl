# Module lambda: it refuses wrong values before anything is created.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "store_sales_test"
  package_type = "Zip"
  zip_path     = "tests/fixtures/empty.zip"
  environment  = {}

  source_stream_arn        = "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-test"
  output_stream_arn        = "arn:aws:kinesis:ap-south-1:123456789012:stream/sales-predictions-test"
  model_bucket_arn         = "arn:aws:s3:::store-sales-models-test"
  failed_events_bucket_arn = "arn:aws:s3:::store-sales-failed-events-test"

  event_source_enabled       = true
  batch_size                 = 100
  batching_window_seconds    = 0
  maximum_retry_attempts     = 3
  maximum_record_age_seconds = 3600
  bisect_batch_on_error      = true
  parallelization_factor     = 1
  event_count_metrics        = true
}

run "image_without_uri" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    package_type = "Image"
  }

  expect_failures = [aws_lambda_function.this]
}

run "zip_without_path" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    zip_path = null
  }

  expect_failures = [aws_lambda_function.this]
}

run "zip_that_does_not_exist" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    zip_path = "tests/fixtures/no-such.zip"
  }

  expect_failures = [aws_lambda_function.this]
}

run "wrong_values" {
  command = plan

  module {
    source = "./modules/lambda"
  }

  variables {
    name                       = "store sales"
    package_type               = "zip"
    architecture               = "amd64"
    memory_size_mb             = 64
    timeout_seconds            = 901
    log_retention_in_days      = 2
    batch_size                 = 10001
    batching_window_seconds    = 301
    maximum_retry_attempts     = -1
    maximum_record_age_seconds = -1
    parallelization_factor     = 11
  }

  expect_failures = [
    var.name,
    var.package_type,
    var.architecture,
    var.memory_size_mb,
    var.timeout_seconds,
    var.log_retention_in_days,
    var.batch_size,
    var.batching_window_seconds,
    var.maximum_retry_attempts,
    var.maximum_record_age_seconds,
    var.parallelization_factor,
  ]
}
