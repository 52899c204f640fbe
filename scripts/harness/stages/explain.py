"""Translates Terraform's errors into messages that name the cause and the next step."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.errors import CommandFailedError, HarnessError
from harness.paths import shown
from harness.stages import explain_aws
from harness.stages.explain_aws import Failure
from harness.stages.stage import Stage
from harness.terraform.json_output import Diagnostic

_LOCKED = "Error acquiring the state lock"
_LOCK = re.compile(  # at the start of a line, because S3's error before it contains RequestID and HostID
    r"^\s*ID:\s+(?P<id>\S+)$.*?^\s*Who:\s+(?P<who>.+?)\s*$.*?^\s*Created:\s+(?P<created>.+?)\s*$",
    re.DOTALL | re.MULTILINE,
)
_BUCKET = re.compile(r"S3 Bucket \((?P<name>[^)]+)\)")
_IMAGE = re.compile(
    r"[Ss]ource image (?P<uri>\S+) (?P<how>does not exist|is not valid)|"
    r"media type for the source image (?P<other>\S+) is not supported"
)
_NO_PROVIDER = ("Failed to query available provider packages", "Failed to install provider")
_VARIABLE = (
    *("Invalid value for variable", "Invalid value for input variable"),
    *("No value for required variable", "Value for undeclared variable"),
)
_PASSED_ON = re.compile(r"^\s*\w+\s+=\s+var\.(?P<name>\w+)$")  # from the root to a module
# What Terraform adds to a message for its author, not its user.
_ADDED = re.compile(r"^This was checked by .*$", re.MULTILINE)


def failure(
    stage: Stage, error: CommandFailedError, diagnostics: Sequence[Diagnostic], log: str = "terraform"
) -> HarnessError:
    """Return the error to show in place of the program's last lines.

    Args:
        stage: that Terraform worked on.
        error: the failed command.
        diagnostics: the errors that the command reported.
        log: the stage's log with the whole output.
    """
    for diagnostic in diagnostics:
        if known := _explained(stage, diagnostic, log):
            return known
    if not diagnostics:
        return error
    text = "\n\n".join(map(str, diagnostics))
    return HarnessError(
        f"Terraform failed:\n{text}", f"fix it, then run it again; the whole output is in {shown(stage.log(log))}"
    )


def _explained(stage: Stage, diagnostic: Diagnostic, log: str) -> HarnessError | None:
    if diagnostic.summary == _LOCKED:  # before AWS's error, with which S3 refuses to write the lock twice
        return _locked(stage, diagnostic.detail, log)
    if diagnostic.summary in _VARIABLE:
        return _variable(stage, diagnostic)
    if diagnostic.summary in _NO_PROVIDER:
        return HarnessError(
            "Terraform's AWS provider could not be fetched",
            f"check the network, then: make setup; the whole output is in {shown(stage.log(log))}",
        )
    answer = explain_aws.parse(str(diagnostic))
    return (_refused(stage, diagnostic, answer) if answer else None) or explain_aws.of_terraform(str(diagnostic))


def _locked(stage: Stage, detail: str, log: str) -> HarnessError:
    if not (found := _LOCK.search(detail)):
        return HarnessError(
            f"the state s3://{stage.backend['bucket']}/{stage.backend['key']} is locked",
            f"wait for the other run, then try again; the lock's details are in {shown(stage.log(log))}",
        )
    return HarnessError(
        f"the state is locked by {found['who']} since {found['created']}",
        f"wait for that run to end. If you are certain that it was killed: make unlock-{stage.name} LOCK={found['id']}",
    )


def _refused(stage: Stage, diagnostic: Diagnostic, answer: Failure) -> HarnessError | None:
    """Return the error for what AWS refuses in any resource; None if Terraform's message is clear enough."""
    named = _BUCKET.search(diagnostic.summary)
    bucket = named["name"] if named else "to be created"
    match answer.code:
        case "NoSuchBucket":
            return HarnessError(
                f"the state bucket {stage.backend['bucket']} does not exist, or not in {stage.backend['region']}",
                f"make deploy-{stage.name} creates it; its name and region are in {shown(stage.backend_file)}",
            )
        case "BucketAlreadyOwnedByYou":
            return HarnessError(
                f"the bucket {bucket} already exists in this account, but not in the state",
                "an earlier run was killed before it could save the state, or the bucket was created by hand: delete "
                "it if nothing needs it, or import it (terraform import), then run it again",
            )
        case "BucketAlreadyExists":
            return HarnessError(
                f"the bucket name {bucket} is taken by another account",
                f"choose another in {shown(stage.vars_file)}: bucket names are globally unique",
            )
        case "InvalidParameterValueException" if found := _IMAGE.search(answer.message):
            image, why = found["uri"] or found["other"], found["how"] or "is an index"
            return HarnessError(
                f"Lambda does not accept the image {image}: it {why}",
                f"fix image_uri in {shown(stage.vars_file)}, or build one image for one architecture",
            )
    return None


def _variable(stage: Stage, diagnostic: Diagnostic) -> HarnessError:
    """Return Terraform's message about an invalid value, without the parts for the module's author."""
    passed = _PASSED_ON.search(diagnostic.code)
    where = passed["name"] if passed else diagnostic.place
    words = " ".join(_ADDED.sub("", diagnostic.detail).split()) or diagnostic.summary
    return HarnessError(
        f"{where}: {words}" if where else words, f"fix it in {shown(stage.vars_file)}, then run it again"
    )
