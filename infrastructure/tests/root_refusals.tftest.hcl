# Root: it refuses wrong values before anything is planned. scripts/tests/terraform/test_refusals.py covers those that the modules refuse.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project_id          = "stg"
  lambda_package_type = "Zip"
  lambda_zip_path     = "tests/fixtures/empty.zip"
  run_id              = "0123456789abcdef0123456789abcdef"
}

run "stage" {
  command = plan

  variables {
    project_id          = "Stg_1"
    aws_region          = "Mumbai"
    allowed_account_ids = ["123"]
  }

  expect_failures = [var.project_id, var.aws_region, var.allowed_account_ids]
}

run "streams_and_buckets" {
  command = plan

  variables {
    source_stream_name     = "sales events"
    shard_count            = 0
    stream_mode            = "AUTOMATIC"
    stream_retention_hours = 12
    model_bucket           = "Store_Sales_Models"
  }

  expect_failures = [
    var.source_stream_name,
    var.shard_count,
    var.stream_mode,
    var.stream_retention_hours,
    var.model_bucket,
  ]
}

# Terraform does not evaluate a condition on two variables while the other one is wrong, so these have their own runs.

run "second_stream_and_bucket" {
  command = plan

  variables {
    output_stream_name   = "sales predictions"
    failed_events_bucket = "Failed_Events"
  }

  expect_failures = [var.output_stream_name, var.failed_events_bucket]
}

run "one_stream_and_one_bucket_for_both" {
  command = plan

  variables {
    output_stream_name   = "sales-events"
    failed_events_bucket = "store-sales-models"
  }

  expect_failures = [var.output_stream_name, var.failed_events_bucket]
}

run "function" {
  command = plan

  variables {
    lambda_function_name = "store sales"
    lambda_package_type  = "Container"
    lambda_environment   = { RUN_ID = "another" }
    run_id               = "../../etc"
    ecr_repo_name        = "Store_Sales"
    ecr_keep_images      = 1
    image_uri            = "store_sales"
    container_engine     = "kaniko"
    image_build_args     = { "BASE IMAGE" = "python" }
    ecr_password_command = ""

    lambda_function_local_path = ""
  }

  expect_failures = [
    var.lambda_function_name,
    var.lambda_package_type,
    var.lambda_environment,
    var.run_id,
    var.ecr_repo_name,
    var.ecr_keep_images,
    var.image_uri,
    var.container_engine,
    var.image_build_args,
    var.ecr_password_command,
    var.lambda_function_local_path,
  ]
}

run "a_shadow_that_is_no_run" {
  command = plan

  variables {
    shadow_run_id = "run 2"
  }

  expect_failures = [var.shadow_run_id]
}

run "a_model_as_its_own_shadow" {
  command = plan

  variables {
    shadow_run_id = "0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.shadow_run_id]
}

run "the_shadow_set_beside_its_variable" {
  command = plan

  variables {
    lambda_environment = { SHADOW_RUN_ID = "another" }
  }

  expect_failures = [var.lambda_environment]
}

run "event_source" {
  command = plan

  variables {
    maximum_record_age_seconds = -1
  }

  expect_failures = [var.maximum_record_age_seconds]
}

run "age_beyond_retention" {
  command = plan

  variables {
    stream_retention_hours     = 24
    maximum_record_age_seconds = 86400
  }

  expect_failures = [var.maximum_record_age_seconds]
}
