"""Providers with a profile or a role get LocalStack's credentials and none of the user's."""

from __future__ import annotations

import configparser
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.console import Step
from harness.errors import CommandFailedError, HarnessError
from harness.pipeline.definition import Pipeline
from harness.pipeline.schema import Events, File, Ledger, Literal, Outputs
from harness.pipeline.schema import Terraform as Section
from harness.stack import state as stacks
from harness.stack.state import Stack
from harness.terraform.provider_settings import OVERRIDE
from harness.terraform.runner import Terraform


@pytest.fixture
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Terraform]:
    """Terraform for a root module with a text, after its init."""
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(Terraform, "_run", lambda *_: "")
    (tmp_path / "root").mkdir()
    return lambda text: _initialized(tmp_path / "root", text)


def _initialized(root: Path, text: str) -> Terraform:
    (root / "main.tf").write_text(text)
    name = Literal(name="x")
    outputs = Outputs(source_stream=name, output_stream=name, function=name)
    ledger = Ledger(id_in="id", id_out="id")
    file = File(name="x", terraform=Section(root="."), outputs=outputs, events=Events(sample={}), ledger=ledger)
    terraform = Terraform(Stack("x", "local", 1), {}, Pipeline(root, file))
    terraform.init()
    return terraform


@pytest.mark.parametrize("profile", ["default", "team"])
def test_terraform_gets_the_profiles_of_the_root_module(terraform: Callable[[str], Terraform], profile: str) -> None:
    made = terraform(f'provider "aws" {{ profile = "{profile}" }}')
    config = configparser.ConfigParser()
    config.read(made.env["AWS_CONFIG_FILE"])
    assert dict(config[f"profile {profile}"]) == {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    assert made.env["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_roles_are_left_out_of_the_copy_alone_and_a_line_says_so(
    terraform: Callable[[str], Terraform], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = terraform('provider "aws" {\n  assume_role {\n    role_arn = "x"\n  }\n}\n')
    assert "providers get LocalStack's address and keys: assume_role of aws\n" in capsys.readouterr().err
    assert (made.folder / OVERRIDE).is_file()
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["main.tf"]


def test_a_provider_that_would_call_aws_is_refused_before_it_does(
    terraform: Callable[[str], Terraform], tmp_path: Path
) -> None:
    """Endpoints in the environment are newer: https://github.com/hashicorp/terraform-provider-aws/issues/32649."""
    made, lock = terraform(""), tmp_path / "root" / ".terraform.lock.hcl"
    text = 'provider "registry.terraform.io/hashicorp/aws" {{\n  version     = "{}"\n}}\n'
    for version in ("5.100.0", "6.0.0"):
        lock.write_text(text.format(version))
        made._check_provider(lock)
    lock.write_text(text.format("4.67.0"))
    with pytest.raises(HarnessError, match="version 4 of the AWS provider"):
        made.init()


def test_a_package_that_an_apply_builds_anew_is_explained(
    terraform: Callable[[str], Terraform], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes are taken while planning: https://developer.hashicorp.com/terraform/language/functions/file."""

    def fail(*_: object, **__: object) -> str:
        raise CommandFailedError("terraform apply", 1, "Error: Provider produced inconsistent final plan\n", "read it")

    made = terraform("")
    monkeypatch.setattr(Terraform, "_run", fail)
    with pytest.raises(CommandFailedError) as failed:
        made.apply(Step("apply"))
    assert "build the file first" in failed.value.next_step
    assert failed.value.next_step.endswith("; read it")
