"""The container engine: it must respond if an image has to be built."""

from __future__ import annotations

from harness import engine
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import variables
from harness.stages.access import Access
from harness.stages.stage import Stage


def check(stage: Stage, _access: Access) -> None:
    """Refuse if an image must be built and no engine responds.

    Args:
        stage: names the engine, or an existing image.

    Raises:
        HarnessError: there is no engine.
    """
    if not stage.is_image or stage.variables.get("image_uri"):
        return
    program = str(variables.value(stage, "container_engine"))
    if cause := engine.silent(program):
        raise HarnessError(
            f"the function's image cannot be built: {cause}",
            f"start it, or set image_uri in {shown(stage.vars_file)} to an image in ECR",
        )
