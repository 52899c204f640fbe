"""The region: the one in the stage's files, and one that AWS has."""

from __future__ import annotations

import os

from harness import console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.access import Access
from harness.stages.stage import Stage

VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def check(stage: Stage, access: Access) -> None:
    """Refuse regions in which AWS has no Lambda.

    Whether the account has enabled a region shows when its identity is looked up (account.py). Another region in the
    environment or profile is only reported: every client and Terraform use the stage's own, and many users have a
    default for another project.

    Args:
        stage: names its region and that of its state.
        access: knows AWS's regions.

    Raises:
        HarnessError: there is no such region.
    """
    session = access.session
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }
    for name, region, path in (
        ("aws_region" if stage.declares("aws_region") else "region", stage.region, stage.vars_file),
        ("region", stage.backend["region"], stage.backend_file),
    ):
        if region not in known:
            raise HarnessError(
                f"{name} = {region!r} in {shown(path)} is not a region with Lambda",
                "write it as the console does, such as ap-south-1 (if it is newer than this boto3: make lock)",
            )
    for variable in VARIABLES:
        if (other := os.environ.get(variable)) and other != stage.region:
            console.say(f"ignoring {variable}={other}: {stage.name} is in {stage.region}")
