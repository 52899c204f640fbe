"""Encrypted topics: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""

from typing import Any

from pipeline_emulator.arn import find_arn
from pipeline_emulator.authorization.key_use.use import Use, key_of
from pipeline_emulator.iam.requests.call import Call

OPERATIONS = frozenset({"Publish", "PublishBatch"})
_ACTIONS = ("GenerateDataKey", "Decrypt")


def of_sns(call: Call) -> list[Use]:
    """Return the uses of a topic's key by publishing."""
    from localstack.services.sns.models import sns_stores  # late: the import makes an RSA key

    name = call.text("TopicArn", "TargetArn") or ""
    arn = find_arn(name)
    topic: Any = sns_stores[arn.account][arn.region].topics.get(name) if arn else None
    key = topic["attributes"].get("KmsMasterKeyId") if topic else None
    return [Use(action, key_of(key, arn), {"aws:sns:topicArn": name}) for action in _ACTIONS] if key and arn else []
