"""The input of an evaluation: a request and the policies that apply to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_emulator.iam.context import EvaluationContext
from pipeline_emulator.iam.decision import Layer


@dataclass(frozen=True, slots=True)
class Policy:
    """A stored policy: the name used in decisions, and the JSON text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies that apply to a request.

    Attributes:
        identity: inline and managed policies of the user and its groups, or of the role.
        boundary: the permissions boundary.
        session: the session policies; None if none were passed.
        resource: the policy of the resource, of the role to be assumed, or of the key.
        resource_layer: TRUST for a role's policy, else RESOURCE.
        resource_decides: whether the resource's policy must allow, even within the account (trust policies, KMS keys).
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    resource_layer: Layer = Layer.RESOURCE
    resource_decides: bool = False

    def layers(self) -> Iterator[tuple[Layer, tuple[Policy, ...]]]:
        """Yield the policies of each layer that has any."""
        if self.resource:
            yield self.resource_layer, (self.resource,)
        yield Layer.IDENTITY, self.identity
        if self.boundary:
            yield Layer.BOUNDARY, (self.boundary,)
        if self.session:
            yield Layer.SESSION, self.session


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource.

    Attributes:
        action: `service:Action`.
        resource: an ARN, or `*` for actions without resource-level permissions.
        context: everything else.
    """

    action: str
    resource: str
    context: EvaluationContext
