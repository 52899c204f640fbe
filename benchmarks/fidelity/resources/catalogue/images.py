"""Repositories of images and their policies."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.fidelity.resources.subject import Subject, document

NAME = "${aws_ecr_repository.it.name}"
PULL = {"Sid": "pull", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}


def keep(count: int) -> str:
    """A lifecycle policy that keeps the newest images."""
    selection: dict[str, Any] = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rule = {"rulePriority": 1, "description": "few", "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]})


SUBJECTS = [
    Subject(
        "aws_ecr_repository",
        {"name": "life", "force_delete": True},
        [
            {"image_tag_mutability": "IMMUTABLE"},
            {"image_scanning_configuration": {"scan_on_push": True}},
            {"tags": {"stage": "test"}},
            {"force_delete": False, "tags": None},
        ],
        import_id="{name}",
        unread={"force_delete": "an argument of the deletion"},
    ),
    Subject(
        "aws_ecr_repository_policy",
        {"repository": NAME, "policy": document(PULL | {"Action": ["ecr:BatchGetImage"]})},
        [{"policy": document(PULL | {"Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]})}],
    ),
    Subject(
        "aws_ecr_lifecycle_policy", {"repository": NAME, "policy": keep(5)}, [{"policy": keep(3)}], is_replaced=True
    ),
]
