"""Decides whether a set of policies allows a request.

Implements the evaluation logic within an account and across accounts:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
Policies of Organizations and of VPC endpoints are out of scope: the emulator has neither.
"""

from collections.abc import Sequence

from pipeline_emulator.iam.decision import Decision, Layer, Reason
from pipeline_emulator.iam.documents import compiled
from pipeline_emulator.iam.principal_element import PrincipalMatch
from pipeline_emulator.iam.principals import Kind
from pipeline_emulator.iam.request import Policies, Policy, Request
from pipeline_emulator.iam.ternary import Undetermined


def evaluate(request: Request, policies: Policies) -> Decision:
    """Evaluate a request as AWS documents it. Never raises, whatever the policies contain."""
    return _Evaluation(request, policies).decide()


class _Evaluation:
    def __init__(self, request: Request, policies: Policies) -> None:
        self._request = request
        self._action = request.action.lower()
        self._policies = policies
        self._granting: tuple[Layer, str, str] | None = None

    def decide(self) -> Decision:
        return self._denial() or self._implicit_denial() or self._decision(Reason.ALLOWED, *(self._granting or ()))

    def _denial(self) -> Decision | None:
        """Return the explicit deny, or else the first possible one: an undetermined Deny or a malformed policy."""
        doubtful: Decision | None = None
        for layer, policies in self._policies.layers():
            for policy in policies:
                document = compiled(policy.text, layer in (Layer.RESOURCE, Layer.TRUST))
                if document.malformed and not doubtful:
                    note = f"the policy {policy.name} is malformed: {document.malformed}"
                    doubtful = self._decision(Reason.MALFORMED, layer, policy.name, notes=(note,))
                for statement in document.deny_statements:
                    found = statement.applies(self._action, self._request.resource, self._request.context)
                    if found is PrincipalMatch.NONE:
                        continue
                    if not isinstance(found, Undetermined):
                        return self._decision(Reason.EXPLICIT_DENY, layer, policy.name, statement.name)
                    doubtful = doubtful or self._decision(
                        Reason.UNDETERMINED, layer, policy.name, statement.name, notes=(found.why,)
                    )
        return doubtful

    def _implicit_denial(self) -> Decision | None:
        principal, owner = self._request.context.principal, self._request.context.resource_account
        policies = self._policies
        granted = self._unless_granted(policies.resource_layer, [policies.resource] if policies.resource else [])
        match, refusal = granted
        if principal.account is None:
            return None if match is PrincipalMatch.DIRECT else refusal
        same_account = owner is None or owner == principal.account
        needs_resource = policies.resource_decides or not same_account
        if principal.kind is Kind.ROOT:
            return refusal if needs_resource and match is PrincipalMatch.NONE else None
        if same_account and match is PrincipalMatch.DIRECT:
            return None
        if same_account and needs_resource and match is PrincipalMatch.NONE:
            return refusal
        needs_identity = not (same_account and match is PrincipalMatch.ENTITY)
        limits = self._limits(needs_identity)
        return limits or (refusal if needs_resource and match is PrincipalMatch.NONE else None)

    def _limits(self, needs_identity: bool) -> Decision | None:
        """Return the first of the principal's own policy types that does not allow the request."""
        policies = self._policies
        layers: list[tuple[Layer, Sequence[Policy]]] = []
        if policies.boundary:
            layers.append((Layer.BOUNDARY, (policies.boundary,)))
        # A federated user without a session policy has no permissions.
        if policies.session is not None or self._request.context.principal.kind is Kind.FEDERATED_USER:
            layers.append((Layer.SESSION, policies.session or ()))
        if needs_identity:
            layers.insert(0, (Layer.IDENTITY, policies.identity))
        for layer, several in layers:
            match, refusal = self._unless_granted(layer, several)
            if match is PrincipalMatch.NONE:
                return refusal
        return None

    def _unless_granted(self, layer: Layer, policies: Sequence[Policy]) -> tuple[PrincipalMatch, Decision | None]:
        """Return the closest match among a layer's Allow statements, or the decision if none applies."""
        best = PrincipalMatch.NONE
        notes: list[str] = []
        for policy in policies:
            for statement in compiled(policy.text, layer in (Layer.RESOURCE, Layer.TRUST)).allow_statements:
                found = statement.applies(self._action, self._request.resource, self._request.context)
                if isinstance(found, Undetermined):
                    notes.append(f"statement {statement.name} of {policy.name} does not allow, since {found.why}")
                elif found > best:
                    best = found
                    if self._granting is None or layer is Layer.IDENTITY:
                        self._granting = (layer, policy.name, statement.name)
                    if best is PrincipalMatch.DIRECT:
                        return best, None
        return best, None if best else self._decision(Reason.IMPLICIT_DENY, layer, notes=tuple(notes))

    def _decision(
        self,
        reason: Reason,
        layer: Layer | None = None,
        policy: str | None = None,
        statement: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> Decision:
        return Decision(
            reason=reason,
            principal=self._request.context.principal.arn,
            action=self._request.action,
            resource=self._request.resource,
            layer=layer,
            policy=policy,
            statement=statement,
            notes=notes,
        )
