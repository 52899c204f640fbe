# Everything in one file, as small pipelines often are. Nothing here knows of the emulator.
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "lambda_zip_path" {
  description = "The function's Zip."
  type        = string
}

resource "aws_kinesis_stream" "orders" {
  name        = "orders"
  shard_count = 2
}

resource "aws_kinesis_stream" "enriched" {
  name        = "orders-enriched"
  shard_count = 2
}

resource "aws_s3_bucket" "failed" {
  bucket        = "orders-failed"
  force_destroy = true
}

resource "aws_iam_role" "enrich" {
  name = "enrich"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "enrich" {
  name = "enrich"
  role = aws_iam_role.enrich.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = aws_kinesis_stream.orders.arn
      },
      { Effect = "Allow", Action = "kinesis:ListStreams", Resource = "*" },
      { Effect = "Allow", Action = "kinesis:PutRecords", Resource = aws_kinesis_stream.enriched.arn },
      { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.failed.arn },
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.failed.arn}/*" },
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = "*" },
    ]
  })
}

resource "aws_lambda_function" "enrich" {
  function_name    = "enrich"
  role             = aws_iam_role.enrich.arn
  runtime          = "python3.13"
  handler          = "enrich.handler"
  filename         = var.lambda_zip_path
  source_code_hash = filebase64sha256(var.lambda_zip_path)
  timeout          = 30
  environment {
    variables = { OUTPUT = aws_kinesis_stream.enriched.name }
  }
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn               = aws_kinesis_stream.orders.arn
  function_name                  = aws_lambda_function.enrich.arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 100
  maximum_retry_attempts         = 5
  bisect_batch_on_function_error = true
  destination_config {
    on_failure {
      destination_arn = aws_s3_bucket.failed.arn
    }
  }
  depends_on = [aws_iam_role_policy.enrich]
}

output "orders" { value = aws_kinesis_stream.orders.name }
output "enriched" { value = aws_kinesis_stream.enriched.name }
output "failed" { value = aws_s3_bucket.failed.bucket }
output "function" { value = aws_lambda_function.enrich.function_name }
