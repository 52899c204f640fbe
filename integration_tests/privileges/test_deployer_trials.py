"""Some of the deployer's permissions are removed for real: what needs them fails and names the action."""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Iterator, Sequence

import pytest

from harness import console, paths
from harness.stack.denials import Denial
from harness.stack.state import EMBEDDED
from harness.stages import deploy, deployer
from integration_tests.privileges import trials
from integration_tests.privileges.deployer_policy import Permission, permissions
from integration_tests.privileges.deployment import account
from integration_tests.privileges.narrower import CREATE, DESTROY, LOG_IN
from integration_tests.privileges.not_shown import NOT_FATAL, reason
from integration_tests.privileges.trials import PARTS, WHOLE
from integration_tests.privileges.workbench import Workbench

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(3600)]

SEED = os.environ.get("SEED") or str(time.time_ns() % 10_000)
ACTIONS = os.environ.get("ACTIONS", "")
SAMPLE = 2
# Streams take minutes; the repository is added once all its trials have been run (ACTIONS=repository).
SAMPLED = (trials.STATE, trials.OBJECTS, trials.KEY, "function")
REPORT = paths.CACHE / "privileges" / f"trials-{re.sub(r'\W+', '-', ACTIONS) or 'sample'}.txt"


@pytest.fixture(scope="module")
def bench() -> Iterator[tuple[Workbench, set[str]]]:
    """An account with a state bucket and the role, and the actions of the policy for planning."""
    with account("trials", EMBEDDED) as scene:
        planning = {each.action for each in permissions(json.loads(scene.policies.plan))}
        with deployer.session(scene.root, scene.policies.deploy):
            bench = Workbench(scene)
            bench.prepare()
            yield bench, planning


def chosen(found: list[Permission]) -> list[Permission]:
    """A sample of one part's permissions chosen by the seed, or all, or those that ACTIONS names by action or part."""
    if ACTIONS == "all":
        return found
    if names := set(filter(None, ACTIONS.split(","))):
        return [each for each in found if {each.action, trials.part_of(each)} & names]
    dice = random.Random(SEED)
    part = dice.choice(SAMPLED)
    here = [each for each in found if trials.part_of(each) == part]
    return dice.sample(here, min(SAMPLE, len(here)))


def test_without_a_permission_what_needs_it_fails_and_names_it(bench: tuple[Workbench, set[str]]) -> None:
    work, planning = bench
    tried = [each for each in permissions(work.document) if each.action not in trials.WITH_A_KEY and not reason(*each)]
    wanted = chosen(tried)
    assert wanted, f"ACTIONS={ACTIONS} names none of the policy's actions"
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(f"SEED={SEED}\n")
    wrong: list[str] = []
    for name in PARTS:
        here = trials.in_order([each for each in wanted if trials.part_of(each) == name], planning)
        for line, failed in _tried(work, name, here):
            with REPORT.open("a") as report:
                report.write(line + "\n")
            wrong += [] if failed else [line]
    console.say(f"SEED={SEED}; {paths.shown(REPORT)}")
    assert not wrong, f"SEED={SEED}; nothing fails, or something else:\n" + "\n".join(wrong)


def test_removing_an_unneeded_permission_fails_nothing(bench: tuple[Workbench, set[str]]) -> None:
    work, _ = bench
    permission = Permission("CheckStateBucket", "s3:GetBucketVersioning")
    assert _verdict(permission, *work.without(permission, LOG_IN)) == "IAM refused nothing: ''"


def _tried(work: Workbench, name: str, here: Sequence[tuple[Permission, str]]) -> Iterator[tuple[str, bool]]:
    """Makes a part, tries each permission in turn, and removes the part; yields a line for each permission."""
    made = whole = False
    for permission, way in here:
        if not made and trials.WAYS.index(way) > trials.WAYS.index(CREATE):
            if name == WHOLE:
                deploy.deploy(work.terraform.stage, work.scene.access)
            else:
                work.apply(PARTS[name])
            made = True
        if way == DESTROY and not whole:  # a refused change has left a part without the resources it replaces
            work.apply(PARTS[name])
            whole = True
        if name == trials.OBJECTS and way == DESTROY:  # a non-empty bucket
            work.publish()
        started = time.monotonic()
        verdict = _verdict(permission, *work.without(permission, way))
        took = f"{time.monotonic() - started:.0f} s"
        yield " | ".join((name, *permission, way, verdict, took)), verdict.startswith("fails")
    if here:
        work.clear(PARTS[name])


def _verdict(permission: Permission, message: str, refused: list[Denial]) -> str:
    """A trial's outcome in words; starts with "fails" if it is as expected."""
    others = sorted({each.action for each in refused} - {permission.action})
    if others or not refused:
        return f"IAM refused {', '.join(others) or 'nothing'}: {message[:300]!r}"
    if bool(message) is (permission in NOT_FATAL):
        return f"NOT_FATAL of not_shown.py says otherwise: {message[:300]!r}"
    if not message:
        return "fails only the rehearsal"
    return (
        "fails, named by the error" if permission.action in " ".join(message.split()) else "fails, named by IAM's list"
    )
