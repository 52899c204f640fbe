"""Asks for the decision on a check, and tells of what is not allowed."""

from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.denials import DENIALS
from pipeline_emulator.authorization.lazy_context import LazyContext
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.authorization.recorder import RECORDER
from pipeline_emulator.authorization.settings import Mode
from pipeline_emulator.iam.decision import Decision, Layer
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.request import Policies, Request
from pipeline_emulator.iam.requests.call import Check

_ON_TRUST = frozenset({"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"})


class Authorizer:
    """Decides under a mode; none is made where it is `off`."""

    def __init__(self, mode: Mode) -> None:
        """Refuse, or only tell."""
        self._refuses = mode is Mode.ON

    def refusal(self, caller: Caller, check: Check, origin: RequestOrigin) -> Decision | None:
        """Return the decision by which a request is to be refused; None where it is to be served."""
        found = decide(caller, check, origin)
        return None if found.allowed else self.record(found)

    def record(self, found: Decision) -> Decision | None:
        """Note what is not allowed; return it if it is to be refused."""
        DENIALS.add(found, refused=self._refuses)
        return found if self._refuses else None


def decide(caller: Caller, check: Check, origin: RequestOrigin) -> Decision:
    """Evaluate with the policies that bear on the check."""
    trust = check.action in _ON_TRUST
    # iam:PassRole and others are on a role, too, but its trust policy has no say in them.
    on_role = check.resource.startswith("arn:aws:iam:")
    policy = None if on_role and not trust else resources.policy_of(check.resource)
    owner = origin.owner(check.resource)
    known = caller.decisions.get(check.action, check.resource, policy, owner)
    if known and RECORDER.role is None:
        return known
    context = LazyContext(caller.principal, owner, lambda: origin.context(caller, check))
    # A key's policy must allow. Aliases have none, nor has a key that is being made or is not there.
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


def error_message(found: Decision) -> str:
    """Return the error's text: AWS's, and what the emulator could not tell where that decided."""
    return " ".join([found.message, *(f"(emulator: {note})" for note in found.notes)])
