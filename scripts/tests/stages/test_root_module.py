"""The same root module in both of Terraform's syntaxes says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.stages import root_module

HCL = """\
terraform {
  backend "s3" {
    encrypt = true
  }
}
variable "region" {}
variable "retention" {
  default = 48
}
provider "aws" {
  region = "us-east-1"
  alias  = "pictures"
}
provider "aws" {
  region = var.region
}
"""
JSON = {
    "terraform": {"backend": {"s3": {"encrypt": True}}},
    "variable": {"region": {}, "retention": {"default": 48}},
    "provider": {"aws": [{"region": "us-east-1", "alias": "pictures"}, {"region": "${var.region}"}]},
}
IN_LISTS = {
    "terraform": [{"backend": [{"s3": {"encrypt": True}}]}],
    "variable": [{"region": [{}]}, {"retention": {"default": 48}}],
    "provider": [{"aws": {"region": "us-east-1", "alias": "pictures"}}, {"aws": {"region": "${var.region}"}}],
}
FORMS = {"main.tf": HCL, "main.tf.json": json.dumps(JSON), "lists.tf.json": json.dumps(IN_LISTS)}


@pytest.mark.parametrize("name", FORMS)
def test_variables_region_and_backend_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FORMS[name])
    assert root_module.defaults(tmp_path) == {"region": None, "retention": 48}
    assert root_module.region(tmp_path, {"region": "eu-west-1"}) == "eu-west-1"
    assert root_module.backend(tmp_path) == {"encrypt": True}
    assert root_module.has_backend(tmp_path)
    assert root_module.other_backend(tmp_path) is None


@pytest.mark.parametrize("backend", [{"backend": {"gcs": {}}}, {"cloud": {"organization": "x"}}])
def test_another_backend_is_named(backend: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(json.dumps({"terraform": backend}))
    assert root_module.other_backend(tmp_path) == ("gcs" if "backend" in backend else "cloud")


@pytest.mark.parametrize("text", ["{", "[]", '{"variable": 7}', '{"terraform": {"backend": "s3"}}', "\udcff"])
def test_an_invalid_json_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(text, errors="surrogateescape")
    with pytest.raises(HarnessError, match=r"main\.tf\.json cannot be read"):
        root_module.other_backend(tmp_path)
