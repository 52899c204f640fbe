"""Resolves names as the services do, so that policies judge the resource that a service will use."""

from collections.abc import Iterable
from typing import Any

from localstack import config
from localstack.aws.api import ServiceException
from localstack.services.s3.utils import extract_bucket_key_version_id_from_copy_source
from localstack.services.sqs.models import sqs_stores
from localstack.services.sqs.utils import decode_move_task_handle, parse_queue_url

from pipeline_emulator.arn import Arn, find_arn, partition_of
from pipeline_emulator.authorization.policies import store_of
from pipeline_emulator.iam.requests import canonical

_CHOOSES = "_custom_"  # `_custom_id_`, `_custom_key_material_`


def problem(resource: str) -> str | None:
    """Return why a text is not the one name of a resource; None if it is, or if it is `*`.

    Core finds roles by the last part of their ARN, so an ARN with another path than the role's own is no name of it.
    """
    if why := canonical.problem(resource):
        return why
    if resource.startswith(f"arn:aws:s3:::{config.BUCKET_MARKER_LOCAL}/"):
        return "Lambda takes this bucket for a folder of the machine, which only the root user may name"
    if not resource.startswith("arn:aws:iam:"):
        return None
    own = role_arn(resource)
    return f"the ARN of this role is {own}" if own and own != resource else None


def chosen_identifier(tags: Iterable[str]) -> str | None:
    """Return why the tags of a new resource are refused: core takes some for its identifier or its key material.

    With another resource's identifier, the new one gets what belongs to that: sessions, policies, a KMS key.
    """
    found = next((name for name in tags if name.startswith(_CHOOSES)), None)
    return f"LocalStack's tag {found} chooses an identifier or a key, which only the root user may" if found else None


def role_arn(arn: str) -> str | None:
    """Return the ARN of the role that core finds for an ARN; None if it finds none."""
    parts = find_arn(arn)
    if parts is None or not parts.resource.startswith("role"):
        return None
    found = store_of(parts.account).ROLES.get(parts.name)
    return str(found.role["Arn"]) if found else None


def queue_of(url: str, account: str, region: str) -> str | None:
    """Return the ARN of the queue that SQS uses for a QueueUrl; None without one.

    Args:
        url: the parameter. Like SQS in LocalStack, this takes a text that is no URL for the queue's name.
        account: of the endpoint, for names.
        region: of the endpoint, for names and for URLs without a region.
    """
    if not url:
        return None
    try:
        owner, place, name = parse_queue_url(url)
    except (ValueError, IndexError):
        owner, place, name = account, region, url
    place = place or region
    return str(Arn(partition_of(place), "sqs", place, owner, name))


def source_of_task(handle: str, account: str, region: str) -> str | None:
    """Return the ARN of the queue that a task takes messages from; None for what is no handle.

    Core finds the task by its id alone, so the queue in the handle counts only if there is no such task.
    """
    try:
        task_id, source = decode_move_task_handle(handle)
    except (ValueError, TypeError):
        return None
    task: Any = sqs_stores[account][region].move_tasks.get(task_id)
    return str(task.source_arn if task else source)


def sources_of(arn: str) -> tuple[str, ...]:
    """Return the ARNs of the queues whose dead-letter queue has an ARN."""
    return tuple(
        str(queue.arn)
        for _, _, store in sqs_stores.iter_stores()
        for queue in list(store.queues.values())
        if (queue.redrive_policy or {}).get("deadLetterTargetArn") == arn
    )


def copy_source_of(source: str) -> tuple[str, str, str | None] | None:
    """Return bucket, key and version (or None) that S3 copies; None if it refuses the source."""
    try:
        bucket, key, version = extract_bucket_key_version_id_from_copy_source(source)
    except (ServiceException, ValueError):
        return None
    return bucket, key, version
