"""Function URLs in Terraform: applied, called, and no change afterwards."""

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.local_only

MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
provider "aws" { region = "ap-south-1" }
resource "aws_iam_role" "this" {
  name               = "urls"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}
resource "aws_lambda_function" "this" {
  function_name    = "urls"
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  handler          = "function.handler"
  filename         = "${path.module}/function.zip"
  publish          = true
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}
resource "aws_lambda_function_url" "public" {
  function_name      = aws_lambda_function.this.function_name
  authorization_type = "NONE"
  cors {
    allow_origins     = ["https://shop.example"]
    allow_methods     = ["GET"]
    allow_credentials = true
    max_age           = 60
  }
}
# The provider itself allows everybody lambda:InvokeFunctionUrl.
resource "aws_lambda_permission" "public" {
  function_name = aws_lambda_function.this.function_name
  action        = "lambda:InvokeFunction"
  principal     = "*"
}
resource "aws_lambda_function_url" "signed" {
  function_name      = aws_lambda_function.this.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = "AWS_IAM"
  invoke_mode        = "RESPONSE_STREAM"
}
resource "aws_lambda_permission" "signed" {
  function_name          = aws_lambda_function.this.function_name
  qualifier              = aws_lambda_alias.live.name
  action                 = "lambda:InvokeFunctionUrl"
  principal              = aws_iam_role.this.arn
  function_url_auth_type = "AWS_IAM"
}
output "public" { value = aws_lambda_function_url.public.function_url }
output "signed" { value = aws_lambda_function_url.signed.function_url }
output "url_id" { value = aws_lambda_function_url.signed.url_id }
"""
TEST = """
    import http.client
    from urllib.parse import urlsplit

    def status(emulator, url):
        connection = http.client.HTTPConnection(urlsplit(emulator.endpoint_url).netloc)
        connection.request("GET", "/", headers={"Host": urlsplit(url).netloc})
        return connection.getresponse().status

    def test_urls(terraform_stack, emulator):
        outputs = terraform_stack("live").outputs  # fails if a plan would change anything now
        assert urlsplit(outputs["public"]).port == urlsplit(emulator.endpoint_url).port
        assert urlsplit(outputs["signed"]).netloc.startswith(outputs["url_id"] + ".lambda-url.ap-south-1.")
        assert [status(emulator, outputs[name]) for name in ("public", "signed")] == [200, 403]
"""


@pytest.mark.long_proof
def test_function_urls_are_applied_called_and_left_unchanged(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, zipped: Callable[..., bytes]
) -> None:
    root = Path(__file__).parents[3]
    monkeypatch.setenv(
        "PIPELINE_LAMBDA_RUNTIME_DIR",
        os.environ.get("PIPELINE_LAMBDA_RUNTIME_DIR") or str(root / ".cache/lambda-runtime"),
    )
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    folder = pytester.mkdir("live")
    (folder / "main.tf").write_text(MAIN)
    (folder / "function.zip").write_bytes(zipped({"function.py": "def handler(event, context): return 1"}))
    pytester.makepyfile(dedent(TEST))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
