"""What leads providers to a real account or to another emulator is taken from them, in the working copy alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.terraform import provider_settings

ROLE = 'assume_role { role_arn = "arn:aws:iam::123456789012:role/deployer" }'
NONE: dict[str, Any] = {"for_each": [], "content": {}}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "copy" / "infra").mkdir(parents=True)
    return tmp_path / "copy"


def _written(folder: Path) -> Any:
    return json.loads((folder / provider_settings.OVERRIDE).read_text())["provider"]


def test_each_provider_with_a_role_gets_an_override(copy: Path) -> None:
    root = copy / "infra"
    (root / "main.tf").write_text(
        f'provider "aws" {{\n  region = "us-east-1"\n  {ROLE}\n}}\n'
        'provider "aws" {\n  alias = "web"\n  assume_role_with_web_identity {\n    role_arn = "x"\n  }\n}\n'
        'provider "aws" {\n  alias = "some"\n  dynamic "assume_role" {\n    for_each = var.r\n    content {}\n  }\n}\n'
        'provider "aws" {\n  alias = "none"\n}\n'
    )
    (root / "more.tf.json").write_text('{"provider": {"aws": [{"alias": "json", "assume_role": {"role_arn": "x"}}]}}')
    assert provider_settings.without(root, copy) == [
        "assume_role of aws",
        "assume_role of aws.json",
        "assume_role of aws.some",
        "assume_role_with_web_identity of aws.web",
    ]
    assert _written(root) == [
        {"aws": {"dynamic": {"assume_role": NONE}}},
        {"aws": {"alias": "web", "dynamic": {"assume_role_with_web_identity": NONE}}},
        {"aws": {"alias": "some", "dynamic": {"assume_role": NONE}}},
        {"aws": {"alias": "json", "dynamic": {"assume_role": NONE}}},
    ]


def test_endpoints_accounts_and_keys_of_another_place_are_taken(copy: Path) -> None:
    """As in LocalStack's instructions: https://docs.localstack.cloud/aws/integrations/infrastructure-as-code/terraform/.

    And in AWS's provider: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#argument-reference
    """
    root = copy / "infra"
    (root / "main.tf").write_text(
        'provider "aws" {\n  access_key = "mock"\n  secret_key = "mock"\n  allowed_account_ids = ["123456789012"]\n'
        '  endpoints {\n    kinesis = "http://localhost:4566"\n  }\n}\n'
        'provider "aws" {\n  alias = "a"\n  profile = var.profile\n  shared_credentials_files = ["~/.aws/x"]\n}\n'
    )
    (root / "more.tf.json").write_text('{"provider": {"aws": {"alias": "b", "profile": "${var.p}"}}}')
    assert provider_settings.without(root, copy) == [
        *("access_key of aws", "allowed_account_ids of aws", "endpoints of aws", "profile of aws.a"),
        *("profile of aws.b", "secret_key of aws", "shared_credentials_files of aws.a"),
    ]
    none = dict.fromkeys(("allowed_account_ids", "access_key", "secret_key"))
    assert _written(root) == [
        {"aws": {"dynamic": {"endpoints": NONE}, **none}},
        {"aws": {"alias": "a", "profile": None, "shared_credentials_files": None}},
        {"aws": {"alias": "b", "profile": None}},
    ]


@pytest.mark.parametrize(
    "text",
    [
        'provider "aws" {\n  profile = "team"\n}\n',  # it exists here
        'provider "aws" {\n  access_key = "test"\n  secret_key = "test"\n}\n',
        'provider "aws" {\n  allowed_account_ids = var.accounts\n}\n',  # it may be LocalStack's
        'provider "aws" {\n  allowed_account_ids = ["000000000000"]\n}\n',
        'resource "aws_iam_role" "a" {\n  assume_role_policy = "x"\n}\n',
        f"# {ROLE}\n",
        'terraform {\n  backend "s3" {\n    assume_role = { role_arn = "x" }\n  }\n}\n',
        'provider "aws" {\n  assume_role {',
    ],
)
def test_nothing_else_does(copy: Path, text: str) -> None:
    (copy / "infra" / "main.tf").write_text(text)
    assert provider_settings.without(copy / "infra", copy) == []
    assert not list(copy.rglob(provider_settings.OVERRIDE))


def test_modules_have_providers_too_and_what_was_written_goes_with_them(copy: Path) -> None:
    root = copy / "infra"
    (root / "main.tf").write_text('module "a" {\n  source = "../modules/a"\n}\n')
    module = copy / "modules" / "a"
    module.mkdir(parents=True)
    (module / "main.tf").write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    assert provider_settings.without(root, copy) == ["assume_role of aws"]
    assert _written(module) == [{"aws": {"dynamic": {"assume_role": NONE}}}]
    (module / "main.tf").write_text('provider "aws" {}')
    assert provider_settings.without(root, copy) == []
    assert not (module / provider_settings.OVERRIDE).exists()


def test_nothing_is_written_through_a_link(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "main.tf").write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    (copy / "modules").symlink_to(tmp_path / "theirs")
    (copy / "infra" / "main.tf").write_text('module "a" {\n  source = "../modules"\n}\n')
    assert provider_settings.without(copy / "infra", copy) == []
    assert not (tmp_path / "theirs" / provider_settings.OVERRIDE).exists()


def test_a_users_own_override_makes_no_second_one(copy: Path) -> None:
    for name in ("main.tf", "zz_override.tf"):
        (copy / "infra" / name).write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    assert provider_settings.without(copy / "infra", copy) == ["assume_role of aws"]
    assert len(_written(copy / "infra")) == 1


@pytest.mark.parametrize("block", ["provider aws", 'provider\t"aws"', 'provider"aws"'])
def test_a_provider_is_found_as_terraform_lets_it_be_written(copy: Path, block: str) -> None:
    root = copy / "infra"
    (root / "main.tf").write_text(f"{block} {{\n  {ROLE}\n}}\n")
    assert provider_settings.without(root, copy) == ["assume_role of aws"]
