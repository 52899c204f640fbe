"""Describes the outcome of an evaluation in AWS's words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from dataclasses import dataclass
from enum import Enum


class Layer(Enum):
    """Policy types, as AWS names them in "because no … allows the action" and "with an explicit deny in …"."""

    IDENTITY = ("identity-based policy", "an identity-based policy")
    BOUNDARY = ("permissions boundary", "a permissions boundary")
    SESSION = ("session policy", "a session policy")
    RESOURCE = ("resource-based policy", "a resource-based policy")
    TRUST = ("role trust policy", "the role trust policy")

    def __init__(self, name: str, with_article: str) -> None:
        self.type_name = name
        self.with_article = with_article


class Reason(Enum):
    """Why a request was allowed or denied.

    UNDETERMINED: the emulator cannot evaluate the condition of a Deny statement. MALFORMED: AWS would not have accepted
    one of the policies.
    """

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"
    UNDETERMINED = "a condition cannot be evaluated"
    MALFORMED = "malformed policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome for one action on one resource.

    Attributes:
        reason: why the request is allowed or denied.
        principal, action, resource: as the error message names them.
        layer: the type of the policy that decided; None if none did: the root user needs none, and is refused by none.
        policy: its name; None if no policy of the layer allows the request.
        statement: the Sid or position of the statement that decided, if there is one.
        cause: why the request is denied, if it is not for a policy; it follows the word "because".
        notes: one sentence about each thing that the emulator could not evaluate and that affected the decision.
    """

    reason: Reason
    principal: str
    action: str
    resource: str
    layer: Layer | None = None
    policy: str | None = None
    statement: str | None = None
    cause: str = ""
    notes: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Return whether the request is allowed."""
        return self.reason is Reason.ALLOWED

    @property
    def message(self) -> str:
        """Return AWS's error message; undefined for an allowed request."""
        who = f"User: {self.principal} is not authorized to perform: {self.action} on resource: {self.resource}"
        if self.layer is None:  # no policy is to blame
            return f"{who} because {self.cause}" if self.cause else who
        if self.reason is Reason.IMPLICIT_DENY:
            return f"{who} because no {self.layer.type_name} allows the {self.action} action"
        return f"{who} with an explicit deny in {self.layer.with_article}"

    @property
    def explanation(self) -> str:
        """Return the details that AWS's message omits: policy, statement and anything that could not be evaluated."""
        where = [self.layer.type_name] if self.layer else []
        where += [f"policy {self.policy}"] if self.policy else []
        where += [f"statement {self.statement}"] if self.statement else []
        return "; ".join(
            [": ".join([self.reason.value, ", ".join(where)]) if where else self.reason.value, *self.notes]
        )
