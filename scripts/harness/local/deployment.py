"""Deploys the pipeline to a running emulator: function package, Terraform, model, and a sample event to prove it."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from harness import console, paths
from harness.errors import HarnessError
from harness.local import applied, canary, package, persistence, reloading, zip_functions
from harness.local.applied import Change
from harness.local.debugging import session as debugging_session
from harness.model import current as current_model
from harness.model import shadow
from harness.pipeline import code
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack import named
from harness.stack.state import EMBEDDED, Stack
from harness.terraform.runner import Terraform
from harness.terraform.working_copy import (
    DOCKERFILE_VARIABLE,
    SOURCE_VARIABLE,
    ZIP_VARIABLE,
    declared,
    makes_image_function,
)

BUILD_DEADLINE = 300.0
UNCHANGED_SECONDS = 20.0  # a pipeline that has answered before answers at once, after a cold start in seconds
HANDLER = "lambda_handler"
PACKAGE_TYPE = "lambda_package_type"  # Zip or Image


def takes_zip(pipeline: Pipeline, runtime: str) -> bool:
    """Return whether the function is a Zip in a runtime: without containers, and where the Terraform knows no image."""
    taken = declared(pipeline.root)
    return ZIP_VARIABLE in taken and (runtime == EMBEDDED or PACKAGE_TYPE not in taken)


def build_function(pipeline: Pipeline) -> None:
    """Build the Zip of the function's source, if Terraform takes one; quick if nothing has changed."""
    if pipeline.file.function is None or ZIP_VARIABLE not in declared(pipeline.root):
        return
    output, build = pipeline.zip_file, pipeline.file.function.build
    log = paths.CACHE / "logs" / "function.log"
    log.unlink(missing_ok=True)
    with console.step("Function package") as step:
        if build is None:
            package.build(pipeline, output, log)
        else:
            programs = {"output": output, "python": install.PYTHON, "uv": install.UV}
            code.of(pipeline).run(
                ["function", "build"], build, programs, log=log, deadline=BUILD_DEADLINE, on_line=step.note
            )
        step.result = f"{output.stat().st_size / 2**20:.0f} MiB"


def prepare(pipeline: Pipeline, runtime: str) -> None:
    """Check that a runtime can run the function, and install what it needs.

    Raises:
        HarnessError: it cannot, or something could not be installed.
    """
    check_form(pipeline, runtime)
    install.for_runtime(runtime)
    if runtime == EMBEDDED:
        zip_functions.check_interpreters(pipeline.root)


def check_form(pipeline: Pipeline, runtime: str) -> None:
    """Check that a runtime can run the function in the form that the Terraform gives it.

    Raises:
        HarnessError: the function is an image, and there are no containers; or it is a Zip that cannot run here.
    """
    zip_functions.check(pipeline.root, in_containers=runtime != EMBEDDED)
    if runtime == EMBEDDED and makes_image_function(pipeline.root):
        raise HarnessError(
            f"the function of {pipeline.name} is a container image; RUNTIME={EMBEDDED} runs functions from Zips only",
            "start a Docker engine and use RUNTIME=docker; or give the Terraform a variable lambda_package_type, which "
            "decides between Zip and Image (docs/pipeline-toml.md)",
        )


def deploy(stack: Stack, trained: dict[str, Any]) -> dict[str, Any]:
    """Apply Terraform to a running emulator, publish the model and send the sample event.

    Args:
        stack: its lock must be held.
        trained: the training result to serve.

    Returns:
        The output record that answers the sample event.
    """
    shadowing = shadow_of(stack, trained)
    more = {shadow.VARIABLE: shadowing["run_id"]} if shadowing else {}
    terraform = Terraform(stack, variables(stack, trained.get("run_id", "")) | more)
    if stack.outputs:  # the bucket exists: publish the model before the function that reads it
        terraform.lift_stale_lock()
        _publish(stack, trained)
        _publish(stack, shadowing, "Publish the shadow model")
    wanted = applied.inputs(terraform)
    change = _change(stack, terraform, wanted)
    if change is Change.NOTHING and (answer := _unchanged(stack)) is not None:
        return answer
    new = not stack.outputs
    _apply(stack, terraform, trained, refresh=change is not Change.PACKAGE)
    if new:
        _publish(stack, shadowing, "Publish the shadow model")
    stack.applied = wanted | applied.result(stack, terraform.state())
    stack.model = trained
    # Everything is there. If the sample event has no answer, the user has a stack in which to find out why.
    stack.ready = True
    stack.save()
    return _canary(stack, canary.DEADLINE)


def _change(stack: Stack, terraform: Terraform, wanted: dict[str, str]) -> Change:
    if not stack.ready or not stack.applied or os.environ.get("REFRESH") == "1":
        return Change.ANYTHING
    return applied.change(stack.applied, wanted, applied.result(stack, terraform.state()))


def _unchanged(stack: Stack) -> dict[str, Any] | None:
    """Return the answer to the sample event of a stack that needs no apply; None if it does not answer."""
    try:
        answer = _canary(stack, UNCHANGED_SECONDS)
    except HarnessError as error:
        console.warn(f"{error.cause.splitlines()[0]} Applying everything again")
        return None
    console.say("Nothing has changed since the last apply, so Terraform did not run (REFRESH=1 runs it)")
    return answer


def _canary(stack: Stack, seconds: float) -> dict[str, Any]:
    named.check(stack)  # a wrong name would cost the whole deadline
    debugging_session.heal(stack)
    reloading.withdraw(stack)  # the deployed code is the newest now
    with console.step("Send the sample event") as step:
        return canary.answer_to(stack, stack.pipeline.samples()[0], step, seconds)


def _apply(stack: Stack, terraform: Terraform, trained: dict[str, Any], *, refresh: bool) -> None:
    # A mapping that finds kept events invokes the function at once: the model must be published first.
    kept = persistence.streams(stack) if stack.persistent and not stack.outputs else []
    if refresh:
        with console.step("Terraform init") as step:
            if not terraform.init():
                step.result = "as for the last stack"
    if kept:
        _take_over(stack, terraform, kept, trained)
    with console.step("Terraform apply") as step:
        stack.outputs = terraform.apply(step, refresh=refresh)
    stack.region = terraform.region(stack.outputs)
    if not stack.model and not kept:
        _publish(stack, trained)


def _take_over(stack: Stack, terraform: Terraform, kept: list[str], trained: dict[str, Any]) -> None:
    """Let Terraform import the streams that are there already, and publish the model before anything reads it."""
    with console.step("Terraform plan") as step:
        planned = terraform.planned()
        terraform.add("kept.tf", persistence.imports(kept, planned))
        step.result = f"taking over {', '.join(kept)}"
    if not trained:
        return
    name = stack.pipeline.resources(planned.outputs).model_bucket
    buckets = [bucket for bucket in planned.of_type("aws_s3_bucket") if bucket.values.get("bucket") == name]
    with console.step("Terraform apply, the model's bucket") as step:
        stack.outputs = planned.outputs | terraform.apply(step, target=buckets[0].address)
    _publish(stack, trained)


def shadow_of(stack: Stack, trained: dict[str, Any]) -> dict[str, Any]:
    """Return the shadow model of the user's own stack as a training result; empty for none.

    Raises:
        HarnessError: its files are gone.
    """
    pipeline = stack.pipeline
    run_id = shadow.chosen(pipeline) if stack.name == pipeline.stack_name else ""
    if not run_id or run_id == trained.get("run_id"):
        return {}
    if (kept := current_model.kept(run_id)) is None:
        cause = f"the shadow model that was promoted, run {run_id}, is not kept any more"
        raise HarnessError(cause, "promote one again (make promote MODEL=… STAGE=local SHADOW=1), or train: make train")
    return kept


def _publish(stack: Stack, trained: dict[str, Any], title: str = "Publish the model") -> None:
    if not trained:
        return
    with console.step(title) as step:
        current_model.publish(stack, trained)
        step.result = f"s3://{current_model.bucket_of(stack)}/{trained['model_key']}"


def variables(stack: Stack, run_id: str, pipeline: Pipeline | None = None) -> dict[str, str]:
    """Return the Terraform variables that only the harness knows, those of them that the root module declares.

    Args:
        stack: its runtime decides between Zip and image.
        run_id: MLflow run id of the model to serve; empty for none.
        pipeline: None for the stack's own.
    """
    pipeline = pipeline or stack.pipeline
    taken = declared(pipeline.root)
    return {name: value for name, value in _known(stack, run_id, pipeline).items() if name in taken}


def _known(stack: Stack, run_id: str, pipeline: Pipeline) -> dict[str, str]:
    source, function = pipeline.source, pipeline.file.function
    known = {
        **({"run_id": run_id} if run_id else {}),
        **({SOURCE_VARIABLE: str(source)} if source else {}),
        **({DOCKERFILE_VARIABLE: str(source / "Dockerfile")} if source else {}),
        **({HANDLER: function.handler} if function and function.handler else {}),
        # Other emulators may not support alarms; the benchmarks compare them without.
        "monitoring_enabled": str(bool(stack.emulator)).lower(),
        # Zip and image contain wheels of this machine's architecture.
        "lambda_architecture": zip_functions.architecture(),
    }
    if stack.runtime == EMBEDDED:
        return known | {PACKAGE_TYPE: "Zip", ZIP_VARIABLE: str(pipeline.zip_file)}
    return known | {
        PACKAGE_TYPE: "Image",
        **({ZIP_VARIABLE: str(pipeline.zip_file)} if takes_zip(pipeline, stack.runtime) else {}),
        "image_build_args": json.dumps({"BASE_IMAGE": stack.base_image}),
        "ecr_password_command": shlex.join([str(install.PYTHON), "-P", str(paths.ECR_PASSWORD)]),
    }
