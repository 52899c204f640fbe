# Root: the stage's key encrypts everything that is stored, and exists only if enabled.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project_id          = "stg"
  lambda_package_type = "Image"
  image_uri           = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_stg:v1"
  run_id              = "0123456789abcdef0123456789abcdef"
}

run "off_by_default" {
  assert {
    condition     = length(module.kms) == 0 && output.kms_key_arn == ""
    error_message = "A key is created although none is enabled."
  }

  assert {
    condition = alltrue([
      for key in [
        module.source_stream.settings.kms_key_arn,
        module.output_stream.settings.kms_key_arn,
        module.model_bucket.settings.kms_key_arn,
        module.failed_events_bucket.settings.kms_key_arn,
        module.lambda.settings.log_kms_key_arn,
        module.ecr[0].kms_key_arn,
      ] : key == null
    ])
    error_message = "Something is encrypted with a key although there is none."
  }
}

# As an upgrade of an existing stack: Terraform changes what the run above created.
run "on" {
  variables {
    kms_enabled              = true
    kms_deletion_window_days = 7
  }

  assert {
    condition     = output.kms_key_arn == "arn:aws:kms:ap-south-1:123456789012:key/mocked"
    error_message = "Output kms_key_arn is not the key's."
  }

  assert {
    condition     = jsonencode(module.kms[0].settings) == jsonencode({ deletion_window_days = 7, rotated = true })
    error_message = "A setting does not reach the key: ${jsonencode(module.kms[0].settings)}"
  }

  assert {
    condition     = module.kms[0].alias == "alias/store-sales-stg"
    error_message = "The key is not named after the stage."
  }

  assert {
    condition = alltrue([
      for key in [
        module.source_stream.settings.kms_key_arn,
        module.output_stream.settings.kms_key_arn,
        module.model_bucket.settings.kms_key_arn,
        module.failed_events_bucket.settings.kms_key_arn,
        module.lambda.settings.log_kms_key_arn,
      ] : key == output.kms_key_arn
    ])
    error_message = "Not everything is encrypted with the stage's key."
  }

  # AWS generates it when it creates the mapping.
  assert {
    condition     = output.event_source_mapping_id == run.off_by_default.event_source_mapping_id
    error_message = "The key replaced the mapping, which lost its place in the stream."
  }
}

run "refuses_a_window_kms_does_not_have" {
  command = plan

  variables {
    kms_deletion_window_days = 31
  }

  expect_failures = [var.kms_deletion_window_days]
}

run "refuses_too_little_concurrency" {
  command = plan

  variables {
    shard_count                 = 3
    parallelization_factor      = 2
    lambda_reserved_concurrency = 5
  }

  expect_failures = [var.lambda_reserved_concurrency]
}
