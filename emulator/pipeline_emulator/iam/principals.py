"""Who makes a request, as IAM sees it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable has the values
of aws:username, aws:userid and aws:PrincipalType.
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
    """The one who makes a request.

    Attributes:
        kind: what it is.
        arn: of the user, the role's session (`arn:aws:sts::…:assumed-role/…/…`), the federated user; for a service
            its name (`lambda.amazonaws.com`), for an identity provider what policies call it.
        account: its account's twelve digits; None for services, providers and the anonymous.
        entity_arn: what policies are attached to: the role of a session, the user of a federated user; else None.
        user_id: `AIDA…`, or `AROA…:session name`.
        user_name: the friendly name of a user.
        tags: of the user or role, and of the session, which come first.
        issued: when temporary credentials were, with a time zone; None for keys that last.
        mfa: whether temporary credentials were got with a second factor; None for keys that last.
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
        """Return aws:PrincipalArn: of a session it is the role's.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        if self.account is None:
            return None
        return self.entity_arn if self.kind is Kind.ROLE_SESSION and self.entity_arn else self.arn

    @property
    def type_name(self) -> str | None:
        """Return aws:PrincipalType; None where AWS documents none."""
        return _TYPES.get(self.kind)


_TYPES = {
    Kind.ROOT: "Account",
    Kind.USER: "User",
    Kind.ROLE_SESSION: "AssumedRole",
    Kind.FEDERATED_USER: "FederatedUser",
    Kind.ANONYMOUS: "Anonymous",
}
