"""Provides the values that conditions and policy variables refer to.

The global condition keys and when a request has them:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
Key names, including the tag names in them, are case-insensitive.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.ternary import Missing
from pipeline_emulator.iam.variables import Value

type Tags = Mapping[str, str] | Missing
"""UNKNOWN if the emulator cannot look them up."""


class EvaluationContext(Protocol):
    """The part of a request context that an evaluation reads."""

    @property
    def principal(self) -> Principal:
        """Return the principal that makes the request."""

    @property
    def resource_account(self) -> str | None:
        """Return the account that owns the resource."""

    def value(self, key: str) -> Value | Missing:
        """Look up a condition key, given in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The request context: everything known about a request except its action and resource.

    Attributes:
        principal: who makes the request.
        time: when the request is made, with a time zone.
        source_ip: the client's address; None if a service makes the request.
        secure_transport: whether the request came over TLS.
        region: of the endpoint that gets the request.
        user_agent, referer: the HTTP headers.
        source_arn, source_account: the resource and account on whose behalf a service makes the request.
        called_via: the services that passed the request on, in order.
        via_service: whether a service makes the request with the principal's credentials.
        resource_account: the account that owns the resource.
        resource_tags: the resource's tags, or a function that looks them up by the key's prefix (up to the slash).
        request_tags: tags that the request sets.
        tag_keys: tag names in the request; None means those of request_tags.
        service_values: the service's condition keys, in lower case; a multivalued key has a tuple.
        service_keys: the keys, in lower case, that the emulator supports for this operation; those without a value are
            absent from the request. A key that ends with a slash and a tag is here without both.
    """

    principal: Principal
    time: datetime
    source_ip: str | None = None
    secure_transport: bool = True
    region: str | None = None
    user_agent: str | None = None
    referer: str | None = None
    source_arn: str | None = None
    source_account: str | None = None
    called_via: tuple[str, ...] = ()
    via_service: bool = False
    resource_account: str | None = None
    resource_tags: Tags | Callable[[str], Tags] = Missing.UNKNOWN
    request_tags: Tags = field(default_factory=dict)
    tag_keys: tuple[str, ...] | None = None
    service_values: Mapping[str, Value] = field(default_factory=dict)
    service_keys: frozenset[str] = frozenset()

    def value(self, key: str) -> Value | Missing:
        """Look up a condition key, given in lower case."""
        if found := _GLOBAL.get(key):
            value = found(self)
            return Missing.ABSENT if value is None or value == () else value
        prefix, _, tag = key.partition("/")
        if tags := _TAGS.get(prefix):
            return _tag(tags(self), tag)
        if prefix in RESOURCE_TAGS:
            found_tags = self.resource_tags
            return _tag(found_tags(prefix) if callable(found_tags) else found_tags, tag)
        if key in self.service_values:
            value = self.service_values[key]
            return Missing.ABSENT if value == () else value
        known = key in self.service_keys or prefix in self.service_keys or key in _ALWAYS_ABSENT
        known = known or key.startswith(_COMPLETE_FAMILIES)
        return Missing.ABSENT if known else Missing.UNKNOWN


def _tag(tags: Tags, name: str) -> str | Missing:
    if isinstance(tags, Missing):
        return tags
    found = {value for key, value in tags.items() if key.lower() == name}
    if len(found) > 1:  # AWS documents that a key means one tag, "but not both"
        return Missing.UNKNOWN
    return found.pop() if found else Missing.ABSENT


def _tag_keys(context: Context) -> Value | Missing:
    if context.tag_keys is not None:
        return context.tag_keys
    tags = context.request_tags
    return tags if isinstance(tags, Missing) else tuple(tags)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _user_id(principal: Principal) -> str | None:
    return "anonymous" if principal.kind is Kind.ANONYMOUS else principal.user_id


_GLOBAL: Mapping[str, Callable[[Context], Value | Missing | None]] = {
    "aws:calledvia": lambda it: it.called_via,
    "aws:calledviafirst": lambda it: it.called_via[0] if it.called_via else None,
    "aws:calledvialast": lambda it: it.called_via[-1] if it.called_via else None,
    "aws:currenttime": lambda it: _iso(it.time),
    "aws:epochtime": lambda it: str(int(it.time.timestamp())),
    "aws:multifactorauthpresent": lambda it: _flag(it.principal.mfa),
    "aws:principalaccount": lambda it: it.principal.account,
    "aws:principalarn": lambda it: it.principal.principal_arn,
    "aws:principalisawsservice": lambda it: _flag(it.principal.kind is Kind.SERVICE),
    "aws:principalservicename": lambda it: it.principal.arn if it.principal.kind is Kind.SERVICE else None,
    "aws:principaltype": lambda it: it.principal.type_name,
    "aws:referer": lambda it: it.referer,
    "aws:requestedregion": lambda it: it.region,
    "aws:resourceaccount": lambda it: it.resource_account or Missing.UNKNOWN,
    "aws:securetransport": lambda it: _flag(it.secure_transport),
    "aws:sourceaccount": lambda it: it.source_account,
    "aws:sourcearn": lambda it: it.source_arn,
    "aws:sourceidentity": lambda it: it.principal.source_identity,
    "aws:sourceip": lambda it: it.source_ip,
    "aws:tagkeys": _tag_keys,
    "aws:tokenissuetime": lambda it: _iso(it.principal.issued),
    "aws:useragent": lambda it: it.user_agent,
    "aws:userid": lambda it: _user_id(it.principal),
    "aws:username": lambda it: it.principal.user_name if it.principal.kind is Kind.USER else None,
    "aws:viaawsservice": lambda it: _flag(it.via_service),
}

_TAGS: Mapping[str, Callable[[Context], Tags]] = {
    "aws:principaltag": lambda it: it.principal.tags,
    "aws:requesttag": lambda it: it.request_tags,
}

RESOURCE_TAGS = frozenset({"aws:resourcetag", "ecr:resourcetag", "iam:resourcetag", "s3:existingobjecttag"})
"""Prefixes, up to the slash, of the condition keys for a resource's tags: AWS's global one and those of services."""
# Every key of these families that a request has is among its values.
_COMPLETE_FAMILIES = ("kms:encryptioncontext:",)

# Keys of organizations and VPC endpoints, which the emulator does not have.
_ALWAYS_ABSENT = frozenset(
    f"aws:{name}"
    for name in (
        *("principalorgid", "principalorgpaths", "resourceorgid", "resourceorgpaths", "sourceorgid", "sourceorgpaths"),
        *("sourcevpc", "sourcevpce", "sourcevpcarn", "vpcsourceip", "vpceaccount", "vpceorgid", "vpceorgpaths"),
    )
)
