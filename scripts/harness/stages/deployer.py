"""The role of whoever deploys, in a rehearsal: with the policy that the bootstrap module gives GitHub Actions' role."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from harness import commands, console, denials, environment
from harness.errors import HarnessError
from harness.stack import Stack
from harness.stages.access import Access
from harness.stages.rehearsal_files import ACCOUNT
from harness.stages.stage import Stage

ROLE, POLICY = "store-sales-deploy-stg", "deploy"
DEADLINE = 300.0
VARIABLES = (
    *("project_id", "aws_region", "source_stream_name", "output_stream_name", "model_bucket", "failed_events_bucket"),
    *("ecr_repo_name", "lambda_function_name"),
)
# Policies are texts of Terraform alone: nothing is asked of AWS for them.
ROOT = """
module "deployer" {
  source = %(source)s
%(arguments)s
}

output "deploy" {
  value = module.deployer.deploy_policy
}

output "plan" {
  value = module.deployer.plan_policy
}
"""


class Policies(NamedTuple):
    """The policies that the bootstrap module gives GitHub Actions' roles, as JSON: to deploy, and to plan only."""

    deploy: str
    plan: str


@contextmanager
def as_deployer(stack: Stack, stage: Stage, access: Access) -> Iterator[None]:
    """The role's session in the environment, until the block ends; nothing of what it does may be refused.

    Args:
        stack: the LocalStack of the rehearsal.
        stage: what is deployed; its state bucket exists.
        access: that of the account's root user.

    Raises:
        HarnessError: the policy cannot be made, or IAM refused something.
    """
    with console.step("The deployer's role, with the policy of infrastructure/bootstrap/deployer"):
        document = policies(stack, stage, access).deploy
    try:
        with session(access, document):
            yield
    except HarnessError as error:
        raise HarnessError(denials.beside(error.cause, stack), error.next_step) from error
    if refused := denials.summary(stack):
        raise HarnessError(f"the deployer's policy does not suffice:\n{refused}", "mend it in infrastructure/bootstrap")


@contextmanager
def session(access: Access, document: str) -> Iterator[str]:
    """A role with a policy, and a session of it in the environment, until the block ends.

    Args:
        access: that of the account's root user.
        document: the policy.

    Yields:
        The role's ARN.
    """
    try:
        arn, credentials = _session(access, document)
        with environment.set_to(**credentials):
            yield arn
    finally:
        _discard(access)


def put_policy(access: Access, document: str) -> None:
    """Replaces the policy of the role."""
    access.client("iam").put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=document)


def _discard(access: Access) -> None:
    """Deletes the role; where that fails, what came before is what the user must hear of."""
    iam = access.client("iam")
    with contextlib.suppress(ClientError, BotoCoreError):
        iam.delete_role_policy(RoleName=ROLE, PolicyName=POLICY)
        iam.delete_role(RoleName=ROLE)


def policies(stack: Stack, stage: Stage, access: Access) -> Policies:
    """The policies of the bootstrap module for a stage."""
    folder = stack.folder / "deployer"
    folder.mkdir(parents=True, exist_ok=True)
    values = {name: stage.variables[name] for name in VARIABLES if name in stage.variables} | {
        "account_id": ACCOUNT,
        "state_bucket": stage.backend["bucket"],
        "state_key": stage.backend["key"],
    }
    arguments = "\n".join(f"  {name} = {json.dumps(value)}" for name, value in values.items())
    source = json.dumps(str((stage.infrastructure / "bootstrap" / "deployer").absolute()))
    (folder / "main.tf").write_text(ROOT % {"source": source, "arguments": arguments})
    log = stack.log("deployer")
    for command in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve"]):
        commands.run(["terraform", *command], log=log, cwd=folder, env=access.environment(), deadline=DEADLINE)
    state = json.loads(Path(folder / "terraform.tfstate").read_text())
    return Policies(**{name: output["value"] for name, output in state["outputs"].items()})


def _session(access: Access, document: str) -> tuple[str, dict[str, str]]:
    """The ARN of a new role with a policy, and credentials of a session as variables of the environment."""
    iam, sts = access.client("iam"), access.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": trust})
    arn = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    put_policy(access, document)
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="rehearsal", DurationSeconds=3600)["Credentials"]
    return arn, {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
