"""What a request brings along besides its parameters."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from localstack.aws.api import RequestContext

from pipeline_emulator.authorization import resources, tags
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.requests.call import Check

_GLOBAL_SERVICES = frozenset({"iam"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """As the keys of the request context name them; a service's own request has neither address nor headers."""

    account: str
    region: str | None
    source_ip: str | None = None
    user_agent: str | None = None
    referer: str | None = None
    source_arn: str | None = None
    via_service: bool = False

    @classmethod
    def of(cls, context: RequestContext) -> "Surroundings":
        """Return those of a request over HTTP."""
        headers, service = context.request.headers, context.service
        return cls(
            account=context.account_id,
            region=None if service and service.service_name in _GLOBAL_SERVICES else context.region,
            source_ip=context.request.remote_addr,
            user_agent=headers.get("User-Agent"),
            referer=headers.get("Referer"),
        )

    def context(self, caller: Caller, check: Check) -> Context:
        """Return what conditions can ask; the local endpoint stands for AWS's, which is reached by TLS."""
        return Context(
            principal=caller.principal,
            time=datetime.now(UTC),
            source_ip=self.source_ip,
            secure_transport=True,
            region=self.region,
            user_agent=self.user_agent,
            referer=self.referer,
            source_arn=self.source_arn,
            source_account=self.account if self.source_arn else None,
            via_service=self.via_service,
            resource_account=resources.owner_of(check.resource) or self.account,
            resource_tags=partial(tags.of, check),
            request_tags=check.tags,
            tag_keys=check.tag_keys,
            service_values=check.values,
            service_keys=check.keys,
        )
