"""What a stack without containers does not show of the deployer's policy, action by action, with the source of each.

`test_deployer_images.py` shows it, where a container engine answers.
"""

from __future__ import annotations

IMAGE = (
    "the engine pushes the image with it (modules/ecr/build). "
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
MANIFEST = (
    "`docker manifest inspect` of modules/ecr/build/build.sh reads the image's manifest and configuration by it. "
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
DATA_SOURCE = (
    "data.aws_ecr_image of modules/ecr reads the digest of the image that was pushed. "
    "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html"
)

OF_AN_IMAGE: dict[str, str] = {
    "ecr:BatchCheckLayerAvailability": IMAGE,
    "ecr:BatchGetImage": MANIFEST,
    "ecr:CompleteLayerUpload": IMAGE,
    "ecr:DescribeImages": DATA_SOURCE,
    "ecr:GetDownloadUrlForLayer": MANIFEST,
    "ecr:InitiateLayerUpload": IMAGE,
    "ecr:PutImage": IMAGE,
    "ecr:UploadLayerPart": IMAGE,
}

UNCHECKED = "the deployment says that the state bucket's settings are not checked, and goes on"
# Refused like all others, which ends a rehearsal; a deployment goes on without, and what it then lacks is this.
NOT_FATAL: dict[tuple[str, str], str] = {
    ("CheckStateBucket", "s3:GetBucketPublicAccessBlock"): UNCHECKED,
    ("CheckStateBucket", "s3:GetBucketVersioning"): UNCHECKED,
    ("CheckStateBucket", "s3:GetEncryptionConfiguration"): UNCHECKED,
    ("FindKeyAndLimits", "kinesis:DescribeLimits"): (
        "the plan does not compare the number of shards with the account's limit, and the apply fails instead: "
        "https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/kinesis/stream.go"
    ),
}


def reason(sid: str, action: str) -> str | None:
    """What an action of a statement is for that is shown with an engine alone; None if it must be shown without."""
    return OF_AN_IMAGE.get(action) if sid == "Repository" else None
