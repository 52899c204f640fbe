# Root: each module gets the right resources of the others. Real policy documents show it, because they name every ARN;
# lambda_policies.tftest.hcl explains how that works without AWS.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target = module.source_stream
  outputs = {
    name = "source"
    arn  = "arn:aws:kinesis:ap-south-1:123456789012:stream/source"
  }
}

override_module {
  target = module.output_stream
  outputs = {
    name = "output"
    arn  = "arn:aws:kinesis:ap-south-1:123456789012:stream/output"
  }
}

override_module {
  target = module.model_bucket
  outputs = {
    name = "models"
    arn  = "arn:aws:s3:::models"
  }
}

override_module {
  target = module.failed_events_bucket
  outputs = {
    name = "failed"
    arn  = "arn:aws:s3:::failed"
  }
}

override_resource {
  target = module.lambda.aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_stg" }
}

override_resource {
  target = module.lambda.aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/store_sales_stg_lambda" }
}

override_resource {
  target = module.lambda.aws_iam_role_policy.pipeline
}

override_resource {
  target = module.lambda.aws_iam_role_policy.telemetry
}

override_resource {
  target = module.lambda.aws_lambda_function.this
}

override_resource {
  target = module.lambda.aws_lambda_alias.live
  values = { arn = "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_stg:live" }
}

override_resource {
  target = module.lambda.aws_lambda_event_source_mapping.this
}

run "each_statement_names_its_own_resource" {
  variables {
    project_id          = "stg"
    lambda_package_type = "Zip"
    lambda_zip_path     = "tests/fixtures/empty.zip"
    run_id              = "0123456789abcdef0123456789abcdef"
    monitoring_enabled  = false
  }

  assert {
    condition = jsonencode({
      for statement in flatten([for policy in values(module.lambda.role_policies) : jsondecode(policy).Statement]) :
      statement.Sid => sort(flatten([statement.Resource])) if statement.Sid != "SendTraces"
      }) == jsonencode({
      ReadSourceStream = ["arn:aws:kinesis:ap-south-1:123456789012:stream/source"]
      WritePredictions = ["arn:aws:kinesis:ap-south-1:123456789012:stream/output"]
      ReadModel        = ["arn:aws:s3:::models/*"]
      ListBuckets      = ["arn:aws:s3:::failed", "arn:aws:s3:::models"]
      KeepFailedEvents = ["arn:aws:s3:::failed/aws/lambda/*", "arn:aws:s3:::failed/invalid/*"]
      WriteLogs        = ["arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_stg:*"]
    })
    error_message = "A module was given the wrong stream, bucket or log group: ${jsonencode(module.lambda.role_policies)}"
  }

  assert {
    condition = alltrue([
      output.source_stream_name == "source",
      output.predictions_stream_name == "output",
      output.model_bucket == "models",
      output.failed_events_bucket == "failed",
    ])
    error_message = "An output names the wrong stream or bucket."
  }
}
