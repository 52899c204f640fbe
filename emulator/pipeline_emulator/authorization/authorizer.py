"""Decides checks under the configured mode and records denials."""

import re

from pipeline_emulator.authorization import hooks, names, resources
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.denials import DENIALS
from pipeline_emulator.authorization.lazy_context import LazyContext
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.authorization.recorder import RECORDER
from pipeline_emulator.authorization.settings import Mode
from pipeline_emulator.iam.decision import Decision, Layer, Reason
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.principals import Kind
from pipeline_emulator.iam.request import Policies, Request
from pipeline_emulator.iam.requests.call import Check

# https://www.w3.org/TR/xml/#charsets
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ON_TRUST = frozenset(
    {
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    }
)


class Authorizer:
    """Decides checks. There is no authorizer in the mode `off`."""

    def __init__(self, mode: Mode) -> None:
        """Refuse denied requests, or only record them (`soft`)."""
        self._refuses = mode is Mode.ON

    def refusal(self, caller: Caller, check: Check, origin: RequestOrigin) -> Decision | None:
        """Return the decision that refuses a request; None if the request is allowed or only recorded.

        A root user needs no permission in the own account, only what the resources of other accounts allow:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html.
        """
        principal = caller.principal
        if principal.kind is Kind.ROOT and principal.account == origin.owner(check):
            return None
        found = decide(caller, check, origin)
        hooks.decided(found, not found.allowed and self._refuses)
        return None if found.allowed else self.record(found)

    def report(self, caller: Caller, check: Check, origin: RequestOrigin) -> None:
        """Record a denial as soft, whatever the mode; the request is served."""
        found = decide(caller, check, origin)
        if not found.allowed:
            DENIALS.add(found, refused=False)

    def record(self, found: Decision) -> Decision | None:
        """Record a denial; return it if the mode refuses the request."""
        DENIALS.add(found, refused=self._refuses)
        return found if self._refuses else None


def decide(caller: Caller, check: Check, origin: RequestOrigin) -> Decision:
    """Evaluate a check with all policies that apply to it. A name that does not resolve to itself is refused."""
    if why := names.problem(check.resource):
        return unresolved(caller, check, why)
    trust = check.action in _ON_TRUST
    # Other actions on a role, such as iam:PassRole, do not involve its trust policy.
    on_role = check.resource.startswith("arn:aws:iam:")
    policy = None if on_role and not trust else resources.policy_of(check.resource)
    owner = origin.owner(check)
    known = caller.decisions.get(check.action, check.resource, policy, owner)
    if known and RECORDER.role is None:
        return known
    context = LazyContext(caller.principal, owner, lambda: origin.context(caller, check))
    # A key's policy must allow. Aliases, keys being created and missing keys have none.
    key = policy is not None and check.action.startswith("kms:")
    policies = Policies(
        identity=caller.identity,
        boundary=caller.boundary,
        session=caller.session,
        resource=policy,
        resource_layer=Layer.TRUST if trust else Layer.RESOURCE,
        resource_decides=trust or key,
    )
    request = Request(check.action, check.resource, context)
    found = evaluate(request, policies)
    if not context.was_read:
        caller.decisions.keep(found, policy, owner)
    if RECORDER.role is not None and found.allowed:
        RECORDER.add(request, origin.context(caller, check), policies)
    return found


def unresolved(caller: Caller, check: Check, why: str) -> Decision:
    """Return the denial of a check on a resource that the service would not find under this name."""
    return Decision(
        reason=Reason.IMPLICIT_DENY,
        principal=caller.principal.arn,
        action=check.action,
        resource=check.resource,
        layer=Layer.IDENTITY,
        notes=(why,),
    )


def error_message(found: Decision) -> str:
    """Return AWS's error message, followed by what the emulator could not evaluate; XML can hold all of it."""
    text = " ".join([found.message, *(f"(emulator: {note})" for note in found.notes)])
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
