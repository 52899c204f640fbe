"""IAM_ENFORCEMENT: `on` (default) refuses, `soft` only reports, `off` does not check."""

from collections.abc import Callable
from typing import Any

import pytest


def test_soft_serves_and_reports(start_localstack: Callable[..., Any], make_user: Any, denials: Any) -> None:
    where = start_localstack(IAM_ENFORCEMENT="soft")
    user = make_user(where=where)
    assert user.client("kinesis").list_streams()["StreamNames"] == []
    [denial] = denials(user.arn, where=where)
    assert (denial["action"], denial["refused"]) == ("kinesis:ListStreams", False)
    assert "served anyway (IAM_ENFORCEMENT=soft)" in where.log()


def test_off_checks_nothing(start_localstack: Callable[..., Any], make_user: Any, denials: Any) -> None:
    where = start_localstack(IAM_ENFORCEMENT="off")
    user = make_user(where=where)
    assert user.client("kinesis").list_streams()["StreamNames"] == []
    assert denials(where=where) == []


def test_off_checks_who_owns_a_bucket(start_localstack: Callable[..., Any], refusal: Any) -> None:
    s3 = start_localstack(IAM_ENFORCEMENT="off").client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    request = {"Bucket": "bucket", "Key": "k"}
    assert refusal(s3.put_object, **request, ExpectedBucketOwner="111111111111") == ("AccessDenied", "Access Denied")
    s3.put_object(**request, ExpectedBucketOwner="000000000000")


@pytest.mark.long_proof
def test_an_invalid_value_counts_as_on_and_is_logged(
    start_localstack: Callable[..., Any], make_user: Any, refusal: Any
) -> None:
    where = start_localstack(IAM_ENFORCEMENT="of")
    assert refusal(make_user(where=where).client("kinesis").list_streams)[0] == "AccessDeniedException"
    assert "IAM_ENFORCEMENT=of is not on, soft or off: using on" in where.log()
