"""What the tests of the deployer's policy leave open, action by action, each with the reason and its source."""

from __future__ import annotations

IMAGE = (
    "images are pushed and looked at by a container engine (modules/ecr/build), which this stack has not; without it "
    "ECR refuses. https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
MANIFEST = (
    "`docker manifest inspect` of modules/ecr/build/build.sh reads the image's manifest and configuration by it. "
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
)
DATA_SOURCE = (
    "data.aws_ecr_image of modules/ecr reads the digest of an image that was pushed; "
    "`RUNTIME=docker make rehearse-stg` does. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html"
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
    """Why an action of a statement is not shown; None if it must be."""
    return OF_AN_IMAGE.get(action) if sid == "Repository" else None
