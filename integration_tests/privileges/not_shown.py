"""The deployer's actions that a stack without containers does not need, each with its source.

`test_deployer_images.py` tests them if a container engine answers.
"""

from __future__ import annotations

IMAGE = (
    "the engine uses it to push the image (modules/ecr/build). "
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
MANIFEST = (
    "`docker manifest inspect` in modules/ecr/build/build.sh uses it to read the image's manifest and configuration. "
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
DATA_SOURCE = (
    "data.aws_ecr_image in modules/ecr reads the digest of the pushed image. "
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

UNCHECKED = "the deployment reports that the state bucket's settings are not checked, and continues"
# Without these, a rehearsal fails because of the refusal; a deployment continues and only lacks this.
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
    """The purpose of an action that only a test with an engine can show; None if it must be shown without one."""
    return OF_AN_IMAGE.get(action) if sid == "Repository" else None
