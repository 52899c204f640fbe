"""Principals, and factories of requests, contexts and policies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.decision import Layer
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.request import Policies, Policy, Request

ACCOUNT, OTHER = "123456789012", "555555555555"
ISSUED = datetime(2020, 6, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
USER = f"arn:aws:iam::{ACCOUNT}:user/carlossalazar"
SESSION = Principal(
    kind=Kind.ROLE_SESSION,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/examplerole/examplerolesessionname",
    account=ACCOUNT,
    entity_arn=f"arn:aws:iam::{ACCOUNT}:role/examplerole",
    user_id="AROAEXAMPLEID:examplerolesessionname",
    issued=ISSUED,
)
PRINCIPALS = {
    "root": Principal(kind=Kind.ROOT, arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT, user_id=ACCOUNT),
    "user": Principal(
        kind=Kind.USER,
        arn=USER,
        account=ACCOUNT,
        user_id="AIDAEXAMPLEID",
        user_name="carlossalazar",
        tags={"Team": "a"},
    ),
    "session": SESSION,
    "plain-session": SESSION,
    "federated": Principal(
        kind=Kind.FEDERATED_USER,
        arn=f"arn:aws:sts::{ACCOUNT}:federated-user/carlossalazar",
        account=ACCOUNT,
        entity_arn=USER,
        user_id=f"{ACCOUNT}:carlossalazar",
        issued=ISSUED,
        mfa=False,
    ),
    "other-user": Principal(
        kind=Kind.USER, arn=f"arn:aws:iam::{OTHER}:user/ana", account=OTHER, user_id="AIDAOTHERID", user_name="ana"
    ),
    "service": Principal(kind=Kind.SERVICE, arn="lambda.amazonaws.com"),
    "provider": Principal(kind=Kind.PROVIDER, arn=f"arn:aws:iam::{ACCOUNT}:saml-provider/provider-name"),
    "anonymous": Principal(kind=Kind.ANONYMOUS, arn="anonymous"),
}


def context_(principal: str = "user", **values: Any) -> Context:
    """Return the context of a request, over TLS unless the principal's name starts with "plain"."""
    defaults: dict[str, Any] = {
        "secure_transport": not principal.startswith("plain"),
        "resource_account": ACCOUNT,
        "region": "us-east-1",
    }
    return Context(principal=PRINCIPALS[principal], time=NOW, **(defaults | values))


def policy_(name: str, statements: Any, version: str = "2012-10-17") -> Policy:
    """Return a policy of some statements."""
    return Policy(name, json.dumps({"Version": version, "Statement": statements}))


def policies_(
    identity: Any = (),
    boundary: Any = None,
    session: Any = None,
    resource: Any = None,
    trust: Any = None,
    key: Any = None,
) -> Policies:
    """Return policies of all layers, from lists of statements."""
    owner = resource or trust or key
    return Policies(
        identity=tuple(policy_(f"identity-{place}", each) for place, each in enumerate(identity)),
        boundary=policy_("boundary", boundary) if boundary else None,
        session=None if session is None else tuple(policy_(f"session-{n}", each) for n, each in enumerate(session)),
        resource=policy_("owner", owner) if owner else None,
        resource_layer=Layer.TRUST if trust else Layer.RESOURCE,
        resource_decides=bool(trust or key),
    )


@pytest.fixture(name="context", scope="session")
def context_fixture() -> Callable[..., Context]:
    return context_


@pytest.fixture(name="policies", scope="session")
def policies_fixture() -> Callable[..., Policies]:
    return policies_


@pytest.fixture(name="policy", scope="session")
def policy_fixture() -> Callable[..., Policy]:
    return policy_


@pytest.fixture(scope="session")
def request_of() -> Callable[..., Request]:
    """Return a function that creates a request of a named principal."""

    def make(principal: str, action: str, resource: str, **values: Any) -> Request:
        return Request(action, resource, context_(principal, **values))

    return make
