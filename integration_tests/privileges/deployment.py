"""The life of a stage from nothing to nothing: a deployer's steps, each made once with the role's session.

Uses a Zip, because the emulator without containers runs no images. The repository is made separately, like by a CI
system that pushes before the first full apply.
"""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.paths import ECR_PASSWORD
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import Stack
from harness.stages import deploy, deployer, destroy, leftovers, rehearsal, tfvars
from harness.stages.access import Access
from harness.stages.rehearsal_files import of_checkout
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform

REPOSITORY = ("module.ecr",)
IMAGE = {"lambda_package_type": "Image", "image_uri": f"registry.example/store_sales@sha256:{'0' * 64}"}
# The provider watches new lifecycle rules for 55 s, so they come with the change, whose streams take as long.
FIRST: dict[str, Any] = {
    "failed_events_expiration_days": None,
    "noncurrent_expiration_days": None,
    "lambda_reserved_concurrency": 8,
}
THEN: dict[str, Any] = {
    "failed_events_expiration_days": 90,
    "noncurrent_expiration_days": 30,
    "lambda_reserved_concurrency": None,
    "stream_retention_hours": 36,
    "shard_level_metrics": ["IncomingBytes"],
    "shard_count": 4,
    "log_retention_in_days": 0,
    "lambda_memory_size_mb": 512,
    "batch_size": 7,
    "alarm_errors": 5,
}
# Settings that a later version of the modules might change: file, text, replacement.
LATER = (
    ("providers.tf", "ManagedBy = ", "Owner     = "),
    ("modules/lambda/iam.tf", "Execution role of", "Role of"),
    ("modules/lambda/iam.tf", "LambdaRunsAsThisRole", "LambdaAssumes"),
    ("modules/lambda/main.tf", "that answers the events", "that answers"),
    ("modules/ecr/main.tf", '"IMMUTABLE"', '"MUTABLE"'),
    ("modules/ecr/main.tf", "scan_on_push = true", "scan_on_push = false"),
    ("modules/ecr/main.tf", "newest images", "latest images"),
    ("modules/ecr/main.tf", "LambdaPullsTheImage", "LambdaPulls"),
    ("modules/kms/main.tf", "Data of", "What is in"),
    ("modules/kms/iam.tf", "ImagesByGrant", "Images"),
    ("modules/s3/main.tf", "restrict_public_buckets = true", "restrict_public_buckets = false"),
)


@dataclass(frozen=True)
class Scene:
    """A stage in an account emulated by LocalStack.

    Attributes:
        stack: the LocalStack.
        stage: its files.
        root: the root user's access.
        policies: the bootstrap module's policies for the stage's deployer.
    """

    stack: Stack
    stage: Stage
    root: Access
    policies: deployer.Policies

    @property
    def access(self) -> Access:
        """Access with the environment's credentials."""
        return Access(stacks.REGION, self.stack.endpoint_url)

    def changed(self, **values: Any) -> Stage:
        """The stage with changed variables, which are also written to its file."""
        variables = tfvars.read(self.stage.vars_file) | values
        self.stage.vars_file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in variables.items()))
        return replace(self.stage, variables=variables)


@contextmanager
def account(prefix: str, runtime: str) -> Iterator[Scene]:
    """An account with only the state bucket; checks that nothing else is left at the end.

    Args:
        prefix: of the LocalStack's name.
        runtime: decides whether its functions are images.

    Yields:
        This checkout's stage, not yet deployed. Credentials are in the environment.
    """
    with rehearsal.empty_localstack(prefix, runtime) as stack, rehearsal.as_a_user_would():
        root = Access(stacks.REGION, stack.endpoint_url)
        stage = of_checkout(stack)
        before = set(leftovers.found(stage, root))  # in containers, the tracking server's bucket
        _make_state_bucket(root, stage)
        yield Scene(stack, stage, root, deployer.policies(stack, stage, root))
        leftovers.check(stage, root, before)


def make(scene: Scene) -> None:
    """Deploys the stage to the empty account, including the smoke test."""
    deploy.deploy(scene.changed(**FIRST), scene.access)


def log_in(scene: Scene) -> None:
    """Requests the registry's password."""
    command = [str(install.PYTHON), "-P", str(ECR_PASSWORD)]
    environment = scene.access.environment()
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise HarnessError(done.stderr, "see make iam-denials")


def apply_repository(scene: Scene, *, renewed: bool = False) -> None:
    """Makes only the repository, or updates it to renewed modules."""
    terraform = StageTerraform(scene.stage, scene.access)
    if not terraform.folder.exists() or renewed:
        terraform.init()
    terraform.apply_part(IMAGE, REPOSITORY)


def change_repository(scene: Scene) -> None:
    """Updates the repository to a later version of the modules."""
    edit(scene.stage)
    apply_repository(scene, renewed=True)


def change(scene: Scene) -> None:
    """Deploys that version with other settings and another Zip; removes the repository, which a Zip does not need."""
    stage = scene.changed(**THEN, lambda_zip_path=str(another_zip(scene.stage)))
    deploy.deploy(stage, scene.access)


def give_up_the_key(scene: Scene) -> None:
    """Applies the stage without a key: resources that had one change in place, and the key's deletion begins.

    Not a full deployment: the model is encrypted with that key, so the smoke test could no longer read it.
    """
    StageTerraform(scene.changed(), scene.access).apply_part({"kms_enabled": "false"}, ())


def get_a_key(scene: Scene) -> None:
    """Adds a key to an existing stage."""
    StageTerraform(scene.changed(), scene.access).apply_part({"kms_enabled": "true"}, ())


def edit(stage: Stage) -> None:
    """Changes the stage's modules to the later version."""
    for name, old, new in LATER:
        file = stage.infrastructure / name
        text = file.read_text()
        assert old in text, f"{name} has no {old!r} any more: fix LATER"
        file.write_text(text.replace(old, new))


def another_zip(stage: Stage) -> Path:
    """A Zip with the same behaviour as the stage's, but other bytes."""
    source = (stage.infrastructure / stage.variables["lambda_zip_path"]).resolve()
    target = stage.folder / "changed.zip"
    target.write_bytes(source.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("changed.txt", "changed\n")
    return target


def look(scene: Scene) -> None:
    """Plans like a pull request, with the policy for planning."""
    deploy.plan(scene.changed(), scene.access)


def take_away(scene: Scene) -> None:
    """Destroys the stage with all its contents."""
    destroy.destroy(scene.changed(), scene.access)


PLAN = "plan"
GIVING_UP = "giving up the key"
STEPS: dict[str, Callable[[Scene], None]] = {
    "first deployment": make,
    "log in to the registry": log_in,
    "making the repository": apply_repository,
    PLAN: look,
    "change of the repository": change_repository,
    "deployment of a change": change,
    GIVING_UP: give_up_the_key,
    "getting a key": get_a_key,
    "destroy": take_away,
}
"""In order."""


def _make_state_bucket(root: Access, stage: Stage) -> None:
    """The state bucket with all settings of the bootstrap module."""
    s3, name = root.client("s3"), stage.backend["bucket"]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": stage.region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
