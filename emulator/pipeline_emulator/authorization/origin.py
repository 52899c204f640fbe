"""The origin of a request: the part of the request context that is not in its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from localstack.aws.api import RequestContext
from werkzeug import Request

from pipeline_emulator.authorization import access_keys, internal_calls, resources, s3_origin, tags
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.requests.call import Check

_S3 = frozenset({"s3", "s3control"})
# All requests to IAM are requests to this region:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html
_REGION_OF_IAM = "us-east-1"
# It sets aws:SourceOwner, which a topic's default policy asks for; EventBridge and S3 do not.
# https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
_CLOUDWATCH = "cloudwatch.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """The origin of a request. Requests that a service makes itself have neither address nor headers.

    `client` has them where LocalStack sends a request on for a client. `service` is the one that the request was sent
    to, by botocore's name.
    """

    account: str
    region: str
    request: Request | None = None
    service: str | None = None
    source_arn: str | None = None
    via_service: bool = False
    client: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, context: RequestContext) -> "RequestOrigin":
        """Return the origin of an HTTP request."""
        return cls(
            account=context.account_id,
            region=_region(context),
            request=context.request,
            service=context.service.service_name if context.service else None,
            source_arn=access_keys.source_arn(context),
            client=access_keys.client_of(context),
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
        client: Any = self.client or (internal_calls.client_of(request) if request else {})
        return Context(
            principal=caller.principal,
            time=datetime.now(UTC),
            secure_transport=True,
            region=self.region,
            **client,
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


def _region(context: RequestContext) -> str:
    """Return the region that gets a request on AWS; a signature for S3 can name another one here.

    S3 redirects a request for a bucket of another one: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    service = context.service.service_name if context.service else None
    if service == "iam":
        return _REGION_OF_IAM
    request: Any = context.service_request or {}
    name = request.get("Bucket") if service == "s3" else None
    bucket = resources.bucket(name) if name else None
    return str(bucket.bucket_region) if bucket else context.region
