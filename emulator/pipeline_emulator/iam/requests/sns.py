"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html.

A batch requires the permission of the single operation; a text message to a phone number has no topic:
https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
"""

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.wildcard_only import is_wildcard_only, wildcard_check
from pipeline_emulator.iam.ternary import Undetermined

_TARGETS = ("TopicArn", "TargetArn", "PhoneNumber")
_KEYS = {"sns:endpoint": "Endpoint", "sns:protocol": "Protocol"}


def checks(call: Call) -> Checks:
    """Return the checks on the topic, or on the topic of the subscription that the request names."""
    action = f"sns:{call.operation.removesuffix('Batch')}"
    tags, keys = call.tags("Tags"), call.tag_keys("TagKeys")
    if len([name for name in _TARGETS if call.text(name)]) > 1:
        return Undetermined(f"{action} names several targets")
    topic = _topic(call)
    if topic is None:
        return [Check(action, "*")] if call.text("PhoneNumber") else wildcard_check("sns", call)
    if call.operation == "Subscribe":
        values = {key: value for key, name in _KEYS.items() if (value := call.text(name))}
        return [Check(action, topic, values, frozenset(_KEYS))]
    found = [Check(action, topic, tags=tags, tag_keys=keys)]
    if call.operation == "CreateTopic" and tags:
        found.append(Check("sns:TagResource", topic, tags=tags))
    return found


def _topic(call: Call) -> str | None:
    if call.operation == "CreateTopic":
        name = call.text("Name")
        return call.arn("sns", name) if name else None
    if is_wildcard_only("sns", call):
        return None
    if subscription := call.text("SubscriptionArn"):
        arn = find_arn(subscription)
        return str(arn._replace(resource=arn.resource.partition(":")[0])) if arn else subscription
    return call.text("TopicArn", "TargetArn", "ResourceArn")
