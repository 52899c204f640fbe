"""The function version that a stage's alias points to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.machine.waiting import poll
from harness.stack.live import ALIAS
from harness.stages.access import Access

READY_SECONDS = 600.0  # Lambda takes some minutes to optimize a new image


@dataclass(frozen=True)
class Version:
    """A published version of the function.

    Attributes:
        number: its number on AWS.
        run_id: MLflow run id of its model.
        code: image digest, or SHA-256 of the Zip, as Lambda reports it.
    """

    number: str
    run_id: str
    code: str


def current(access: Access, function: str) -> Version:
    """Return the version that the alias points to.

    Args:
        access: to the stage's account.
        function: name of the function.
    """
    found = access.client("lambda").get_function_configuration(FunctionName=function, Qualifier=ALIAS)
    variables: Mapping[str, str] = found.get("Environment", {}).get("Variables", {})
    return Version(found["Version"], variables.get("RUN_ID", ""), found["CodeSha256"])


def wait_until_ready(access: Access, outputs: Mapping[str, Any]) -> Version:
    """Wait until the alias's version can be invoked and the event source mapping is ready.

    Args:
        access: to the stage's account.
        outputs: Terraform's.

    Raises:
        HarnessError: it took too long.
    """
    functions, name = access.client("lambda"), outputs["lambda_function"]

    def ready() -> bool:
        found = functions.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
        mapping = functions.get_event_source_mapping(UUID=outputs["event_source_mapping_id"])
        return (
            found["State"] == "Active"
            and found.get("LastUpdateStatus") != "InProgress"
            and mapping["State"] in ("Enabled", "Disabled")
        )

    poll(ready, f"version {name}:{ALIAS} and its event source mapping", READY_SECONDS, pause=1.0)
    return current(access, name)
