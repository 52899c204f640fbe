"""Looks up resource tags for conditions.

The services that support tag conditions:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import ServiceException
from localstack.services.cloudwatch.models import cloudwatch_stores
from localstack.services.kms.models import kms_stores
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.logs.models import logs_stores
from localstack.services.s3.models import s3_stores
from localstack.services.s3.utils import get_unique_key_id
from localstack.services.sqs.models import sqs_stores
from moto.ecr.models import ecr_backends

from pipeline_emulator.arn import find_arn
from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.policies import GLOBAL_REGION, store_of
from pipeline_emulator.iam.context import Tags
from pipeline_emulator.iam.requests.call import Check
from pipeline_emulator.iam.ternary import Missing
from pipeline_emulator.kinesis.streams.errors import StreamError

_OBJECT_TAGS = "s3:existingobjecttag"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
_ON_TAGGED_OBJECTS = frozenset(
    f"s3:{verb}Object{version}{what}"
    for version in ("", "Version")
    for verb, what in (
        *(("Get", ""), ("Get", "Acl"), ("Get", "Tagging")),
        *(("Put", "Acl"), ("Put", "Tagging"), ("Delete", "Tagging")),
    )
)


def of(check: Check, prefix: str) -> Tags:
    """Return the tags that a condition key refers to; empty if the resource does not exist (yet).

    Args:
        check: the check being evaluated.
        prefix: the key up to the slash, such as `aws:resourcetag`, `iam:resourcetag` or `s3:existingobjecttag`.
    """
    arn = find_arn(check.resource)
    if arn is None:
        return {}
    _, service, region, account, resource = arn
    if prefix == _OBJECT_TAGS:
        return _of_object(check, resource) if service == "s3" else {}
    if prefix != "aws:resourcetag" and prefix != f"{service}:resourcetag":
        return {}
    find = _FIND.get(service)
    return find(check.resource, region, account, resource) if find else Missing.UNKNOWN


def _of_object(check: Check, resource: str) -> Tags:
    name, _, key = resource.partition("/")
    bucket = resources.bucket(name)
    if check.action not in _ON_TAGGED_OBJECTS or bucket is None:
        return {}
    version = check.values.get("s3:versionid")
    try:
        found = bucket.get_object(key=key, version_id=version if isinstance(version, str) else None)
    except ServiceException:
        return {}
    tags: Any = s3_stores[bucket.bucket_account_id][bucket.bucket_region].tags
    return _copy(tags.get_tags(get_unique_key_id(name, key, found.version_id)))


def _of_bucket(_arn: str, _region: str, _account: str, _resource: str) -> Tags:
    """Return no tags: those of general purpose buckets count only if attribute-based access control is enabled.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging.html
    """
    return {}


def _of_stream(arn: str, _region: str, _account: str, _resource: str) -> Tags:
    try:
        answer = resources.kinesis().list_tags_for_resource(None, {"ResourceARN": arn})
    except StreamError:
        return {}
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def _of_function(_arn: str, region: str, account: str, resource: str) -> Tags:
    """Return the function's tags, which also apply to its versions and aliases."""
    kind, name, *_ = [*resource.split(":"), ""]
    return _copy(lambda_stores[account][region].tags.get_tags(f"arn:aws:lambda:{region}:{account}:{kind}:{name}"))


def _of_group(_arn: str, region: str, account: str, resource: str) -> Tags:
    """Return the log group's tags, which also apply to its streams. Destinations have tags that are not looked up."""
    if not resource.startswith("log-group:"):
        return Missing.UNKNOWN
    name = resource.removeprefix("log-group:").partition(":")[0]
    arn = f"arn:aws:logs:{region}:{account}:log-group:{name}"
    return _copy(logs_stores[account][region].TAGS.get(arn) or {})


def _of_repository(arn: str, region: str, account: str, _resource: str) -> Tags:
    tagger: Any = ecr_backends[account][region].tagger
    return _copy(tagger.get_tag_dict_for_resource(arn))


def _of_key(arn: str, region: str, account: str, _resource: str) -> Tags:
    return _copy(kms_stores[account][region].tags.get_tags(arn))


def _of_alarm(arn: str, region: str, account: str, _resource: str) -> Tags:
    return _copy(cloudwatch_stores[account][region or GLOBAL_REGION].tags.get_tags(arn))


def _of_queue(arn: str, region: str, account: str, _resource: str) -> Tags:
    return _copy(sqs_stores[account][region].tags.get_tags(arn))


def _of_topic(arn: str, region: str, account: str, _resource: str) -> Tags:
    from localstack.services.sns.models import sns_stores  # late: the import makes an RSA key

    return _copy(sns_stores[account][region].tags.get_tags(arn))


def _of_identity(arn: str, _region: str, account: str, _resource: str) -> Tags:
    return _copy(store_of(account).TAGS.get_tags(arn))


def _copy(found: Any) -> dict[str, str]:
    return {str(name): str(value or "") for name, value in dict(found).items()}


_FIND: Mapping[str, Callable[[str, str, str, str], Tags]] = {
    "cloudwatch": _of_alarm,
    "ecr": _of_repository,
    "iam": _of_identity,
    "kinesis": _of_stream,
    "kms": _of_key,
    "lambda": _of_function,
    "logs": _of_group,
    "s3": _of_bucket,
    "sns": _of_topic,
    "sqs": _of_queue,
}
