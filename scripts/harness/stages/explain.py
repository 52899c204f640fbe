"""Terraform's failures in words that name the cause and the next step."""

from __future__ import annotations

import re

from harness.errors import CommandFailedError, HarnessError
from harness.paths import shown
from harness.stages import explain_aws
from harness.stages.stage import Stage

_LOCK = re.compile(  # at the start of a line: S3's answer before it has a RequestID and a HostID
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
# What Terraform adds to a message for its author, not its user.
_ADDED = re.compile(r"^ *(?:on \S+ line \d+.*|\d+: .*|├─+|│ .*|with .*,|This was checked by .*)$", re.MULTILINE)


def failure(stage: Stage, error: CommandFailedError, log: str = "terraform") -> HarnessError:
    """The error to show in place of the program's last lines.

    Args:
        stage: what Terraform worked on.
        error: how it ended.
        log: which of the stage's logs has the whole output.
    """
    blocks = errors(error.output)
    if not blocks:
        return error
    text = "\n\n".join(blocks)
    flat = " ".join(text.split())  # Terraform breaks lines wherever there is a space
    return (
        _locked(stage, text)
        or _known(stage, flat)
        or _variable(stage, blocks[0])
        or HarnessError(
            f"Terraform failed:\n{text}", f"mend it, then run it again; the whole output is in {shown(stage.log(log))}"
        )
    )


def errors(output: str) -> list[str]:
    """Terraform's error blocks, each from `Error: …` on, without the frame around them.

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
            f"wait for the other run, then try again; its lock is described in {shown(stage.log('terraform'))}",
        )
    return HarnessError(
        f"the state is locked by {found['who']} since {found['created']}",
        f"wait for that run to end. If it is certain that it was killed: make unlock-{stage.name} LOCK={found['id']}",
    )


def _known(stage: Stage, text: str) -> HarnessError | None:
    """Causes that recur, wherever they come up."""
    if _NO_PROVIDER.search(text):
        return HarnessError(
            "Terraform's AWS provider could not be fetched",
            f"check the network, then: make setup; the whole output is in {shown(stage.log('terraform'))}",
        )
    if _NO_STATE.search(text):
        return HarnessError(
            f"the state bucket {stage.backend['bucket']} is not there, or not in {stage.backend['region']}",
            f"make deploy-{stage.name} makes it; its name and region are in {shown(stage.backend_file)}",
        )
    named = _BUCKET.search(text)
    bucket = named["name"] if named else "that it wanted to make"
    if _OURS in text:
        return HarnessError(
            f"the bucket {bucket} is this account's already, and the state does not know it",
            "an earlier run was killed before it could save the state, or it was made by hand: if nothing needs it, "
            "delete it; else import it (terraform import), then run it again",
        )
    if any(words in text for words in _TAKEN):
        return HarnessError(
            f"the bucket {bucket} is taken by another account",
            f"choose another in {shown(stage.vars_file)}: names are unique in all of AWS",
        )
    if found := _IMAGE.search(text):
        return HarnessError(
            f"Lambda does not take the image {found['uri'] or found['other']}: it {found['how'] or 'is an index'}",
            f"mend image_uri in {shown(stage.vars_file)}, or build one image, for one architecture",
        )
    return explain_aws.of_terraform(text)


def _variable(stage: Stage, block: str) -> HarnessError | None:
    """A value that Terraform refuses: its message, without the parts that quote the root module."""
    if not _VARIABLE.search(block):
        return None
    place = _PLACE.search(block)
    title, _, rest = block.partition("\n")
    words = " ".join(_ADDED.sub("", rest).split())
    where = f"{place['file']}:{place['line']}: " if place else ""
    return HarnessError(
        f"{where}{words or title.removeprefix('Error: ')}", f"mend it in {shown(stage.vars_file)}, then run it again"
    )
