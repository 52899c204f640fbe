"""The HTTP API `/_pipeline/code/<function's ARN>`: run changed files without a deployment. Only with HOT_RELOAD=1."""

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from werkzeug import Request

from pipeline_emulator.lambda_runtime import editions
from pipeline_emulator.lambda_runtime.archive_layout import RefusedArchiveError
from pipeline_emulator.lambda_runtime.editions import EDITIONS, Edition
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor, running

PATH = "/_pipeline/code/<path:arn>"


def install() -> None:
    """Add the API to the gateway's router."""
    ROUTER.add(PATH, endpoint=handle, methods=["PUT", "DELETE"])


def handle(request: Request, arn: str) -> Response:
    """PUT the Zip of changed files, or DELETE what was put. Events under way finish with the code they began with."""
    version = editions.version_of(arn)
    if version is None:
        return _json({"message": f"there is no function {arn}"}, 404)
    if request.method == "DELETE":
        return _withdraw(version)
    try:
        edition = editions.make(version, io.BytesIO(request.get_data()))
    except (RefusedArchiveError, RuntimeError) as error:
        return _json({"message": f"the files cannot be used: {error}"}, 400)
    return _put(version, edition)


def _put(version: FunctionVersion, edition: Edition) -> Response:
    count, failure = _run_in(_with_code_of(version), edition)
    if failure:
        edition.remove()
        return _json({"message": "the changed code does not start", "error": json.loads(failure)}, 409)
    former = EDITIONS.put(version, edition)
    _run_in(_with_code_of(version), edition)  # those that core started during it
    if former:
        former.remove()
    return _json({"environments": count})


def _withdraw(version: FunctionVersion) -> Response:
    withdrawn = EDITIONS.withdraw(editions.function_of(version))
    if withdrawn:
        _run_in(running(editions.function_of(version)), None)
    for edition in withdrawn:
        edition.remove()
    return _json({"withdrawn": len(withdrawn)})


def _run_in(executors: Sequence[EnvironmentExecutor], edition: Edition | None) -> tuple[int, bytes | None]:
    """Let other code run in all environments, or in none. Return how many there are, and why it failed."""
    with ThreadPoolExecutor(4, thread_name_prefix="lambda-edition") as pool:
        prepared = list(zip(executors, pool.map(lambda each: each.prepare(edition), executors), strict=True))
        ready = [(executor, found) for executor, found in prepared if found]
        failure = next((found.error for _, found in ready if found.error), None)
        list(pool.map(lambda pair: pair[0].drop(pair[1]) if failure else pair[0].take_over(pair[1]), ready))
    return len(ready), failure


def _with_code_of(version: FunctionVersion) -> list[EnvironmentExecutor]:
    wanted = editions.key(version)
    found = running(editions.function_of(version))
    return [executor for executor in found if editions.key(executor.function_version) == wanted]


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
