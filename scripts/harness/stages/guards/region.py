"""The region: the one that the stage's files name, and one that AWS has."""

from __future__ import annotations

import os

from harness import console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.access import Access
from harness.stages.stage import Stage

VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def check(stage: Stage, access: Access) -> None:
    """Refuses regions that AWS does not have for what the stage consists of.

    Whether a region is enabled for the account shows when it is asked who we are (account.py): that is asked there.
    Another region in environment or profile is no reason to refuse, since every client and Terraform get the stage's
    own: most people have a default of another project. It is said.

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
        ("aws_region", stage.region, stage.vars_file),
        ("region", stage.backend["region"], stage.backend_file),
    ):
        if region not in known:
            raise HarnessError(
                f"{name} = {region!r} in {shown(path)} is no region that AWS has Lambda in",
                "write it as the console does, for example ap-south-1 (newer than this boto3? then: make lock)",
            )
    for variable in VARIABLES:
        if (other := os.environ.get(variable)) and other != stage.region:
            console.say(f"{variable}={other} is not used: {stage.name} is in {stage.region}")
