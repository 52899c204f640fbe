"""Account and region of a request are those of the credential that signs it, and of nothing else in the request.

Core reads the credential in the Authorization header alone, and takes a presigned request for one of the default
account in us-east-1. moto, which serves CloudWatch Logs and much of ECR, looks for the account in a header that a
client can send, too, and for the region in the User-Agent and in the URL.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.utils.aws.request_context import extract_region_from_headers

from pipeline_emulator import patches

_ACCOUNT = "x-moto-account-id"
_PRESIGNED = "X-Amz-Credential"
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"


def install() -> None:
    """Read account and region in one way."""

    @patches.READ_PRESIGNED_CREDENTIAL.wrap
    def inject(original: Callable[..., None], self: Any, chain: Any, context: RequestContext, response: Any) -> None:
        """Put the credential of a presigned request where core looks for it; S3 has a handler of its own for this."""
        if context.service and context.service.service_name != "s3" and context.request.query_string:
            headers, credential = context.request.headers, context.request.args.get(_PRESIGNED)
            if credential and not headers.get("Authorization"):
                headers["Authorization"] = _AUTHORIZATION.format(credential)
        original(self, chain, context, response)

    @patches.PASS_ACCOUNT_TO_MOTO.wrap
    def add_account(
        original: Callable[..., None], self: Any, chain: Any, context: RequestContext, response: Any
    ) -> None:
        original(self, chain, context, response)
        context.request.headers[_ACCOUNT] = context.account_id  # instead of a client's own

    patches.READ_REGION_OF_CREDENTIAL.replace(lambda _self, request, _url: extract_region_from_headers(request.headers))
