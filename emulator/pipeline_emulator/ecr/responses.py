"""Responses that the gateway gives in place of the registry.

https://github.com/distribution/distribution/blob/v2.8.3/docs/spec/api.md#errors
"""

import json

from localstack.http import Response

from pipeline_emulator.ecr.settings import public_host

VERSION_HEADER = {"Docker-Distribution-Api-Version": "registry/2.0"}


def json_response(status: int, content: object) -> Response:
    """Return a JSON response."""
    return Response(json.dumps(content), status, {**VERSION_HEADER, "Content-Type": "application/json"})


def error_response(status: int, code: str, message: str) -> Response:
    """Return an error in the registry's format; clients print code and message."""
    return json_response(status, {"errors": [{"code": code, "message": message}]})


def unauthorized(asked: str) -> Response:
    """Return the response that asks for a password, as ECR does; `asked` is the request's Host."""
    answer = error_response(
        401,
        "UNAUTHORIZED",
        "The password is missing, wrong or expired: log in again as user AWS with the password that "
        "`aws ecr get-login-password` prints.",
    )
    answer.headers["WWW-Authenticate"] = f'Basic realm="http://{public_host(asked)}/",service="ecr.amazonaws.com"'
    return answer
