"""Two LocalStacks on one machine."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

MIB = 2**20  # smaller objects are kept in memory


def test_buckets_of_the_same_name_are_independent(localstack: Any, start_localstack: Callable[..., Any]) -> None:
    ours, theirs = (one.client("s3") for one in (localstack, start_localstack()))
    for s3, text in ((ours, b"ours"), (theirs, b"theirs")):
        s3.create_bucket(Bucket="same-name", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
        s3.put_object(Bucket="same-name", Key="key", Body=text * MIB)
    assert ours.get_object(Bucket="same-name", Key="key")["Body"].read() == b"ours" * MIB
    theirs.delete_object(Bucket="same-name", Key="key")
    theirs.delete_bucket(Bucket="same-name")
    assert ours.get_object(Bucket="same-name", Key="key")["Body"].read() == b"ours" * MIB
    ours.put_object(Bucket="same-name", Key="another", Body=b"later" * MIB)
