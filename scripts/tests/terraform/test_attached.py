"""A provider that cannot be started by hand is left to Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.terraform import attached


def test_without_a_provider_terraform_starts_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with attached.aws_provider(tmp_path, {"PATH": "/bin", "AWS_CA_BUNDLE": "/x"}) as env:
        assert env == {"PATH": "/bin"}
    assert "not found" in capsys.readouterr().err


def test_a_provider_that_ends_at_once_is_not_attached_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "providers/registry.terraform.io/hashicorp/aws/5.1.0/linux_amd64/terraform-provider-aws_v5"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with attached.aws_provider(tmp_path, {"PATH": "/bin"}) as env:
        assert env == {"PATH": "/bin"}
    assert "did not start" in capsys.readouterr().err
