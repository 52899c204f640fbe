"""Compiles one statement of a policy.

Action names are case-insensitive, resources are case-sensitive.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html, …_notaction.html,
…_resource.html, …_notresource.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_emulator.iam.conditions import Clause, compile_conditions
from pipeline_emulator.iam.context import EvaluationContext
from pipeline_emulator.iam.malformed import NO_PRINCIPAL, ForeignActionError, MalformedPolicyError, strings
from pipeline_emulator.iam.principal_element import PrincipalMatch, Principals, compile_principals
from pipeline_emulator.iam.ternary import Missing, Ternary, Undetermined, all_of, any_of, negate
from pipeline_emulator.iam.variables import Lookup, resource_template
from pipeline_emulator.iam.wildcards import Matcher, Mode, matcher

type ResourceTest = Callable[[str, Lookup], Ternary]

_ELEMENTS = frozenset(
    "Sid Effect Action NotAction Resource NotResource Principal NotPrincipal Condition".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled statement.

    Attributes:
        name: its Sid, or its position, counted from 1.
        allows: whether its effect is Allow.
    """

    name: str
    allows: bool
    action_names: frozenset[str]
    action_patterns: tuple[Matcher, ...]
    not_action: bool
    resources: tuple[ResourceTest, ...]
    not_resource: bool
    principals: Principals | None
    not_principal: bool
    clauses: tuple[Clause, ...]

    def applies(self, action: str, resource: str, context: EvaluationContext) -> PrincipalMatch | Undetermined:
        """Return how closely the statement matches the principal, if it applies; DIRECT for identity-based policies.

        Args:
            action: in lower case.
            resource: an ARN, or `*`.
            context: everything else about the request.
        """
        named = action in self.action_names or any(matches(action) for matches in self.action_patterns)
        if named is self.not_action:
            return PrincipalMatch.NONE
        match = self._match_principal(context) if self.principals is not None else PrincipalMatch.DIRECT
        if match is PrincipalMatch.NONE:
            return match
        lookup = context.value
        held = self._covers(resource, lookup)
        if held is not False and self.clauses:
            held = all_of((held, *(clause(lookup) for clause in self.clauses)))
        if held is False:
            return PrincipalMatch.NONE
        return match if held is True else held

    def _covers(self, resource: str, lookup: Lookup) -> Ternary:
        if not self.resources:  # it applies to the resource the policy is attached to
            return True
        covered = any_of(test(resource, lookup) for test in self.resources)
        return negate(covered) if self.not_resource else covered

    def _match_principal(self, context: EvaluationContext) -> PrincipalMatch | Undetermined:
        assert self.principals is not None
        if not self.not_principal:
            return self.principals.match(context.principal)
        if self.allows:
            named = self.principals.match(context.principal)
            return named if isinstance(named, Undetermined) else PrincipalMatch.NONE if named else PrincipalMatch.DIRECT
        spared = self.principals.exempts(context.principal)
        return spared if isinstance(spared, Undetermined) else PrincipalMatch.NONE if spared else PrincipalMatch.DIRECT


def compile_statement(place: int, statement: object, of_resource: bool, with_variables: bool) -> Statement:
    """Compile a statement.

    Raises:
        MalformedPolicyError: it violates the grammar.
    """
    if not isinstance(statement, dict):
        raise MalformedPolicyError(f"statement {place} must be an object")
    if unknown := sorted(statement.keys() - _ELEMENTS):
        raise MalformedPolicyError(f"Unknown field {unknown[0]}")
    sid, effect = statement.get("Sid", ""), statement.get("Effect")
    if not isinstance(sid, str):
        raise MalformedPolicyError(f"the Sid of statement {place} must be a string")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicyError(f"Invalid effect: {effect}" if effect else "Missing required field Effect")
    action = _one_of(statement, place, "Action", needed=True)
    resource = _one_of(statement, place, "Resource", needed=not of_resource)
    principal = _one_of(statement, place, "Principal", needed=of_resource)
    if principal and not of_resource:
        raise MalformedPolicyError(NO_PRINCIPAL)
    actions = [_action(text) for text in strings(action, statement[action])]
    return Statement(
        name=sid or str(place),
        allows=effect == "Allow",
        action_names=frozenset(actions),
        action_patterns=tuple(matcher(((text, False),)) for text in actions if "*" in text or "?" in text),
        not_action=action == "NotAction",
        resources=tuple(_resource(text, resource, with_variables) for text in strings(resource, statement[resource]))
        if resource
        else (),
        not_resource=resource == "NotResource",
        principals=compile_principals(statement[principal]) if principal else None,
        not_principal=principal == "NotPrincipal",
        clauses=compile_conditions(statement.get("Condition", {}), with_variables),
    )


def _one_of(statement: dict[str, object], place: int, name: str, needed: bool) -> str:
    found = [each for each in (name, f"Not{name}") if each in statement]
    if len(found) > 1:
        raise MalformedPolicyError(f"statement {place} has both {name} and Not{name}")
    if needed and not found:
        raise MalformedPolicyError(f"Missing required field {name}")
    return found[0] if found else ""


def _action(text: str) -> str:
    service, colon, name = text.partition(":")
    if text != "*" and not (service and colon and name):
        raise ForeignActionError("Policy has invalid action")
    return text.lower()


def _resource(text: str, element: str, with_variables: bool) -> ResourceTest:
    found = resource_template(text, with_variables)
    if isinstance(found, Undetermined):
        return lambda _resource, _lookup: found
    if found.fixed is not None:
        matches = matcher(found.fixed, Mode.RESOURCE)
        return lambda resource, _lookup: matches(resource)

    def test(resource: str, lookup: Lookup) -> Ternary:
        pieces = found.resolve(lookup)
        if pieces is Missing.ABSENT and element == "NotResource":
            return Undetermined(f"a policy variable in {text!r} has no value")
        if isinstance(pieces, Undetermined):
            return pieces
        return isinstance(pieces, tuple) and matcher(pieces, Mode.RESOURCE)(resource)

    return test
