"""Keeps details of sessions that core's STS does not store: policies, time of issue and the user who created them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.sts.models import TemporaryCredentials, sts_stores

from pipeline_emulator import patches
from pipeline_emulator.authorization import access_keys
from pipeline_emulator.authorization.policies import GLOBAL_REGION, store_of
from pipeline_emulator.iam.request import Policy

_ATTRIBUTE = "pipeline_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Details of a session that core's temporary credentials lack.

    Attributes:
        issued: when it was issued; None if unknown.
        policies: the inline session policy; None if no session policies were passed at all.
        policy_arns: the managed session policies.
        user: the name and the id of the user who created it, if that matters.
        lasting: created by a service for its own use; on AWS the service would renew it in time.
    """

    issued: datetime | None = None
    policies: tuple[Policy, ...] | None = None
    policy_arns: tuple[str, ...] = ()
    user: tuple[str, str] | None = None
    lasting: bool = False


_UNKNOWN = Session()


def of(credentials: TemporaryCredentials) -> Session:
    """Return the details of a session."""
    found: Session = getattr(credentials, _ATTRIBUTE, _UNKNOWN)
    return found


def install() -> None:
    """Keep the details of every session created from now on."""

    @patches.ASSUME_ROLE.wrap
    def assume_role(
        original: Callable[..., Any], self: Any, context: RequestContext, *args: Any, **request: Any
    ) -> Any:
        by_service = bool(access_keys.service_principal(context))
        request["source_identity"] = request.get("source_identity") or _source_identity(context)
        return _kept(original(self, context, *args, **request), request, lasting=by_service)

    @patches.ASSUME_ROLE_WITH_WEB_IDENTITY.wrap
    @patches.ASSUME_ROLE_WITH_SAML.wrap
    def assume_role_with_token(
        original: Callable[..., Any], self: Any, context: RequestContext, *args: Any, **request: Any
    ) -> Any:
        return _kept(original(self, context, *args, **request), request)

    @patches.GET_SESSION_TOKEN.wrap
    def get_session_token(original: Callable[..., Any], self: Any, context: RequestContext, **request: Any) -> Any:
        """Name the user: core attributes the session to the root user."""
        answer = _kept(original(self, context, **request), {})
        if user := _user(context):
            made = _credentials(answer)
            made.arn, made.user_id = user["Arn"], user["UserId"]
        return answer

    @patches.GET_FEDERATION_TOKEN.wrap
    def get_federation_token(original: Callable[..., Any], self: Any, context: RequestContext, **request: Any) -> Any:
        user = _user(context)
        return _kept(original(self, context, **request), request, user=user and (user["UserName"], user["UserId"]))


def _kept(answer: Any, request: dict[str, Any], **more: Any) -> Any:
    text = request.get("policy")
    arns = tuple(each["arn"] for each in request.get("policy_arns") or [] if each.get("arn"))
    inline = (Policy("session policy", text),) if text else ()
    session = Session(issued=datetime.now(UTC), policies=inline if text or arns else None, policy_arns=arns, **more)
    setattr(_credentials(answer), _ATTRIBUTE, session)
    return answer


def _credentials(answer: Any) -> TemporaryCredentials:
    key = answer["Credentials"]["AccessKeyId"]
    found: TemporaryCredentials = sts_stores["000000000000"][GLOBAL_REGION].credentials[key]
    return found


def _source_identity(context: RequestContext) -> str | None:
    """Return the source identity of the session that assumes a role: it stays through all that follow."""
    found = sts_stores["000000000000"][GLOBAL_REGION].credentials.get(access_keys.access_key(context) or "")
    return found.source_identity if found else None


def _user(context: RequestContext) -> Any:
    """Return the IAM user who sent a request; None for other principals."""
    store = store_of(context.account_id)
    entity = store.USERS.get(store.ACCESS_KEY_INDEX.get(access_keys.access_key(context) or "") or "")
    return entity and entity.user
