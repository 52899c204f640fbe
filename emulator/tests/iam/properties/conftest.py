"""Random policies and requests, each from a seed.

hypothesis draws only the seeds, which is a hundred times faster than drawing the parts.
"""

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline_emulator.iam.context import Context, Tags
from pipeline_emulator.iam.decision import Layer
from pipeline_emulator.iam.operators import OPERATORS
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.request import Policies, Policy, Request
from pipeline_emulator.iam.ternary import Missing

ACCOUNTS = ("111111111111", "222222222222")
ACTIONS = [f"{service}:{name}" for service in ("s3", "sqs", "kms") for name in ("GetObject", "PutObject", "Send")]
ACTION_PATTERNS = [*ACTIONS, "*", "s3:*", "*:Get*", "S3:get?bject", "sqs:S*", "kms:*"]
RESOURCE_PATTERNS = ["*", "arn:aws:s3:::*", "arn:aws:*:*:*:a*", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a?b"]
KEYS = ["aws:username", "aws:SourceIp", "aws:SecureTransport", "aws:CurrentTime", "aws:TagKeys", "aws:PrincipalArn"]
KEYS += ["aws:MultiFactorAuthPresent", "aws:PrincipalTag/team", "aws:ResourceTag/team", "s3:prefix", "sqs:unheard"]
VALUES = ["David", "true", "false", "10", "10.0.0.0/8", "2026-01-01T00:00:00Z", "arn:aws:iam::*:user/*", "*", ""]
VALUES += ["${aws:username}", "${aws:userid, 'nobody'}", "${s3:prefix}", "${x", "${*}"]
NAMES = ["root", "user/David", "role/r", "assumed-role/r/s", "federated-user/David"]
ARNS = [f"arn:aws:{it}::{account}:{name}" for it in ("iam", "sts") for account in ACCOUNTS for name in NAMES]
ENTITIES = {Kind.ROLE_SESSION: "role/r", Kind.FEDERATED_USER: "user/David"}
SELVES = {
    Kind.ROOT: "iam::{}:root",
    Kind.USER: "iam::{}:user/David",
    Kind.ROLE_SESSION: "sts::{}:assumed-role/r/s",
    Kind.FEDERATED_USER: "sts::{}:federated-user/David",
}
STRANGERS = {Kind.SERVICE: "lambda.amazonaws.com", Kind.PROVIDER: "accounts.google.com", Kind.ANONYMOUS: "anonymous"}


class Generator(random.Random):
    """Draws policies, requests and their parts."""

    def maybe(self, share: float = 0.5) -> bool:
        return self.random() < share

    def word(self) -> str:
        return "".join(self.choices("ab*?:/${}'., ß\ud800\0", k=self.randrange(8)))

    def some(self, among: Sequence[str]) -> str | list[str]:
        return self.choice(among) if self.maybe() else self.sample(among, self.randint(1, 3))

    def resource(self) -> str:
        service, region = self.choice(["s3", "sqs", "kms"]), self.choice(["", "eu-west-1"])
        name = self.choice(["a", "a/b", "a:b", "David/x"])
        return "*" if self.maybe(0.1) else f"arn:aws:{service}:{region}:{self.choice(['', *ACCOUNTS])}:{name}"

    def conditions(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self.randrange(3)):
            name = self.choice(["", "", "ForAllValues:", "ForAnyValue:"]) + self.choice([*OPERATORS, "Null", "Unheard"])
            value: Any = self.word() if self.maybe(0.1) else self.some(VALUES)
            found.setdefault(name + self.choice(["", "IfExists"]), {})[self.choice(KEYS)] = value
        return found

    def statement(self, of_resource: bool = False, effect: str | None = None) -> dict[str, Any]:
        """Draw a statement as AWS would store it."""
        found: dict[str, Any] = {"Effect": effect or self.choice(["Allow", "Allow", "Deny"])}
        found[self.choice(["Action", "Action", "NotAction"])] = self.some(ACTION_PATTERNS)
        patterns = [*RESOURCE_PATTERNS, self.resource(), self.resource()]
        found[self.choice(["Resource", "Resource", "NotResource"])] = self.some(patterns)
        if of_resource:
            principal: Any = {"AWS": self.some([*ARNS, *ACCOUNTS])}
            principal = self.choice([principal, principal, "*", {"Service": "lambda.amazonaws.com"}])
            found[self.choice(["Principal", "Principal", "NotPrincipal"])] = principal
        return found | ({"Condition": self.conditions()} if self.maybe() else {})

    def anything(self, depth: int = 0) -> Any:
        """Draw any JSON value."""
        if depth > 2 or self.maybe():
            return self.choice([None, True, 0, -1.5, float("inf"), 10**30, "*", "Allow", self.word(), [], {}])
        if self.maybe():
            return [self.anything(depth + 1) for _ in range(self.randrange(3))]
        names = [self.word(), "Statement", "Effect", "AWS", "StringLike"]
        return {self.choice(names): self.anything(depth + 1) for _ in range(self.randrange(3))}

    def document(self, of_resource: bool, broken: bool = False) -> str:
        statements: list[Any] = [self.statement(of_resource) for _ in range(self.randint(1, 3))]
        if broken:
            statements[0][self.choice([*statements[0], "Condition", "Sid", "Other"])] = self.anything()
        found = {"Version": self.choice(["2012-10-17", "2012-10-17", "2008-10-17"]), "Statement": statements}
        text = json.dumps(found)
        if broken and self.maybe(0.3):
            return self.choice([text[: self.randrange(len(text))], json.dumps(self.anything()), self.word()])
        return text

    def policies(self, broken: bool = False) -> Policies:
        """Draw policies of all layers."""

        def policy(of_resource: bool = False) -> Policy:
            return Policy("p", self.document(of_resource, broken and self.maybe()))

        return Policies(
            identity=tuple(policy() for _ in range(self.randrange(4))),
            boundary=policy() if self.maybe(0.3) else None,
            session=tuple(policy() for _ in range(self.randrange(3))) if self.maybe(0.3) else None,
            resource=policy(True) if self.maybe() else None,
            resource_layer=self.choice([Layer.RESOURCE, Layer.TRUST]),
            resource_decides=self.maybe(0.3),
        )

    def principal(self) -> Principal:
        kind, account = self.choice(list(Kind)), self.choice(ACCOUNTS)
        entity = ENTITIES.get(kind)
        return Principal(
            kind=kind,
            arn=STRANGERS.get(kind) or f"arn:aws:{SELVES[kind].format(account)}",
            account=None if kind in STRANGERS else account,
            entity_arn=f"arn:aws:iam::{account}:{entity}" if entity else None,
            user_name="David" if kind is Kind.USER else None,
            tags={"Team": self.choice(VALUES)} if self.maybe() else {},
            mfa=self.choice([None, True, False]),
        )

    def request(self) -> Request:
        """Draw a request."""
        tags: list[Tags] = [Missing.UNKNOWN, {}, {"team": self.word()}]
        context = Context(
            principal=self.principal(),
            time=datetime.fromtimestamp(self.randrange(4 * 10**9), UTC),
            source_ip=self.choice([None, "10.1.2.3", "::1", "::ffff:10.1.2.3", "no address"]),
            secure_transport=self.maybe(),
            resource_account=self.choice([None, *ACCOUNTS]),
            resource_tags=self.choice(tags),
            request_tags={self.word(): self.word()} if self.maybe() else {},
            service_values=self.choice([{}, {"s3:prefix": self.word()}, {"s3:prefix": (self.word(),)}]),
            service_keys=frozenset({"s3:prefix"}),
        )
        return Request(self.choice(ACTIONS), self.resource(), context)


@pytest.fixture(scope="session")
def generator() -> Callable[[int], Generator]:
    """Return a function that creates a generator from a seed."""
    return Generator
