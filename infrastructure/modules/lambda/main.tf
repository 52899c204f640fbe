locals {
  is_image = var.package_type == "Image"
}

# Made here and not by Lambda at the first invocation, so that it has a retention and goes with `terraform destroy`.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_in_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_116:a mapping invokes synchronously, where a dead-letter queue is never used; its failure destination keeps what fails
  # checkov:skip=CKV_AWS_117:it speaks to AWS's public endpoints only, and listens to nobody
  # checkov:skip=CKV_AWS_173:the variables are names of streams and buckets, no secrets
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

  # Every change of code or configuration becomes a version of its own: what alias.tf points at.
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

  # Conditions on a resource and not on the variables: these hold for plan and apply, but do not stand in the way
  # of `terraform destroy`, nor of `terraform apply -target=module.ecr`, which makes the repository.
  lifecycle {
    precondition {
      condition     = !local.is_image || var.image_uri != null
      error_message = "There is no image to deploy: set image_uri to an image in ECR, or package_type to \"Zip\"."
    }

    precondition {
      condition     = local.is_image || try(fileexists(var.zip_path), false)
      error_message = "The function's Zip ${var.zip_path == null ? "is not named" : "${var.zip_path} does not exist"}: build it and set lambda_zip_path to its path, or set lambda_package_type to \"Image\"."
    }
  }
}
