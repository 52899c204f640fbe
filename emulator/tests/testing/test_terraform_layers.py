"""A function of Node.js with a layer, as Terraform creates both."""

import platform
import subprocess
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search

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
  name = "reverser"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}
resource "aws_lambda_layer_version" "text" {
  layer_name          = "text"
  filename            = "${path.module}/layer.zip"
  source_code_hash    = filebase64sha256("${path.module}/layer.zip")
  compatible_runtimes = ["nodejs20.x", "nodejs22.x"]
}
resource "aws_lambda_function" "reverser" {
  function_name    = "reverser"
  role             = aws_iam_role.this.arn
  runtime          = "nodejs20.x"
  handler          = "index.handler"
  filename         = "${path.module}/function.zip"
  source_code_hash = filebase64sha256("${path.module}/function.zip")
  layers           = [aws_lambda_layer_version.text.arn]
  architectures    = [ARCHITECTURE]
}
output "function" { value = aws_lambda_function.reverser.function_name }
"""
TEST = """
import json

def test_the_function_answers(emulator, terraform_stack):
    stack = terraform_stack("infrastructure")
    answer = emulator.client("lambda").invoke(FunctionName=stack.outputs["function"], Payload=b'"abc"')
    assert json.loads(answer["Payload"].read()) == "cba"
"""


@pytest.mark.long_proof
def test_a_layer_and_its_function_are_applied_and_answer(
    pytester: pytest.Pytester, localstack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        search.node(20)
    except RuntimeError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    folder = pytester.mkdir("infrastructure")
    subprocess.run(["git", "init", "--quiet"], cwd=pytester.path, check=True)
    (folder / "main.tf").write_text(MAIN.replace("ARCHITECTURE", f'"{_architecture()}"'))
    layer = {"nodejs/node_modules/text/index.js": "exports.reverse = (text) => [...text].reverse().join('');"}
    code = {"index.mjs": "import { reverse } from 'text';\nexport const handler = async (event) => reverse(event);"}
    _archive(folder / "layer.zip", layer)
    _archive(folder / "function.zip", code)
    pytester.makepyfile(dedent(TEST))

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", f"--emulator={localstack.endpoint_url}")

    result.assert_outcomes(passed=1)


def _architecture() -> str:
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def _archive(path: Path, files: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
