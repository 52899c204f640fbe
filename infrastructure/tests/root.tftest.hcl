# Root: names, counts and how the modules are connected.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project_id          = "stg"
  lambda_package_type = "Zip"
  lambda_zip_path     = "tests/fixtures/empty.zip"
  run_id              = "0123456789abcdef0123456789abcdef"
}

run "zip_function" {
  assert {
    condition = alltrue([
      output.source_stream_name == "sales-events-stg",
      output.predictions_stream_name == "sales-predictions-stg",
      output.model_bucket == "store-sales-models-stg",
      output.failed_events_bucket == "failed-events-stg",
    ])
    error_message = "Streams and buckets must be named <name>-<project_id>."
  }

  assert {
    condition     = output.lambda_function == "store_sales_stg" && output.log_group == "/aws/lambda/store_sales_stg"
    error_message = "The function must be named <name>_<project_id>."
  }

  assert {
    condition = alltrue([
      output.function_version == "7",
      output.live_version == "7",
      output.live_alias_arn == module.lambda.live_alias_arn,
    ])
    error_message = "By default the version just published must be live."
  }

  assert {
    condition     = output.event_source_mapping_id == module.lambda.event_source_mapping_id
    error_message = "Output event_source_mapping_id is not the mapping's."
  }

  assert {
    condition = alltrue([
      for stream in [module.source_stream, module.output_stream] : jsonencode(stream.settings) == jsonencode({
        kms_key_arn     = null
        retention_hours = 48
        shard_count     = 2
        shard_level_metrics = [
          "IncomingBytes",
          "IncomingRecords",
          "IteratorAgeMilliseconds",
          "OutgoingBytes",
          "OutgoingRecords",
          "ReadProvisionedThroughputExceeded",
          "WriteProvisionedThroughputExceeded",
        ]
        stream_mode = "PROVISIONED"
      })
    ])
    error_message = "By default streams must have 2 shards, a retention of 48 h and all shard-level metrics."
  }

  assert {
    condition = jsonencode([module.model_bucket.settings, module.failed_events_bucket.settings]) == jsonencode([
      { expiration_days = null, force_destroy = false, kms_key_arn = null, noncurrent_expiration_days = 30 },
      { expiration_days = 90, force_destroy = false, kms_key_arn = null, noncurrent_expiration_days = 30 },
    ])
    error_message = "By default models must be kept, failed events must expire, and a destroy must keep both buckets."
  }

  assert {
    condition = jsonencode(module.lambda.settings) == jsonencode({
      architecture               = "x86_64"
      batch_size                 = 100
      batching_window_seconds    = 0
      bisect_batch_on_error      = true
      event_source_enabled       = true
      log_kms_key_arn            = null
      log_retention_in_days      = 30
      maximum_record_age_seconds = 86400
      maximum_retry_attempts     = 3
      memory_size_mb             = 1024
      parallelization_factor     = 1
      reserved_concurrency       = null
      timeout_seconds            = 180
    })
    error_message = "The function's defaults are not the documented ones: ${jsonencode(module.lambda.settings)}"
  }

  assert {
    condition     = length(module.ecr) == 0 && output.ecr_repo == "" && output.ecr_repository_url == "" && output.image_uri == ""
    error_message = "A Zip function must have neither repository nor image."
  }
}

run "every_setting_reaches_its_module" {
  variables {
    lambda_environment = { LOG_LEVEL = "DEBUG" }

    shard_count            = 3
    stream_retention_hours = 72
    shard_level_metrics    = ["IncomingBytes"]

    force_destroy                 = true
    failed_events_expiration_days = 10
    noncurrent_expiration_days    = 11

    lambda_architecture    = "arm64"
    lambda_memory_size_mb  = 512
    lambda_timeout_seconds = 60
    log_retention_in_days  = 7

    lambda_reserved_concurrency = 6

    batch_size                 = 200
    batching_window_seconds    = 1
    maximum_retry_attempts     = 5
    maximum_record_age_seconds = 600
    bisect_batch_on_error      = false
    parallelization_factor     = 2
  }

  assert {
    condition = jsonencode([module.source_stream.settings, module.output_stream.settings]) == jsonencode([
      for stream in ["source", "output"] : { kms_key_arn = null, retention_hours = 72, shard_count = 3, shard_level_metrics = ["IncomingBytes"], stream_mode = "PROVISIONED" }
    ])
    error_message = "A setting does not reach the streams: ${jsonencode(module.source_stream.settings)}"
  }

  assert {
    condition = jsonencode([module.model_bucket.settings, module.failed_events_bucket.settings]) == jsonencode([
      { expiration_days = null, force_destroy = true, kms_key_arn = null, noncurrent_expiration_days = 11 },
      { expiration_days = 10, force_destroy = true, kms_key_arn = null, noncurrent_expiration_days = 11 },
    ])
    error_message = "A setting does not reach the buckets."
  }

  assert {
    condition = jsonencode(module.lambda.settings) == jsonencode({
      architecture               = "arm64"
      batch_size                 = 200
      batching_window_seconds    = 1
      bisect_batch_on_error      = false
      event_source_enabled       = true
      log_kms_key_arn            = null
      log_retention_in_days      = 7
      maximum_record_age_seconds = 600
      maximum_retry_attempts     = 5
      memory_size_mb             = 512
      parallelization_factor     = 2
      reserved_concurrency       = 6
      timeout_seconds            = 60
    })
    error_message = "A setting does not reach the function: ${jsonencode(module.lambda.settings)}"
  }

  assert {
    condition = module.lambda.environment == tomap({
      PREDICTIONS_STREAM_NAME = "sales-predictions-stg"
      MODEL_BUCKET            = "store-sales-models-stg"
      FAILED_EVENTS_BUCKET    = "failed-events-stg"
      RUN_ID                  = "0123456789abcdef0123456789abcdef"
      LOG_LEVEL               = "DEBUG"
    })
    error_message = "The function's environment is not what the service reads: ${jsonencode(module.lambda.environment)}"
  }
}

run "earlier_version" {
  variables {
    live_version = "3"
  }

  assert {
    condition     = output.live_version == "3" && output.function_version == "7"
    error_message = "live_version does not reach the alias."
  }
}

run "image_function" {
  state_key = "image"

  variables {
    lambda_package_type = "Image"
    lambda_zip_path     = null
    image_uri           = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_stg:v1"

    # These need not exist, because an existing image is not built.
    lambda_function_local_path = "tests/fixtures/image/missing"
    docker_image_local_path    = "tests/fixtures/image/missing/Dockerfile"
  }

  assert {
    condition     = module.ecr[0].image_tag == null && module.ecr[0].image_uri == null
    error_message = "With image_uri nothing may be built."
  }

  assert {
    condition     = length(module.ecr) == 1 && output.ecr_repo == "store_sales_stg"
    error_message = "An image function must have one repository, named <name>_<project_id>."
  }

  assert {
    condition     = output.ecr_repository_url == "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mocked"
    error_message = "Output ecr_repository_url is not the repository's."
  }

  assert {
    condition     = output.image_uri == "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_stg:v1"
    error_message = "The function does not run the image it was given."
  }
}

run "image_that_terraform_builds" {
  state_key = "image"

  # An apply would run the build.
  override_module {
    target  = module.ecr[0].module.build
    outputs = { image_tag = "sha-0123456789abcdef0123456789abcdef" }
  }

  variables {
    lambda_package_type        = "Image"
    lambda_zip_path            = null
    lambda_function_local_path = "tests/fixtures/image/service"
    docker_image_local_path    = "tests/fixtures/image/service/Dockerfile"
  }

  assert {
    condition     = output.image_uri == "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mocked@sha256:00000000000000000000000000000000000000000000000000000000000000ed"
    error_message = "Without image_uri the function must run the built image by digest, not ${output.image_uri}."
  }
}

run "every_setting_reaches_the_build" {
  state_key = "image"
  command   = plan

  variables {
    lambda_package_type        = "Image"
    lambda_zip_path            = null
    lambda_architecture        = "arm64"
    lambda_function_local_path = "tests/fixtures/image/other_code"
    docker_image_local_path    = "tests/fixtures/image/Dockerfile.other"
    image_build_args           = { BASE_IMAGE = "another" }
  }

  # The hash as modules/ecr/build/main.tf computes it, over these files.
  assert {
    condition = module.ecr[0].image_tag == "sha-${substr(sha256(jsonencode({
      build_args = { BASE_IMAGE = "another" }
      dockerfile = filesha256("tests/fixtures/image/Dockerfile.other")
      files = {
        for file in ["requirements.txt", "store_sales/answer.py"] : file => filesha256("tests/fixtures/image/other_code/${file}")
      }
      platform = "linux/arm64"
    })), 0, 32)}"
    error_message = "Context, Dockerfile, build arguments or architecture do not reach the build."
  }
}

run "plan_needs_no_image" {
  state_key = "image"
  command   = plan

  variables {
    lambda_package_type        = null
    lambda_zip_path            = null
    run_id                     = null
    lambda_function_local_path = "tests/fixtures/image/service"
    docker_image_local_path    = "tests/fixtures/image/service/Dockerfile"
  }

  expect_failures = [check.model_chosen]

  assert {
    condition     = length(module.ecr) == 1
    error_message = "A stage's plan without image and model must have a repository."
  }
}

run "image_is_the_default" {
  state_key = "image"
  command   = plan

  variables {
    lambda_package_type = null
    image_uri           = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_stg:v1"
  }

  assert {
    condition     = length(module.ecr) == 1
    error_message = "The default package type must be Image."
  }
}

run "with_a_shadow_model" {
  command = plan

  variables {
    shadow_run_id = "fedcba9876543210fedcba9876543210"
  }

  assert {
    condition = (
      module.lambda.environment.SHADOW_RUN_ID == "fedcba9876543210fedcba9876543210"
      && module.lambda.environment.RUN_ID == var.run_id
    )
    error_message = "The shadow's run id does not reach the function beside the live one."
  }
}

run "without_a_model" {
  command = plan

  variables {
    run_id = null
  }

  # Only a warning in a manual run: everything is created, and events wait.
  expect_failures = [check.model_chosen]

  assert {
    condition     = !module.lambda.settings.event_source_enabled && !can(module.lambda.environment.RUN_ID)
    error_message = "Without a model no event may be read."
  }
}

# The runs above deployed a Zip: another package type would destroy that function.
run "refuses_another_package_type" {
  command = plan

  variables {
    lambda_package_type = "Image"
    image_uri           = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_stg:v1"
  }

  expect_failures = [terraform_data.package_type]
}

# The other way round: a manual plan with vars/local.tfvars while a stack runs in containers.
run "refuses_a_zip_in_place_of_an_image" {
  command   = plan
  state_key = "image"

  expect_failures = [terraform_data.package_type]
}
