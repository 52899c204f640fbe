"""Manual `terraform init`: its error without a backend file, and what tflocal needs from the configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest

from harness.paths import INFRASTRUCTURE
from harness.stages import tfvars


@pytest.mark.parametrize("options", [[], ["-input=false"]])
def test_init_without_a_backend_file_names_the_option_and_does_not_prompt(tmp_path: Path, options: list[str]) -> None:
    shutil.copy(INFRASTRUCTURE / "backend.tf", tmp_path)
    done = subprocess.run(
        ["terraform", "init", "-no-color", *options],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "add -backend-config=vars/<stage>.s3.tfbackend" in done.stderr
    assert "Enter a value" not in done.stdout


def test_tflocal_creates_the_bucket_that_the_local_backend_file_names() -> None:
    plain = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False, with_comments=False)
    backend = hcl2.loads((INFRASTRUCTURE / "backend.tf").read_text(), serialization_options=plain)
    [terraform] = backend["terraform"]
    [block] = terraform["backend"]
    assert block["s3"]["bucket"] == tfvars.read(INFRASTRUCTURE / "vars" / "local.s3.tfbackend")["bucket"]
