"""`make rollback` through the whole of a deployment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.rollout.rollback import LATEST, rollback
from harness.stages import deploy, live, tfvars
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = pytest.mark.local_only


def test_an_earlier_version_serves_again_until_the_pin_is_taken_out(
    stage: Stage, access: Access, change: Callable[..., Stage]
) -> None:
    # GIVEN two versions, the second one live
    deploy.deploy(stage, access)
    deploy.deploy(change(stage, lambda_environment={"LOG_LEVEL": "DEBUG"}), access)
    function = deploy.deployed(stage, access)["lambda_function"]
    assert live.current(access, function).number == "2"

    # WHEN the stage goes back
    rollback(change(stage), access, "", deploy.deploy)

    # THEN the first one serves, the file says so, and a further deployment leaves it there
    assert live.current(access, function).number == "1"
    assert tfvars.read(stage.vars_file)["live_version"] == "1"
    assert deploy.deploy(change(stage), access).is_empty

    # AND without the pin the second one serves
    rollback(change(stage), access, LATEST, deploy.deploy)
    assert live.current(access, function).number == "2"
    assert "live_version" not in tfvars.read(stage.vars_file)
