"""Deploys the pipeline to a running emulator: function package, Terraform, model, and a sample event to prove it."""

from __future__ import annotations

import json
import platform
import shlex
from typing import Any

from harness import console, events, paths
from harness.local import canary, persistence
from harness.machine import commands, environment
from harness.model import current as current_model
from harness.setup import install
from harness.stack.state import EMBEDDED, Stack
from harness.terraform.runner import Terraform

BUILD_DEADLINE = 300.0


def build_function() -> None:
    """Build the function's Zip from the service's sources and lock file; quick if nothing has changed."""
    log = paths.CACHE / "logs" / "function.log"
    log.unlink(missing_ok=True)
    with console.step("Function package") as step:
        commands.run(
            [
                install.PYTHON, "-m", "bundle.build_zip", "--output", paths.FUNCTION_ZIP,
                "--python", install.PYTHON, "--uv", install.UV,
            ],
            cwd=paths.SERVICE, env=environment.clean(), log=log, deadline=BUILD_DEADLINE,
        )  # fmt: skip
        step.result = f"{paths.FUNCTION_ZIP.stat().st_size / 2**20:.0f} MiB"


def deploy(stack: Stack, trained: dict[str, Any]) -> dict[str, Any]:
    """Apply Terraform to a running emulator, publish the model and send the sample event.

    Args:
        stack: its lock must be held.
        trained: the training result to serve.

    Returns:
        The output record that answers the sample event.
    """
    terraform = Terraform(stack, variables(stack, trained["run_id"]))
    if stack.outputs:  # the bucket exists: publish the model before the function that reads it
        terraform.lift_stale_lock()
        _publish(stack, trained)
    # A mapping that finds kept events invokes the function at once: the model must be published first.
    kept = persistence.streams(stack) if stack.persistent and not stack.outputs else []
    with console.step("Terraform init") as step:
        terraform.init(persistence.imports(kept) if kept else "")
        step.result = f"taking over {', '.join(kept)}" if kept else ""
    if kept:
        with console.step("Terraform apply, the model's bucket") as step:
            stack.outputs = terraform.apply(step, target="module.model_bucket")
        _publish(stack, trained)
    with console.step("Terraform apply") as step:
        stack.outputs = terraform.apply(step)
    if not stack.model and not kept:
        _publish(stack, trained)
    stack.model = trained
    stack.save()
    with console.step("Send the sample event") as step:
        answer = canary.answer_to(stack, events.SAMPLE, step)
    stack.ready = True
    stack.save()
    return answer


def _publish(stack: Stack, trained: dict[str, Any]) -> None:
    with console.step("Publish the model") as step:
        current_model.publish(stack, trained)
        step.result = f"s3://{stack.outputs['model_bucket']}/{trained['model_key']}"


def variables(stack: Stack, run_id: str) -> dict[str, str]:
    """Return the Terraform variables that only the harness knows.

    Args:
        stack: its runtime decides between Zip and image.
        run_id: MLflow run id of the model to serve.
    """
    known = {
        "run_id": run_id,
        "lambda_function_local_path": str(paths.SERVICE),
        "docker_image_local_path": str(paths.SERVICE / "Dockerfile"),
        # Other emulators may not support alarms; the benchmarks compare them without.
        "monitoring_enabled": str(bool(stack.emulator)).lower(),
        # Zip and image contain wheels of this machine's architecture.
        "lambda_architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
    }
    if stack.runtime == EMBEDDED:
        return known | {"lambda_package_type": "Zip", "lambda_zip_path": str(paths.FUNCTION_ZIP)}
    return known | {
        "lambda_package_type": "Image",
        "image_build_args": json.dumps({"BASE_IMAGE": stack.base_image}),
        "ecr_password_command": shlex.join([str(install.PYTHON), "-P", str(paths.ECR_PASSWORD)]),
    }
