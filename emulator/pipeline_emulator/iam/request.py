"""What is evaluated: a request, and the policies that bear on it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_emulator.iam.context import EvaluationContext
from pipeline_emulator.iam.decision import Layer


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it is stored: the name by which decisions call it, and its JSON text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies that bear on a request.

    Attributes:
        identity: inline and managed, of the user and its groups or of the role.
        boundary: the permissions boundary.
        session: those passed when the session was made; None if none were.
        resource: of the resource, of the role that is to be assumed, or of the key.
        resource_layer: RESOURCE, or TRUST where it is a role's.
        resource_decides: the identity's policies do not suffice in the same account either: trust policies, KMS keys.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    resource: Policy | None = None
    resource_layer: Layer = Layer.RESOURCE
    resource_decides: bool = False

    def layers(self) -> Iterator[tuple[Layer, tuple[Policy, ...]]]:
        """Yield what there is of each layer."""
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
        resource: an ARN, or `*` for actions that know no resources.
        context: the rest.
    """

    action: str
    resource: str
    context: EvaluationContext
