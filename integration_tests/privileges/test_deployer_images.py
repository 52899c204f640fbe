"""Least privilege of the deployer for images: a container engine builds one and pushes it to a stack of containers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.machine import engine
from harness.stack import denials
from harness.stack.state import DOCKER, Stack
from harness.stages import deployer
from harness.stages.terraform import StageTerraform
from integration_tests.privileges import allowed_requests
from integration_tests.privileges.deployer_policy import Permission, needs, without
from integration_tests.privileges.deployment import REPOSITORY, account
from integration_tests.privileges.not_shown import OF_AN_IMAGE

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]

STEP = "push of an image"
LACKING = Permission("Repository", "ecr:PutImage")


@pytest.fixture(scope="module")
def pushed() -> Iterator[tuple[Stack, dict[str, Any], str]]:
    """A repository with its image, made with the role; and the error of an earlier attempt without a permission."""
    if lack := engine.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lack)
    with account("images", DOCKER) as scene:
        stack, document = scene.stack, json.loads(scene.policies.deploy)
        with deployer.session(scene.root, json.dumps(without(document, LACKING))) as role:
            allowed_requests.start(stack, role, STEP)  # the refused attempt has already uploaded the layers
            terraform = StageTerraform(scene.stage, scene.access)
            terraform.init()
            with pytest.raises(HarnessError) as refused:
                terraform.apply_part({}, REPOSITORY)
            message = denials.beside(refused.value.cause, stack)
            denials.read(stack, "DELETE")
            deployer.put_policy(scene.root, json.dumps(document))
            terraform.apply_part({}, REPOSITORY)
            assert denials.read(stack) == ("on", [])
            yield stack, document, message
            terraform.apply_part({}, (), destroy=True)


def test_each_action_on_images_is_needed(pushed: tuple[Stack, dict[str, Any], str]) -> None:
    stack, document, _ = pushed
    of_images = [Permission("Repository", action) for action in OF_AN_IMAGE]
    _, unneeded = needs(stack, deployer.POLICY, document, [STEP], of_images)
    assert unneeded == [], "nothing fails without these: remove them from the policy"


def test_a_refused_put_image_is_named(pushed: tuple[Stack, dict[str, Any], str]) -> None:
    _, _, message = pushed
    assert LACKING.action in message
