"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html."""

from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import wildcard_check


def checks(call: Call) -> Checks:
    """Return the checks on the repositories; a description without names covers all of them."""
    action = f"ecr:{call.operation}"
    registry = call.text("registryId") or call.account
    prefix = str(Arn(partition_of(call.region), "ecr", call.region, registry, "repository/"))
    tags, keys = call.tags("tags"), call.tag_keys("tagKeys")
    if arn := call.text("resourceArn"):
        return [Check(action, arn, tags=tags, tag_keys=keys)]
    if name := call.text("repositoryName"):
        found = [Check(action, prefix + name, tags=tags)]
        if call.operation == "CreateRepository" and tags:
            found.append(Check("ecr:TagResource", prefix + name, tags=tags))
        return found
    names = call.texts("repositoryNames") or (["*"] if call.operation == "DescribeRepositories" else [])
    return [Check(action, prefix + name) for name in names] or wildcard_check("ecr", call)
