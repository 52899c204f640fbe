"""Properties of all policies and requests.

A failure reports its seed.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline_emulator.iam.conditions import compile_conditions
from pipeline_emulator.iam.decision import Reason
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.request import Policies, Policy
from pipeline_emulator.iam.ternary import all_of

pytestmark = [pytest.mark.local_only, pytest.mark.property, pytest.mark.timeout(3600)]

run = settings(max_examples=8 * settings().max_examples)
SEEDS = st.integers(0, 2**63)
LAYERS = st.sampled_from(["identity", "session"])


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def extended(policies: Policies, layer: str, statement: dict[str, Any]) -> Policies:
    """Add a policy to a layer, or replace the policy of a layer that has at most one."""
    policy = Policy("added", document(statement))
    single = layer in ("boundary", "resource")
    changes: dict[str, Any] = {layer: policy if single else (*(getattr(policies, layer) or ()), policy)}
    return replace(policies, **changes)


@run
@given(seed=SEEDS, broken=st.booleans())
def test_evaluation_never_raises_and_always_explains(seed: int, broken: bool, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    request = draw.request()
    decision = evaluate(request, draw.policies(broken))
    assert decision.explanation
    if not decision.allowed:
        assert decision.message.startswith(f"User: {request.context.principal.arn} is not authorized to perform:")


@run
@given(seed=SEEDS, layer=st.sampled_from(["identity", "boundary", "session", "resource"]))
def test_an_explicit_deny_wins(seed: int, layer: str, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"} | ({"Principal": "*"} if layer == "resource" else {})
    decision = evaluate(draw.request(), extended(draw.policies(broken=True), layer, deny))
    assert decision.reason is Reason.EXPLICIT_DENY


@run
@given(seed=SEEDS, layer=LAYERS)
def test_an_additional_deny_never_allows_more(seed: int, layer: str, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    request, policies = draw.request(), draw.policies()
    if evaluate(request, extended(policies, layer, draw.statement(effect="Deny"))).allowed:
        assume(layer == "identity" or policies.session is not None)  # the first session policy is not an additional one
        assert evaluate(request, policies).allowed


@run
@given(seed=SEEDS, layer=LAYERS)
def test_an_additional_allow_never_allows_less(seed: int, layer: str, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    request, policies = draw.request(), draw.policies()
    assume(layer == "identity" or policies.session is not None)
    if evaluate(request, policies).allowed:
        assert evaluate(request, extended(policies, layer, draw.statement(effect="Allow"))).allowed


@run
@given(seed=SEEDS, name=st.sampled_from(["Action", "Resource"]))
def test_not_elements_are_complements(seed: int, name: str, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    request, statement = draw.request(), draw.statement()
    pattern = statement.get(name) or statement[f"Not{name}"]
    assume("${" not in str(pattern))  # a variable without a value leaves both undetermined
    denials = []
    for element in (name, f"Not{name}"):
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*", element: pattern}
        if element != name:
            del deny[name]
        denials.append(
            evaluate(request, Policies(identity=(Policy("p", document(deny)),))).reason is Reason.EXPLICIT_DENY
        )
    assert sorted(denials) == [False, True]


NEGATED = {
    **{f"{family}Equals": f"{family}NotEquals" for family in ("String", "Numeric", "Date", "Arn")},
    "StringLike": "StringNotLike",
    "ArnLike": "ArnNotLike",
    "IpAddress": "NotIpAddress",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
}
VALUES = st.one_of(
    st.sampled_from(
        ["1", "1.0", "1e0", "", "*", "${*}", "arn:aws:s3:::b", "arn:*", "10.0.0.1", "::/0", "2026-11-24", "\u212a"]
    ),
    st.text(max_size=8),
    st.ip_addresses().map(str),
    st.integers().map(str),
    st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z"),
)


@run
@given(operator=st.sampled_from(sorted(NEGATED)), policy=st.lists(VALUES, min_size=1, max_size=3), value=VALUES)
def test_an_operator_and_its_negation_never_agree(operator: str, policy: list[str], value: str) -> None:
    """Neither on what is junk: what an operator cannot tell, its negation cannot either."""
    outcomes = [
        all_of(clause(lambda _key: value) for clause in compile_conditions({name: {"k": policy}}, with_variables=True))
        for name in (operator, NEGATED[operator])
    ]
    if isinstance(outcomes[0], bool) or isinstance(outcomes[1], bool):
        assert outcomes[0] is not outcomes[1]
        assert {type(each) for each in outcomes} == {bool}


@run
@given(seed=SEEDS)
def test_the_order_of_statements_and_policies_does_not_matter(seed: int, generator: Callable[[int], Any]) -> None:
    draw = generator(seed)
    request, statements = draw.request(), [draw.statement() for _ in range(draw.randint(2, 5))]
    together = evaluate(request, Policies(identity=(Policy("p", document(*statements)),)))
    draw.shuffle(statements)
    apart = evaluate(request, Policies(identity=tuple(Policy("p", document(each)) for each in statements)))
    assert together.reason is apart.reason


def test_the_generator_draws_all_kinds_of_decisions(generator: Callable[[int], Any]) -> None:
    """The properties above would prove little if everything were denied, or nothing."""
    found = set()
    for seed in range(600):
        draw = generator(seed)
        found.add(evaluate(draw.request(), draw.policies(broken=seed % 2 == 0)).reason)
    assert found == set(Reason)
