"""S3 Control, whose actions are S3's: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.

Only the tags of buckets are known, the only ones that core serves. https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html
"""

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.s3_keys import KEYS
from pipeline_emulator.iam.ternary import Undetermined

_ON_TAGS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})


def checks(call: Call) -> Checks:
    """Return the check on the bucket."""
    resource = call.text("ResourceArn")
    if call.operation not in _ON_TAGS or resource is None:
        return Undetermined(f"this emulator cannot tell which resource s3:{call.operation} is about")
    tags, keys = call.tags("Tags"), call.tag_keys("TagKeys")
    return [Check(f"s3:{call.operation}", resource, keys=KEYS, tags=tags, tag_keys=keys)]
