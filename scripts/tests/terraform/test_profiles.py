"""A provider with a profile finds it, with LocalStack's credentials and none of the user's."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from harness.pipeline.definition import Pipeline
from harness.pipeline.schema import Events, File, Ledger, Literal, Outputs
from harness.pipeline.schema import Terraform as Section
from harness.stack import state as stacks
from harness.stack.state import Stack
from harness.terraform.runner import Terraform


@pytest.mark.parametrize("profile", ["default", "team"])
def test_terraform_gets_the_profiles_of_the_root_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(Terraform, "_run", lambda *_: "")
    (tmp_path / "main.tf").write_text(f'provider "aws" {{ profile = "{profile}" }}')
    name = Literal(name="x")
    outputs = Outputs(source_stream=name, output_stream=name, function=name)
    ledger = Ledger(id_in="id", id_out="id")
    file = File(name="x", terraform=Section(root="."), outputs=outputs, events=Events(sample={}), ledger=ledger)
    terraform = Terraform(Stack("x", "local", 1), {}, Pipeline(tmp_path, file))
    terraform.init()
    config = configparser.ConfigParser()
    config.read(terraform.env["AWS_CONFIG_FILE"])
    assert dict(config[f"profile {profile}"]) == {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    assert terraform.env["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
