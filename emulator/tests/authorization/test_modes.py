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


@pytest.mark.long_proof
def test_an_invalid_value_counts_as_on_and_is_logged(
    start_localstack: Callable[..., Any], make_user: Any, refusal: Any
) -> None:
    where = start_localstack(IAM_ENFORCEMENT="of")
    assert refusal(make_user(where=where).client("kinesis").list_streams)[0] == "AccessDeniedException"
    assert "IAM_ENFORCEMENT=of is not on, soft or off: using on" in where.log()
