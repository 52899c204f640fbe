"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html.

In policies the ARN of a log group ends with `:*`, except for tag operations:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html#CWL_ARN_Format
So operations on a group use `log-group:NAME:log-stream:`, which that pattern matches and the bare ARN does not.
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check

_TAGS = {"TagResource", "UntagResource", "ListTagsForResource", "TagLogGroup", "UntagLogGroup", "ListTagsLogGroup"}
_ON_DESTINATION = {"PutDestination", "PutDestinationPolicy", "DeleteDestination"}
_ON_ALL = {"DescribeLogGroups"}  # whatever the prefix
# Without a group, metric filters are those of all groups. A query that does not exist is about no group.
_ON_ALL_WITHOUT_GROUP = {"DescribeMetricFilters", "GetQueryResults"}
_ON_STREAM = {"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"}


def checks(call: Call) -> Checks:
    """Return the checks on the log groups, or on the stream if the action is on one."""
    action = f"logs:{call.operation}"
    tags, keys = call.tags("tags"), call.tag_keys("tagKeys", "tags") if "Untag" in call.operation else None
    if arn := call.text("resourceArn"):
        return [Check(action, arn, tags=tags, tag_keys=keys)]
    if call.operation in _ON_DESTINATION and (destination := call.text("destinationName")):
        return [Check(action, call.arn("logs", f"destination:{destination}"), tags=tags)]
    groups = [call.text(name) for name in ("logGroupName", "logGroupIdentifier", "resourceIdentifier")]
    groups += call.texts("logGroupNames") + call.texts("logGroupIdentifiers")
    if call.operation == "GetQueryResults":
        groups += call.lookups.groups_of_query(call.text("queryId") or "") or ()
    named = [_group(call, group) for group in groups if group]
    if call.operation in _ON_ALL or (call.operation in _ON_ALL_WITHOUT_GROUP and not named):
        named = [call.arn("logs", "log-group:")]
    if not named or "ScheduledQuery" in call.operation or is_wildcard_only("logs", call):
        return wildcard_check("logs", call)
    if call.operation in _TAGS:
        return [Check(action, arn, tags={} if keys else tags, tag_keys=keys) for arn in named]
    stream = call.text("logStreamName") or "" if call.operation in _ON_STREAM else ""
    found = [Check(action, f"{arn}:log-stream:{stream}", tags=tags) for arn in named]
    if call.operation == "CreateLogGroup" and tags:
        found += [Check("logs:TagResource", arn, tags=tags) for arn in named]
    return found


def _group(call: Call, name: str) -> str:
    """Return the ARN of a group given by name, or by ARN with or without `:*`."""
    return name.removesuffix(":*") if name.startswith("arn:") else call.arn("logs", f"log-group:{name}")
