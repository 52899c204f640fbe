"""HOT_RELOAD=1 for functions from images: changed files run in the deployed image, with its entry point."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

SAYS = "def handler(event, context):\n    return {!r}"


def ask(method: str, function: Any, data: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Send a request to the API; return status and document."""
    url = f"{function.localstack.endpoint_url}/_pipeline/code/{function.function.arn}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.long_proof
def test_changed_files_run_until_they_are_withdrawn(
    create_image_function: Callable[..., Any], zipped: Callable[..., bytes]
) -> None:
    function = create_image_function(SAYS.format("deployed"))
    assert function.invoke().payload == "deployed"
    assert ask("PUT", function, zipped({"function.py": SAYS.format("changed")})) == (200, {"environments": 1})
    assert function.invoke().payload == "changed"
    assert ask("PUT", function, zipped({"function.py": "def handler(:"}))[0] == 409
    assert function.invoke().payload == "changed"
    assert ask("DELETE", function) == (200, {"withdrawn": 1})
    assert function.invoke().payload == "deployed"
    assert len(function.containers()) == 1
