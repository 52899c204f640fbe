"""The deployer's role in a rehearsal, with the policy that the bootstrap module gives to GitHub Actions' role."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from harness import console
from harness.errors import HarnessError
from harness.machine import commands, environment
from harness.stack import denials
from harness.stack.state import Stack
from harness.stages.access import Access
from harness.stages.rehearsal_files import ACCOUNT
from harness.stages.stage import Stage

ROLE, POLICY = "store-sales-deploy-stg", "deploy"
DEADLINE = 300.0
VARIABLES = (
    *("project_id", "aws_region", "source_stream_name", "output_stream_name", "model_bucket", "failed_events_bucket"),
    *("ecr_repo_name", "lambda_function_name"),
)
# Terraform renders the policies without any request to AWS.
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
    """Put the role's session in the environment for the duration of the block, and require that IAM refuses nothing.

    Args:
        stack: the LocalStack of the rehearsal.
        stage: to be deployed; its state bucket exists.
        access: of the account's root user.

    Raises:
        HarnessError: the policy could not be rendered, or IAM refused something.
    """
    with console.step("The deployer's role, with the policy of infrastructure/bootstrap/deployer"):
        document = policies(stack, stage, access).deploy
    try:
        with session(access, document):
            yield
    except HarnessError as error:
        raise HarnessError(denials.beside(error.cause, stack), error.next_step) from error
    if refused := denials.summary(stack):
        raise HarnessError(f"the deployer's policy is not sufficient:\n{refused}", "fix it in infrastructure/bootstrap")


@contextmanager
def session(access: Access, document: str) -> Iterator[str]:
    """Create a role with a policy, and put a session of it in the environment, for the duration of the block.

    Args:
        access: of the account's root user.
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
    """Replace the role's policy."""
    access.client("iam").put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=document)


def _discard(access: Access) -> None:
    """Delete the role. Errors are suppressed, so that they do not hide an earlier one."""
    iam = access.client("iam")
    with contextlib.suppress(ClientError, BotoCoreError):
        iam.delete_role_policy(RoleName=ROLE, PolicyName=POLICY)
        iam.delete_role(RoleName=ROLE)


def policies(stack: Stack, stage: Stage, access: Access) -> Policies:
    """Render the policies of the bootstrap module for a stage."""
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
    """Create a role with a policy; return its ARN, and a session's credentials as environment variables."""
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
