"""A stage that is deployed, and what is done to it next. The tests share it, and run in their order."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from harness.console import Step
from harness.errors import HarnessError
from harness.rollout.rollback import LATEST, rollback
from harness.stages import deploy, destroy, function_version, prompts, terraform, tfvars
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]  # whole deployments


def test_what_changed_after_the_plan_was_shown_is_not_applied(
    deployed: Stage, access: Access, monkeypatch: pytest.MonkeyPatch, change: Callable[..., Stage]
) -> None:
    confirm: Any = prompts.confirm

    def somebody_else_is_faster(question: str) -> None:
        monkeypatch.setattr(prompts, "confirm", confirm)
        other = terraform.StageTerraform(change(deployed, batch_size=7), access)
        other.init()
        other.apply(other.plan(), Step("somebody else's"))

    monkeypatch.setattr(prompts, "confirm", somebody_else_is_faster)
    with pytest.raises(HarnessError, match="plan"):
        deploy.deploy(change(deployed, batch_size=9), access)
    [mapping] = access.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == 7


def test_prod_is_destroyed_only_by_its_name(deployed: Stage, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destroy, "BY_NAME", ("stg",))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # nor does YES=1 answer this
    with pytest.raises(HarnessError, match="was not typed"):
        destroy.destroy(deployed, access)
    assert deploy.deployed(deployed, access)["lambda_function"]


def test_a_version_that_fails_is_taken_back(deployed: Stage, access: Access, change: Callable[..., Stage]) -> None:
    # GIVEN a stage that works
    outputs = deploy.deployed(deployed, access)
    good = function_version.current(access, outputs["lambda_function"])

    # WHEN a version is deployed that cannot start
    broken = change(deployed, lambda_environment={"MODEL_LOCATION": "s3://nowhere/model"}, maximum_retry_attempts=0)
    with pytest.raises(HarnessError, match=rf"the smoke test failed; version {good.number} .* serves again"):
        deploy.deploy(broken, access)

    # THEN the former one answers, and the broken one is still there to be looked at
    assert function_version.current(access, outputs["lambda_function"]) == good
    deploy.smoke_test(deployed, access)
    assert deploy.deployed(deployed, access)["function_version"] != good.number

    # AND once it is fixed, a deployment continues from there
    deploy.deploy(change(broken, lambda_environment={}), access)
    assert function_version.current(access, outputs["lambda_function"]).number > good.number


def test_an_earlier_version_serves_again_until_the_pin_is_taken_out(
    deployed: Stage, access: Access, change: Callable[..., Stage]
) -> None:
    # GIVEN a newer version than that
    function = deploy.deployed(deployed, access)["lambda_function"]
    former = function_version.current(access, function).number
    deploy.deploy(change(deployed, lambda_environment={"LOG_LEVEL": "DEBUG"}), access)
    newest = function_version.current(access, function).number
    assert newest != former

    # WHEN the stage goes back
    rollback(change(deployed), access, "", deploy.deploy)

    # THEN the former one serves, the file says so, and a further deployment leaves it there
    assert function_version.current(access, function).number == former
    assert tfvars.read(deployed.vars_file)["live_version"] == former
    assert deploy.deploy(change(deployed), access).is_empty

    # AND without the pin the newest one serves
    rollback(change(deployed), access, LATEST, deploy.deploy)
    assert function_version.current(access, function).number == newest
    assert "live_version" not in tfvars.read(deployed.vars_file)
