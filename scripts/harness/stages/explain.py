"""Translates Terraform's errors into messages that name the cause and the next step."""

from __future__ import annotations

import re

from harness.errors import CommandFailedError, HarnessError
from harness.paths import shown
from harness.stages import explain_aws
from harness.stages.stage import Stage

_LOCK = re.compile(  # at the start of a line, because S3's error before it contains RequestID and HostID
    r"^\s*ID:\s+(?P<id>\S+)$.*?^\s*Who:\s+(?P<who>.+?)\s*$.*?^\s*Created:\s+(?P<created>.+?)\s*$",
    re.DOTALL | re.MULTILINE,
)
_BUCKET = re.compile(r"S3 Bucket \((?P<name>[^)]+)\)")
_TAKEN = ("BucketAlreadyExists", "requested bucket name is not available")
_OURS = "BucketAlreadyOwnedByYou"
_IMAGE = re.compile(
    r"[Ss]ource image (?P<uri>\S+) (?P<how>does not exist|is not valid)|"
    r"media type for the source image (?P<other>\S+) is not supported"
)
_NO_PROVIDER = re.compile(r"Failed to (?:query available provider packages|install provider)|could not connect to")
_NO_STATE = re.compile(r'S3 bucket "?(?P<name>[^"\s]*)"? does not exist|NoSuchBucket')
_VARIABLE = re.compile(
    r"^Error: (?:Invalid value for (?:input )?variable|No value for required variable|Value for undeclared variable)"
)
_PLACE = re.compile(r"^  on (?P<file>\S+) line (?P<line>\d+)", re.MULTILINE)
_PASSED_ON = re.compile(r"^ *\d+: +\w+ += var\.(?P<name>\w+)$", re.MULTILINE)  # from the root to a module
# What Terraform adds to a message for its author, not its user.
_ADDED = re.compile(r"^ *(?:on \S+ line \d+.*|\d+: .*|├─+|│ .*|with .*,|This was checked by .*)$", re.MULTILINE)


def failure(stage: Stage, error: CommandFailedError, log: str = "terraform") -> HarnessError:
    """Return the error to show in place of the program's last lines.

    Args:
        stage: that Terraform worked on.
        error: the failed command.
        log: the stage's log with the whole output.
    """
    blocks = errors(error.output)
    if not blocks:
        return error
    text = "\n\n".join(blocks)
    flat = " ".join(text.split())  # Terraform wraps lines at any space
    return (
        _locked(stage, text)
        or _known(stage, flat)
        or _variable(stage, blocks[0])
        or HarnessError(
            f"Terraform failed:\n{text}", f"fix it, then run it again; the whole output is in {shown(stage.log(log))}"
        )
    )


def errors(output: str) -> list[str]:
    """Return Terraform's error blocks, each starting with `Error: …`, without the frame around them.

    Args:
        output: of a Terraform command, without colour.
    """
    blocks: list[list[str]] = []
    inside = False
    for line in output.splitlines():
        bare = re.sub(r"^[│╷╵] ?", "", line)
        if bare.startswith(("Error: ", "Warning: ")):
            inside = bare.startswith("Error: ")
            if inside:
                blocks.append([])
        elif line.startswith(("╵", "╷")):
            inside = False
        if inside:
            blocks[-1].append(bare.rstrip())
    return ["\n".join(block).strip() for block in blocks]


def _locked(stage: Stage, text: str) -> HarnessError | None:
    if "Error acquiring the state lock" not in text:
        return None
    if not (found := _LOCK.search(text)):
        return HarnessError(
            f"the state s3://{stage.backend['bucket']}/{stage.backend['key']} is locked",
            f"wait for the other run, then try again; the lock's details are in {shown(stage.log('terraform'))}",
        )
    return HarnessError(
        f"the state is locked by {found['who']} since {found['created']}",
        f"wait for that run to end. If you are certain that it was killed: make unlock-{stage.name} LOCK={found['id']}",
    )


def _known(stage: Stage, text: str) -> HarnessError | None:
    """Return the error for causes that recur in any resource."""
    if _NO_PROVIDER.search(text):
        return HarnessError(
            "Terraform's AWS provider could not be fetched",
            f"check the network, then: make setup; the whole output is in {shown(stage.log('terraform'))}",
        )
    if _NO_STATE.search(text):
        return HarnessError(
            f"the state bucket {stage.backend['bucket']} does not exist, or not in {stage.backend['region']}",
            f"make deploy-{stage.name} creates it; its name and region are in {shown(stage.backend_file)}",
        )
    named = _BUCKET.search(text)
    bucket = named["name"] if named else "to be created"
    if _OURS in text:
        return HarnessError(
            f"the bucket {bucket} already exists in this account, but not in the state",
            "an earlier run was killed before it could save the state, or the bucket was created by hand: delete it if "
            "nothing needs it, or import it (terraform import), then run it again",
        )
    if any(words in text for words in _TAKEN):
        return HarnessError(
            f"the bucket name {bucket} is taken by another account",
            f"choose another in {shown(stage.vars_file)}: bucket names are globally unique",
        )
    if found := _IMAGE.search(text):
        return HarnessError(
            f"Lambda does not accept the image {found['uri'] or found['other']}: it {found['how'] or 'is an index'}",
            f"fix image_uri in {shown(stage.vars_file)}, or build one image for one architecture",
        )
    return explain_aws.of_terraform(text)


def _variable(stage: Stage, block: str) -> HarnessError | None:
    """Return Terraform's message about an invalid value, without the parts that quote the root module."""
    if not _VARIABLE.search(block):
        return None
    place = _PLACE.search(block)
    title, _, rest = block.partition("\n")
    words = " ".join(_ADDED.sub("", rest).split())
    passed = _PASSED_ON.search(block)
    where = f"{passed['name']}: " if passed else f"{place['file']}:{place['line']}: " if place else ""
    return HarnessError(
        f"{where}{words or title.removeprefix('Error: ')}", f"fix it in {shown(stage.vars_file)}, then run it again"
    )
