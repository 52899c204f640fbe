# Module lambda: what its role may do.
#
# mock_provider would make up the JSON of policy documents. This file uses the real provider, which computes
# aws_iam_policy_document locally, and overrides every resource, so there is no network call.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_test" }
}

override_resource {
  target = aws_iam_role.this
  values = { arn = "arn:aws:iam::123456789012:role/store_sales_test_lambda" }
}

override_resource {
  target = aws_iam_role_policy.pipeline
}

override_resource {
  target = aws_iam_role_policy.telemetry
}

override_resource {
  target = aws_iam_role_policy.key
}

override_resource {
  target = aws_lambda_function.this
}

override_resource {
  target = aws_lambda_alias.live
  values = { arn = "arn:aws:lambda:ap-south-1:123456789012:function:store_sales_test:live" }
}

override_resource {
  target = aws_lambda_event_source_mapping.this
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
  batching_window_seconds    = 1
  maximum_retry_attempts     = 3
  maximum_record_age_seconds = 3600
  bisect_batch_on_error      = true
  parallelization_factor     = 2
  event_count_metrics        = true
}

run "role_policies" {
  module {
    source = "./modules/lambda"
  }

  assert {
    # The provider writes a list of one as a string and orders lists itself: flatten and sort.
    condition = jsonencode({
      for statement in flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement]) :
      statement.Sid => sort(flatten([statement.Action]))
      }) == jsonencode({
      ReadSourceStream = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
      ]
      WritePredictions = ["kinesis:PutRecords"]
      ReadModel        = ["s3:GetObject"]
      ListBuckets      = ["s3:ListBucket"]
      KeepFailedEvents = ["s3:PutObject"]
      WriteLogs        = ["logs:CreateLogStream", "logs:PutLogEvents"]
      SendTraces       = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    })
    error_message = "The role may do more or less than the pipeline needs: ${jsonencode(output.role_policies)}"
  }

  assert {
    condition = jsonencode({
      for statement in flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement]) :
      statement.Sid => sort(flatten([statement.Resource]))
      }) == jsonencode({
      ReadSourceStream = ["arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-test"]
      WritePredictions = ["arn:aws:kinesis:ap-south-1:123456789012:stream/sales-predictions-test"]
      ReadModel        = ["arn:aws:s3:::store-sales-models-test/*"]
      ListBuckets      = ["arn:aws:s3:::store-sales-failed-events-test", "arn:aws:s3:::store-sales-models-test"]
      KeepFailedEvents = [
        "arn:aws:s3:::store-sales-failed-events-test/aws/lambda/*",
        "arn:aws:s3:::store-sales-failed-events-test/invalid/*",
      ]
      WriteLogs  = ["arn:aws:logs:ap-south-1:123456789012:log-group:/aws/lambda/store_sales_test:*"]
      SendTraces = ["*"]
    })
    error_message = "The role may use resources other than the pipeline's: ${jsonencode(output.role_policies)}"
  }

  # The two asserts above fix today's policy; the two below hold for any policy.

  assert {
    condition = alltrue([
      for statement in flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement]) : alltrue([
        for action in flatten([statement.Action]) : !strcontains(action, "*")
      ]) && !can(statement.NotAction) && !can(statement.NotResource)
    ])
    error_message = "Actions must be named one by one, without \"*\" and without Not…: ${jsonencode(output.role_policies)}"
  }

  assert {
    # Only X-Ray's write actions, which support no resources, may have "*". Elsewhere it may only end an ARN.
    condition = alltrue(flatten([
      for statement in flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement]) : [
        for resource in flatten([statement.Resource]) : (
          can(regex("^arn:aws:[a-z0-9]+:[^*]+[/:]?\\*?$", resource))
          || sort(flatten([statement.Action])) == tolist(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])
        )
      ]
    ]))
    error_message = "Only X-Ray's two write actions may have the resource \"*\": ${jsonencode(output.role_policies)}"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy) == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "LambdaRunsAsThisRole"
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "lambda.amazonaws.com" }
      }]
    }
    error_message = "Principals other than Lambda may assume the role: ${aws_iam_role.this.assume_role_policy}"
  }
}

# With a key the role gets one more statement, and nothing else changes.
run "role_policies_with_a_key" {
  module {
    source = "./modules/lambda"
  }

  variables {
    kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = jsonencode([
      for statement in flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement]) :
      [sort(flatten([statement.Action])), statement.Resource, can(statement.Condition)]
      if anytrue([for action in flatten([statement.Action]) : startswith(action, "kms:")])
    ]) == jsonencode([[["kms:Decrypt", "kms:GenerateDataKey"], var.kms_key_arn, false]])
    error_message = "With the key, the role must only read and write data: ${jsonencode(output.role_policies)}"
  }

  assert {
    condition = setsubtract(
      flatten([for policy in values(output.role_policies) : jsondecode(policy).Statement[*].Sid]),
      ["UseTheStagesKey"]
    ) == toset(flatten([for policy in values(run.role_policies.role_policies) : jsondecode(policy).Statement[*].Sid]))
    error_message = "The key changes the role's other permissions: ${jsonencode(output.role_policies)}"
  }
}
