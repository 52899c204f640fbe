"""Which images a lifecycle policy expires. Pure.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from pipeline_emulator.ecr.images import Image


@dataclass(frozen=True)
class Rule:
    """A rule of a policy.

    Attributes:
        priority: a lower number is applied first.
        status: `tagged`, `untagged` or `any`.
        patterns: of tags, with `*` for any characters; an image has a tag for each.
        keeps: how many images remain, or None.
        days: how many days an image remains after its push, or None.
    """

    priority: int
    status: str
    patterns: tuple[str, ...] = ()
    keeps: int | None = None
    days: int | None = None

    def selects(self, image: Image) -> bool:
        """Return whether an image has the rule's tags.

        "If you specify multiple tags, only the images with all specified tags are selected":
        https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
        """
        if self.status == "any":
            return True
        if self.status == "untagged":
            return not image.tags
        return bool(image.tags) and all(any(fnmatchcase(tag, one) for tag in image.tags) for one in self.patterns)

    def expires(self, images: Sequence[Image], now: datetime) -> list[Image]:
        """Return those of the selected images that are too many or too old."""
        if self.keeps is not None:
            newest_first = sorted(images, key=lambda image: (image.pushed_at, image.digest), reverse=True)
            return newest_first[self.keeps :]
        return [image for image in images if self.days is not None and now - image.pushed_at > timedelta(self.days)]


def parse(policy: str) -> list[Rule]:
    """Return the rules of a policy that the API has accepted, by priority."""
    return sorted(map(_rule, json.loads(policy)["rules"]), key=lambda rule: rule.priority)


def expired(rules: Sequence[Rule], images: Sequence[Image], now: datetime) -> list[tuple[Image, Rule]]:
    """Return the images that a policy expires, each with the rule that does, oldest push first.

    The first rule that selects an image decides: "An image that matches the tagging requirements of a rule cannot be
    expired by a rule with a lower priority." Rules count images that others expire. Members of a manifest list stay
    until the list has gone.

    Args:
        rules: by priority.
        images: all images of the repository.
        now: time of the evaluation.
    """
    members = {digest for image in images for digest in image.manifest.members}
    marked = [(image, rule) for rule in rules for image in rule.expires([*filter(rule.selects, images)], now)]
    found = [(image, rule) for image, rule in marked if rule is _first(rules, image) and image.digest not in members]
    return sorted(found, key=lambda pair: (pair[0].pushed_at, pair[0].digest))


def _first(rules: Sequence[Rule], image: Image) -> Rule:
    return next(rule for rule in rules if rule.selects(image))


def _rule(document: dict[str, Any]) -> Rule:
    selection = document["selection"]
    patterns = (*selection.get("tagPatternList", ()), *(f"{each}*" for each in selection.get("tagPrefixList", ())))
    kind = "keeps" if selection["countType"] == "imageCountMoreThan" else "days"
    return Rule(document["rulePriority"], selection["tagStatus"], patterns, **{kind: selection["countNumber"]})
