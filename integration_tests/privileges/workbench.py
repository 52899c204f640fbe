"""A part of a stage that Terraform makes, changes and removes, once with a policy that lacks a permission."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from harness.errors import HarnessError
from harness.stack import denials
from harness.stages import deploy, deployer, models, state_bucket
from harness.stages.terraform import StageTerraform
from harness.terraform.working_copy import working_copy
from integration_tests.privileges import narrower, trials
from integration_tests.privileges.deployer_policy import Permission, without
from integration_tests.privileges.deployment import FIRST, Scene, another_zip, edit, log_in
from integration_tests.privileges.trials import PARTS, Part

# These would otherwise be made and removed in every trial.
WITHOUT_KEY = {"kms_enabled": False}


class Workbench:
    """One stage, in two versions of its modules, that a role deploys.

    Args:
        scene: its files, the LocalStack, and the complete policy.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene, self.document = scene, json.loads(scene.policies.deploy)
        self.zip = another_zip(scene.stage)
        stage = scene.changed(**FIRST, **WITHOUT_KEY)
        self.terraform = StageTerraform(stage, scene.access)
        later = replace(stage, infrastructure=stage.folder / "later" / "infrastructure", folder=stage.folder / "later")
        self.later = StageTerraform(later, scene.access)

    def prepare(self) -> None:
        """Makes both working copies."""
        self.terraform.init()
        working_copy(self.later.stage.infrastructure, self.terraform.stage.infrastructure)
        edit(self.later.stage)
        self.later.init()

    def apply(self, part: Part, **variables: Any) -> None:
        """Makes or updates a part."""
        self._apply(self.terraform, part.targets, {**part.variables, **variables})

    def publish(self) -> None:
        """Puts the model into its bucket."""
        stage = self.terraform.stage
        bucket = f"{stage.variables['model_bucket']}-{stage.variables['project_id']}"
        models.publish(stage, self.scene.access, bucket)

    def destroy(self, part: Part, targets: Sequence[str] = ()) -> None:
        """Removes a part, or less."""
        self.terraform.apply_part(part.variables, targets or part.targets, destroy=True)

    def clear(self, part: Part) -> None:
        """Removes a part, and the resources made only because it refers to them."""
        self.terraform.apply_part(part.variables, (), destroy=True)

    def without(self, permission: Permission, way: str) -> tuple[str, list[denials.Denial]]:
        """Runs an operation with a policy that lacks a permission, then restores the policy.

        Returns:
            The message to the user, empty if it did not fail; and what IAM refused.
        """
        deployer.put_policy(self.scene.root, json.dumps(without(self.document, permission)))
        denials.read(self.scene.stack, "DELETE")
        message = ""
        try:
            self._do(permission, way)
        except HarnessError as error:
            message = error.cause
        except ClientError as error:  # the command line words these itself
            message = str(error)
        finally:
            deployer.put_policy(self.scene.root, json.dumps(self.document))
            self._unlock()
        return message, denials.read(self.scene.stack)[1]

    def _unlock(self) -> None:
        """Removes the lock that is left behind without permission to read or delete it."""
        backend = self.scene.stage.backend
        self.scene.root.client("s3").delete_object(Bucket=backend["bucket"], Key=f"{backend['key']}.tflock")

    def _do(self, permission: Permission, way: str) -> None:
        part = PARTS[trials.part_of(permission)]
        targets = narrower.NARROWER.get((way, permission.action)) or part.targets
        stage, access = self.terraform.stage, self.scene.access
        ways: dict[str, Callable[[], object]] = {
            narrower.LOG_IN: lambda: log_in(self.scene),
            narrower.CHECK: lambda: state_bucket.ensure(stage, access),
            narrower.INIT: self.terraform.init,
            narrower.CREATE: lambda: self._apply(self.terraform, targets, part.variables),
            narrower.PUBLISH: self.publish,
            narrower.LOOK: lambda: self.terraform.plan(part.variables, targets=targets),
            narrower.SMOKE: lambda: deploy.smoke_test(stage, access),
            narrower.CHANGE: lambda: self._change(permission.action, targets, part.variables),
            narrower.DESTROY: lambda: self.destroy(part, targets),
        }
        ways[way]()

    def _change(self, action: str, targets: Sequence[str], variables: Mapping[str, str]) -> None:
        settings = trials.CHANGES[action]
        if settings is None:
            self._apply(self.later, targets, variables)
        else:
            known = {trials.CHANGED_ZIP: str(self.zip)}
            chosen = {name: known.get(str(value), value) for name, value in settings.items() if value is not None}
            for name in settings.keys() - chosen.keys():
                self._take_out(name)
            self._apply(self.terraform, targets, {**variables, **chosen})

    def _take_out(self, name: str) -> None:
        """Removes a setting from Terraform's copy of the stage's file, because -var cannot set a number to null."""
        file = self.terraform.folder / "vars" / self.terraform.stage.vars_file.name
        file.write_text(re.sub(rf"^{name} = .*\n", "", file.read_text(), flags=re.MULTILINE))

    def _apply(self, terraform: StageTerraform, targets: Sequence[str], variables: Mapping[str, Any]) -> None:
        terraform.apply_part({name: str(value) for name, value in variables.items()}, targets)
