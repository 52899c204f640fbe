"""IAM principals.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable lists the values of
aws:username, aws:userid and aws:PrincipalType.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Kind(Enum):
    """Kinds of principals."""

    ROOT = "root user"
    USER = "user"
    ROLE_SESSION = "role session"
    FEDERATED_USER = "federated user"
    SERVICE = "service"
    PROVIDER = "identity provider"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The principal that makes a request.

    Attributes:
        kind: the kind of principal.
        arn: the ARN of the user, role session (`arn:aws:sts::…:assumed-role/…/…`) or federated user; a service's name
            (`lambda.amazonaws.com`); the name under which policies refer to an identity provider.
        account: twelve digits; None for services, providers and anonymous principals.
        entity_arn: the role of a session, or the user behind a federated user; None for others.
        user_id: `AIDA…`, or `AROA…:session name`.
        user_name: a user's friendly name.
        tags: the tags of the user or role, overridden by those of the session.
        issued: when temporary credentials were issued, with a time zone; None for long-term keys.
        mfa: whether temporary credentials were obtained with a second factor; None for long-term keys.
        source_identity: set when the role was assumed.
    """

    kind: Kind
    arn: str
    account: str | None = None
    entity_arn: str | None = None
    user_id: str | None = None
    user_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    issued: datetime | None = None
    mfa: bool | None = None
    source_identity: str | None = None

    @property
    def principal_arn(self) -> str | None:
        """Return aws:PrincipalArn, which is the role's ARN for a session.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        if self.account is None:
            return None
        return self.entity_arn if self.kind is Kind.ROLE_SESSION and self.entity_arn else self.arn

    @property
    def type_name(self) -> str | None:
        """Return aws:PrincipalType; None if AWS documents none."""
        return _TYPES.get(self.kind)


_TYPES = {
    Kind.ROOT: "Account",
    Kind.USER: "User",
    Kind.ROLE_SESSION: "AssumedRole",
    Kind.FEDERATED_USER: "FederatedUser",
    Kind.ANONYMOUS: "Anonymous",
}
