"""Determines the caller of a request and its policies, from an access key or from the role that a service uses."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from localstack.services.iam.models import IamStore, UserEntity
from localstack.services.sts.models import TemporaryCredentials, sts_stores

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.authorization import policies, sessions, settings
from pipeline_emulator.authorization.decision_cache import DecisionCache
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.request import Policy

# The root user's keys: `test`, and an account's number, with which LocalStack chooses the account.
_ISSUED = ("LKIA", "LSIA", "AKIA", "ASIA")
_ROOT_KEY = re.compile(r"test|[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A principal with its policies.

    Attributes:
        principal: who makes the request.
        identity, boundary, session: its policies.
        expires: when its credentials expire; None if they do not.
        secret: the secret access key; None for the callers that sign nothing.
        token: the session token; None for a user's own key.
        decisions: earlier decisions from these policies.
    """

    principal: Principal
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    expires: datetime | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    decisions: DecisionCache = field(default_factory=DecisionCache, compare=False, repr=False)


@lru_cache(maxsize=64)
def root_of(account: str) -> Caller:
    """Return the root user of an account, for whom other callers' functions return None."""
    return Caller(principal=Principal(kind=Kind.ROOT, arn=f"arn:aws:iam::{account}:root", account=account))


class UnknownKeyError(Exception):
    """The key is not or no longer valid."""


class ExpiredKeyError(Exception):
    """The session has expired."""


def from_key(key: str, account: str, *, allow_expired: bool = False) -> Caller | None:
    """Return the caller with an access key; None for the account's root user (`test`, or the account's number).

    With `allow_expired`, expired sessions are returned too.

    Raises:
        ExpiredKeyError: the session has expired.
        UnknownKeyError: the key is unknown or inactive.
    """
    found: TemporaryCredentials | None = sts_stores[account][policies.GLOBAL_REGION].credentials.get(key)
    if found:
        lasting = allow_expired or sessions.of(found).lasting
        if found.is_expired() and not lasting:
            raise ExpiredKeyError
        caller = _of_credentials(found)
        return caller and replace(
            caller,
            expires=None if lasting else found.expiration,
            secret=found.secret_access_key,
            token=found.session_token,
        )
    store = policies.store_of(account)
    user = store.USERS.get(store.ACCESS_KEY_INDEX.get(key) or "")
    if user:
        entity = user.access_keys.get(key)
        if entity is None or entity.access_key.get("Status") == "Inactive":
            raise UnknownKeyError
        return replace(_user(store, account, user), secret=entity.access_key["SecretAccessKey"])
    if key.isdigit() and key != account:  # another account's root user, whatever core takes the request for
        raise UnknownKeyError
    if not _ROOT_KEY.fullmatch(key) and key != settings.root_key():
        raise UnknownKeyError
    return None


def is_issued(key: str) -> bool:
    """Return whether a key has the form of those that LocalStack issues to users and sessions."""
    return key.startswith(_ISSUED)


def for_role(role_arn: str, session_name: str) -> Caller:
    """Return a role session as a service creates it; it has no permissions if no role has this ARN."""
    role = parse_arn(role_arn)
    # A role made later under another path is not this one.
    found = policies.store_of(role.account).ROLES.get(role.name)
    if found and found.role["Arn"] != role_arn:
        return Caller(principal=Principal(kind=Kind.ROLE_SESSION, arn=role_arn, account=role.account))
    return _role(role.account, role.name, f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{session_name}")


def for_service(name: str) -> Caller:
    """Return a service that makes requests in its own name, such as `lambda.amazonaws.com`."""
    return Caller(principal=Principal(kind=Kind.SERVICE, arn=name))


def _of_credentials(found: TemporaryCredentials) -> Caller | None:
    account, made = found.account_id, sessions.of(found)
    kind, _, rest = parse_arn(found.arn).resource.partition("/")
    store = policies.store_of(account)
    session = None if made.policies is None else (*made.policies, *policies.managed(store, made.policy_arns))
    if kind == "assumed-role":
        tags = {tag["Key"]: tag["Value"] for tag in found.tags.values()}
        return _role(account, rest.partition("/")[0], found.arn, found, session, tags)
    if kind == "user":
        return _user(store, account, _known_user(store, rest.rpartition("/")[2], found.user_id), found)
    if kind == "federated-user":
        principal = Principal(
            kind=Kind.FEDERATED_USER, arn=found.arn, account=account, user_id=found.user_id, issued=made.issued
        )
        if made.user is None:
            return Caller(principal=principal, session=session or ())
        user = _known_user(store, *made.user)
        return Caller(
            principal=principal,
            identity=_policies_of_user(store, user),
            boundary=policies.boundary(store, user.user),
            session=session or (),
        )
    return None


def _known_user(store: IamStore, name: str, user_id: str) -> UserEntity:
    """Return the user who created a session, not another one who got the name later.

    Raises:
        UnknownKeyError: the user has been deleted.
    """
    user = store.USERS.get(name)
    if user is None or user.user["UserId"] != user_id:
        raise UnknownKeyError
    return user


def _role(
    account: str,
    name: str,
    arn: str,
    found: TemporaryCredentials | None = None,
    session: tuple[Policy, ...] | None = None,
    tags: dict[str, str] | None = None,
) -> Caller:
    """Return a role session; it has no permissions if the role has been deleted, even if another has its name now."""
    store = policies.store_of(account)
    entity = store.ROLES.get(name)
    if entity and found and found.user_id[4:].partition(":")[0] != entity.role["RoleId"][4:]:  # core varies the prefix
        entity = None
    role: Any = entity.role if entity else {}
    own_tags = store.TAGS.get_tags(role["Arn"]) if role else {}
    principal = Principal(
        kind=Kind.ROLE_SESSION,
        arn=arn,
        account=account,
        entity_arn=role.get("Arn"),
        user_id=found.user_id if found else f"{role.get('RoleId')}:{parse_arn(arn).name}",
        tags={**own_tags, **(tags or {})},
        issued=sessions.of(found).issued if found else None,
        mfa=False,
        source_identity=found.source_identity if found else None,
    )
    identity = policies.of_entity(store, entity) if entity else ()
    return Caller(
        principal=principal,
        identity=identity,
        boundary=policies.boundary(store, role) if role else None,
        session=session,
    )


def _user(store: IamStore, account: str, user: UserEntity, found: TemporaryCredentials | None = None) -> Caller:
    principal = Principal(
        kind=Kind.USER,
        arn=user.user["Arn"],
        account=account,
        entity_arn=user.user["Arn"],
        user_id=user.user["UserId"],
        user_name=user.user["UserName"],
        tags=store.TAGS.get_tags(user.user["Arn"]),
        issued=sessions.of(found).issued if found else None,
        mfa=False if found else None,
    )
    boundary = policies.boundary(store, user.user)
    return Caller(principal=principal, identity=_policies_of_user(store, user), boundary=boundary)


def _policies_of_user(store: IamStore, user: UserEntity) -> tuple[Policy, ...]:
    found = policies.of_entity(store, user)
    for group in list(store.GROUPS.values()):
        if user.user["UserName"] in group.member_user_names:
            found += policies.of_entity(store, group)
    return found
