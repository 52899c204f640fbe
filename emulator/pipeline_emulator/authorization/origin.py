"""The origin of a request: the part of the request context that is not in its parameters."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from localstack.aws.api import RequestContext
from werkzeug import Request

from pipeline_emulator.authorization import access_keys, resources, s3_origin, tags
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.requests.call import Check

_GLOBAL_SERVICES = frozenset({"iam"})
_S3 = frozenset({"s3", "s3control"})
# It sets aws:SourceOwner, which a topic's default policy asks for; EventBridge and S3 do not.
# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
_CLOUDWATCH = "cloudwatch.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """The origin of a request. Requests that a service makes itself have neither address nor headers.

    `service` is the one that the request was sent to, by botocore's name.
    """

    account: str
    region: str | None
    request: Request | None = None
    service: str | None = None
    source_arn: str | None = None
    via_service: bool = False

    @classmethod
    def of(cls, context: RequestContext) -> "RequestOrigin":
        """Return the origin of an HTTP request."""
        service = context.service
        return cls(
            account=context.account_id,
            region=None if service and service.service_name in _GLOBAL_SERVICES else context.region,
            request=context.request,
            service=service.service_name if service else None,
            source_arn=access_keys.source_arn(context),
        )

    def owner(self, check: Check) -> str:
        """Return the account that owns a resource; the endpoint's account if the ARN does not say.

        A new bucket is the endpoint's, even if another account has one of this name: S3 reports that.
        """
        found = None if check.action == "s3:CreateBucket" else resources.owner_of(check.resource)
        return found or self.account

    def context(self, caller: Caller, check: Check) -> Context:
        """Return the request context. The local endpoint counts as TLS, because it stands for AWS's."""
        request = self.request
        source_account = (resources.owner_of(self.source_arn) or self.account) if self.source_arn else None
        values, keys = check.values, check.keys
        if check.action.startswith("s3:"):
            # A read of S3 for another service is not the client's request, but the service's.
            more, known = s3_origin.keys_of(request if self.service in _S3 else None, self.owner(check))
            values, keys = {**values, **more}, keys | known
        if source_account and caller.principal.arn == _CLOUDWATCH:
            values = {**values, "aws:sourceowner": source_account}
        return Context(
            principal=caller.principal,
            time=datetime.now(UTC),
            source_ip=request.remote_addr if request else None,
            secure_transport=True,
            region=self.region,
            user_agent=request.headers.get("User-Agent") if request else None,
            referer=request.headers.get("Referer") if request else None,
            source_arn=self.source_arn,
            source_account=source_account,
            via_service=self.via_service,
            resource_account=self.owner(check),
            resource_tags=partial(tags.of, check),
            request_tags=check.tags,
            tag_keys=check.tag_keys,
            service_values=values,
            service_keys=keys,
        )
