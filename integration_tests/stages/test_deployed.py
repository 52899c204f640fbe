"""Operations on a deployed stage. The tests share it and run in order."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from harness.console import Step
from harness.errors import HarnessError
from harness.stages import deploy, destroy, function_version, prompts, terraform
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]  # whole deployments


def test_changes_after_the_plan_was_shown_are_not_applied(
    deployed: Stage, access: Access, monkeypatch: pytest.MonkeyPatch, change: Callable[..., Stage]
) -> None:
    confirm: Any = prompts.confirm

    def somebody_else_is_faster(question: str) -> None:
        monkeypatch.setattr(prompts, "confirm", confirm)
        other = terraform.StageTerraform(change(deployed, batch_size=7), access)
        other.init()
        other.apply(other.plan(), Step("another user's"))

    monkeypatch.setattr(prompts, "confirm", somebody_else_is_faster)
    with pytest.raises(HarnessError, match="plan"):
        deploy.deploy(change(deployed, batch_size=9), access)
    [mapping] = access.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == 7


def test_prod_is_destroyed_only_after_typing_its_name(
    deployed: Stage, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destroy, "BY_NAME", ("stg",))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # YES=1 does not answer this either
    with pytest.raises(HarnessError, match="was not typed"):
        destroy.destroy(deployed, access)
    assert deploy.deployed(deployed, access)["lambda_function"]


def test_a_failing_version_is_rolled_back(deployed: Stage, access: Access, change: Callable[..., Stage]) -> None:
    # GIVEN a working stage
    outputs = deploy.deployed(deployed, access)
    good = function_version.current(access, outputs["lambda_function"])

    # WHEN a version that cannot start is deployed
    broken = change(deployed, lambda_environment={"MODEL_LOCATION": "s3://nowhere/model"}, maximum_retry_attempts=0)
    with pytest.raises(HarnessError, match=rf"the smoke test failed; version {good.number} .* serves again"):
        deploy.deploy(broken, access)

    # THEN the former one answers, and the broken one remains for inspection
    assert function_version.current(access, outputs["lambda_function"]) == good
    deploy.smoke_test(deployed, access)
    assert deploy.deployed(deployed, access)["function_version"] != good.number

    # AND once it is fixed, a deployment continues from there
    deploy.deploy(change(broken, lambda_environment={}), access)
    assert function_version.current(access, outputs["lambda_function"]).number > good.number
