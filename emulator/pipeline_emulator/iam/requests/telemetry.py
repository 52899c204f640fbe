"""CloudWatch and X-Ray.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check

_NAMESPACE = frozenset({"cloudwatch:namespace"})


def cloudwatch_checks(call: Call) -> Checks:
    """Return the checks on alarms and dashboards, or on `*` for metrics."""
    action = f"cloudwatch:{call.operation}"
    tags, keys = call.tags("Tags"), call.tag_keys("TagKeys")
    if call.operation == "PutMetricData":
        namespace = call.text("Namespace")
        return [Check(action, "*", {"cloudwatch:namespace": namespace} if namespace else {}, _NAMESPACE)]
    if is_wildcard_only("cloudwatch", call):
        return wildcard_check("cloudwatch", call)
    if arn := call.text("ResourceARN"):
        return [Check(action, arn, tags=tags, tag_keys=keys)]
    if "Dashboard" in call.operation:
        names = call.texts("DashboardNames") or [call.text("DashboardName") or "*"]
        return [Check(action, f"arn:aws:cloudwatch::{call.account}:dashboard/{name}") for name in names]
    if "Alarm" in call.operation and "MuteRule" not in call.operation:
        names = call.texts("AlarmNames") or [call.text("AlarmName") or "*"]
        return [Check(action, call.arn("cloudwatch", f"alarm:{name}"), tags=tags) for name in names]
    return wildcard_check("cloudwatch", call)


def xray_checks(call: Call) -> Checks:
    """Return the check on a group or sampling rule given by ARN; traces have no resource-level permissions."""
    arn = call.text("ResourceARN", "GroupARN", "RuleARN")
    if not arn:
        return wildcard_check("xray", call)
    return [Check(f"xray:{call.operation}", arn, tags=call.tags("Tags"), tag_keys=call.tag_keys("TagKeys"))]
