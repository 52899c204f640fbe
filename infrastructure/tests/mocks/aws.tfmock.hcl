# Values that the provider checks in a plan: ARNs and JSON. Terraform makes up everything else that a test does not set.

mock_resource "aws_kinesis_stream" {
  defaults = { arn = "arn:aws:kinesis:ap-south-1:123456789012:stream/mocked" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::mocked" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:ap-south-1:123456789012:key/mocked" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:ap-south-1:123456789012:log-group:mocked" }
}

mock_resource "aws_lambda_function" {
  defaults = { version = "7" }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:ap-south-1:123456789012:function:mocked:live" }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:ap-south-1:123456789012:repository/mocked"
    repository_url = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mocked"
  }
}

mock_data "aws_iam_policy_document" {
  defaults = { json = "{}" }
}

mock_data "aws_ecr_image" {
  defaults = { image_digest = "sha256:00000000000000000000000000000000000000000000000000000000000000ed" }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}
