"""S3 actions whose names differ from those of the operations.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from collections.abc import Mapping, Sequence

ACTIONS: Mapping[str, Sequence[str]] = {
    "AbortMultipartUpload": ["AbortMultipartUpload"],
    "CompleteMultipartUpload": ["PutObject"],
    "CopyObject": ["PutObject"],
    "CreateMultipartUpload": ["PutObject"],
    "CreateSession": ["CreateSession"],
    "DeleteBucketAnalyticsConfiguration": ["PutAnalyticsConfiguration"],
    "DeleteBucketCors": ["PutBucketCORS"],
    "DeleteBucketEncryption": ["PutEncryptionConfiguration"],
    "DeleteBucketIntelligentTieringConfiguration": ["PutIntelligentTieringConfiguration"],
    "DeleteBucketInventoryConfiguration": ["PutInventoryConfiguration"],
    "DeleteBucketLifecycle": ["PutLifecycleConfiguration"],
    "DeleteBucketMetricsConfiguration": ["PutMetricsConfiguration"],
    "DeleteBucketOwnershipControls": ["PutBucketOwnershipControls"],
    "DeleteBucketReplication": ["PutReplicationConfiguration"],
    "DeleteBucketTagging": ["PutBucketTagging"],
    "DeletePublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "GetBucketAccelerateConfiguration": ["GetAccelerateConfiguration"],
    "GetBucketAnalyticsConfiguration": ["GetAnalyticsConfiguration"],
    "GetBucketCors": ["GetBucketCORS"],
    "GetBucketEncryption": ["GetEncryptionConfiguration"],
    "GetBucketIntelligentTieringConfiguration": ["GetIntelligentTieringConfiguration"],
    "GetBucketInventoryConfiguration": ["GetInventoryConfiguration"],
    "GetBucketLifecycle": ["GetLifecycleConfiguration"],
    "GetBucketLifecycleConfiguration": ["GetLifecycleConfiguration"],
    "GetBucketMetricsConfiguration": ["GetMetricsConfiguration"],
    "GetBucketNotificationConfiguration": ["GetBucketNotification"],
    "GetBucketReplication": ["GetReplicationConfiguration"],
    "GetObjectAttributes": ["GetObject", "GetObjectAttributes"],
    "GetObjectLockConfiguration": ["GetBucketObjectLockConfiguration"],
    "GetPublicAccessBlock": ["GetBucketPublicAccessBlock"],
    "HeadBucket": ["ListBucket"],
    "HeadObject": ["GetObject"],
    "ListBucketAnalyticsConfigurations": ["GetAnalyticsConfiguration"],
    "ListBucketIntelligentTieringConfigurations": ["GetIntelligentTieringConfiguration"],
    "ListBucketInventoryConfigurations": ["GetInventoryConfiguration"],
    "ListBucketMetricsConfigurations": ["GetMetricsConfiguration"],
    "ListMultipartUploads": ["ListBucketMultipartUploads"],
    "ListObjectVersions": ["ListBucketVersions"],
    "ListObjects": ["ListBucket"],
    "ListObjectsV2": ["ListBucket"],
    "ListParts": ["ListMultipartUploadParts"],
    "PostObject": ["PutObject"],
    "PutBucketAccelerateConfiguration": ["PutAccelerateConfiguration"],
    "PutBucketAnalyticsConfiguration": ["PutAnalyticsConfiguration"],
    "PutBucketCors": ["PutBucketCORS"],
    "PutBucketEncryption": ["PutEncryptionConfiguration"],
    "PutBucketIntelligentTieringConfiguration": ["PutIntelligentTieringConfiguration"],
    "PutBucketInventoryConfiguration": ["PutInventoryConfiguration"],
    "PutBucketLifecycle": ["PutLifecycleConfiguration"],
    "PutBucketLifecycleConfiguration": ["PutLifecycleConfiguration"],
    "PutBucketMetricsConfiguration": ["PutMetricsConfiguration"],
    "PutBucketNotificationConfiguration": ["PutBucketNotification"],
    "PutBucketReplication": ["PutReplicationConfiguration"],
    "PutObjectLockConfiguration": ["PutBucketObjectLockConfiguration"],
    "PutPublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "SelectObjectContent": ["GetObject"],
    "UploadPart": ["PutObject"],
    "UploadPartCopy": ["PutObject"],
}

ON_VERSION: Mapping[str, str] = {
    "DeleteObject": "DeleteObjectVersion",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "GetObjectAttributes": "GetObjectVersionAttributes",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectAcl": "PutObjectVersionAcl",
    "PutObjectTagging": "PutObjectVersionTagging",
}
"""The action on an object version for each action on an object."""


def action_of(operation: str, versioned: bool) -> list[str]:
    """Return the actions that an operation requires, as `s3:…`."""
    actions = ACTIONS.get(operation, [operation])
    return [f"s3:{ON_VERSION.get(action, action) if versioned else action}" for action in actions]
