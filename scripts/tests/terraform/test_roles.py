"""Providers that assume a role are planned without it, in the working copy alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.terraform import roles

ROLE = 'assume_role { role_arn = "arn:aws:iam::123456789012:role/deployer" }'
NONE: dict[str, Any] = {"for_each": [], "content": {}}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "copy" / "infra").mkdir(parents=True)
    return tmp_path / "copy"


def _written(folder: Path) -> Any:
    return json.loads((folder / roles.OVERRIDE).read_text())["provider"]


def test_each_provider_with_a_role_gets_an_override(copy: Path) -> None:
    root = copy / "infra"
    (root / "main.tf").write_text(
        f'provider "aws" {{\n  region = "us-east-1"\n  {ROLE}\n}}\n'
        'provider "aws" {\n  alias = "web"\n  assume_role_with_web_identity {\n    role_arn = "x"\n  }\n}\n'
        'provider "aws" {\n  alias = "some"\n  dynamic "assume_role" {\n    for_each = var.r\n    content {}\n  }\n}\n'
        'provider "aws" {\n  alias = "none"\n}\n'
    )
    (root / "more.tf.json").write_text('{"provider": {"aws": [{"alias": "json", "assume_role": {"role_arn": "x"}}]}}')
    assert roles.without(root, copy) == ["aws", "aws.json", "aws.some", "aws.web"]
    assert _written(root) == [
        {"aws": {"dynamic": {"assume_role": NONE}}},
        {"aws": {"alias": "web", "dynamic": {"assume_role_with_web_identity": NONE}}},
        {"aws": {"alias": "some", "dynamic": {"assume_role": NONE}}},
        {"aws": {"alias": "json", "dynamic": {"assume_role": NONE}}},
    ]


@pytest.mark.parametrize(
    "text",
    [
        'resource "aws_iam_role" "a" {\n  assume_role_policy = "x"\n}\n',
        f"# {ROLE}\n",
        'terraform {\n  backend "s3" {\n    assume_role = { role_arn = "x" }\n  }\n}\n',
        'provider "aws" {\n  assume_role {',
    ],
)
def test_nothing_else_does(copy: Path, text: str) -> None:
    (copy / "infra" / "main.tf").write_text(text)
    assert roles.without(copy / "infra", copy) == []
    assert not list(copy.rglob(roles.OVERRIDE))


def test_modules_have_providers_too_and_what_was_written_goes_with_them(copy: Path) -> None:
    root = copy / "infra"
    (root / "main.tf").write_text('module "a" {\n  source = "../modules/a"\n}\n')
    module = copy / "modules" / "a"
    module.mkdir(parents=True)
    (module / "main.tf").write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    assert roles.without(root, copy) == ["aws"]
    assert _written(module) == [{"aws": {"dynamic": {"assume_role": NONE}}}]
    (module / "main.tf").write_text('provider "aws" {}')
    assert roles.without(root, copy) == []
    assert not (module / roles.OVERRIDE).exists()


def test_nothing_is_written_through_a_link(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "main.tf").write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    (copy / "modules").symlink_to(tmp_path / "theirs")
    (copy / "infra" / "main.tf").write_text('module "a" {\n  source = "../modules"\n}\n')
    assert roles.without(copy / "infra", copy) == []
    assert not (tmp_path / "theirs" / roles.OVERRIDE).exists()


def test_a_users_own_override_makes_no_second_one(copy: Path) -> None:
    for name in ("main.tf", "zz_override.tf"):
        (copy / "infra" / name).write_text(f'provider "aws" {{\n  {ROLE}\n}}\n')
    assert roles.without(copy / "infra", copy) == ["aws"]
    assert len(_written(copy / "infra")) == 1
