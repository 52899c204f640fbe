"""Least privilege of the deployer: without any one action of the policy, some step of a deployment is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.stack import denials
from harness.stack.state import EMBEDDED, Stack
from harness.stages import deploy, deployer
from integration_tests.privileges import allowed_requests, rows
from integration_tests.privileges.deployer_policy import Permission, needs, permissions, without
from integration_tests.privileges.deployment import GIVING_UP, PLAN, STEPS, Scene, account
from integration_tests.privileges.not_shown import OF_AN_IMAGE, reason

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]

WRITE = os.environ.get("WRITE") == "1"


@dataclass(frozen=True)
class Noted:
    """The emulator's records of all steps, and the policies in force."""

    scene: Scene
    deploy: dict[str, Any]
    plan: dict[str, Any]

    @property
    def stack(self) -> Stack:
        """The emulator's stack."""
        return self.scene.stack


@pytest.fixture(scope="module")
def whole() -> Iterator[Noted]:
    """Makes every step once, with the role; nothing is refused."""
    with account("deployer", EMBEDDED) as scene:
        policies = scene.policies
        with deployer.session(scene.root, policies.deploy) as role:
            for title, step in STEPS.items():
                allowed_requests.start(scene.stack, role, title)
                deployer.put_policy(scene.root, policies.plan if title == PLAN else policies.deploy)
                step(scene)
        assert denials.read(scene.stack) == ("on", [])
        yield Noted(scene, json.loads(policies.deploy), json.loads(policies.plan))


def test_each_action_of_the_policy_is_needed(whole: Noted) -> None:
    found, unneeded = needs(whole.stack, deployer.POLICY, whole.deploy, list(STEPS))
    excused = [each for each in unneeded if reason(*each)]
    assert sorted(set(unneeded) - set(excused)) == [], "nothing fails without these: remove them from the policies"
    assert [need for need in found if reason(*need.permission)] == [], "these are needed, but not_shown.py excuses them"
    _check(rows.NEEDED, rows.needed(whole.deploy, found))
    _check(rows.NOT_SHOWN, rows.not_shown(excused))
    _check(rows.NOT_FATAL, rows.not_fatal())


def test_each_action_of_the_plans_policy_is_needed_for_a_plan(whole: Noted) -> None:
    _, unneeded = needs(whole.stack, deployer.POLICY, whole.plan, [PLAN])
    assert sorted(each for each in unneeded if not reason(*each)) == []


def test_with_the_whole_policy_nothing_would_be_refused(whole: Noted) -> None:
    assert allowed_requests.refused(whole.stack, {deployer.POLICY: whole.deploy}) == []


def test_the_function_may_use_the_key_while_anything_is_encrypted_with_it(whole: Noted) -> None:
    asked = [each.action for each in allowed_requests.read(whole.stack) if each.during == GIVING_UP]
    uses = ("logs:DisassociateKmsKey", "s3:PutEncryptionConfiguration", "kinesis:StopStreamEncryption")
    given_up = max(place for place, action in enumerate(asked) if action in uses)
    assert set(uses) <= set(asked)
    assert given_up < asked.index("iam:DeleteRolePolicy") < asked.index("kms:ScheduleKeyDeletion"), asked


@pytest.mark.parametrize(
    ("sid", "action"), [("Buckets", "s3:GetBucketLocation"), ("Role", "iam:UpdateRole"), ("Objects", "s3:GetBucketAcl")]
)
def test_an_action_that_is_not_needed_is_found(whole: Noted, sid: str, action: str) -> None:
    planted = json.loads(json.dumps(whole.deploy))
    [statement] = [each for each in planted["Statement"] if each["Sid"] == sid]
    statement["Action"].append(action)
    here = [each for each in permissions(planted) if each.sid == sid]
    _, unneeded = needs(whole.stack, deployer.POLICY, planted, list(STEPS), here)
    assert unneeded == [Permission(sid, action)]


def test_a_rehearsal_whose_policy_lacks_an_action_names_it(whole: Noted, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = without(whole.deploy, Permission("ListState", "s3:ListBucket"))
    monkeypatch.setattr(deployer, "policies", lambda *_: deployer.Policies(json.dumps(lacking), ""))
    stack, stage = whole.stack, whole.scene.stage
    with (
        pytest.raises(HarnessError, match="IAM refused s3:ListBucket on arn:aws:s3:::store-sales-tfstate-stg to "),
        deployer.as_deployer(stack, stage, whole.scene.root),
    ):
        deploy.plan(stage, whole.scene.access)


def test_excused_actions_are_in_the_policy(whole: Noted) -> None:
    [actions] = [each["Action"] for each in whole.deploy["Statement"] if each["Sid"] == "Repository"]
    assert set(OF_AN_IMAGE) <= set(actions)


def _check(heading: str, found: list[str]) -> None:
    """The documented table matches the findings."""
    if WRITE:
        rows.write(heading, found)
    assert rows.standing(heading) == found, f"make privileges-test WRITE=1 puts these rows below {heading}"
