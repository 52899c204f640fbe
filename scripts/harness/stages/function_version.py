"""The version of a stage's function that handles its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.machine.waiting import poll
from harness.stack import mapping
from harness.stack.live import ALIAS, LATEST
from harness.stages.access import Access
from harness.stages.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

READY_SECONDS = 600.0  # Lambda takes some minutes to optimize a new image


@dataclass(frozen=True)
class Version:
    """A version of the function.

    Attributes:
        number: its number on AWS, or $LATEST.
        run_id: MLflow run id of its model; empty without one.
        code: image digest, or SHA-256 of the Zip, as Lambda reports it.
        log_group: of the function.
    """

    number: str
    run_id: str
    code: str
    log_group: str

    @property
    def title(self) -> str:
        """Words for a message."""
        model = f" with model {self.run_id}" if self.run_id else ""
        return f"version {self.number}{model}"


def current(access: Access, function: str, qualifier: str | None = ALIAS) -> Version:
    """Return the version that an alias points to.

    Args:
        access: to the stage's account.
        function: name of the function.
        qualifier: the alias, or a version; None for $LATEST.
    """
    found = access.client("lambda").get_function_configuration(FunctionName=function, Qualifier=qualifier or LATEST)
    variables: Mapping[str, str] = found.get("Environment", {}).get("Variables", {})
    return Version(found["Version"], variables.get("RUN_ID", ""), found["CodeSha256"], mapping.log_group_of(found))


def wait_until_ready(stage: Stage, access: Access, outputs: Mapping[str, Any]) -> Version:
    """Wait until the version that the event source mapping invokes can be invoked, and the mapping is ready.

    Args:
        stage: which was deployed.
        access: to its account.
        outputs: Terraform's.

    Raises:
        HarnessError: it took too long, or there is no such mapping.
    """
    functions, name = access.client("lambda"), stage.pipeline.resources(outputs).function
    qualifier = mapping.qualifier(_mapping(stage, functions, outputs))

    def ready() -> bool:
        found = functions.get_function_configuration(FunctionName=name, Qualifier=qualifier or LATEST)
        return (
            found["State"] == "Active"
            and found.get("LastUpdateStatus") != "InProgress"
            and _mapping(stage, functions, outputs)["State"] in ("Enabled", "Disabled")
        )

    poll(ready, f"version {name}:{qualifier or LATEST} and its event source mapping", READY_SECONDS, pause=1.0)
    return current(access, name, qualifier)


def _mapping(stage: Stage, functions: Any, outputs: Mapping[str, Any]) -> EventSourceMappingConfigurationTypeDef:
    if uuid := outputs.get("event_source_mapping_id"):  # the deployer's role needs no right to list all mappings
        found: EventSourceMappingConfigurationTypeDef = functions.get_event_source_mapping(UUID=uuid)
        return found
    return mapping.find(functions, stage.pipeline.resources(outputs))
