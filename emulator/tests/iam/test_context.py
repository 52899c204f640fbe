"""The request context, checked against AWS's lists of global condition keys and principal values."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.requests.kms_keys import encryption_context
from pipeline_emulator.iam.ternary import Missing

pytestmark = pytest.mark.local_only

ABSENT = Missing.ABSENT
ROLE = "arn:aws:iam::123456789012:role/examplerole"


@pytest.mark.parametrize(
    ("principal", "username", "userid", "type_name", "arn"),
    [
        ("root", ABSENT, "123456789012", "Account", "arn:aws:iam::123456789012:root"),
        ("user", "carlossalazar", "AIDAEXAMPLEID", "User", "arn:aws:iam::123456789012:user/carlossalazar"),
        ("federated", ABSENT, "123456789012:carlossalazar", "FederatedUser", None),
        ("session", ABSENT, "AROAEXAMPLEID:examplerolesessionname", "AssumedRole", ROLE),
        ("anonymous", ABSENT, "anonymous", "Anonymous", ABSENT),
    ],
)
def test_values_of_principals(
    principal: str, username: Any, userid: str, type_name: str, arn: Any, context: Callable[..., Context]
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable."""
    found = context(principal)
    assert found.value("aws:username") == username
    assert found.value("aws:userid") == userid
    assert found.value("aws:principaltype") == type_name
    if arn is not None:
        assert found.value("aws:principalarn") == arn


@pytest.mark.parametrize(
    ("key", "of_user", "of_session"),
    [
        ("aws:tokenissuetime", ABSENT, "2020-06-01T10:00:00+00:00"),
        ("aws:multifactorauthpresent", ABSENT, "false"),
        ("aws:viaawsservice", "false", "false"),
        ("aws:securetransport", "true", "true"),
        ("aws:calledvia", ABSENT, ABSENT),
        ("aws:sourcearn", ABSENT, ABSENT),
        ("aws:sourcevpce", ABSENT, ABSENT),
        ("aws:principalorgid", ABSENT, ABSENT),
        ("aws:principaltag/team", "a", ABSENT),
        ("aws:requestedregion", "us-east-1", "us-east-1"),
        ("aws:epochtime", "1795521600", "1795521600"),
        ("aws:tagkeys", ABSENT, ABSENT),
        ("aws:resourcetag/team", Missing.UNKNOWN, Missing.UNKNOWN),
        ("aws:neverheardof", Missing.UNKNOWN, Missing.UNKNOWN),
        ("s3:prefix", Missing.UNKNOWN, Missing.UNKNOWN),
    ],
)
def test_keys_that_depend_on_credentials(
    key: str, of_user: Any, of_session: Any, context: Callable[..., Context]
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html."""
    assert context("user").value(key) == of_user
    assert context("federated").value(key) == of_session


def test_keys_that_depend_on_the_request(context: Callable[..., Context]) -> None:
    found = context(
        "session",
        request_tags={"Owner": "a"},
        resource_tags={"Stage": "stg"},
        called_via=("cloudformation.amazonaws.com", "lambda.amazonaws.com"),
        service_values={"s3:prefix": "", "s3:list": ()},
        service_keys=frozenset({"s3:delimiter"}),
    )
    assert found.value("aws:requesttag/owner") == "a"
    assert found.value("aws:requesttag/other") is ABSENT
    assert found.value("aws:tagkeys") == ("Owner",)
    assert found.value("aws:resourcetag/stage") == "stg"
    assert found.value("aws:calledviafirst") == "cloudformation.amazonaws.com"
    assert found.value("aws:calledvialast") == "lambda.amazonaws.com"
    assert found.value("s3:prefix") == ""
    assert found.value("s3:list") is found.value("s3:delimiter") is ABSENT


def test_tags_are_looked_up_only_for_a_condition_that_reads_them(context: Callable[..., Context]) -> None:
    lookups = []

    def tags(prefix: str) -> dict[str, str]:
        lookups.append(prefix)
        return {"Stage": "stg"} if prefix == "aws:resourcetag" else {}

    found = context("user", resource_tags=tags)
    assert found.value("aws:principalaccount")
    assert lookups == []
    assert found.value("aws:resourcetag/stage") == "stg"
    assert found.value("aws:resourcetag/other") is ABSENT
    assert found.value("ecr:resourcetag/stage") is ABSENT
    assert lookups == ["aws:resourcetag", "aws:resourcetag", "ecr:resourcetag"]


def test_a_missing_pair_of_a_known_encryption_context_is_absent(context: Callable[..., Context]) -> None:
    found = context("user", service_values={"kms:encryptioncontext:aws:s3:arn": "arn:aws:s3:::b"})
    assert found.value("kms:encryptioncontext:aws:s3:arn") == "arn:aws:s3:::b"
    assert found.value("kms:encryptioncontext:aws:logs:arn") is ABSENT
    assert found.value("kms:viaservice") is Missing.UNKNOWN


@pytest.mark.parametrize("tags", [{"Env": "prod", "env": "dev"}, {"env": "dev", "ENV": "prod"}])
def test_a_tag_in_two_spellings_has_no_value_that_a_condition_can_rely_on(
    tags: dict[str, str], context: Callable[..., Context]
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html: one or the other, "but not both"."""
    assert context(request_tags=tags).value("aws:requesttag/env") is Missing.UNKNOWN
    assert context(request_tags={"Env": "dev"}).value("aws:requesttag/env") == "dev"


def test_an_encryption_context_in_two_spellings_has_both_values() -> None:
    found = encryption_context({"Dept": "other", "dept": "own"})
    assert found["kms:encryptioncontext:dept"] == ("other", "own")
    assert encryption_context({"Dept": "own"})["kms:encryptioncontext:dept"] == "own"
