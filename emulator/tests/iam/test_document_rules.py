"""What services refuse to store as a resource's policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html; where the texts come from is at
`iam.malformed`.
"""

import json
from typing import Any

import pytest

from pipeline_emulator.iam.document_rules import Form, require
from pipeline_emulator.iam.malformed import MalformedPolicyError

pytestmark = pytest.mark.local_only

BUCKET, STREAM = "arn:aws:s3:::bucket", "arn:aws:kinesis:ap-south-1:000000000000:stream/one"
ROLE = "arn:aws:iam::000000000000:role/path/reader"
S3 = Form(vendor="s3", most_bytes=1_000)
KINESIS = Form(vendor="kinesis", not_principal=False, wildcards=False, actions=frozenset({"putrecord"}), exact=True)


def document(**changes: Any) -> str:
    """Return a policy of one statement for BUCKET; None removes an element."""
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    return _document({name: value for name, value in {**statement, **changes}.items() if value is not None})


def _document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Principal": None, "NotPrincipal": {"AWS": ROLE}},
        {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [BUCKET, f"{BUCKET}/*"]},
        {"Action": "s3:*", "Resource": BUCKET},
        {"Action": "*"},
        {"Action": "S3:getObject", "Resource": "arn:aws:s3:::buck*"},
        {"Resource": "*"},
        {"Resource": None, "NotResource": f"{BUCKET}/private/*"},
        {
            "Condition": {
                "ForAnyValue:StringLikeIfExists": {"aws:PrincipalTag/a": "b"},
                "Null": {"aws:TokenIssueTime": True},
            }
        },
        {"Sid": "one"},
    ],
)
def test_what_aws_stores_is_accepted(changes: dict[str, Any]) -> None:
    require(document(**changes), S3, BUCKET)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "This policy contains invalid Json"),
        ("{not json", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        ("[" * 100_000, "exceeds the maximum allowed size of 1000 bytes"),
        ("{}", "Missing required field Statement"),
        (_document(), "Could not parse the policy: Statement is empty!"),
        (_document({}, Version="2012-10-18"), "The policy must contain a valid version string"),
        (_document({}, Comment="x"), "Unknown field Comment"),
        (document(Effect=None), "Missing required field Effect"),
        (document(Effect="Permit"), "Invalid effect: Permit"),
        (document(Action=None), "Missing required field Action"),
        (document(Action="GetObject"), "Policy has invalid action"),
        (document(Action="sqs:SendMessage"), "Policy has invalid action"),
        (document(Principal=None), "Missing required field Principal"),
        (document(Principal={}), "Missing required field Principal cannot be empty!"),
        (document(Principal="me"), 'Invalid principal in policy: "me"'),
        (document(Principal={"AWS": "me"}), 'Invalid principal in policy: "AWS":"me"'),
        (document(Principal={"Service": "lambda"}), 'Invalid principal in policy: "SERVICE":"lambda"'),
        (document(Principal={"User": ROLE}), 'Invalid principal in policy: "User"'),
        (document(Resource=None), "Missing required field Resource"),
        (document(Resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (document(Resource="bucket/*"), "Policy has invalid resource"),
        (document(Resource=BUCKET), r"Action does not apply to any resource\(s\) in statement"),
        (document(Action="s3:ListBucket"), r"Action does not apply to any resource\(s\) in statement"),
        (document(Condition={"StringIs": {"a": "b"}}), "Invalid Condition type : StringIs"),
        (document(Condition={"NullIfExists": {"a": "true"}}), "Invalid Condition type : NullIfExists"),
        (document(Conditions={}), "Unknown field Conditions"),
        (_document(*[json.loads(document(Sid="a"))["Statement"][0]] * 2), "Statement Ids in the policy are not unique"),
        (document(Sid="a" * 1_000), "exceeds the maximum allowed size of 1000 bytes"),
    ],
)
def test_what_aws_refuses_is_refused(text: str, says: str) -> None:
    """PutBucketPolicy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html."""
    with pytest.raises(MalformedPolicyError, match=says):
        require(text, S3, BUCKET)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Action": "kinesis:*"}, "invalid action"),
        ({"Action": "kinesis:Nonsense"}, "invalid action"),
        ({"Resource": "*"}, "resource must be the same as the resource ARN"),
        ({"Resource": f"{STREAM}-2"}, "resource must be the same as the resource ARN"),
        ({"Principal": None, "NotPrincipal": {"AWS": ROLE}}, "Has prohibited field NotPrincipal"),
    ],
)
def test_a_form_may_allow_less(changes: dict[str, Any], says: str) -> None:
    """Recorded on AWS for PutResourcePolicy of Kinesis: https://github.com/badmintoncryer/cdk-preflight."""
    good = {"Action": "kinesis:PutRecord", "Resource": STREAM}
    assert require(document(**good), KINESIS, STREAM) == {ROLE}
    with pytest.raises(MalformedPolicyError, match=says):
        require(document(**{**good, **changes}), KINESIS, STREAM)
