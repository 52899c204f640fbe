"""Compiles the Principal and NotPrincipal elements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from pipeline_emulator.iam.malformed import InvalidPrincipalError, MalformedPolicyError, strings
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.ternary import Undetermined


class PrincipalMatch(IntEnum):
    """How closely a Principal element matches the principal of a request.

    NONE: it does not. ACCOUNT: it names the account, whose own policies must then allow. ENTITY: it names the role of a
    session or the user behind a federated user, whose boundary and session policies still apply. DIRECT: it names the
    principal itself or everybody.
    """

    NONE = 0
    ACCOUNT = 1
    ENTITY = 2
    DIRECT = 3


_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?", re.ASCII)
_NAMED = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[^*]+|A[A-Z0-9]{3}[A-Z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Principals:
    """A compiled Principal element."""

    everybody: bool
    accounts: frozenset[str]
    names: frozenset[str]
    services: frozenset[str]
    providers: frozenset[str]
    canonical: bool

    def match(self, principal: Principal) -> PrincipalMatch | Undetermined:
        """Return how closely the element matches a principal."""
        if self.everybody or self._itself(principal):
            return PrincipalMatch.DIRECT
        if self._entity(principal):
            return PrincipalMatch.ENTITY
        if principal.account in self.accounts:
            return PrincipalMatch.DIRECT if principal.kind is Kind.ROOT else PrincipalMatch.ACCOUNT
        if self.canonical:
            return Undetermined("this emulator knows no canonical user IDs")
        return PrincipalMatch.NONE

    def exempts(self, principal: Principal) -> bool | Undetermined:
        """Return whether a Deny with NotPrincipal spares a principal.

        AWS requires the principal's account and role to be named too.
        """
        if self.everybody:
            return True
        named = [self._itself(principal)]
        if principal.kind in (Kind.ROLE_SESSION, Kind.FEDERATED_USER):
            named.append(self._entity(principal))
        alone = principal.kind is Kind.ROOT or principal.account is None
        if not any(named) and not (alone and principal.account in self.accounts):
            return Undetermined("this emulator knows no canonical user IDs") if self.canonical else False
        if alone or (all(named) and principal.account in self.accounts):
            return True
        return Undetermined("NotPrincipal names the principal, but not its account and role too")

    def _itself(self, principal: Principal) -> bool:
        if principal.kind is Kind.SERVICE:
            return principal.arn in self.services
        if principal.kind is Kind.PROVIDER:
            return principal.arn in self.providers
        return principal.arn in self.names or (principal.kind is Kind.USER and principal.user_id in self.names)

    def _entity(self, principal: Principal) -> bool:
        role_id = principal.user_id.partition(":")[0] if principal.user_id else None
        return principal.entity_arn in self.names or (principal.kind is Kind.ROLE_SESSION and role_id in self.names)


def compile_principals(element: object) -> Principals:
    """Compile a Principal or NotPrincipal element.

    Raises:
        MalformedPolicyError: it is neither "*" nor an object of known kinds, or a name cannot be a principal's.
    """
    if element == "*":
        element = {"AWS": "*"}
    if not isinstance(element, dict):
        raise InvalidPrincipalError(f'Invalid principal in policy: "{element}"')
    if not element:
        raise MalformedPolicyError("Missing required field Principal cannot be empty!")
    if unknown := sorted(element.keys() - _KINDS):
        raise InvalidPrincipalError(f'Invalid principal in policy: "{unknown[0]}"')
    found = {kind: strings(f"Principal {kind}", value) for kind, value in element.items()}
    aws = [name for name in found.get("AWS", ()) if name != "*"]
    accounts = {name: match[1] for name in aws if (match := _ACCOUNT.fullmatch(name))}
    names = frozenset(name for name in aws if name not in accounts)
    if wrong := [name for name in names if not _NAMED.fullmatch(name)]:
        raise InvalidPrincipalError(f'Invalid principal in policy: "AWS":"{wrong[0]}"')
    if wrong := [name for name in found.get("Service", ()) if "." not in name and name != "*"]:
        raise InvalidPrincipalError(f'Invalid principal in policy: "SERVICE":"{wrong[0]}"')
    return Principals(
        everybody="*" in found.get("AWS", ()),
        accounts=frozenset(accounts.values()),
        names=names,
        services=frozenset(found.get("Service", ())),
        providers=frozenset(found.get("Federated", ())),
        canonical="CanonicalUser" in found,
    )
