"""Decisions, checked against AWS's documentation; each case names its page."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.decision import Layer, Reason
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.principal_element import PrincipalMatch
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.request import Policies, Policy, Request
from pipeline_emulator.iam.statements import compile_statement
from pipeline_emulator.iam.ternary import Undetermined

pytestmark = pytest.mark.local_only

FOLDER = Path(__file__).parent / "cases"
CASES = json.loads((FOLDER / "decisions.json").read_text())
ELEMENTS = json.loads((FOLDER / "elements.json").read_text())
ALL = [[{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]]
NOTHING = [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]
DENY = [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]
DENY_ALL = [DENY[0] | {"Principal": "*"}]
OTHERS = [ALL[0][0] | {"Principal": {"AWS": "555555555555"}}]
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.mark.parametrize("case", CASES, ids=[f"{place}-{case['says']}" for place, case in enumerate(CASES)])
def test_documented(
    case: dict[str, Any], policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    request = request_of(case["principal"], case["action"], case["resource"], resource_account=case["owner"])
    decision = evaluate(request, policies(**case["policies"]))
    assert decision.reason.value == case["expected"][0], decision.explanation
    if not decision.allowed:
        assert decision.layer
        assert [decision.layer.name, decision.statement] == case["expected"][1:]


@pytest.mark.parametrize("case", ELEMENTS, ids=[f"{place}-{case['says']}" for place, case in enumerate(ELEMENTS)])
def test_actions_and_resources(case: dict[str, Any], context: Callable[..., Context]) -> None:
    """The case's element decides whether a statement applies to a user with the case's name and tags."""
    values = case.get("context", {})
    tags = {key.partition("/")[2]: value for key, value in values.items() if "/" in key}
    user = Principal(kind=Kind.USER, arn="", account="", user_name=values.get("aws:username"), tags=tags)
    of_action = case["element"].endswith("Action")
    action, resource = (case["request"], QUEUE) if of_action else ("any:Thing", case["request"])
    element = {case["element"]: case["policy"]} | ({"Resource": "*"} if of_action else {"Action": "*"})
    statement = compile_statement(1, {"Effect": "Deny"} | element, of_resource=False, with_variables=True)
    applies = statement.applies(action.lower(), resource, dataclasses.replace(context(), principal=user))
    if case["matches"] is None:
        assert isinstance(applies, Undetermined)
    else:
        assert applies is (PrincipalMatch.DIRECT if case["matches"] else PrincipalMatch.NONE)


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ({}, "because no identity-based policy allows the sqs:SendMessage action"),
        ({"identity": ALL, "boundary": NOTHING}, "because no permissions boundary allows the sqs:SendMessage action"),
        ({"identity": ALL, "session": [NOTHING]}, "because no session policy allows the sqs:SendMessage action"),
        ({"identity": ALL, "key": OTHERS}, "because no resource-based policy allows the sqs:SendMessage action"),
        ({"identity": ALL, "trust": OTHERS}, "because no role trust policy allows the sqs:SendMessage action"),
        ({"identity": [DENY]}, "with an explicit deny in an identity-based policy"),
        ({"boundary": DENY}, "with an explicit deny in a permissions boundary"),
        ({"session": [DENY]}, "with an explicit deny in a session policy"),
        ({"resource": DENY_ALL}, "with an explicit deny in a resource-based policy"),
        ({"trust": DENY_ALL}, "with an explicit deny in the role trust policy"),
    ],
)
def test_the_message_is_that_of_aws(
    layers: dict[str, Any], text: str, policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html lists these texts."""
    decision = evaluate(request_of("user", "sqs:SendMessage", QUEUE), policies(**layers))
    prefix = "User: arn:aws:iam::123456789012:user/carlossalazar is not authorized to perform: sqs:SendMessage"
    assert decision.message == f"{prefix} on resource: {QUEUE} {text}"


def test_an_undetermined_condition_denies_with_the_reason(
    policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    unknown = {"Condition": {"StringEquals": {"sqs:Unheard": "a"}}}
    request = request_of("user", "sqs:SendMessage", QUEUE)
    allow = evaluate(request, policies(identity=[[ALL[0][0] | unknown]]))
    deny = evaluate(request, policies(identity=[*ALL, [DENY[0] | unknown]]))
    assert (allow.reason, deny.reason) == (Reason.IMPLICIT_DENY, Reason.UNDETERMINED)
    for decision in (allow, deny):
        assert "sqs:Unheard" in decision.explanation
    known = request_of("user", "sqs:SendMessage", QUEUE, service_keys=frozenset({"sqs:unheard"}))
    assert evaluate(known, policies(identity=[*ALL, [DENY[0] | unknown]])).allowed


def test_an_undetermined_allow_does_not_affect_another_allow(
    policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    unknown = ALL[0][0] | {"Condition": {"Unheard": {"aws:username": "a"}}}
    assert evaluate(request_of("user", "sqs:SendMessage", QUEUE), policies(identity=[[unknown], *ALL])).allowed


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '"a"', "{}", "[" * 100_000, '{"Statement": []}', '{"Statement": 1}'),
        '{"Version": "2012-10-18", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
        '{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "GetItem", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Effect": "Allow"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": []}}}',
    ],
)
def test_a_malformed_policy_denies_with_the_reason(
    text: str, request_of: Callable[..., Request], policy: Callable[..., Policy]
) -> None:
    policies = Policies(identity=(Policy("broken", text), policy("good", ALL[0])))
    decision = evaluate(request_of("user", "sqs:SendMessage", QUEUE), policies)
    assert decision.reason is Reason.MALFORMED
    assert "broken" in decision.explanation


def test_an_allowed_decision_names_its_statement(
    policies: Callable[..., Policies], request_of: Callable[..., Request]
) -> None:
    decision = evaluate(request_of("user", "sqs:SendMessage", QUEUE), policies(identity=[NOTHING, ALL[0]]))
    assert (decision.layer, decision.policy, decision.statement) == (Layer.IDENTITY, "identity-1", "All")


ALLOW = '"Effect": "Allow", "Action": "*", "Resource": "*"'
DOCUMENT = '{{"Version": "2012-10-17", "Statement": [{{{}}}]}}'.format


@pytest.mark.parametrize(
    "text",
    [
        DOCUMENT(ALLOW.replace('"Allow"', '"allow"')),
        DOCUMENT(ALLOW.lower()),
        DOCUMENT(f'"Effect": "Deny", {ALLOW}'),
        DOCUMENT(f'"Eff\\u0065ct": "Deny", {ALLOW}'),
        DOCUMENT(f'{ALLOW}, "NotAction": "iam:*"'),
        DOCUMENT(f'{ALLOW}, "Principal": "*"'),
        DOCUMENT(f'{ALLOW}, "Also": 1'),
        *(
            DOCUMENT(ALLOW.replace('"Action": "*"', each))
            for each in ('"Action": []', '"Action": 1', '"Action": "s3*"')
        ),
        *(
            DOCUMENT(ALLOW.replace('"Action": "*"', f'"Action": "{each}"'))
            for each in ("s3: GetObject", "s3:get Object")
        ),
        *(
            DOCUMENT(ALLOW.replace('"Action": "*"', f'"NotAction": "{each}"'))
            for each in ("*", "S3:GETOBJECT", "s3:Get*")
        ),
        *(
            DOCUMENT(ALLOW.replace('"Resource": "*"', f'"Resource": "arn:aws:{each}"'))
            for each in ("s3", "s3:::b", "s3:::B/k", "s3:::b/k\\n", "s3:::${aws:userid}/*")
        ),
        DOCUMENT(ALLOW.replace('"Resource": "*"', '"NotResource": "arn:aws:s3:::b/*"')),
        DOCUMENT(ALLOW).replace("2012", "2020"),
        DOCUMENT(ALLOW).replace("Version", "version"),
        DOCUMENT(ALLOW) + " // a comment",
        "\ufeff" + DOCUMENT(ALLOW),
        f"[{DOCUMENT(ALLOW)}]",
    ],
)
def test_what_is_nearly_an_allow_statement_allows_nothing(text: str, request_of: Callable[..., Request]) -> None:
    request = request_of("user", "s3:GetObject", "arn:aws:s3:::b/k")
    assert evaluate(request, Policies(identity=(Policy("all", DOCUMENT(ALLOW)),))).allowed
    assert not evaluate(request, Policies(identity=(Policy("nearly", text),))).allowed
