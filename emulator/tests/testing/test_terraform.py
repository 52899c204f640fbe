"""The fixture `terraform_stack`, as strangers use it: their Terraform, unchanged, and a test file beside it."""

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing import terraform_copy, terraform_setup

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.local_only

# A state bucket that does not exist, a module next to the root module, a file from elsewhere in the repository.
ROOT = """
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
  backend "s3" {
    bucket = "state-that-nobody-has-made"
    key    = "rides.tfstate"
    region = "eu-west-1"
  }
}
provider "aws" { region = var.aws_region }
variable "aws_region" { default = "eu-west-1" }
variable "project_id" {}
module "rides" {
  source = "../modules/stream"
  name   = "rides-${var.project_id}"
}
resource "aws_s3_bucket" "models" { bucket = "models-${var.project_id}" }
resource "aws_s3_object" "code" {
  bucket = aws_s3_bucket.models.bucket
  key    = "function.py"
  source = "${path.module}/../../function/function.py"
}
output "source_stream" { value = module.rides.name }
output "bucket" { value = aws_s3_bucket.models.bucket }
"""
STREAM = """
variable "name" {}
resource "aws_kinesis_stream" "this" {
  name        = var.name
  shard_count = 2
}
output "name" { value = aws_kinesis_stream.this.name }
output "arn" { value = aws_kinesis_stream.this.arn }
"""
FUNCTION = """
module "predictions" {
  source = "../modules/stream"
  name   = "predictions-${var.project_id}"
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "this" {
  name               = "rides_${var.project_id}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "this" {
  role   = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["kinesis:*", "logs:*"], Resource = "*" }]
  })
}
resource "aws_lambda_function" "this" {
  function_name    = "rides_${var.project_id}"
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  handler          = "function.handler"
  filename         = "${path.module}/../../build/function.zip"
  source_code_hash = filebase64sha256("${path.module}/../../build/function.zip")
  timeout          = 30
  environment { variables = { PREDICTIONS = module.predictions.name } }
}
resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn  = module.rides.arn
  function_name     = aws_lambda_function.this.arn
  starting_position = "TRIM_HORIZON"
  depends_on        = [aws_iam_role_policy.this]
}
output "predictions" { value = module.predictions.name }
"""
CODE = """
import base64, boto3, json, os
def handler(event, context):
    rides = [json.loads(base64.b64decode(each["kinesis"]["data"])) for each in event["Records"]]
    answers = [{"Data": json.dumps({"ride_id": ride["ride_id"]}), "PartitionKey": "x"} for ride in rides]
    boto3.client("kinesis").put_records(StreamName=os.environ["PREDICTIONS"], Records=answers)
"""


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stranger's repository, with a state of an earlier apply that is none of ours."""
    runtime = Path(os.environ.get("PIPELINE_LAMBDA_RUNTIME_DIR") or Path(__file__).parents[3] / ".cache/lambda-runtime")
    monkeypatch.setenv("PIPELINE_LAMBDA_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("TF_WORKSPACE", "production")
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-destroy")
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")
    monkeypatch.setenv("AWS_REGION", "ap-south-1")
    subprocess.run(["git", "init", "--quiet"], cwd=pytester.path, check=True)
    for name, text in {
        "terraform/live/main.tf": ROOT,
        "terraform/live/stg.tfvars": 'project_id = "stg"\n',
        "terraform/live/terraform.tfstate": "not JSON",
        "terraform/modules/stream/main.tf": STREAM,
        "function/function.py": CODE,
    }.items():
        (pytester.path / name).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / name).write_text(text)
    return pytester.path


def run(pytester: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(dedent(test))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


@pytest.mark.long_proof
def test_a_strangers_pipeline_is_applied_once_answers_every_event_and_leaves_nothing_in_the_repository(
    pytester: pytest.Pytester, repository: Path
) -> None:
    (repository / "terraform/live/function.tf").write_text(FUNCTION)
    (repository / "build").mkdir()
    with zipfile.ZipFile(made := io.BytesIO(), "w") as file:
        file.write(repository / "function/function.py", "function.py")
    (repository / "build/function.zip").write_bytes(made.getvalue())
    before = sorted(repository.rglob("*"))
    result = run(
        pytester,
        """
        import pytest, subprocess

        @pytest.fixture
        def stack(terraform_stack):
            return terraform_stack("terraform/live", var_file="stg.tfvars", variables={"aws_region": "ap-south-1"})

        def test_outputs(stack, emulator):
            assert stack.outputs == {
                "source_stream": "rides-stg", "predictions": "predictions-stg", "bucket": "models-stg"}
            assert sorted(emulator.client("kinesis").list_streams()["StreamNames"]) == ["predictions-stg", "rides-stg"]
            assert emulator.client("s3").get_object(Bucket="models-stg", Key="function.py")["Body"].read()

        def test_events(stack, ledger):
            ledger.put(stack.outputs["source_stream"], [{"ride_id": number} for number in range(1000)])
            ledger.collect(stack.outputs["predictions"])
            verdict = ledger.verdict(lambda ride: ride["ride_id"], lambda answer: answer["ride_id"])
            assert verdict.complete, verdict

        def test_the_same_stack(stack, terraform_stack):
            assert terraform_stack("terraform/live", "stg.tfvars", {"aws_region": "ap-south-1"}) is stack
            listed = ["terraform", f"-chdir={stack.folder}", "state", "list"]
            found = subprocess.run(listed, env=stack.environment, capture_output=True, text=True, check=True).stdout
            assert "module.rides.aws_kinesis_stream.this" in found.split()
        """,
    )
    result.assert_outcomes(passed=3)
    shown = [line for line in result.outlines if line.startswith("terraform ")]
    assert shown == ["terraform init live", "terraform apply live", "terraform destroy live"]
    (test,) = repository.glob("test_*.py")
    # The last are pytest's own, here in the repository: temporary folder, home folder with a cache, output.
    theirs = {".git", "__pycache__", "runpytest-0", "runpytest-current", ".cache", "stdout", "stderr"}
    left = {path for path in repository.rglob("*") if not theirs & set(path.relative_to(repository).parts)}
    assert left - set(before) == {test}


@pytest.mark.parametrize(
    ("change", "call", "message"),
    [
        pytest.param(
            'resource "aws_kinesis_stream" "x" { name = "x" }',
            "'terraform/live', 'stg.tfvars'",
            r"shard_count",
            marks=pytest.mark.long_proof,
        ),
        ("", "'terraform/life'", "has no .tf files"),
        pytest.param("", "'terraform/live', 'prod.tfvars'", "has no file prod.tfvars", marks=pytest.mark.long_proof),
        pytest.param("", "'terraform/live'", r"required variable \(main.tf:\d+\)", marks=pytest.mark.long_proof),
    ],
)
def test_what_terraform_refuses_is_one_clear_error_for_all_tests(
    pytester: pytest.Pytester, repository: Path, change: str, call: str, message: str, localstack: Any
) -> None:
    with (repository / "terraform/live/main.tf").open("a") as file:
        file.write(change)
    test = f"""
    import pytest

    @pytest.mark.parametrize("number", [1, 2])
    def test_stack(terraform_stack, number):
        terraform_stack({call})
    """
    result = run(pytester, test, f"--emulator={localstack.endpoint_url}")
    result.assert_outcomes(failed=2)
    result.stdout.re_match_lines([f".*{message}.*"])
    assert "Traceback" not in result.stdout.str()
    assert result.stdout.str().count("terraform apply live") <= 1


def test_localstacks_usual_address_is_the_emulators(
    pytester: pytest.Pytester, repository: Path, localstack: Any
) -> None:
    """Providers as in LocalStack's instructions, which know no other port."""
    folder = repository / "terraform" / "usual"
    folder.mkdir()
    (folder / "main.tf").write_text("""
    variable "address" { default = "http://localhost:4566" }
    provider "aws" {
      region                      = "eu-west-1"
      access_key                  = "test"
      secret_key                  = "test"
      skip_credentials_validation = true
      skip_requesting_account_id  = true
      endpoints {
        kinesis = var.address
        s3      = "http://s3.localhost.localstack.cloud:4566"
      }
    }
    resource "aws_s3_bucket" "this" { bucket = "usual-address" }
    output "bucket" { value = aws_s3_bucket.this.bucket }
    """)
    test = """
    def test_stack(terraform_stack, emulator):
        stack = terraform_stack("terraform/usual")
        emulator.client("s3").head_bucket(Bucket=stack.outputs["bucket"])
    """
    run(pytester, test, f"--emulator={localstack.endpoint_url}").assert_outcomes(passed=1)
    assert "localhost:4566" in (folder / "main.tf").read_text(), "the repository is as it was"


def test_roles_profiles_keys_and_accounts_of_providers_are_taken(
    pytester: pytest.Pytester, repository: Path, localstack: Any
) -> None:
    """As in https://registry.terraform.io/providers/hashicorp/aws/latest/docs#authentication-and-configuration."""
    folder = repository / "terraform" / "accounts"
    (folder / "child").mkdir(parents=True)
    (folder / "main.tf").write_text("""
    variable "profile" { default = "company" }
    provider "aws" { # } not the end }
      region              = "eu-west-1"
      allowed_account_ids = ["123456789012"]
      assume_role {
        role_arn = "arn:aws:iam::123456789012:role/deployer"
      }
      default_tags {
        tags = { Team = "rides" /* } */ }
      }
    }
    /* provider "aws" {
      alias = "gone"
    } */
    locals { objects = "arn:aws:s3:::accounts-first/*" }
    provider aws {
      alias      = "replica"
      region     = "us-east-1"
      profile    = var.profile
      access_key = "mock"
      secret_key = "mock"
    }
    resource "aws_s3_bucket" "this" { bucket = "accounts-first" }
    resource "aws_s3_bucket" "replica" {
      provider = aws.replica
      bucket   = "accounts-replica"
    }
    module "child" { source = "./child" }
    """)
    web = {"role_arn": "arn:aws:iam::123456789012:role/web", "web_identity_token_file": "/no/file"}
    provider = {"aws": [{"alias": "web", "region": "eu-west-1", "assume_role_with_web_identity": web}]}
    bucket = {"aws_s3_bucket": {"web": {"provider": "aws.web", "bucket": "accounts-web"}}}
    (folder / "child" / "main.tf.json").write_text(json.dumps({"provider": provider, "resource": bucket}))
    test = """
    def test_stack(terraform_stack, emulator):
        terraform_stack("terraform/accounts")
        s3 = emulator.client("s3")
        for name in ("first", "replica", "web"):
            s3.head_bucket(Bucket=f"accounts-{name}")
        tags = s3.get_bucket_tagging(Bucket="accounts-first")["TagSet"]
        assert tags == [{"Key": "Team", "Value": "rides"}]
    """
    run(pytester, test, f"--emulator={localstack.endpoint_url}").assert_outcomes(passed=1)


def test_a_provider_that_knows_no_endpoint_url_is_refused() -> None:
    with pytest.raises(EmulatorError, match=r"uses version 4\.67\.0 of the AWS provider"):
        terraform_setup.check_version({"registry.terraform.io/hashicorp/aws": "4.67.0"})
    terraform_setup.check_version({"registry.terraform.io/hashicorp/aws": "5.100.0"})
    terraform_setup.check_version({})


def test_outside_a_repository_only_what_a_module_leads_to_is_copied(tmp_path: Path) -> None:
    """The folder above a project may be a home folder."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    root, beside = home / "project" / "terraform", home / "project" / "function"
    for folder in (root / "modules" / "own", beside, home / "Videos"):
        folder.mkdir(parents=True)
        (folder / "file").touch()
    (root / "main.tf").write_text('module "own" { source = "./modules/own" }')
    copied = terraform_copy.copy(root, scratch / "one", scratch)
    assert sorted(each.name for each in copied.iterdir()) == ["main.tf", "modules", "zz_pipeline_emulator_override.tf"]
    assert copied == scratch / "one"
    (root / "modules" / "own" / "more.tf").write_text('locals { code = "${path.module}/../../../function/file" }')
    copied = terraform_copy.copy(root, scratch / "two", scratch)
    assert (copied / "modules" / "own" / "../../../function/file").exists()
    assert sorted(each.name for each in (scratch / "two").iterdir()) == ["function", "terraform"]


def test_packages_of_a_function_that_the_module_names_are_copied(tmp_path: Path) -> None:
    repository, scratch = tmp_path / "repository", tmp_path / "scratch"
    root = repository / "terraform"
    for folder in (root, repository / "function", repository / "site"):
        (folder / "node_modules" / "package").mkdir(parents=True)
    (repository / ".git").mkdir()
    (root / "main.tf").write_text('data "archive_file" "f" { source_dir = "${path.module}/../function" }')
    (root / "outputs.tf").write_text("")
    terraform_copy.copy(root, scratch / "copy", scratch)
    found = [each.parent.name for each in (scratch / "copy").rglob("node_modules")]
    assert sorted(found) == ["function", "terraform"]
    # WHEN it names a file beside the packages
    (root / "main.tf").write_text('locals { hash = filesha256("../site/package.json") }')
    terraform_copy.copy(root, scratch / "other", scratch)
    assert (scratch / "other" / "site" / "node_modules" / "package").is_dir()
    assert not (scratch / "other" / "function" / "node_modules").exists()
