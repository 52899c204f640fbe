"""HOT_RELOAD=1: changed files run from the next event on, without a deployment, and no event under way is lost."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

CODE = "import helper\n\ndef handler(event, context):\n    return helper.word()"
WORD = "def word():\n    return {!r}"
WAITS = "import urllib.request\n\ndef word():\n    urllib.request.urlopen({!r})\n    return 'slow'"


@pytest.fixture
def function(create_function: Callable[..., Any]) -> Any:
    """A function of two modules that has answered once, so that an environment is open."""
    made = create_function(CODE, {"helper.py": WORD.format("deployed")})
    assert made.invoke().payload == "deployed"
    return made


def ask(method: str, function: Any, data: bytes = b"", arn: str = "") -> tuple[int, dict[str, Any]]:
    """Send a request to the API; return status and document."""
    url = f"{function.localstack.endpoint_url}/_pipeline/code/{arn or function.arn}"
    request = urllib.request.Request(url, data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_changed_files_run_until_they_are_withdrawn(function: Any, zipped: Callable[..., bytes]) -> None:
    # WHEN one of two files is replaced THEN the next event runs it, with the other as deployed
    status, found = ask("PUT", function, zipped({"helper.py": WORD.format("changed")}))
    assert (status, found) == (200, {"environments": 1})
    assert function.invoke().payload == "changed"
    # WHEN it is replaced again, beside a new file
    more = {"helper.py": "from more.words import word", "more/words.py": WORD.format("again")}
    assert ask("PUT", function, zipped(more))[0] == 200
    assert function.invoke().payload == "again"
    # THEN Lambda's API knows nothing of it, and the deployed code comes back
    assert ask("DELETE", function) == (200, {"withdrawn": 1})
    assert function.invoke().payload == "deployed"


@pytest.mark.parametrize("broken", ["def word(:", "import missing"])
def test_code_that_does_not_start_is_refused_and_the_former_keeps_answering(
    function: Any, zipped: Callable[..., bytes], broken: str
) -> None:
    assert ask("PUT", function, zipped({"helper.py": WORD.format("changed")}))[0] == 200
    status, found = ask("PUT", function, zipped({"helper.py": broken}))
    assert status == 409
    assert "helper" in found["error"]["errorMessage"] or "missing" in found["error"]["errorMessage"]
    assert function.invoke().payload == "changed"


def test_an_event_under_way_finishes_with_its_code(
    function: Any, zipped: Callable[..., bytes], gate: Any, eventually: Callable[..., Any]
) -> None:
    # GIVEN an event that waits in the function
    assert ask("PUT", function, zipped({"helper.py": WAITS.format(gate.url)}))[0] == 200
    answers: list[Any] = []
    event = threading.Thread(target=lambda: answers.append(function.invoke().payload))
    event.start()
    eventually(lambda: gate.passed, "the event waits in the function")
    # WHEN the code changes during it
    put = threading.Thread(target=ask, args=("PUT", function, zipped({"helper.py": WORD.format("quick")})))
    put.start()
    # THEN the event is answered by the code that it began with, and the next one by the new code
    gate.open()
    event.join(30)
    put.join(30)
    assert answers == ["slow"]
    assert function.invoke().payload == "quick"


def test_a_deployment_ends_it(function: Any, zipped: Callable[..., bytes]) -> None:
    assert ask("PUT", function, zipped({"helper.py": WORD.format("changed")}))[0] == 200
    deployed = zipped({"function.py": CODE, "helper.py": WORD.format("deployed again")})
    client = function.localstack.client("lambda")
    client.update_function_code(FunctionName=function.name, ZipFile=deployed)
    client.get_waiter("function_updated_v2").wait(FunctionName=function.name)
    assert function.invoke().payload == "deployed again"


def test_bad_requests_name_the_cause(function: Any) -> None:
    assert ask("PUT", function, b"no zip")[0] == 400
    status, found = ask("PUT", function, b"", f"{function.arn}x")
    assert (status, found) == (404, {"message": f"there is no function {function.arn}x"})
