"""What S3 tells of an object that does not exist.

"If you have the s3:ListBucket permission on the bucket, Amazon S3 returns an HTTP status code 404 (Not Found) error. If
you don't have the s3:ListBucket permission, Amazon S3 returns an HTTP status code 403":
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from localstack.aws.api import ServiceException

from pipeline_emulator.authorization import resources
from pipeline_emulator.iam.requests.call import Call, Check

_READS = frozenset({"GetObject", "HeadObject", "GetObjectAttributes"})


def listing_check(service: str, call: Call) -> list[Check]:
    """Return what the reader of a missing object must also be allowed, to be told that it is missing."""
    if service != "s3" or call.operation not in _READS:
        return []
    name, key = call.text("Bucket"), call.text("Key")
    bucket = resources.bucket(name) if name else None
    if bucket is None or not key:
        return []
    try:
        bucket.get_object(key=key, version_id=call.text("VersionId"))
    except ServiceException:
        return [Check("s3:ListBucket", bucket.bucket_arn)]
    return []
