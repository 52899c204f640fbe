"""`make rollback`: moves the alias `live` back to an earlier version, with its image and its model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness import console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stack.live import ALIAS
from harness.stages import guards, model_bucket, tfvars, variables
from harness.stages.access import Access
from harness.stages.stage import Stage

PIN, LATEST = "live_version", "latest"


@dataclass(frozen=True)
class Published:
    """A published version of the function.

    Attributes:
        number: increases with each version.
        run_id: of the model that it serves.
        code: the image that it runs, by digest; for a Zip, its SHA-256.
        modified: time of publication.
    """

    number: int
    run_id: str
    code: str
    modified: str


def rollback(stage: Stage, access: Access, wanted: str, apply: Callable[[Stage, Access], object]) -> None:
    """Pins the alias to a published version, or removes the pin, and applies.

    If applying fails or is declined, restores the former pin.

    Args:
        stage: the stage of the function.
        access: to its account.
        wanted: a version number; `latest` removes the pin; empty means the version before the live one.
        apply: deploys a stage from its files (`harness.stages.deploy.deploy`).

    Raises:
        HarnessError: there is no such version, its model is gone, or AWS does not answer.
    """
    if not stage.pipeline.is_default:
        raise HarnessError(
            f"a rollback moves the alias {ALIAS} of this repository's modules; {stage.pipeline.name} has Terraform of "
            "its own",
            f"check out an earlier commit, then: make deploy-{stage.name} PIPELINE={shown(stage.pipeline.folder)}",
        )
    before = stage.variables.get(PIN)
    tfvars.check_writable(stage.vars_file)
    guards.check_for_destroy(stage, access)  # the guards on the target
    live, published = _look(stage, access)
    show(live, published)
    pin = None if wanted == LATEST else str(chosen(wanted, live, published).number)
    if pin is not None:
        _check_model(stage, access, next(one for one in published if str(one.number) == pin))
    if not tfvars.write(stage.vars_file, PIN, pin):
        console.say(f"{shown(stage.vars_file)} says so already")
    try:
        apply(replace(stage, variables=tfvars.read(stage.vars_file)), access)
    except BaseException:
        tfvars.write(stage.vars_file, PIN, None if before is None else str(before))
        console.warn(f"{shown(stage.vars_file)} was restored")
        raise


def chosen(wanted: str, live: int, published: list[Published]) -> Published:
    """The version to go back to.

    Args:
        wanted: its number; empty for the last one before the live one.
        live: the number of the live version.
        published: all versions.

    Raises:
        HarnessError: there is no such version.
    """
    if wanted:
        found = [one for one in published if str(one.number) == wanted]
        cause = f"there is no published version '{wanted}'"
    else:
        found = [one for one in published if one.number < live]
        cause = f"version {live} is live, and there is no earlier version"
    if not found:
        numbers = ", ".join(str(one.number) for one in published) or "none yet"
        raise HarnessError(cause, f"published versions: {numbers}; VERSION={LATEST} removes the pin")
    return max(found, key=lambda one: one.number)


def versions(client: Any, function: str) -> tuple[int, list[Published]]:
    """The live version's number, and every published version, oldest first.

    Args:
        client: for Lambda.
        function: the function's name.
    """
    live = int(client.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"])
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    found = [entry for page in pages for entry in page["Versions"] if entry["Version"] != "$LATEST"]
    return live, sorted((_published(client, function, entry) for entry in found), key=lambda one: one.number)


def show(live: int, published: list[Published]) -> None:
    """Prints the versions and marks the live one."""
    for one in published:
        mark = "  ← live" if one.number == live else ""
        console.say(f"  version {one.number}  run {one.run_id}  {one.code}  {one.modified}{mark}")


def _look(stage: Stage, access: Access) -> tuple[int, list[Published]]:
    function = f"{variables.value(stage, 'lambda_function_name')}_{stage.variables['project_id']}"
    try:
        return versions(access.client("lambda"), function)
    except ClientError as error:
        missing = error.response["Error"]["Code"] == "ResourceNotFoundException"
        raise HarnessError(
            f"the function {function} and its alias {ALIAS} "
            + ("do not exist" if missing else f"cannot be read: {error}"),
            f"deploy it first: make deploy-{stage.name}"
            if missing
            else "the role needs lambda:GetAlias, ListVersionsByFunction and GetFunction",
        ) from None
    except BotoCoreError as error:
        raise HarnessError(
            f"Lambda did not answer: {error}",
            "sign in to the stage's account (aws sts get-caller-identity must answer), then try again",
        ) from None


def _published(client: Any, function: str, entry: dict[str, Any]) -> Published:
    code = f"sha256 {entry['CodeSha256']}"
    if entry.get("PackageType") == "Image":
        image = client.get_function(FunctionName=function, Qualifier=entry["Version"])["Code"]
        code = re.sub(r"^.*/", "", image.get("ResolvedImageUri") or image["ImageUri"])
    run_id = entry.get("Environment", {}).get("Variables", {}).get("RUN_ID", "none")
    return Published(int(entry["Version"]), run_id, code, entry["LastModified"][:19])


def _check_model(stage: Stage, access: Access, version: Published) -> None:
    name = variables.bucket_name(stage, "model_bucket")
    if not model_bucket.models(access.client("s3"), name, version.run_id):
        raise HarnessError(
            f"version {version.number} serves run {version.run_id}, whose model is no longer in bucket {name}",
            f"choose another version, or put the model back: make promote MODEL={version.run_id} STAGE={stage.name}",
        )
