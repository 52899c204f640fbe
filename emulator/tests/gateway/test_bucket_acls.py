"""ACLs in buckets that have none.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

import uuid
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

NOT_SUPPORTED = ("AccessControlListNotSupported", "The bucket does not allow ACLs")
HAS_ACL = "InvalidBucketAclWithObjectOwnership"
WHERE = {"CreateBucketConfiguration": {"LocationConstraint": "ap-south-1"}}
OFF = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.fixture
def s3(localstack: Any) -> Any:
    return localstack.client("s3")


@pytest.fixture
def bucket() -> str:
    return f"acls-{uuid.uuid4().hex[:8]}"


def test_acls_that_are_off_are_refused_in_every_request(s3: Any, bucket: str, refusal: Any) -> None:
    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", ACL="private", **WHERE)
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", ACL="bucket-owner-full-control")
    place = {"Bucket": bucket, "Key": "a"}
    before = s3.get_object_acl(**place)["Grants"], s3.get_bucket_acl(Bucket=bucket)["Grants"]
    for call, request in (
        (s3.put_bucket_acl, {"Bucket": bucket, "ACL": "private"}),
        (s3.put_bucket_acl, {"Bucket": bucket, "GrantRead": "uri=http://acs.amazonaws.com/groups/global/AllUsers"}),
        (s3.put_object_acl, {**place, "ACL": "public-read"}),
        (s3.put_object, {**place, "Body": b"b", "ACL": "private"}),
        (s3.put_object, {**place, "Body": b"b", "GrantRead": "id=1"}),
        (s3.copy_object, {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/a", "ACL": "public-read"}),
        (s3.create_multipart_upload, {**place, "ACL": "authenticated-read"}),
    ):
        assert refusal(call, **request) == NOT_SUPPORTED, request
    assert (s3.get_object_acl(**place)["Grants"], s3.get_bucket_acl(Bucket=bucket)["Grants"]) == before
    assert s3.get_object(**place)["Body"].read() == b"a"


def test_a_form_sets_no_acl_either(s3: Any, bucket: str) -> None:
    import requests

    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **WHERE)
    for acl, status in (("public-read", 400), ("bucket-owner-full-control", 204)):
        form = s3.generate_presigned_post(bucket, "a", Fields={"acl": acl}, Conditions=[{"acl": acl}])
        answer = requests.post(form["url"], data=form["fields"], files={"file": b"a"}, timeout=30)
        assert answer.status_code == status, answer.text
        assert (NOT_SUPPORTED[0] in answer.text) == (status == 400)


def test_a_bucket_with_an_acl_for_others_cannot_switch_them_off(s3: Any, bucket: str, refusal: Any) -> None:
    request = {"Bucket": bucket, "ObjectOwnership": "BucketOwnerEnforced", "ACL": "public-read", **WHERE}
    assert refusal(s3.create_bucket, **request)[0] == HAS_ACL
    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerPreferred", ACL="public-read", **WHERE)
    assert refusal(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=OFF)[0] == HAS_ACL
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=OFF)
    assert refusal(s3.put_bucket_acl, Bucket=bucket, ACL="private") == NOT_SUPPORTED
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


def test_terraform_from_before_the_default_changed_still_applies(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=bucket, **WHERE)
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_object(Bucket=bucket, Key="a", Body=b"a", ACL="private")
