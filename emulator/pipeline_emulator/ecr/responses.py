"""Answers the gateway gives in the registry's place.

https://github.com/distribution/distribution/blob/v2.8.3/docs/spec/api.md#errors
"""

import json

from localstack.http import Response

from pipeline_emulator.ecr.settings import public_host

VERSION_HEADER = {"Docker-Distribution-Api-Version": "registry/2.0"}


def json_response(status: int, content: object) -> Response:
    """Return a JSON answer."""
    return Response(json.dumps(content), status, {**VERSION_HEADER, "Content-Type": "application/json"})


def error_response(status: int, code: str, message: str) -> Response:
    """Return an error in the registry's form; clients print code and message."""
    return json_response(status, {"errors": [{"code": code, "message": message}]})


def unauthorized() -> Response:
    """Return what asks for a password, as ECR does."""
    answer = error_response(
        401,
        "UNAUTHORIZED",
        "No password, or one that is wrong or has expired: log in again with user AWS and the password that "
        "`aws ecr get-login-password` prints.",
    )
    answer.headers["WWW-Authenticate"] = f'Basic realm="http://{public_host()}/",service="ecr.amazonaws.com"'
    return answer
