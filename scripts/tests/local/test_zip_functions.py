"""Which functions from Zips are known to be refused before anything is made."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.local import zip_functions
from harness.setup import install


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"runtime": "python3.12", "architectures": ["x86_64"]}, None),
        ({"runtime": "python3.12"}, None),
        ({"runtime": "java21"}, "functions from Zips have no runtime java21"),
        ({"runtime": "python3.12", "architectures": ["arm64"]}, "which is x86_64"),
        ({"package_type": "Image", "architectures": ["arm64"]}, None),
        ({}, None),  # only the apply decides
    ],
)
def test_what_cannot_run_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], words: str | None
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    found = zip_functions.refusal(values)
    assert found is None if words is None else words in str(found)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('  runtime = "python3.8"\n', "without containers, functions from Zips have no runtime python3.8"),
        ('  runtime = "python3.12"\n  architectures = ["arm64"]\n', "it is for arm64"),
        ('  runtime = "python3.12"\n  architectures = [var.architecture]\n', None),
        ('  # runtime = "python3.8"\n  runtime = "${var.runtime}"\n', None),
        ('  count = 0\n  runtime = "python3.8"\n', None),
        ('  runtime = var.old ? "python3.8" : "python3.12"\n', None),
        ('  package_type = var.package_type\n  architectures = ["arm64"]\n', None),
    ],
)
def test_a_function_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, cause: str | None
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    other = 'resource "aws_cloudfront_function" "c" {\n  runtime = "cloudfront-js-2.0"\n}\n'
    (tmp_path / "main.tf").write_text(f'{other}resource "aws_lambda_function" "f" {{\n{body}}}\n{other}')
    if cause is None:
        zip_functions.check(tmp_path)
        return
    with pytest.raises(HarnessError, match=f"main.tf: aws_lambda_function.f cannot run here: {cause}"):
        zip_functions.check(tmp_path)


def test_in_containers_every_runtime_has_a_base_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert zip_functions.refusal({"runtime": "java21"}, in_containers=True) is None
    (tmp_path / "main.tf").write_text('resource "aws_lambda_function" "f" {\n  runtime = "ruby3.4"\n}\n')
    zip_functions.check(tmp_path, in_containers=True)
    with pytest.raises(HarnessError, match=r"no runtime ruby3\.4"):
        zip_functions.check(tmp_path)
    assert zip_functions.refusal({"runtime": "java21", "architectures": ["arm64"]}, in_containers=True)


def test_a_missing_interpreter_is_found_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with install.exclusive("setup"):
        install.emulator()
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text('resource "aws_lambda_function" "f" {\n  runtime = "nodejs20.x"\n}\n')
    program = tmp_path / "named" / "node"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho \'["20.1.0", "/usr/bin/node", null, []]\'\n')
    program.chmod(0o700)
    monkeypatch.setenv("LAMBDA_INTERPRETERS", str(program.parent))
    zip_functions.check_interpreters(module)
    # WHEN this machine has none
    monkeypatch.delenv("LAMBDA_INTERPRETERS")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NVM_DIR", str(tmp_path))
    with pytest.raises(
        HarnessError, match=r"main\.tf: aws_lambda_function\.f cannot run here: .*needs Node\.js 20"
    ) as e:
        zip_functions.check_interpreters(module)
    assert "RUNTIME=docker" in e.value.next_step
    # THEN a function that LocalStack's own Python runs needs nothing
    (module / "main.tf").write_text('resource "aws_lambda_function" "f" {\n  runtime = "python3.13"\n}\n')
    zip_functions.check_interpreters(module)
