"""Checks that the repository's policy lets Lambda pull a function's image.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
"""

import json
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from moto.ecr.models import ecr_backends

from pipeline_emulator.authorization import callers, resources
from pipeline_emulator.authorization.authorizer import Authorizer, decide
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Check

_LAMBDA = "lambda.amazonaws.com"
_PULLING = ("BatchGetImage", "GetDownloadUrlForLayer")
_SETTING = ("GetRepositoryPolicy", "SetRepositoryPolicy")


def authorize(context: RequestContext, caller: Caller | None, authorizer: Authorizer) -> None:
    """Check that Lambda may pull. As on AWS, a caller who may set the repository's policy gets the statement added.

    Raises:
        CommonServiceException: Lambda may not pull.
    """
    request: Any = context.service_request or {}
    uri = (request.get("Code") or request).get("ImageUri")
    if not uri:
        return
    name = uri.partition("/")[2].partition("@")[0].partition(":")[0]
    repository = ecr_backends[context.account_id][context.region].repositories.get(name)
    if repository is None:
        return  # Lambda reports that the image does not exist
    function = resources.function_arn(context, request["FunctionName"])
    origin = RequestOrigin(account=context.account_id, region=context.region, source_arn=function)
    checks = [Check(f"ecr:{action}", repository.arn) for action in _PULLING]
    pulling = callers.for_service(_LAMBDA)
    if all(decide(pulling, check, origin).allowed for check in checks):
        return
    if _may_set_policy(caller, repository.arn, context):
        _add_statement(repository, context)
        return
    if any(authorizer.refusal(pulling, check, origin) for check in checks):
        text = "Lambda does not have permission to access the ECR image. Check the ECR permissions."
        raise CommonServiceException("AccessDeniedException", text, status_code=403, sender_fault=True)


def _may_set_policy(caller: Caller | None, repository_arn: str, context: RequestContext) -> bool:
    return caller is None or all(
        decide(caller, Check(f"ecr:{action}", repository_arn), RequestOrigin.of(context)).allowed for action in _SETTING
    )


def _add_statement(repository: Any, context: RequestContext) -> None:
    policy = json.loads(repository.policy or '{"Version": "2008-10-17", "Statement": []}')
    present = policy["Statement"]
    source = f"arn:aws:lambda:{context.region}:{context.account_id}:function:*"
    added = {
        "Sid": "LambdaECRImageRetrievalPolicy",
        "Effect": "Allow",
        "Principal": {"Service": _LAMBDA},
        "Action": [f"ecr:{action}" for action in _PULLING],
        "Condition": {"StringLike": {"aws:sourceArn": source}},
    }
    repository.policy = json.dumps(
        {**policy, "Statement": [*(present if isinstance(present, list) else [present]), added]}
    )
