"""HOT_RELOAD=1: a debugger attaches to a function; meanwhile its clock stands still, and one environment answers."""

import contextlib
import importlib.util
import io
import json
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

TIMEOUT = 2
CODE = """
import os
import sys
import time

SEEN = {name: os.environ.get(name) for name in ("PYTHONPATH", "PIPELINE_DEBUGGER_PORT")} | {"path": sys.path[:]}

def handler(event, context):
    answer = {"pid": os.getpid(), "left": context.get_remaining_time_in_millis(), "event": event}
    time.sleep(event.get("seconds", 0))
    return answer if not event.get("seen") else SEEN
"""
LINE = 10  # of `time.sleep`: `answer` is set


def debugpy() -> bytes:
    """Return a Zip of debugpy."""
    found = importlib.util.find_spec("debugpy")
    assert found is not None
    assert found.origin is not None
    folder, archive = Path(found.origin).parent, io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for path in folder.rglob("*.py"):
            opened.write(path, path.relative_to(folder.parent))
    return archive.getvalue()


class Session:
    """A debugging session of a function."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self._ended = threading.Event()

    def ask(self, method: str, data: bytes = b"{}") -> tuple[int, dict[str, Any]]:
        """Send a request to the API; return status and document."""
        url = f"{self.function.localstack.endpoint_url}/_pipeline/debug/{self.function.arn}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def waiting(self, eventually: Callable[..., Any], other: str = "") -> dict[str, Any]:
        """Return where debugpy waits, or is about to, in another environment than the one of an id."""
        return dict(eventually(lambda: self._waits(other), "an environment for a debugger", 60))

    def keep(self) -> None:
        """Renew the session from now on."""
        threading.Thread(target=self._renew, daemon=True).start()

    def attach(self, place: dict[str, Any] | None) -> None:
        """Say that a debugger is there, or has left."""
        status, found = self.ask("POST", json.dumps({"attach": place and place["id"]}).encode())
        assert status == 200, found

    def stop(self) -> None:
        """Renew it no longer."""
        self._ended.set()

    def _renew(self) -> None:
        while not self._ended.wait(1):
            self.ask("POST")

    def _waits(self, other: str) -> dict[str, Any] | None:
        status, found = self.ask("POST")
        assert status == 200, found
        return found if found and found["id"] != other else None


@pytest.fixture
def function(create_function: Callable[..., Any]) -> Any:
    """A function that times out after two seconds, and has answered once."""
    made = create_function(CODE, Timeout=TIMEOUT)
    assert made.invoke({}).error is None
    return made


@pytest.fixture
def session(function: Any) -> Iterator[Session]:
    """An open session of the function."""
    opened = Session(function)
    assert opened.ask("PUT", debugpy()) == (200, {"timeout": TIMEOUT})
    opened.keep()
    yield opened
    opened.stop()
    opened.ask("DELETE")


@pytest.fixture
def map_stream(create_stream: Callable[..., str], delete_mapping: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """Return a function that puts each record in a shard of its own, and maps the stream to a function."""
    with contextlib.ExitStack() as stack:

        def make(function: Any, records: list[str]) -> None:
            kinesis, functions = function.localstack.client("kinesis"), function.localstack.client("lambda")
            name = create_stream(len(records))
            for number, data in enumerate(records):
                place = str(2**128 // len(records) * number)
                kinesis.put_record(StreamName=name, Data=data, PartitionKey="key", ExplicitHashKey=place)
            arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
            made = functions.create_event_source_mapping(
                EventSourceArn=arn, FunctionName=function.name, StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=0
            )
            stack.callback(delete_mapping, functions, made["UUID"])

        yield make


def test_a_pause_does_not_time_out_and_the_variables_can_be_read(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    # GIVEN a debugger with a breakpoint
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    debugger.run_to("function.py", LINE)
    # WHEN an event comes, and the function stands at the breakpoint for longer than its timeout
    pool = ThreadPoolExecutor(1)
    answer = pool.submit(session.function.invoke, {"id": 7})
    thread, variables = debugger.stopped()
    assert "'id': 7" in variables["event"]
    began = time.monotonic()
    eventually(lambda: time.monotonic() > began + 2 * TIMEOUT, "the timeout passes")
    assert not answer.done()
    # THEN it answers when it goes on, and was told that it has much time
    debugger.resume(thread)
    found = answer.result(30)
    assert found.error is None
    assert found.payload["left"] > 1000 * TIMEOUT


@pytest.mark.long_proof
def test_a_mapping_waits_with_the_debugger_and_loses_nothing(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any], map_stream: Callable[..., None]
) -> None:
    # GIVEN a debugger with a breakpoint, and a mapping that tries nothing twice
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    debugger.run_to("function.py", LINE)
    # WHEN two shards have a record THEN the function stops with each, one after the other, for as long as it takes
    map_stream(session.function, ["first", "second"])
    for _ in range(2):
        thread, variables = debugger.stopped()
        assert "Records" in variables["event"]
        began = time.monotonic()
        eventually(lambda began=began: time.monotonic() > began + 2 * TIMEOUT, "the timeout passes")
        debugger.resume(thread)
    # AND has answered both
    eventually(lambda: "".join(session.function.log_events()).count("REPORT RequestId") == 3, "three reports")
    assert "timed out" not in "".join(session.function.log_events())


@pytest.mark.long_proof
def test_without_a_debugger_the_timeout_holds(session: Session, eventually: Callable[..., Any]) -> None:
    session.waiting(eventually)
    assert "Task timed out after 2.00 seconds" in json.dumps(session.function.invoke({"seconds": 5}).payload)


@pytest.mark.long_proof
def test_aws_s_timeout_is_back_when_the_debugger_has_left(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    debugger.run_to("function.py", LINE)
    pool = ThreadPoolExecutor(1)
    answer = pool.submit(session.function.invoke, {"seconds": 30})
    debugger.stopped()
    # WHEN the debugger leaves during an event that then takes too long
    debugger.close()
    session.attach(None)
    # THEN the event times out, and the next one is answered by another environment, while debugpy waits again
    assert "Task timed out" in json.dumps(answer.result(30).payload)
    assert session.function.invoke({}).error is None
    assert session.waiting(eventually, place["id"])["id"] != place["id"]


@pytest.mark.long_proof
def test_one_environment_answers_while_a_debugger_is_attached(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    before = session.function.invoke({}).payload
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    # Events that come while the debugger is not ready wait for it.
    pool = ThreadPoolExecutor(4)
    answers = [pool.submit(session.function.invoke, {"seconds": 0.2}) for _ in range(4)]
    debugger.run_to("function.py", 0)
    found = [answer.result(30) for answer in answers]
    assert [each.error for each in found] == [None] * 4
    assert len({each.payload["pid"] for each in found}) == 1
    debugger.close()
    session.attach(None)
    assert session.function.invoke({}).payload["pid"] == before["pid"]


def test_the_function_sees_nothing_of_the_debugger(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    seen = session.function.invoke({"seen": True}).payload
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    debugger.run_to("function.py", 0)
    assert session.function.invoke({"seen": True}).payload == seen


@pytest.mark.long_proof
def test_a_session_ends_without_a_sign_of_life(
    session: Session, attach: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    place = session.waiting(eventually)
    debugger = attach(place["port"], remote=place["folder"])
    session.attach(place)
    debugger.run_to("function.py", 0)
    assert session.function.invoke({}).payload["left"] > 1000 * TIMEOUT
    # WHEN whoever debugs is killed THEN the function answers as always
    session.stop()
    eventually(lambda: session.function.invoke({}).payload["left"] <= 1000 * TIMEOUT, "the session ends", 60)
    assert session.ask("POST") == (404, {"message": "nobody debugs this function"})


def test_bad_requests_name_the_cause(
    session: Session, create_function: Callable[..., Any], zipped: Callable[..., bytes]
) -> None:
    assert session.ask("PUT", debugpy()) == (409, {"message": "somebody debugs this function already"})
    other = Session(create_function("", {"index.mjs": "export const handler = () => 1"}, Runtime="nodejs22.x"))
    status, found = other.ask("PUT", debugpy())
    assert (status, found["message"]) == (
        400,
        "the function's runtime is nodejs22.x, and debugpy debugs Python only",
    )
    third = Session(create_function(CODE))
    assert third.ask("PUT", b"no zip")[0] == 400
    assert third.ask("PUT", zipped({"other.py": ""})) == (400, {"message": "the Zip has no package debugpy"})
    assert third.ask("POST") == (404, {"message": "nobody debugs this function"})


@pytest.mark.parametrize(
    ("debugger", "reason"),
    [
        ("raise ValueError('broken')", "Runtime exited"),
        ("configure = listen = wait_for_client = lambda *_, **more: None", "it has started, but not under debugpy"),
    ],
)
def test_a_function_that_does_not_wait_is_refused(
    create_function: Callable[..., Any],
    eventually: Callable[..., Any],
    zipped: Callable[..., bytes],
    debugger: str,
    reason: str,
) -> None:
    broken = Session(create_function(CODE))
    assert broken.ask("PUT", zipped({"debugpy/__init__.py": debugger}))[0] == 200
    status, found = eventually(lambda: (answer := broken.ask("POST"))[0] != 200 and answer, "a refusal", 30)
    assert status == 400
    assert found["message"].startswith("the function does not start under debugpy: ")
    assert reason in found["message"]
    assert broken.function.invoke({}).error is None
