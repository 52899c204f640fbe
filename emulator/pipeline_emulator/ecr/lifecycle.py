"""Lifecycle policies: previews, and runs that expire images when they are asked for.

AWS runs a policy within 24 hours. Here nothing expires by itself: POST /_pipeline/ecr/lifecycle runs all policies
now, or as if some days had passed (`pipeline-emulator expire-images`).
"""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.http import Response
from localstack.services.edge import ROUTER
from moto.ecr.exceptions import LifecyclePolicyNotFoundException
from moto.ecr.policy_validation import EcrLifecyclePolicyValidator
from werkzeug import Request

from pipeline_emulator.ecr import lifecycle_rules
from pipeline_emulator.ecr.image_lists import find, with_tag_status
from pipeline_emulator.ecr.images import Image, all_images, delete_image
from pipeline_emulator.ecr.lifecycle_rules import Rule
from pipeline_emulator.ecr.paging import page
from pipeline_emulator.ecr.repositories import Preview, Repository, all_repositories

LOG = logging.getLogger(__name__)
PATH = "/_pipeline/ecr/lifecycle"
_MOST_DAYS = 36_500


def install() -> None:
    """Add the HTTP API to the gateway's router."""
    ROUTER.add(PATH, endpoint=handle, methods=["POST"])


def handle(request: Request, _arguments: Any = None) -> Response:
    """Run all policies; return what has expired. The body may have `{"days": <that many days later>}`."""
    try:
        days = json.loads(request.get_data() or b"{}").get("days", 0)
    except (ValueError, AttributeError):
        days = None
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= _MOST_DAYS:
        return _json({"message": f'the body must be {{"days": <integer from 0 to {_MOST_DAYS}>}}'}, 400)
    now = datetime.now(UTC) + timedelta(days)
    return _json({"expired": [entry for repository in all_repositories() for entry in expire(repository, now)]})


def expire(repository: Repository, now: datetime) -> list[dict[str, Any]]:
    """Delete what the repository's policy expires; return it.

    Args:
        repository: without a policy, nothing expires.
        now: time of the evaluation.
    """
    policy = repository.model.lifecycle_policy
    if not policy:
        return []
    with repository.content.lock:
        found = _evaluated(repository, policy, now)
        for image, _rule in found:
            delete_image(repository, image.digest)
    for image, rule in found:
        tags = ", ".join(image.tags) or "no tag"
        LOG.info("ECR: rule %d expired %s (%s) of %s", rule.priority, image.digest, tags, repository.name)
    return [
        {"repository": repository.name, "digest": image.digest, "tags": image.tags, "rule": rule.priority}
        for image, rule in found
    ]


def start_preview(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate a policy without deleting anything; without a policy in the request, the repository's own.

    Raises:
        LifecyclePolicyNotFoundException: there is none.
        InvalidParameterException: it is invalid.
    """
    policy = request.get("lifecyclePolicyText") or repository.model.lifecycle_policy
    if not policy:
        raise LifecyclePolicyNotFoundException(repository.name, repository.registry_id)
    EcrLifecyclePolicyValidator(policy).validate()
    repository.content.preview = Preview(policy, _evaluated(repository, policy, datetime.now(UTC)))
    return {**_names(repository), "lifecyclePolicyText": policy, "status": "IN_PROGRESS"}


def preview(repository: Repository, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of the last preview.

    Raises:
        CommonServiceException: LifecyclePolicyPreviewNotFoundException, none was started.
    """
    made = repository.content.preview
    if made is None:
        message = (
            f"Lifecycle policy preview does not exist for the repository with name '{repository.name}' in the "
            f"registry with id '{repository.registry_id}'"
        )
        raise CommonServiceException("LifecyclePolicyPreviewNotFoundException", message)
    rules = {image.digest: rule for image, rule in made.found}
    images = with_tag_status([image for image, _rule in made.found], request)
    token: dict[str, str] = {}
    if named := request.get("imageIds"):
        images = [image for one in named if (image := find(images, one))]
    else:
        images, token = page(images, lambda image: f"{image.pushed_at.isoformat()} {image.digest}", request)
    return {
        **_names(repository),
        **token,
        "lifecyclePolicyText": made.policy,
        "status": "COMPLETE",
        "previewResults": [_result(image, rules[image.digest]) for image in images],
        "summary": {"expiringImageTotalCount": len(made.found)},
    }


def _evaluated(repository: Repository, policy: str, now: datetime) -> list[tuple[Image, Rule]]:
    return lifecycle_rules.expired(lifecycle_rules.parse(policy), all_images(repository), now)


def _names(repository: Repository) -> dict[str, Any]:
    return {"registryId": repository.registry_id, "repositoryName": repository.name}


def _result(image: Image, rule: Rule) -> dict[str, Any]:
    return {
        "imageTags": list(image.tags),
        "imageDigest": image.digest,
        "imagePushedAt": image.pushed_at,
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": rule.priority,
    }


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
