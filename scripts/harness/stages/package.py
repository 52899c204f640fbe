"""The Zip of another pipeline's function, if its Terraform takes one as a variable and the stage's files set none."""

from __future__ import annotations

from harness.local import deployment
from harness.setup import install
from harness.stages.stage import Stage
from harness.terraform.working_copy import ZIP_VARIABLE


def variables(stage: Stage) -> dict[str, str]:
    """Return Terraform's variables with the path of the Zip and with its handler, those that the harness has."""
    found = {ZIP_VARIABLE: str(stage.pipeline.zip_file)} if is_built(stage) else {}
    function = stage.pipeline.file.function
    if function and function.handler and not stage.variables.get(deployment.HANDLER):
        found[deployment.HANDLER] = function.handler
    return found


def is_built(stage: Stage) -> bool:
    """Return whether the harness builds the stage's Zip. This repository's own stages name theirs."""
    name = ZIP_VARIABLE
    built = not stage.pipeline.is_default and stage.pipeline.source is not None and not stage.is_image
    return built and stage.declares(name) and not stage.variables.get(name)


def build(stage: Stage) -> None:
    """Build the stage's Zip, if the harness does.

    Raises:
        HarnessError: it could not be built.
    """
    if is_built(stage):
        with install.exclusive("packaging"):
            deployment.build_function(stage.pipeline)
