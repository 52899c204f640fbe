"""The stages of a pipeline whose Terraform knows nothing of this repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.stages import package
from harness.stages.access import Access
from harness.stages.guards import overrides, settings
from harness.stages.stage import Stage, load

TOML = """\
name = "rides"
[terraform]
root = "infrastructure"
var_file = "stages/{stage}.tfvars"
[function]
source = "function"
[outputs]
source_stream = { name = "in" }
output_stream = { name = "out" }
function = { name = "f" }
model_bucket = "models"
[events]
sample = { id = 1 }
[ledger]
id_in = "id"
id_out = "id"
"""
MAIN = """\
terraform {
  backend "s3" {
    bucket  = "rides-state"
    key     = "rides.tfstate"
    region  = "eu-west-1"
    profile = "work"
  }
}
provider "aws" {
  alias  = "elsewhere"
  region = "us-east-1"
}
provider "aws" {
  region = var.region
}
variable "region" { default = "eu-west-1" }
variable "run_id" { default = null }
"""
ACCOUNTS = 'allowed_account_ids = ["123456789012"]\n'
Write = Callable[..., Stage]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline's folder, which PIPELINE names."""
    for part in ("infrastructure", "stages", "function"):
        (tmp_path / part).mkdir()
    (tmp_path / "pipeline.toml").write_text(TOML)
    monkeypatch.setenv("PIPELINE", str(tmp_path))
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes the files of the stage `stg`, and reads it."""

    def written(main: str = MAIN, variables: str = "", backend: str | None = ACCOUNTS) -> Stage:
        (folder / "infrastructure" / "main.tf").write_text(main)
        (folder / "stages" / "stg.tfvars").write_text(variables)
        if backend is not None:
            (folder / "stages" / "stg.s3.tfbackend").write_text(backend)
        return load("stg")

    return written


def check(stage: Stage) -> None:
    """Run the guard."""
    settings.check(stage, Access(stage.region))


def test_a_stage_is_read_from_the_pipelines_own_files(folder: Path, write: Write) -> None:
    stage = write(backend=f'key = "stg.tfstate"\n{ACCOUNTS}')
    assert stage.vars_file == folder / "stages" / "stg.tfvars"
    assert stage.backend_file == folder / "stages" / "stg.s3.tfbackend"
    assert (stage.infrastructure, stage.service) == (folder / "infrastructure", folder / "function")
    assert stage.backend["bucket"] == "rides-state", "of the root module"
    assert stage.backend["key"] == "stg.tfstate", "the file says more"
    assert stage.region == "eu-west-1"
    assert stage.accounts == ["123456789012"]
    assert stage.title == "rides-stg"
    assert not stage.is_image
    check(stage)


def test_a_stage_needs_no_file_of_variables_where_the_pipeline_names_none(folder: Path) -> None:
    (folder / "pipeline.toml").write_text(TOML.replace('var_file = "stages/{stage}.tfvars"\n', ""))
    (folder / "infrastructure" / "main.tf").write_text(MAIN)
    stage = load("stg")
    assert stage.variables == {}
    assert stage.backend_file == folder / "infrastructure" / "vars" / "stg.s3.tfbackend"
    with pytest.raises(HarnessError, match=r"vars/stg.s3.tfbackend does not set allowed_account_ids"):
        check(stage)


@pytest.mark.parametrize(
    ("provider", "variables", "region"),
    [
        ('region = "ap-south-1"', "", "ap-south-1"),
        ("region = var.region", "", "eu-west-1"),
        ('region = "${var.region}"', 'region = "us-west-2"\n', "us-west-2"),
        ('region = "${var.region}-1"', "", ""),
        ("region = local.region", "", ""),
        ('profile = "work"', "", ""),
    ],
)
def test_the_region_is_the_provider_s(write: Write, provider: str, variables: str, region: str) -> None:
    stage = write(MAIN.replace("region = var.region", provider), variables)
    assert stage.region == region
    if not region:
        with pytest.raises(HarnessError, match="the region of stg is not known"):
            check(stage)


@pytest.mark.parametrize(
    ("main", "backend", "says"),
    [
        (MAIN, "", "does not set allowed_account_ids"),
        (MAIN, "allowed_account_ids = 123456789012\n", "is not a list of account ids"),
        (MAIN, 'allowed_account_ids = ["1234"]\n', "is not a list of account ids"),
        (MAIN.replace('bucket  = "rides-state"', ""), ACCOUNTS, "does not set bucket"),
        (MAIN.replace('backend "s3"', 'backend "gcs"'), ACCOUNTS, "backend 'gcs'; stages keep it in S3"),
        (MAIN.replace('backend "s3"', "cloud"), ACCOUNTS, "backend 'cloud'; stages keep it in S3"),
    ],
)
def test_a_stage_is_refused_whose_account_or_state_is_not_said(
    write: Write, main: str, backend: str, says: str
) -> None:
    with pytest.raises(HarnessError, match=says):
        check(write(main, backend=backend))


def test_two_stages_do_not_share_a_state(folder: Path, write: Write) -> None:
    (folder / "stages" / "prod.tfvars").write_text("")
    stage = write()
    with pytest.raises(HarnessError, match="stg and prod keep their state in the same place, s3://rides-state/rides"):
        check(stage)
    (folder / "stages" / "prod.s3.tfbackend").write_text('key = "prod.tfstate"\n')
    check(stage)


def test_a_typo_in_a_variable_is_refused_and_an_unknown_one_reported(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HarnessError, match="sets regio, which is not a variable") as refused:
        check(write(variables='regio = "eu-west-1"\n'))
    assert "write region" in refused.value.next_step
    check(write(variables='owner = "me"\n'))
    assert "sets owner, which is not a variable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("addition", "variables", "is_image", "is_built"),
    [
        ('variable "lambda_zip_path" {}', "", False, True),
        ('variable "lambda_zip_path" {}', 'lambda_zip_path = "mine.zip"\n', False, False),
        ('variable "lambda_zip_path" {}\nvariable "lambda_package_type" { default = "Image" }', "", True, False),
        ('resource "aws_lambda_function" "f" {\n  package_type = "Image"\n}', "", True, False),
        ('resource "aws_lambda_function" "f" {\n  filename = "own.zip"\n}', "", False, False),
    ],
)
def test_the_form_of_the_function(write: Write, addition: str, variables: str, is_image: bool, is_built: bool) -> None:
    stage = write(f"{MAIN}{addition}\n", variables)
    assert stage.is_image == is_image
    assert package.is_built(stage) == is_built


@pytest.mark.parametrize(
    "name", ["infrastructure/x_override.tf", "infrastructure/fn/x_override.tf.json", "lib/override.tf"]
)
def test_an_override_that_the_deployment_would_leave_out_is_refused(folder: Path, write: Write, name: str) -> None:
    stage = write(main=f'{MAIN}\nmodule "lib" {{\n  source = "../lib"\n}}\n')
    (folder / "lib").mkdir()
    (folder / "lib" / "main.tf").touch()
    (folder / name).parent.mkdir(exist_ok=True)
    overrides.check(stage, Access(stage.region))
    (folder / name).touch()
    with pytest.raises(HarnessError, match=Path(name).name):
        overrides.check(stage, Access(stage.region))
