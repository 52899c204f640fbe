"""Authorizes the websites of buckets, which core serves as root: everybody must be allowed to read the object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteAccessPermissionsReqd.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.http import Request, Response

from pipeline_emulator import patches
from pipeline_emulator.authorization import public_access, resources
from pipeline_emulator.authorization.authentication import ANONYMOUS
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Call, Check

_DENIED = "AccessDenied"
_request: ContextVar[Request] = ContextVar("website_request")


def install(authorizer: Authorizer) -> None:
    """Authorize every object of a website before S3 registers its route."""

    @patches.READ_WEBSITES.wrap
    def __init__(_original: Callable[..., None], self: Any) -> None:
        self.s3_client = _Reader(authorizer)

    @patches.SERVE_WEBSITES.wrap
    def __call__(original: Callable[..., Any], self: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        token = _request.set(request)
        try:
            return original(self, request, *args, **kwargs)
        except ClientError as error:
            if error.response["Error"]["Code"] != _DENIED:
                raise
            return Response(f"403 Forbidden: {error.response['Error']['Message']}\n", 403, mimetype="text/plain")
        finally:
            _request.reset(token)


class _Reader:
    """Core's client, for objects that everybody may read."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    @cached_property
    def _client(self) -> Any:
        """The client. Making one takes a tenth of a second, and few stacks have websites."""
        return connect_to().s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_object(self, **request: Any) -> Any:
        """Return an object.

        Raises:
            ClientError: there is none, or the bucket's policy does not let everybody read it.
        """
        answer = self._client.get_object(**request)
        if why := self._refusal(request["Bucket"], request["Key"]):
            raise ClientError({"Error": {"Code": _DENIED, "Message": why}}, "GetObject")
        return answer

    def _refusal(self, name: str, key: str) -> str | None:
        bucket = resources.bucket(name)
        assert bucket is not None  # the object is in it
        account, region = bucket.bucket_account_id, bucket.bucket_region
        origin = RequestOrigin(account=account, region=region, request=_request.get())
        refused = self._authorizer.refusal(ANONYMOUS, Check("s3:GetObject", f"{bucket.bucket_arn}/{key}"), origin)
        public = public_access.refusal(Call("GetObject", {"Bucket": name, "Key": key}, account, region), ANONYMOUS)
        refused = refused or (self._authorizer.record(public) if public else None)
        return error_message(refused) if refused else None
