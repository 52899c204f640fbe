"""Which Terraform variables a local stack gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.local import deployment
from harness.pipeline import definition
from harness.stack.state import DOCKER, EMBEDDED, Stack

TOML = """\
name = "rides"
[terraform]
root = "infrastructure"
[function]
source = "function"
handler = "ride.handler"
[outputs]
source_stream = { name = "in" }
output_stream = { name = "out" }
function = { name = "f" }
[events]
sample = { id = 1 }
[ledger]
id_in = "id"
id_out = "id"
"""


@pytest.mark.parametrize(("runtime", "form"), [(EMBEDDED, "Zip"), (DOCKER, "Image")])
def test_a_variable_is_set_if_the_root_module_declares_it(tmp_path: Path, runtime: str, form: str) -> None:
    for folder in ("infrastructure", "function"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pipeline.toml").write_text(TOML)
    main = tmp_path / "infrastructure" / "main.tf"
    main.write_text('variable "other" {}\n')
    pipeline = definition.load(tmp_path)
    stack = Stack("x", "local", 1, runtime, base_image="base")
    assert deployment.variables(stack, "r", pipeline) == {}
    main.write_text('variable "lambda_handler" {}\nvariable "lambda_package_type" {}\nvariable "run_id" {}\n')
    found = {"lambda_handler": "ride.handler", "lambda_package_type": form, "run_id": "r"}
    assert deployment.variables(stack, "r", pipeline) == found
    assert deployment.variables(stack, "", pipeline) == {name: found[name] for name in found if name != "run_id"}


def test_a_root_module_that_knows_no_image_gets_its_zip_in_containers_too(tmp_path: Path) -> None:
    for folder in ("infrastructure", "function"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pipeline.toml").write_text(TOML)
    stack, main = Stack("x", "local", 1, DOCKER), tmp_path / "infrastructure" / "main.tf"
    main.write_text('variable "lambda_zip_path" {}\n')
    pipeline = definition.load(tmp_path)
    assert deployment.takes_zip(pipeline, DOCKER)
    assert deployment.variables(stack, "", pipeline) == {"lambda_zip_path": str(pipeline.zip_file)}
    main.write_text('variable "lambda_zip_path" {}\nvariable "lambda_package_type" {}\n')
    assert deployment.takes_zip(pipeline, EMBEDDED)
    assert not deployment.takes_zip(pipeline, DOCKER)
    assert deployment.variables(stack, "", pipeline) == {"lambda_package_type": "Image"}
